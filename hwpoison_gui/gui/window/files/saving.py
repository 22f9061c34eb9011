"""Saves the open machine: as a session, a scenario or a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui import resources
from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.dialogs.notes import Notes
from hwpoison_gui.gui.window.files.unsaved import UnsavedWork, Work
from hwpoison_gui.gui.window.map_settings import MapView
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document.document import SUFFIX, Document
from hwpoison_gui.session.errors import ScenarioError

_SESSION: Final = f"Session (*{SUFFIX})"
_NO_SCENARIO: Final = (
    "a scenario describes a machine that is made up, and this one is a copy of memory. "
    f"A session ({SUFFIX}) keeps what was done, and `hwpoison-gui check` replays it, too."
)
_INSIDE: Final = f"Session with copies of its files inside (*{SUFFIX})"
_SCENARIO: Final = "Scenario, one line of operations without branches (*.toml)"
_SCENARIO_LACKS: Final = "A scenario holds no branches, drafts, error records or second snapshot: a session does."
_FAILED: Final = "It cannot be saved"


def _nothing() -> None:
    """The default of `then`."""


class Saving(QObject):
    """`said` is emitted with what was saved, and where."""

    said = Signal(str)
    saved = Signal(str)  # a file that can be opened again

    def __init__(self, above: QWidget, controller: Controller, notes: Notes, work: UnsavedWork, view: MapView) -> None:
        super().__init__(above)
        self._above, self._controller, self._notes, self._work, self._view = above, controller, notes, work, view
        self.folder = ""
        self._changed = 0  # when the session file was changed last, by this window
        self.background = Background(above)
        self.background.refused.connect(self._failed)

    def _failed(self, head: str, text: str) -> None:
        show_error(self._above, head, text)

    # -- sessions

    def document(self) -> Document:
        """Return the present state as the document of a session file."""
        from hwpoison_gui.opening import saving

        return saving.document_of_machine(self._controller.machine, self._notes.notebook, self._view.read())

    def save(self, then: Callable[[], None] = _nothing) -> None:
        """Save to the session's file, or ask for one; `then` is called when all work is saved."""
        machine = self._controller.machine
        path = Path(machine.saves_to)
        if not machine.saves_to:
            self.save_as(then)
        elif path.exists() and _time_of_change(path) != self._changed:
            words = f"Another program, or another window, has changed the file since: {path}"
            self._ask_replace(path, words, lambda: self._save_session(path, False, then))
        else:
            self._save_session(path, False, then)

    def note_file(self) -> None:
        """The open machine has the work that its session file has now."""
        file = self._controller.machine.saves_to
        self._changed = _time_of_change(Path(file)) if file else 0

    def save_as(self, then: Callable[[], None] = _nothing) -> None:
        """Ask for a file and save to it: a session, or a scenario."""
        from PySide6.QtWidgets import QFileDialog

        machine = self._controller.machine
        kinds = [_SESSION]
        has_files = machine.records is not None or machine.second_files is not None
        if has_files or not (machine.scenario is not None or machine.records_only):
            kinds.append(_INSIDE)
        if machine.scenario is not None:
            kinds.append(_SCENARIO)
        if machine.exported is not None:
            kinds = [_INSIDE]
        elif self._is_story:
            kinds.reverse()
        name, kind = QFileDialog.getSaveFileName(
            self._above, "Save what was done", str(self._suggested()), ";;".join(kinds)
        )
        if not name:
            return
        self.folder = str(Path(name).parent)
        is_scenario = name.endswith(".toml") or (kind == _SCENARIO and not name.endswith(SUFFIX))
        if is_scenario and machine.scenario is None:
            self._failed(_FAILED, f"{name}: {_NO_SCENARIO}")
        elif is_scenario:
            self.with_suffix(name, ".toml", lambda path: self._save_scenario(path, then))
        else:
            self.with_suffix(name, SUFFIX, lambda path: self._save_session(path, kind == _INSIDE, then))

    def _suggested(self) -> Path:
        """A name without a suffix: the kind that is chosen in the dialog gives it."""
        machine = self._controller.machine
        stem = Path(machine.saves_to or machine.file).stem or "session"
        own = (
            "" if Path(machine.file).is_relative_to(resources.folder()) else machine.file
        )  # samples lie in the program
        beside = machine.saves_to or self.folder or own
        folder = Path(beside) if beside == self.folder else Path(beside).parent
        return folder / stem

    @property
    def _is_story(self) -> bool:
        """Whether the machine is from a scenario that this program wrote: one written by hand may have comments."""
        machine = self._controller.machine
        path = Path(machine.file)
        if path.suffix != ".toml" or machine.saves_to or path.is_relative_to(resources.folder()):
            return False
        from hwpoison_gui.session.scenario.writer import is_as_written

        return not self._controller.session.branches.kept and is_as_written(path)

    def with_suffix(self, name: str, suffix: str, save: Callable[[Path], None]) -> None:
        """Save under a name with that suffix; ask where it was added and such a file exists."""
        path = Path(name if name.lower().endswith(suffix) else f"{name}{suffix}")
        if str(path) == name or not path.exists():
            save(path)
            return
        self._ask_replace(path, f"The file exists already: {path}", lambda: save(path))

    def _ask_replace(self, path: Path, words: str, replace: Callable[[], None]) -> None:
        from PySide6.QtWidgets import QMessageBox

        kind = QMessageBox.StandardButton
        head = f"Replace {path.name}?"
        box = QMessageBox(QMessageBox.Icon.Question, "hwpoison-gui", head, kind.Yes | kind.Cancel, self._above)
        box.setInformativeText(words)
        plain_labels(box)
        box.button(kind.Yes).setText("&Replace")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.accepted.connect(replace)
        box.open()

    def _save_session(self, path: Path, inside: bool, then: Callable[[], None]) -> None:
        from hwpoison_gui.opening import saving

        machine, document, work = self._controller.machine, self.document(), self._work.present

        def done(saved: Opened) -> None:
            self._controller.set_files(saved)
            self.note_file()
            self._done(path, work)
            problems = saving.problems_of(saved)
            if problems:
                self._failed("Saved, but files have changed", _changed_words(problems))
            else:
                then()

        if inside or saving.needs_copy(machine):
            title = f"Saving {path.name}"
            self.background.run(
                title,
                lambda _, cancelled: saving.save_session(machine, document, path, inside, cancelled),
                done,
                writes=True,
            )
            return
        try:
            saved = saving.save_session(machine, document, path)
        except OSError as error:
            self._failed(_FAILED, f"{path}: {error.strerror or error}")
        else:
            done(saved)

    def _done(self, path: Path, work: Work) -> None:
        self._work.mark_saved(work)
        self.saved.emit(str(path.absolute()))
        self.said.emit(f"Saved to {path.absolute()}")

    # -- scenarios

    def _save_scenario(self, path: Path, then: Callable[[], None]) -> None:
        from hwpoison_gui.opening import saving
        from hwpoison_gui.session.notebook import lost_words
        from hwpoison_gui.session.scenario.writer import save

        notes, work = self._notes.to_save(), self._work.present
        try:
            save(saving.recorded(self._controller.machine, notes.captions), path)
        except ScenarioError as error:
            self._failed(_FAILED, str(error))
            return
        except OSError as error:
            self._failed(_FAILED, f"{path}: {error.strerror or error}")
            return
        book, branches = self._notes.notebook, self._controller.session.branches.kept
        machine = self._controller.machine
        if not (notes.lost or book.drafts or branches or machine.records or machine.second_files):
            if not machine.saves_to:
                self._controller.set_files(machine._replace(file=str(path.absolute()), is_story=True))
            self._done(path, work)
            then()
            return
        self.saved.emit(str(path.absolute()))
        # The mark in the title stays.
        self.said.emit(f"Saved to {path.absolute()}\n{_SCENARIO_LACKS}")
        if notes.lost:
            self._failed("Saved, but for some notes", lost_words(notes.lost))

    # -- recordings

    def save_recording(self) -> None:
        """Save the copy of live memory as a snapshot."""
        from PySide6.QtWidgets import QFileDialog

        from hwpoison_gui.opening import saving

        name, _ = QFileDialog.getSaveFileName(
            self._above, "Save the copy of this machine’s memory", str(Path(self.folder) / "memory.npz"),
            "Snapshot (*.npz)",
        )  # fmt: skip
        if not name:
            return
        machine = self._controller.machine

        def write(path: Path) -> None:
            self.background.run(
                f"Saving {path.name}",
                lambda _, cancelled: saving.save_recording(machine, path, cancelled),
                done,
                writes=True,
            )

        def done(saved: Opened) -> None:
            self._controller.set_files(saved)
            assert saved.stored is not None
            path = saved.stored.files[0].path
            self.saved.emit(path)
            self.said.emit(f"The memory was saved to {path}, readable only by you")

        self.with_suffix(name, ".npz", write)


def _time_of_change(path: Path) -> int:
    """In nanoseconds; 0 if the file cannot be looked at."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _changed_words(problems: list[str]) -> str:
    head = "The session refers to these files, and can be opened again only with them as they were:"
    return "\n".join([head, *problems])
