"""Nothing is lost: unsaved work, files, autosave, recovery, and where the user was, of one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.widgets.toast import Toast
from hwpoison_gui.gui.window.dialogs.notes import Notes
from hwpoison_gui.gui.window.files.autosave import MEMORY, SESSION, Autosave
from hwpoison_gui.gui.window.files.machines import Machines
from hwpoison_gui.gui.window.files.recent import RecentFiles
from hwpoison_gui.gui.window.files.saving import Saving
from hwpoison_gui.gui.window.files.taking_home import TakingHome
from hwpoison_gui.gui.window.files.unsaved import Guard, UnsavedWork
from hwpoison_gui.gui.window.map_settings import MapView
from hwpoison_gui.view.base.palette import Theme

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.files.records import Records
    from hwpoison_gui.gui.window.files.recovery import Left
    from hwpoison_gui.gui.window.files.snapshots import Snapshots
    from hwpoison_gui.gui.window.room import Room
    from hwpoison_gui.opening.opening import Opened


class Keeping(QObject):
    """`remember`: keep unsaved work and recent files in the user's state folder, and ask before work is dropped."""

    def __init__(
        self,
        window: QWidget,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        notes: Notes,
        view: MapView,
        room: Callable[[], Room],
        theme: Callable[[], Theme],
        remember: bool,
    ) -> None:
        super().__init__(window)
        self._window, self._controller, self._view, self._remember = window, controller, view, remember
        self._edit_note, self._room = notes.ask_note, room
        self._closing = False
        self._recovering: Left | None = None
        self.work = UnsavedWork(controller, present, notes)
        self.toast = Toast(frame_map, theme)
        self.saving = Saving(window, controller, notes, self.work, view)
        self.guard = Guard(window, controller, self.work, self.saving.save, asks=remember)
        self.machines = Machines(window, frame_map, controller, self.guard)
        self.recent = RecentFiles(self, remember, self.machines.open_path)
        self.autosave = Autosave(
            self, controller, self.work, self.saving.document, lambda: notes.editing, lambda: room().front, remember
        )
        self.taking = TakingHome(window, controller, self.work, self.saving)
        self.saving.said.connect(self.toast.say)
        self.taking.said.connect(self.toast.say)
        for background in (self.saving.background, self.taking.background, self.machines.loader):
            background.cancelled.connect(self.toast.say)
        self.saving.saved.connect(self.recent.note)
        self.autosave.failed.connect(self.toast.say)
        notes.draftKept.connect(lambda: self.toast.say("The text is kept as a draft. N on this step goes on with it."))
        self.machines.loader.ended.connect(self._loaded)
        controller.leaving.connect(self._leave)
        controller.leaving.connect(self.toast.put_away)  # it may speak of the machine that goes
        for changed in (present.changed, notes.changed, view.changed):
            changed.connect(self.autosave.touch)

    def connect_last(self, present: Present) -> None:
        """After all that shows another machine: what is restored must not be replaced by it."""
        present.opened.connect(self._opened)

    def take_drops(self) -> None:
        """From now on opens files that are dropped on the window."""
        self._window.setAcceptDrops(True)
        self._window.installEventFilter(self)

    def take_records(self, records: Records) -> None:
        """Files that are dropped may be records of errors, too."""
        self._records = records
        records.said.connect(self.toast.say)
        records.changed.connect(self.work_changed)
        self.machines.recordsFound.connect(lambda path: records.open([path], over=False))

    def take_snapshots(self, snapshots: Snapshots) -> None:
        """Two machines that are dropped together are compared."""
        self._snapshots = snapshots
        snapshots.changed.connect(self.work_changed)
        snapshots.given.connect(self.work.second_given)

    def add_menus(self, menu_of: Mapping[str, QMenu], live: QAction, compared: Callable[[QMenu], None]) -> None:
        """Add the menus of files that are known already, before the command `live`, and of comparisons."""
        compared(menu_of["&Frame > Compare a&gain"])
        self.recent.show_in(menu_of["&Machine > Open re&cent"])
        samples = QMenu("Open a sa&mple", self._window)
        menu_of["&Machine"].insertMenu(live, samples)
        samples.aboutToShow.connect(partial(self._fill_samples, samples))

    def _fill_samples(self, menu: QMenu) -> None:
        from hwpoison_gui.gui.window.samples import add_samples

        if menu.isEmpty():
            add_samples(menu, self.machines.open_path)

    def work_changed(self) -> None:
        """Comparisons, error records or a second snapshot were added or taken away."""
        self.work.look()
        self.autosave.touch()

    # -- machines

    def reopen_last(self) -> None:
        """Open the file that was open before this machine, where it was left."""
        if not self.recent.reopen(self._controller.machine.file):
            self.toast.say("No other file was open before.")

    def restore(self) -> None:
        """Show the machine as it was left: where its file was closed last, or as a session file or a recovery says."""
        machine = self._controller.machine
        document = machine.document
        place = self.recent.place_in(machine.file) if machine.file and self._recovering is None else None
        view = place.view if place is not None else document.view if document is not None else None
        if view is not None:
            self._view.restore(view)
        if place is not None and not machine.at_moment:
            from hwpoison_gui.session.document.document import position_of

            self._controller.seek(position_of(machine.session, place.at))

    def _opened(self) -> None:
        self.autosave.machine_changed()
        self.saving.note_file()
        machine = self._controller.machine
        if machine.file:
            self.recent.note(machine.file)
        if machine.document is not None or machine.file:
            self.restore()
        if machine.missing:
            what, why = zip(*machine.missing, strict=True)
            show_error(self._window, f"Opened without its {' and '.join(what)}", "\n".join(why))

    def _leave(self) -> None:
        """The machine is about to be replaced, or the window to be closed."""
        machine = self._controller.machine
        if machine.file and self._remember:
            from hwpoison_gui.session.document.document import place_of

            self.recent.note_place(machine.file, place_of(machine.session), self._view.read())

    # -- closing

    def may_close(self) -> bool:
        """Return whether the window may close now. If not, the user is asked, and it is closed afterwards."""
        if self._closing or not self.guard.wanted:
            return True
        self.guard.ask("Quitting", self._close)
        return False

    def _close(self) -> None:
        self._closing = True
        QTimer.singleShot(0, self._window, self._window.close)

    def closed(self) -> None:
        """The window closes."""
        self._leave()
        self.saving.background.stop()
        self.taking.background.stop()
        self.machines.loader.stop()
        self._records.background.stop()
        self._snapshots.background.stop()
        self.autosave.stop()

    # -- recovery

    def offer_recovery(self) -> None:
        """Offer what processes that died have left, if there is something."""
        if not self._remember:
            return
        from hwpoison_gui.gui.window.files.recovery import RecoveryDialog, left_work

        found = left_work()
        if found:
            RecoveryDialog(self._window, found, self._recover).open()

    def _recover(self, left: Left) -> None:
        from hwpoison_gui.opening import opening

        path = left.slot.path / SESSION
        copied = (left.slot.path / MEMORY).exists()

        def show(opened: Opened) -> None:
            self._controller.open(opened._replace(saves_to=left.saves_to, file=left.opened))
            self._recovering = None
            self.autosave.adopt(left.slot)
            self.work.mark_unsaved()
            self.toast.say("Recovered, and not saved yet: Ctrl+S saves it.")
            for name in left.front:
                self._room().bring_tab(name)
            if left.editing:
                self._edit_note()

        def load() -> None:
            self._recovering = left
            self.machines.loader.start(
                "Recovering unsaved work",
                lambda progress, cancelled: opening.open_session(path, progress, cancelled, copied),
                show,
            )

        self.guard.ask("Recovering other work", load)

    def _loaded(self) -> None:
        """Work that could not be recovered, or was cancelled, is offered again at the next start."""
        left, self._recovering = self._recovering, None
        if left is not None:
            left.slot.release()

    # -- files that are dropped on the window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove) and isinstance(event, QDropEvent):
            if _files_of(event):
                event.acceptProposedAction()
                return True
        elif event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            files = _files_of(event)
            if files:
                event.acceptProposedAction()
                QTimer.singleShot(0, self, lambda: self._dropped(files))  # the drag source waits until then
                return True
        return super().eventFilter(watched, event)

    def _dropped(self, files: Sequence[Path]) -> None:
        if not self._controller.occupied and self._records.dropped(files):
            self._window.activateWindow()
            return
        # The files of one recording, dropped together, are one machine; its hidden state has the longest name.
        by_length = sorted(files, key=lambda file: len(file.name), reverse=True)
        machines = list({file.stem.removesuffix("_hidden"): file for file in by_length}.values())
        from hwpoison_gui.session.document.recent import time_of_change

        if len(machines) == 2:
            old, new = sorted(machines, key=lambda file: time_of_change(str(file)))
            self._window.activateWindow()
            if not self._controller.occupied:
                self.machines.open_path(old, lambda: self._snapshots.open(new))
        elif len(machines) > 2:
            show_error(self._window, "One machine, or two to compare", f"{len(machines)} machines were dropped.")
        elif not self._controller.occupied:
            self._window.activateWindow()
            self.machines.open_path(machines[0])


def _files_of(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
