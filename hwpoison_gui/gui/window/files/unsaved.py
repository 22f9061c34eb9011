"""Knows whether the open machine has work that is in no file, and asks before that would be dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.window.dialogs.notes import Notes
from hwpoison_gui.view.words.words import counted

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMessageBox

# The newest operation, the branches, notes, drafts, comparisons, and the values of `_told`. Operations compare by
# identity: if the newest one is the same, so are all before it.
_Some = tuple[object, ...]
Work = tuple[object, tuple[int, ...], _Some, _Some, _Some, _Some]
_NEVER: Work = (None, (), (), (), (), ("never saved",))


class UnsavedWork(QObject):
    """User's work since the machine was opened or saved: operations, branches, notes, drafts, comparisons,
    the error records overlaid on it, and the second snapshot that it is compared with.

    The timeline position, the selection and the view are no work: nothing is lost without them.
    """

    changed = Signal(bool)  # whether there is unsaved work; also after work was saved to another file

    def __init__(self, controller: Controller, present: Present, notes: Notes) -> None:
        super().__init__(controller)
        self._controller, self._notes = controller, notes
        self._saved = self.present
        self.any = False
        present.opened.connect(self._opened)
        present.moved.connect(self.look)
        notes.changed.connect(self.look)

    @property
    def present(self) -> Work:
        """Current work, in a form to compare with the saved one."""
        session, book = self._controller.session, self._notes.notebook
        branches = tuple(branch.number for branch in session.branches.kept)
        compared = tuple(map(id, session.comparisons))
        return session.newest, branches, tuple(book.notes), tuple(book.drafts), compared, self._told()

    def _told(self) -> tuple[object, ...]:
        """Title and summary, other files, and speaker notes and stops of the operations that have some."""
        machine, session = self._controller.machine, self._controller.session
        told = ((session.steps.operations[one.first], one.telling.notes, one.telling.pause) for one in session.told
                if one.telling.notes or one.telling.pause is not None)  # fmt: skip
        summary = machine.scenario.summary if machine.scenario is not None else ""
        return machine.title, summary, machine.records, machine.second_files, *told

    def mark_saved(self, work: Work) -> None:
        """Marks `work` as saved in a file; later changes are not."""
        self._saved = work
        self.any = self.present != work
        self.changed.emit(self.any)

    def redone(self, newest: object, branches: tuple[int, ...]) -> None:
        """Mark the operations as saved if these, the newest one and the branches, were saved.

        A presentation left the story for a question and came back to it: no work of the user. Notes and all else
        count as before.
        """
        if self._saved[:2] == (newest, branches):
            self._saved = (*self.present[:2], *self._saved[2:])
        self.look()

    def second_given(self) -> None:
        """The second snapshot was given on the command line, as the machine was, so it is not unsaved work."""
        if self._saved != _NEVER:
            told = self._saved[5]
            self._saved = (*self._saved[:5], (*told[:3], self._controller.machine.second_files, *told[4:]))
        self.look()

    def mark_unsaved(self) -> None:
        """Nothing of it is in a file."""
        self.mark_saved(_NEVER)

    def _opened(self) -> None:
        self.mark_saved(self.present)

    def look(self) -> None:
        """Something may have changed."""
        unsaved = self.present != self._saved
        if unsaved != self.any:
            self.any = unsaved
            self.changed.emit(unsaved)

    @property
    def words(self) -> str:
        """List the current work with its numbers, `2 operations (1 undone) and 1 note`; `nothing` without any."""
        session, book = self._controller.session, self._notes.notebook
        records = self._controller.machine.records
        counts = (
            (len(session.operations), "operation", "operations"),
            (len(session.branches.kept), "branch", "branches"),
            (len(book.notes), "note", "notes"),
            (len(book.drafts), "draft of a note", "drafts of notes"),
            (len(session.comparisons), "comparison", "comparisons"),
            (len(records.files) if records is not None else 0, "file of error records", "files of error records"),
            (int(self._controller.machine.second_files is not None), "second snapshot", ""),
        )
        parts = [counted(count, one, many) for count, one, many in counts if count]
        if undone := len(session.since(session.position)):
            parts[0] += f" ({undone:,} undone)"
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "nothing"


class Guard(QObject):
    """Asks before unsaved work is dropped: save it, discard it, or stay."""

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        work: UnsavedWork,
        save: Callable[[Callable[[], None]], None],
        asks: bool,
    ) -> None:
        super().__init__(above)
        self._above, self._controller, self._work, self._save = above, controller, work, save
        self.asks = asks
        self._box: QMessageBox | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is something to ask about."""
        return self.asks and self._work.any

    def ask(self, doing: str, then: Callable[[], None]) -> None:
        """Call `then` at once if nothing is unsaved, else after it was saved or discarded. `doing` drops it."""
        if not self.wanted:
            then()
            return
        if self._box is not None:
            self._box.raise_()
            return
        from PySide6.QtWidgets import QMessageBox, QPushButton

        kind = QMessageBox.StandardButton
        file = Path(self._controller.machine.saves_to).name
        head = f"Save the changes to {file}?" if file else "Save what you did?"
        box = QMessageBox(
            QMessageBox.Icon.Question, "hwpoison-gui", head, kind.Save | kind.Discard | kind.Cancel, self._above
        )
        box.setInformativeText(f"{doing} drops what is not saved. This session has {self._work.words}.")
        plain_labels(box)
        discard = box.button(kind.Discard)
        assert isinstance(discard, QPushButton)
        discard.setText("&Discard")
        box.setDefaultButton(kind.Save)
        box.setEscapeButton(kind.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        answers = {box.button(kind.Save): lambda: self._save(then), discard: then}
        box.finished.connect(lambda _: self._answered(answers.get(box.clickedButton())))  # type: ignore[call-overload]
        self._box = box
        box.open()

    def _answered(self, answer: Callable[[], None] | None) -> None:
        self._box = None
        if answer is not None:
            answer()
