"""Colour key of a chart."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from hwpoison_gui.gui.charts.curves import dash_of, symbol_of
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.flow_layout import FlowLayout
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart, Curves
from hwpoison_gui.view.charts.colours import chart_colour

_SWATCH: Final = 12
_PIECE: Final = 2  # length of a piece of a line, in swatches
_LINE: Final = 2  # its width
_POINT: Final = 0.75  # size of a point, in swatches


class Entry(Record):
    """A colour and what it means, as bars or as a curve have it.

    `colour`: empty for words alone. `dash`: of a line, None where points are not joined. `symbol`: of the points.
    """

    colour: str
    name: str
    is_curve: bool = False
    dash: Qt.PenStyle | None = None
    symbol: str | None = None


class _Swatch(QWidget):
    """A colour: filled as a bar, or drawn as a piece of a curve with one of its points."""

    def __init__(self, entry: Entry, parent: QWidget) -> None:
        super().__init__(parent)
        self._entry, self._side = entry, look.px(_SWATCH)
        self.setFixedSize(self._side * (_PIECE if entry.dash is not None else 1), self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        one, painter, colour = self._entry, QPainter(self), QColor(self._entry.colour)
        if not one.is_curve:
            painter.fillRect(self.rect(), colour)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QRectF(self.rect()).center()
        if one.dash is not None:
            painter.setPen(QPen(colour, _LINE, one.dash))
            painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        if one.symbol is not None:
            painter.translate(middle)
            painter.scale(_POINT * self._side, _POINT * self._side)
            painter.fillPath(pg.graphicsItems.ScatterPlotItem.Symbols[one.symbol], colour)


class Key(QScrollArea):
    """Colour key of a chart: entries that wrap like words, and scroll if they do not fit."""

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
        """Take `most` pixels of height at most, in whole lines; return how many it takes, 0 for none."""
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

    def show_entries(self, entries: list[Entry]) -> None:
        """Show what each colour means."""
        for old in self._entries:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._names = [one.name for one in entries]
        self._entries = [self._entry(one) for one in entries]

    def _entry(self, one: Entry) -> QWidget:
        entry = QWidget(self._lines)
        row = QHBoxLayout(entry)
        row.setContentsMargins(0, 0, look.SMALL, 0)
        row.setSpacing(look.TIGHT)
        words = QLabel(one.name, entry)
        words.setTextFormat(Qt.TextFormat.PlainText)
        if one.colour:
            row.addWidget(_Swatch(one, entry))
        row.addWidget(words)
        self._row.addWidget(entry)
        entry.show()
        return entry


def stacks_of(chart: Bars) -> str:
    """Name the upper and the lower bar of a group."""
    return f"upper bar: {chart.stacks[0]}, lower: {chart.stacks[-1]}"


def entries_of(chart: Chart, theme: Theme) -> list[Entry]:
    """Legend of a chart: its colours and what they mean, those of the bars first, which nothing else names."""
    if isinstance(chart, Curves):
        entries = [
            Entry(chart_colour(theme, one.key), one.name, True, dash_of(number) if one.joined else None,
                  symbol_of(one, number))
            for number, one in enumerate(chart.curves)
        ]  # fmt: skip
        return entries if len(entries) > 1 else []
    parts = chart.parts
    if isinstance(chart, Bars):
        parts = tuple(part for part in chart.parts if part.sizes.any())  # others are in the table only
    if len(parts) < 2:
        return []
    entries = [Entry(chart_colour(theme, one.key), one.name) for one in parts]
    if isinstance(chart, Bars):
        entries.insert(0, Entry("", stacks_of(chart)))
    return entries
