"""What the colours of a chart mean."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.flow_layout import FlowLayout
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart, Places
from hwpoison_gui.view.charts.colours import chart_colour

_SWATCH: Final = 12


class Key(QScrollArea):
    """What the colours of a chart mean, wrapped like words; it is scrolled where there is room for few lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("What the colours of the chart mean")
        self.setAccessibleDescription("Up and Down scroll it where not all of it has room")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lines = QWidget(self)
        self._row = FlowLayout(self._lines)
        self._entries: list[QWidget] = []
        self._names: list[str] = []
        self.setWidget(self._lines)

    def take_room(self, width: int, most: int) -> int:
        """Takes `most` pixels of height at most, in whole lines; returns how many it takes, 0 for none."""
        needed, line = self._row.heightForWidth(width), self._row.minimumSize().height()
        if not self._entries or most < line:
            self.hide()
            return 0
        whole = needed <= most
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if whole else Qt.FocusPolicy.TabFocus)
        self.setToolTip("" if whole else plain("\n".join(self._names)))
        self.verticalScrollBar().setSingleStep(line)
        self.setFixedHeight(needed if whole else line + (most - line) // self._step * self._step - look.TIGHT)
        self.show()
        return self.height()

    @property
    def _step(self) -> int:
        """Height of a line without margins."""
        return max(1, max((entry.sizeHint().height() for entry in self._entries), default=1))

    def show_entries(self, entries: list[tuple[str, str]]) -> None:
        """Shows (colour, name) pairs; without a colour, the name alone."""
        for old in self._entries:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._names = [name for _, name in entries]
        self._entries = [self._entry(colour, name) for colour, name in entries]

    def _entry(self, colour: str, name: str) -> QWidget:
        entry = QWidget(self._lines)
        row = QHBoxLayout(entry)
        row.setContentsMargins(0, 0, look.SMALL, 0)
        row.setSpacing(look.TIGHT)
        size = look.px(_SWATCH)
        words = QLabel(name, entry)
        words.setTextFormat(Qt.TextFormat.PlainText)
        if colour:
            box = QWidget(entry)
            box.setFixedSize(size, size)
            box.setAutoFillBackground(True)
            filled = box.palette()
            filled.setColor(box.backgroundRole(), QColor(colour))
            box.setPalette(filled)
            row.addWidget(box)
        row.addWidget(words)
        self._row.addWidget(entry)
        entry.show()
        return entry


def stacks_of(chart: Bars) -> str:
    """Which bar of a group is which."""
    return f"upper bar: {chart.stacks[0]}, lower: {chart.stacks[-1]}"


def entries_of(chart: Chart, theme: Theme) -> list[tuple[str, str]]:
    """The colours of a chart, each with what it means; which bar is which comes first, for nothing else says it."""
    coloured = chart.parts if isinstance(chart, Bars | Places) else chart.curves
    if isinstance(chart, Bars):
        coloured = tuple(part for part in chart.parts if part.sizes.any())  # others are in the table only
    if len(coloured) < 2:
        return []
    entries = [(chart_colour(theme, one.key), one.name) for one in coloured]
    if isinstance(chart, Bars):
        entries.insert(0, ("", stacks_of(chart)))
    return entries
