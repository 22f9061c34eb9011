"""Opens error records: on an empty map of their own, or overlaid on the open machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.recorded import NO_MEMORY, NONE_OPEN, Recorded
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.gui.window.files.unsaved import Guard, UnsavedWork

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.room import Room
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.opening.real_errors import RealErrors

_FILES: Final = "Logs, traces and databases (*)"


class Records(QObject):
    """Reads files in a thread; what is shown stays until they have been read, and after a failure."""

    said = Signal(str)  # what the user should know of records that were overlaid on a machine
    changed = Signal()  # the machine has other records, or none

    def __init__(
        self, above: QWidget, controller: Controller, recorded: Recorded, guard: Guard, work: UnsavedWork,
        room: Callable[[], Room],
    ) -> None:  # fmt: skip
        super().__init__(above)
        self._above, self._controller, self._recorded = above, controller, recorded
        self._guard, self._work, self._room = guard, work, room
        self._folder = ""
        self.background = Background(above)
        self.background.refused.connect(partial(show_error, above))
        recorded.changed.connect(self._changed)
        self.background.remains = "the records shown stay"
        self.background.cancelled.connect(self.said)

    def ask(self, over: bool) -> None:
        """Ask for files, and open them. `over`: overlaid on the open machine."""
        from PySide6.QtWidgets import QFileDialog

        title = "Overlay error records on this machine" if over else "Open error records"
        names, _ = QFileDialog.getOpenFileNames(self._above, title, self._folder, _FILES)
        if names:
            self._folder = str(Path(names[0]).parent)
            self.open([Path(name) for name in names], over)

    def open(self, paths: Sequence[Path], over: bool) -> None:
        """Open files of one machine; if one cannot be read, nothing changes."""
        from hwpoison_gui.opening import real_errors

        def work(progress: Progress, cancelled: Cancelled) -> RealErrors:
            return (real_errors.read_errors if over else real_errors.read_alone)(paths, progress, cancelled)

        names = ", ".join(path.name for path in paths)
        show = self._overlay if over else partial(self._on_empty_map, names)
        self.background.run(f"Opening {names}", partial(self._modelled, work) if over else work, show)

    def _modelled(self, work: Callable[[Progress, Cancelled], RealErrors], progress: Progress, cancelled: Cancelled
                  ) -> RealErrors | Opened:  # fmt: skip
        """The records; or the machine under the kernel that wrote them, if its own is not known and nothing was done.

        Runs in the thread.
        """
        from hwpoison_gui.kernel.profile.registry import nearest
        from hwpoison_gui.opening.overlay import is_of_unknown_kernel, overlaid

        errors, machine = work(progress, cancelled), self._controller.machine
        kernel, present = errors.history.kernel, machine.session.machine.profile
        if kernel is None or nearest(kernel) is present or self._work.any or not is_of_unknown_kernel(machine):
            return errors
        return overlaid(machine, errors)

    def dropped(self, paths: Sequence[Path]) -> bool:
        """Return whether all dropped files are error records; then they are opened, overlaid on a captured machine."""
        from hwpoison_gui.sources.errors import SourceError
        from hwpoison_gui.sources.recognise import Reader, form_of

        try:
            if any(form_of(path).reader is not Reader.RECORDS for path in paths):
                return False
        except (SourceError, OSError):
            return False  # the caller that opens it reports the error
        self.open(paths, over=self._controller.machine.scenario is None)
        return True

    def _changed(self) -> None:
        if self._recorded.history is not None:
            self._room().bring("records")
        elif self._room().is_in_front("records"):
            self._room().bring("tasks")  # an empty panel says nothing of a machine
        self.changed.emit()

    def _overlay(self, errors: RealErrors | Opened) -> None:
        from hwpoison_gui.opening.real_errors import RealErrors, beyond, other_kernel
        from hwpoison_gui.view.rows.error_records import summary_words

        if not isinstance(errors, RealErrors):
            self._controller.open(errors)
            self._work.mark_unsaved()
            self.said.emit(f"{errors.modelled}.")
            return
        self._recorded.show(errors)
        history, m = errors.history, self._controller.session.machine
        kernels = other_kernel(history, self._controller.machine.kernel, m.profile)
        self.said.emit(" ".join([summary_words(history), *kernels, *beyond(history, m.frames)]))

    def _on_empty_map(self, names: str, errors: RealErrors) -> None:
        from hwpoison_gui.opening.opening import on_empty_map

        def show() -> None:
            opened = on_empty_map(errors)
            self._controller.open(opened)
            self.said.emit(" ".join(opened.notes[:2]))

        self._guard.ask(f"Opening {names}", show)

    @property
    def fixed(self) -> bool:
        """Whether the machine is nothing without its records."""
        return self._controller.machine.records_only

    def close(self) -> None:
        """Remove the records; the machine stays."""
        self._recorded.show(None)


def records_commands(records: Records, recorded: Recorded) -> list[Command]:
    """The commands of error records."""

    def fixed() -> str:
        if recorded.history is None:
            return NONE_OPEN
        return NO_MEMORY if records.fixed else ""

    return [
        Command("open-records", "&Machine", "Open &error records…", "Kernel logs, traces and rasdaemon’s database: the "
                "errors that really happened, on an empty map", lambda: records.ask(over=False), "open",
                at_start=True),
        Command("overlay-records", "&Machine", "Over&lay error records on this machine…", "The same over the open "
                "machine: what Linux logged beside what the model predicts", lambda: records.ask(over=True)),
        Command("close-records", "&Machine", "Close the error recor&ds", "Removes them from the map; the machine stays",
                records.close, missing=fixed),
    ]  # fmt: skip


def stepping_commands(recorded: Recorded) -> list[Command]:
    """Steps through the records in time."""
    return [
        Command("next-record", "&Play", "Next error &record", "Chooses the next error record in time",
                lambda: recorded.step(1), keys=("Alt+Down",), missing=lambda: recorded.missing(1),
                separated=True),
        Command("previous-record", "&Play", "Previous error recor&d", "Chooses the record before it",
                lambda: recorded.step(-1), keys=("Alt+Up",), missing=lambda: recorded.missing(-1)),
    ]  # fmt: skip
