"""The panel of a fault of DRAM: which part fails, what that does early and late, and what soft offline would save."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.tables.expected import ExpectedPage
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.gui.widgets.toggle import Toggle
from hwpoison_gui.gui.widgets.whole_rows import WholeRows
from hwpoison_gui.gui.widgets.words_beside import WordsBeside
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.fault import fault_cells, fault_columns

MODES: Final = {"row": "Row", "column": "Column", "bank": "Bank", "rank": "Rank", "dimm": "DIMM", "channel": "Channel"}


_NOTES: Final = 25  # table and notes are as 23 to 8: three courses are seen in a window of 1280 pixels


class FaultTools(QWidget):
    """Choice of the part of DRAM around the selected frame, commands for it, and the switch to expected numbers."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.mode = QComboBox(self)
        self.mode.setAccessibleName("Part of DRAM that fails")
        self.mode.setToolTip("The part of DRAM that fails, of those that the selected frame has bytes in")
        self.finds = self._button("On the map", "Finds the frames of the part on the map")
        self.breaks = self._button("Break it…", "Breaks all frames of the part as one operation, after a question")
        self.expected = Toggle("Expected", self)
        self.expected.setToolTip(
            "How many processes faults of DRAM would hit in 1,000 machine-years, by the rates of a field study"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        for tool in self.all():
            row.addWidget(tool)

    def all(self) -> tuple[QComboBox | QToolButton, ...]:
        """All of them, from left to right."""
        return self.mode, self.finds, self.breaks, self.expected

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setObjectName("boxed")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button


class FaultPanel(QStackedWidget):
    """The part, and below it the numbers beside its frames, who is hit, and what cannot be moved; or an expectation."""

    named = Signal(str)  # what the user typed

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        part = QWidget(self)
        self.line = QLineEdit(part)
        self.line.setAccessibleName("The part of DRAM that fails")
        self.line.setPlaceholderText("row:of:0x2416, or bank:channel0/rank1/bg2/bank3; or select a frame")
        self.line.returnPressed.connect(lambda: self.named.emit(self.line.text()))
        self.beside = WordsBeside("Who is hit, and what soft offline moves", part)
        self.answer, self.notes = self.beside.answer, self.beside.notes
        split = QSplitter(Qt.Orientation.Horizontal, part)
        self._whole = WholeRows(split)
        columns = fault_columns()
        self.table = RowTable("Fault of DRAM", lambda table: RowModel(table, columns, fault_cells), self._whole)
        self._whole.hold(self.table)
        self.table.setAccessibleDescription("What the fault does by course and policy; nothing is chosen by a row")
        self.table.setSortingEnabled(False)  # the measures have an order, and an arrow takes room
        self.tools = FaultTools(self)
        for widget, stretch in ((self._whole, 23), (self.beside, 8)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setChildrenCollapsible(False)
        split.setSizes([23 * _NOTES, 8 * _NOTES])
        box = QVBoxLayout(part)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(look.TIGHT)
        box.addWidget(self.line)
        box.addWidget(split, 1)
        part.setFocusProxy(self.line)
        self._part = part
        self.expected = ExpectedPage(self, theme)
        for page in (part, self.expected):
            self.addWidget(page)
        self.setContentsMargins(look.SMALL, look.TIGHT, look.SMALL, 0)
        plain_labels(self)
        self.setFocusProxy(part)
        self.set_theme(theme)

    def show_expected(self, on: bool) -> None:
        """Show the expectation, or the part."""
        page = self.expected if on else self._part
        self.setFocusProxy(page)
        self.setCurrentWidget(page)
        for tool in (self.tools.mode, self.tools.finds, self.tools.breaks):
            tool.setVisible(not on)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)
        self.table.fit_heads()
        self._whole.fit()
        for tool in self.tools.all():
            tool.setFont(look.font(look.CAPTION))
        self.beside.set_theme(theme)
        self.expected.set_theme(theme)

    def say(self, text: str, is_wrong: bool = False) -> None:
        """Say which frames these are, or what is wrong with what was typed."""
        self.beside.say(text, is_wrong)
