"""Opens machines: new, from a file, this computer’s memory, under another profile. Asks if work would be dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.loader import Loader
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.gui.map.first_picture import FirstPicture
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.files.unsaved import Guard
from hwpoison_gui.kernel.profile.registry import PROFILES, oldest
from hwpoison_gui.opening import opening
from hwpoison_gui.session.document.document import SUFFIX

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.opening.first_frames import Picture

_OPEN: Final = (
    f"Sessions, scenarios and snapshots (*{SUFFIX} *.toml *.npz *.json);;All files: also logs and raw page flags (*)"
)


class Machines(QObject):
    """Loads in a thread; the present machine stays open until the new one is ready, and after an error."""

    recordsFound = Signal(object)  # the path of a file that has error records, but no memory
    profileKept = Signal()  # until the machine of another profile is ready, the old one is shown

    def __init__(self, above: QWidget, frame_map: FrameMapWidget, controller: Controller, guard: Guard) -> None:
        super().__init__(above)
        self._above, self._controller, self._guard = above, controller, guard
        self._folder = ""
        self._profile = ""  # the one that the user chose in this window
        self.loader = Loader(above)
        self.loader.loaded.connect(controller.open)
        self.loader.refused.connect(self._failed)
        self.first = FirstPicture(frame_map)
        self.loader.pictured.connect(self._pictured)
        self.loader.ended.connect(self.first.remove)

    def _pictured(self, picture: Picture) -> None:
        self.first.show(picture)
        self.loader.painted()

    def _failed(self, head: str, text: str) -> None:
        show_error(self._above, head, text)

    # -- opening

    def new_machine(self) -> None:
        """Open the default machine, under the profile that the user chose; a file's own profile goes with it."""
        profile = PROFILES[self._profile] if self._profile else oldest()

        def load() -> None:
            doing = f"Starting a small desktop under {profile.title}"
            self.loader.start(doing, lambda *_: opening.default_machine(profile.name))

        self._guard.ask("Opening a new machine", load)

    def open_file(self) -> None:
        """Ask for a file, and open it."""
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getOpenFileName(self._above, "Open a machine", self._folder, _OPEN)
        if name:
            self._folder = str(Path(name).parent)
            self.open_path(Path(name))

    def open_path(self, path: Path, then: Callable[[], object] = lambda: None) -> None:
        """Open a file, or show an error. Nobody is asked to give up work for a file that cannot be opened.

        `then` is called if it was opened. Records of errors are left to others.
        """
        if _has_records(path):
            self.recordsFound.emit(path)
            return

        def done(opened: opening.Opened) -> None:
            self._controller.open(opened)
            then()

        def show(opened: opening.Opened) -> None:
            if self._guard.wanted:  # it is read again after the answer, for what is saved may be this file
                QTimer.singleShot(0, self, lambda: self._guard.ask(f"Opening {path.name}", self._loading(path, done)))
            else:
                done(opened)

        self._loading(path, show)()

    def _loading(self, path: Path, show: Callable[[opening.Opened], None]) -> Callable[[], None]:
        """Return a function that loads a file."""

        def work(progress: Progress, cancelled: Cancelled) -> opening.Opened:
            return opening.open_file(path, "", progress, cancelled)

        def load() -> None:
            from hwpoison_gui.opening.first_frames import picture_of

            # As long as unsaved work may stop the opening, the present machine stays visible.
            wanted = self.first.wanted and not self._guard.wanted
            self.loader.start(f"Opening {path.name}", work, show, partial(picture_of, path) if wanted else None)

        return load

    def open_live(self) -> None:
        """Open a copy of this computer’s memory."""
        self._guard.ask(
            "Opening another machine", lambda: self.loader.start("Reading this machine’s memory", opening.open_live)
        )

    # -- another profile

    def change_profile(self, name: str) -> None:
        """Boot the same machine under another profile, without what was done."""
        profile = PROFILES[name]
        if self._controller.session.machine.profile is profile:
            return
        self.profileKept.emit()
        self._guard.ask(f"Booting this machine again with {profile.title}", lambda: self._boot_again(name))

    def _boot_again(self, name: str) -> None:
        machine, controller = self._controller.machine, self._controller
        again = machine.again
        if again is None:
            return

        def show(opened: opening.Opened) -> None:
            self._profile = name
            selected = controller.selection.frame
            kept = {key: getattr(machine, key) for key in ("history", "records", "second", "second_files")}
            controller.open(opened._replace(**kept))
            controller.selection.select(selected)

        self.loader.start(f"Booting again under profile {name}", lambda progress, cancelled: again(name), show)


def _has_records(path: Path) -> bool:
    from hwpoison_gui.sources.errors import SourceError
    from hwpoison_gui.sources.recognise import Reader, form_of

    try:
        return form_of(path).reader is Reader.RECORDS
    except (SourceError, OSError):
        return False  # the caller that opens it reports the error
