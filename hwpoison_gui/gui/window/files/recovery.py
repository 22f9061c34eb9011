"""Offers work that a crash or kill -9 left in the user's state folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.window.files.autosave import EDITING, FRONT, OPENED, SAVES_TO, SESSION
from hwpoison_gui.record import Record
from hwpoison_gui.session.document.document import Document
from hwpoison_gui.session.document.files import read
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.user.state import SESSIONS, Slot, left_slots
from hwpoison_gui.view.words.words import counted


class Left(Record):
    """Work in a folder that this process has claimed.

    Attributes
    ----------
    saves_to, opened
        The session file that it belongs to, and the file that was open; empty if there was none.
    editing
        Whether the editor of notes was open.
    front
        The names of the panels that were in front.
    """

    slot: Slot
    document: Document
    when: datetime
    saves_to: str
    opened: str
    editing: bool
    front: tuple[str, ...]

    @property
    def words(self) -> str:
        """Two lines for a list."""
        document = self.document
        counts = [counted(len(document.line), "operation")]
        counts += [counted(len(document.branches), "branch", "branches")] if document.branches else []
        counts += [counted(len(document.notes), "note")] if document.notes else []
        counts += [counted(len(document.drafts), "draft")] if document.drafts else []
        counts += [counted(len(document.comparisons), "comparison")] if document.comparisons else []
        records = document.records
        counts += [counted(len(records.files), "file of error records", "files of error records")] if records else []
        counts += ["1 second snapshot"] if document.second is not None else []
        name = Path(self.saves_to).name if self.saves_to else document.title
        return f"{name}\n{self.when:%d %B, %H:%M}: {', '.join(counts)}"


def left_work() -> list[Left]:
    """The work of processes that died, newest first; empty folders are removed."""
    found = []
    for slot in left_slots(SESSIONS):
        path = slot.path / SESSION
        if not path.exists():
            slot.remove()
            continue
        try:
            document, changed = read(path), path.stat().st_mtime
        except (OSError, ScenarioError):
            slot.release()  # newer than this program, or damaged: it stays where it is
            continue
        saves_to, opened = (os.fsdecode(slot.read(name) or b"") for name in (SAVES_TO, OPENED))
        editing = (slot.path / EDITING).exists()
        front = tuple(os.fsdecode(slot.read(FRONT) or b"").split())
        found.append(Left(slot, document, datetime.fromtimestamp(changed), saves_to, opened, editing, front))
    return sorted(found, key=lambda left: left.when, reverse=True)


class RecoveryDialog(QDialog):
    """Lists what was left. Work that is neither recovered nor discarded is offered again at the next start."""

    def __init__(self, above: QWidget, found: Sequence[Left], recover: Callable[[Left], None]) -> None:
        super().__init__(above)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Recover unsaved work")
        self._found, self._recover = list(found), recover
        ended = "hwpoison-gui ended unexpectedly, with unsaved work."
        words = QLabel(f"{ended} Recover it?", self)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Unsaved work")
        for left in self._found:
            self._add(left)
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(lambda _: self.accept())
        self.buttons = QDialogButtonBox(self)
        roles = QDialogButtonBox.ButtonRole
        self.recover = self.buttons.addButton("&Recover", roles.AcceptRole)
        self.discard = self.buttons.addButton("&Discard", roles.DestructiveRole)
        self.later = self.buttons.addButton("&Later", roles.RejectRole)
        self.recover.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.discard.clicked.connect(self._discard)
        box = QVBoxLayout(self)
        for part in (words, self.list, self.buttons):
            box.addWidget(part)
        self.finished.connect(self._release)
        fitting.resize_dialog(self, 480, 240)

    def _add(self, left: Left) -> None:
        item = QListWidgetItem(left.words, self.list)
        item.setToolTip(plain(left.saves_to or left.document.title))

    def accept(self) -> None:
        """Recover the chosen work."""
        row = self.list.currentRow()
        chosen = self._found.pop(row) if row >= 0 else None
        super().accept()
        if chosen is not None:
            self._recover(chosen)

    def _discard(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            self._found.pop(row).slot.remove()
            self.list.takeItem(row)
        if not self._found:
            self.reject()

    def _release(self) -> None:
        for left in self._found:
            left.slot.release()
