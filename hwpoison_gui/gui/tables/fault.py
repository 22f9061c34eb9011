"""The panel of a fault of DRAM: which part fails, what that does early and late, and what soft offline would save."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.fault import fault_cells, fault_columns

MODES: Final = {"row": "Row", "column": "Column", "bank": "Bank", "rank": "Rank", "dimm": "DIMM", "channel": "Channel"}


_NOTES: Final = 25  # table and notes are as 23 to 8: three courses are seen in a window of 1280 pixels


class FaultTools(QWidget):
    """Which part of DRAM the selected frame stands for, and what is done with it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.mode = QComboBox(self)
        self.mode.setAccessibleName("Part of DRAM that fails")
        self.mode.setToolTip("The part of DRAM that fails, of those that the selected frame has bytes in")
        self.finds = self._button("On the map", "Finds the frames of the part on the map")
        self.breaks = self._button("Break it…", "Breaks all frames of the part as one operation, after a question")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        for tool in (self.mode, self.finds, self.breaks):
            row.addWidget(tool)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setObjectName("boxed")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button


class FaultPanel(QWidget):
    """The part, and below it the numbers beside its frames, who is hit, and what cannot be moved."""

    named = Signal(str)  # what the user typed

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.line = QLineEdit(self)
        self.line.setAccessibleName("The part of DRAM that fails")
        self.line.setPlaceholderText("row:of:0x2416, or bank:channel0/rank1/bg2/bank3; or select a frame")
        self.line.returnPressed.connect(lambda: self.named.emit(self.line.text()))
        self.answer = QLabel(self)
        self.answer.setWordWrap(True)
        self.notes = QLabel(self)
        self.notes.setWordWrap(True)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.notes.setAccessibleName("Who is hit, and what soft offline moves")
        told = QScrollArea(self)
        told.setWidgetResizable(True)
        told.setFrameShape(QFrame.Shape.NoFrame)
        told.setWidget(self._beside())
        told.setAccessibleName("Who is hit, and what soft offline moves")
        told.setAccessibleDescription("Scrolls the words beside the numbers")
        self.table = RowTable("Fault of DRAM", lambda table: RowModel(table, fault_columns(), fault_cells), self)
        self.table.setAccessibleDescription("What the fault does by course and policy; nothing is chosen by a row")
        self.tools = FaultTools(self)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        for part, stretch in ((self.table, 23), (told, 8)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setChildrenCollapsible(False)
        split.setSizes([23 * _NOTES, 8 * _NOTES])
        box = QVBoxLayout(self)
        box.setContentsMargins(look.SMALL, look.TIGHT, look.SMALL, 0)
        box.setSpacing(look.TIGHT)
        box.addWidget(self.line)
        box.addWidget(split, 1)
        plain_labels(self)
        self.setFocusProxy(self.line)
        self.set_theme(theme)

    def _beside(self) -> QWidget:
        """What stands beside the numbers, and is scrolled in a low window."""
        words = QWidget(self)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.TIGHT)
        column.addWidget(self.answer)
        column.addWidget(self.notes, 1)
        return words

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.table.set_theme(theme)
        head = self.table.horizontalHeader()
        head.setTextElideMode(Qt.TextElideMode.ElideNone)  # of two lines it would cut the second
        for number in range(len(self.table.columns)):
            self.table.setColumnWidth(number, max(self.table.columnWidth(number), head.sectionSizeHint(number)))
        for widget in (self.tools.mode, self.tools.finds, self.tools.breaks, self.notes):
            widget.setFont(look.font(look.CAPTION))
        self.say(self.answer.text())

    def say(self, text: str, is_wrong: bool = False) -> None:
        """Says which frames these are, or what is wrong with what was typed."""
        self.answer.setText(text)
        look.ink(self.answer, self._theme.warn if is_wrong else self._theme.muted)
