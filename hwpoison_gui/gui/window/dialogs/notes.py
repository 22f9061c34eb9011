"""Creates and edits notes on timeline positions, and reopens branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.look.plain_menu import trim
from hwpoison_gui.gui.timeline.operations import OperationStrip
from hwpoison_gui.gui.timeline.track import Timeline
from hwpoison_gui.gui.widgets.local_keys import PAGES, LocalKeys
from hwpoison_gui.session.branches import Branch, Inputs
from hwpoison_gui.session.notebook import Note, Notebook, Saved
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.telling import pauses
from hwpoison_gui.view.base.moment import START, moment_of
from hwpoison_gui.view.facts.operation_chips import Chips, branch_words
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.rows.notes import NoteRow, note_rows

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from PySide6.QtWidgets import QInputDialog

    from hwpoison_gui.gui.timeline.notebook import NotebookView
    from hwpoison_gui.gui.window.dialogs.note_dialog import Titled, Told


class Notes(QObject):
    """The notebook of the open machine, and the branches of its timeline.

    `panel_in_front` brings the notebook's panel to the front.
    """

    changed = Signal()  # a note or a draft has changed
    draftKept = Signal()  # the dialog was closed, and its text was not accepted

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        present: Present,
        operations: OperationStrip,
        timeline: Timeline,
    ) -> None:
        super().__init__(above)
        self._above, self._controller, self._strip = above, controller, operations
        self._timeline = timeline
        self.notebook = Notebook(controller.session)  # of the machine with which the window begins, until it is shown
        self.panel_in_front: Callable[[], None] = lambda: None
        self._show_rows: Callable[[Sequence[NoteRow]], None] = lambda rows: None
        self._chips = Chips()
        self._editor: QInputDialog | None = None
        LocalKeys(operations, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down)
        operations.seekRequested.connect(controller.seek)
        operations.branchesWanted.connect(self.show_branches)
        present.opened.connect(self._opened)
        present.feed(self).moved.connect(lambda moved: self._moved(moved.acted))

    def connect_panel(self, view: NotebookView, dock: Dock) -> None:
        """Show the notes in `view` and keep it up to date."""

        def show(rows: Sequence[NoteRow]) -> None:
            view.set_rows(list(rows))
            dock.set_subject(f"{len(rows)}" if rows else "")

        LocalKeys(view, Qt.Key.Key_Up, Qt.Key.Key_Down, *PAGES)
        view.goWanted.connect(self.go_to)
        view.removeWanted.connect(self.remove)
        self._show_rows = show
        self._show_notes()

    def _opened(self) -> None:
        self.notebook = Notebook(self._controller.session)
        document = self._controller.machine.document
        if document is not None:
            self.notebook.restore(document.notes, document.drafts)
        self._moved(True)

    def _moved(self, acted: bool) -> None:
        session = self._controller.session
        if acted and self.notebook.notes:
            self.notebook.tell()  # a branch that was opened again has the captions of when it was left
        if self._chips.read(session) or acted:
            forks = session.branches.leaving_at(session.operations)
            self._strip.set_operations(self._chips.shown, {after: len(branches) for after, branches in forks.items()})
        self._strip.set_present(moment_of(session).number, session.position)
        self._show_notes()

    def _show_notes(self) -> None:
        rows = note_rows(self._controller.session, self.notebook)
        self._show_rows(rows)
        self._timeline.set_notes([row.position for row in rows if row.position is not None])

    # -- notes

    @property
    def editing(self) -> bool:
        """Whether the dialog for a note is open."""
        return self._editor is not None

    def ask_note(self) -> None:
        """Open a dialog for a note on the present step. What is typed is a draft until it is accepted."""
        from hwpoison_gui.gui.window.dialogs.note_dialog import go_to_end, is_apart, note_dialog

        self._controller.playback.pause()
        here, draft, caption = self.notebook.here(), self.notebook.draft_here(), self.notebook.elsewhere()
        dialog = note_dialog(
            self._above,
            "Change the note" if here or caption else "Note on this step",
            self._about(draft is not None),
            draft.text if draft else here.text if here else caption.text if caption else "",
            self._told(),
            caption.text if caption else "",
        )

        def accept(text: str) -> None:
            self.write(text, None if is_apart(dialog) else caption)

        dialog.textValueChanged.connect(self._typed)
        dialog.textValueSelected.connect(accept)
        dialog.rejected.connect(self._left)
        dialog.finished.connect(self._closed)
        self._editor = dialog
        dialog.open()
        go_to_end(dialog)

    def _told(self) -> Told | Titled | None:
        """Return the texts edited beside the note: the operation's, or the story's before the first operation."""
        from hwpoison_gui.gui.window.dialogs.note_dialog import Titled, Told

        session, machine = self._controller.session, self._controller.machine
        operation = session.operation_at(session.position)  # one on many frames has its notes as a whole
        if operation is not None:
            number = session.operations.index(operation) + 1
            telling = operation.telling
            return Told(number, telling.notes, telling.stops(operation.name), partial(self._tell, operation))
        if machine.scenario is None:
            return None
        return Titled(machine.title, machine.scenario.summary, self._name_story)

    def _changed(self) -> None:
        """A note, a caption, a stop, the title or the summary has changed."""
        self._controller.playback.forget()  # how long playback stays for reading depends on the texts
        self.changed.emit()

    def _tell(self, operation: Operation, notes: str, stops: bool) -> None:
        """Set the speaker notes and the stop of an operation; a stop equal to the default is not stored."""
        pause = None if stops == pauses(operation.name, operation.telling.caption) else stops
        self._controller.session.tell(operation, operation.telling._replace(notes=notes.strip(), pause=pause))
        self._changed()

    def _name_story(self, title: str, summary: str) -> None:
        """Title and summary of what was done."""
        machine = self._controller.machine
        if machine.scenario is not None:
            title = title.strip() or machine.title
            scenario = machine.scenario._replace(title=title, summary=summary.strip())
            self._controller.set_files(machine._replace(title=title, scenario=scenario))
            self._changed()

    def _about(self, draft: bool) -> str:
        """Describe the subject of the note, and the keys that accept it."""
        machine = self._controller.machine
        said = sentence_of(self._controller.session, no_memory=machine.records_only)  # not of a selected frame
        lines = [START] if said.where == "start" else [said.where, said.text]
        if draft:
            lines.append("This text was typed before and is not a note yet.")
        keys = "Ctrl+Enter or OK keeps it. Esc or Cancel leaves the text as a draft."
        return "\n".join([*filter(None, lines), keys])

    def _typed(self, text: str) -> None:
        self.notebook.keep_draft(text)
        self._changed()

    def _closed(self) -> None:
        self._editor = None
        self.changed.emit()

    def _left(self) -> None:
        self._show_notes()
        if self.notebook.draft_here() is not None:
            self.draftKept.emit()

    def write(self, text: str, instead_of: Note | None = None) -> None:
        """Write a note on the present step, or another text of a note elsewhere; empty text removes it."""
        if instead_of is not None and instead_of in self.notebook.notes:
            self.notebook.rewrite(instead_of, text)
        else:
            self.notebook.write(text)
        self._show_notes()
        self._changed()
        if self.notebook.here() is not None:
            self.panel_in_front()

    def remove(self, note: Note) -> None:
        self.notebook.remove(note)
        self._show_notes()
        self._changed()

    def go_to(self, note: Note) -> None:
        """Seek to a note's step; on a branch, redo the operations that lead there."""

        def seek() -> None:
            position = self.notebook.position_of(note)
            if position is not None:
                self._controller.seek(position)

        self.reopen(note.line, seek)

    def to_save(self) -> Saved:
        """The notes that a scenario can hold."""
        return self.notebook.to_save()

    # -- branches

    def missing_branches(self) -> str:
        """Why there are no branches; empty if there are some."""
        kept = self._controller.session.branches.kept
        return "" if kept else "There are no branches: going back and doing something else leaves one."

    def reopen(self, line: Sequence[Inputs], then: Callable[[], None] = lambda: None) -> None:
        """Redo a line of operations; `then` is called if it was completed."""
        self._controller.go_along(line, then)

    def branches_menu(self, shared: int | None = None) -> QMenu:
        """Menu of all branches, or of those that leave after `shared` operations."""
        session, menu = self._controller.session, QMenu(self._above)
        menu.setToolTipsVisible(True)
        head = menu.addAction("Branches")
        head.setEnabled(False)
        menu.addSeparator()
        for common, branches in sorted(session.branches.leaving_at(session.operations).items()):
            for branch in branches if shared in (None, common) else ():
                self._add(menu, branch, branch_words(branch, common))
        return menu

    def _add(self, menu: QMenu, branch: Branch, words: str) -> None:
        action = menu.addAction(words.replace("&", "&&"))
        action.setToolTip("Repeats it; the present operations are kept as a branch")
        action.triggered.connect(partial(lambda line, _=False: self.reopen(line), branch.operations))

    def show_branches(self, shared: int | None = None, where: QPoint | None = None) -> None:
        """Show the menu of branches."""
        menu = self.branches_menu(shared)
        menu.aboutToHide.connect(menu.deleteLater)
        trim(menu)
        strip = self._strip
        menu.popup(where or strip.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
