"""The panel Snapshot: what changed between the open machine and a second snapshot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT
from hwpoison_gui.view.rows.snapshots import SNAPSHOT_COLUMNS, SnapshotRow, snapshot_cells


class SnapshotView(QWidget):
    """A table of the changes, below a line with doubts about the comparison."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.doubts = QLabel(self)
        self.doubts.setWordWrap(True)
        self.doubts.setTextFormat(Qt.TextFormat.PlainText)
        self.doubts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.doubts.setContentsMargins(look.SMALL, 0, look.SMALL, 0)
        self.table = RowTable("Snapshot", lambda table: RowModel(table, SNAPSHOT_COLUMNS, snapshot_cells), self)
        self.table.setAccessibleDescription("What changed in a second snapshot; a row finds its frames on the map")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(look.TIGHT)
        box.addWidget(self.doubts)
        box.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self._note = ""
        self.set_theme(theme)
        self.show_changes([], "", NO_SNAPSHOT)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)
        self.doubts.setFont(look.font(look.CAPTION))
        self.doubts.setStyleSheet(f"color: {theme.warn}")
        self._muted = theme.muted

    def show_changes(self, rows: list[SnapshotRow], doubts: str, note: str) -> None:
        """Show rows and doubts; `note` is shown while there are no rows."""
        self.doubts.setText(doubts)
        self.doubts.setVisible(bool(doubts))
        self.table.set_rows(rows)
        self.table.setVisible(bool(rows))
        self._note = "" if rows else note
        self.setAccessibleName(self._note)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._note:
            painter = QPainter(self)
            painter.setFont(look.font())
            painter.setPen(QColor(self._muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(look.MEDIUM, 0, -look.MEDIUM, 0), flags, self._note)
