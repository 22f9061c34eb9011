"""The kernel log dock: lines as dmesg prints them, those of the present step marked."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QWidget

from hwpoison_gui.gui import theme as look
from hwpoison_gui.gui.task_model import Index
from hwpoison_gui.view.palette import DARK, Theme, mixed

Role = Qt.ItemDataRole
EMPTY: Final = "The kernel has said nothing yet.\nIts lines come here while it works, as dmesg prints them."


class LogModel(QAbstractListModel):
    """The lines printed so far."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self.lines: list[str] = []
        self.newest: frozenset[int] = frozenset()
        self.theme = theme

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Role.DisplayRole:
            return line
        if role == Role.ToolTipRole:
            return f"{line}\nDouble click: go to the step that printed it."
        newest = index.row() in self.newest
        if role == Role.ForegroundRole:
            if "panic" in line or "Killing" in line or "killing" in line:
                return QColor(self.theme.kill)
            return QColor(
                self.theme.text if newest or not self.newest else mixed(self.theme.text, self.theme.base, 0.3)
            )
        if role == Role.BackgroundRole and newest:
            return QColor(mixed(self.theme.base, self.theme.warn, 0.18))
        return None

    def set_lines(self, lines: list[str], newest: frozenset[int]) -> None:
        """Shows other lines; what stays the same is left alone."""
        same = 0
        for old, new in zip(self.lines, lines, strict=False):
            if old != new:
                break
            same += 1
        if same < len(self.lines):
            self.beginRemoveRows(QModelIndex(), same, len(self.lines) - 1)
            del self.lines[same:]
            self.endRemoveRows()
        if same < len(lines):
            self.beginInsertRows(QModelIndex(), same, len(lines) - 1)
            self.lines += lines[same:]
            self.endInsertRows()
        if newest != self.newest:
            self.newest = newest
            self.refresh_look()

    def refresh_look(self) -> None:
        if self.lines:
            self.dataChanged.emit(self.index(0), self.index(len(self.lines) - 1))


class LogView(QListView):
    """Follows the newest line. A double click asks for the step that printed a line."""

    lineActivated = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.log = LogModel(self, theme)
        self.setModel(self.log)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(lambda index: self.lineActivated.emit(index.row()))
        self.setAccessibleName("Kernel log")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.log.theme = theme
        self.setFont(look.mono(look.CAPTION))
        self.setSpacing(0)
        self.log.refresh_look()
        self.viewport().update()

    def set_lines(self, lines: list[str], newest: frozenset[int]) -> None:
        """Shows the log; the newest line stays in view."""
        grew = len(lines) != len(self.log.lines)
        self.log.set_lines(lines, newest)
        if grew and lines:
            self.scrollToBottom()
            self.horizontalScrollBar().setValue(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted(index.row() for index in self.selectedIndexes())
            QApplication.clipboard().setText("\n".join(self.log.lines[row] for row in chosen))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.lineActivated.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.log.lines:
            painter = QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(QColor(self.log.theme.muted))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
