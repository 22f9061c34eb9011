"""The page of the panel DRAM fault with an expectation: how many processes faults of DRAM hit, by a study's rates."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSpinBox, QSplitter, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.gui.widgets.words_beside import WordsBeside
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rows.expected import ExpectedRow, cells_of, expected_columns

_MOST_DEVICES: Final = 1_000_000


class ExpectedPage(QWidget):
    """Choice of study and number of devices; below it the expected numbers beside their basis."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.rates = QComboBox(self)
        self.rates.setAccessibleName("Rates of a field study")
        self.rates.setToolTip("The field study whose rates of DRAM faults are taken")
        self.devices = QSpinBox(self)
        self.devices.setRange(0, _MOST_DEVICES)
        self.devices.setKeyboardTracking(False)
        self.devices.setAccessibleName("DRAM devices of the machine")
        self.devices.setToolTip("How many DRAM devices the machine has; 0: 18 for each rank of the geometry")
        self._label = QLabel("DRAM devices", self)
        self.notes = WordsBeside("What the expectation rests on, and what it does not cover", self)
        columns = expected_columns(())
        self.table = RowTable("Expected", lambda table: RowModel(table, columns, cells_of(columns)), self)
        self.table.setAccessibleDescription("Faults and processes hit by sort of fault; nothing is chosen by a row")
        self.table.setSortingEnabled(False)  # the sum is the first row
        line = QHBoxLayout()
        line.setSpacing(look.SMALL)
        line.addWidget(self.rates, 1)
        line.addWidget(self._label)
        line.addWidget(self.devices)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        for part, stretch in ((self.table, 3), (self.notes, 1)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setChildrenCollapsible(False)
        split.setSizes([600, 200])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(look.TIGHT)
        box.addLayout(line)
        box.addWidget(split, 1)
        plain_labels(self)
        self.setFocusProxy(self.rates)
        self.set_theme(theme)

    def assume(self, devices: int) -> None:
        """Say how many devices are assumed while no number is set."""
        self.devices.setSpecialValueText(f"{devices:,}, assumed")
        self.devices.updateGeometry()

    def show_rows(self, rows: list[ExpectedRow]) -> None:
        """Show rows, with a column for each policy where these differ."""
        columns = expected_columns(rows)
        if columns != self.table.columns:
            self.table.set_columns(columns, cells_of(columns))
            self.table.fit_heads()
        self.table.set_rows(rows)

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)
        self.table.fit_heads()
        for widget in (self.rates, self.devices, self._label):
            widget.setFont(look.font(look.CAPTION))
        self.notes.set_theme(theme)
