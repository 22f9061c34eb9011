"""A chart with its title and the meaning of its colours, as the panel shows it and as a picture has it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollBar, QStackedWidget, QVBoxLayout, QWidget

from hwpoison_gui.gui.charts.bars import BarPlot
from hwpoison_gui.gui.charts.curves import CurvePlot
from hwpoison_gui.gui.charts.key import Key, entries_of, stacks_of
from hwpoison_gui.gui.charts.places import PlacePlot
from hwpoison_gui.gui.charts.plot import Plot
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart, Curves

_FEWEST: Final = 3.4  # lines of text, in height, below which the panel does not go
_LEAST: Final = 4.5  # lines of text, in height, that a chart gets before its colours are named
_LEAST_NAMED: Final = 7  # the same before its axes are named
_LEAST_WORDED: Final = 12  # the same before its title may have two lines
_MEASURED: Final = 200  # values, of which the longest words say how much room the title gets


class ChartView(QWidget):
    """The title is a sentence, with what is left out; a value that the cursor or the pointer is at takes its place."""

    pointed = Signal(str)  # what the cursor or the pointer is at

    def __init__(self, parent: QWidget | None, theme: Theme, says_note: bool = True) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chart: Chart | None = None
        self._words = ""  # words of the value under cursor or pointer
        self._says_note = says_note
        self.said = ElidedLabel(self)
        self.said.setAccessibleName("Title of the chart, or the value at the cursor")
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.said.setContentsMargins(look.SMALL, 0, look.SMALL, 0)
        self.key = Key(self)
        self.bars, self.curves, self.places = BarPlot(self, theme), CurvePlot(self, theme), PlacePlot(self, theme)
        self.scroll_bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.scroll_bar.setAccessibleName("Groups of the chart")
        self.stack = QStackedWidget(self)
        for shown in self.plots:
            self.stack.addWidget(shown)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.stack, 1)
        row.addWidget(self.scroll_bar)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.said)
        box.addWidget(self.key)
        box.addLayout(row, 1)
        self.bars.scrolled.connect(self._scrolled)
        self.scroll_bar.valueChanged.connect(self.bars.scroll_to)
        for plot in self.plots:
            plot.pointed.connect(self._point)
        self.set_theme(theme)

    @property
    def plots(self) -> tuple[Plot, ...]:
        """The widgets that draw charts."""
        return self.bars, self.curves, self.places

    @property
    def plot(self) -> Plot:
        """The widget that draws the present chart."""
        if isinstance(self.chart, Bars):
            return self.bars
        return self.curves if isinstance(self.chart, Curves) else self.places

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots:
            plot.set_theme(theme)
        look.ink(self.said, theme.text)
        self._show_key()

    def set_chart(self, chart: Chart, fresh: bool = True) -> None:
        """Show a chart; the cursor stays where it is unless it is a `fresh` one."""
        self.chart = chart
        plot = self.plot
        plot.set_chart(chart, fresh)
        self.stack.setCurrentWidget(plot)
        self.scroll_bar.setVisible(isinstance(chart, Bars) and self.scroll_bar.maximum() > 0)
        at = plot.cursor
        self._words = plot.words_of(at) if 0 <= at < plot.places else ""
        self.said.setToolTip(plain(self._with_note(chart.title)))
        self._show_key()

    def _point(self, words: str) -> None:
        self._words = words
        self._show_words()
        self.pointed.emit(words)

    def _show_words(self) -> None:
        """Show the value that is pointed at, else the title; a low panel has which bar is which instead."""
        chart, title = self.chart, self.chart.title if self.chart is not None else ""
        if isinstance(chart, Bars) and self.key.isHidden() and len(chart.stacks) > 1:
            title = stacks_of(chart).capitalize()
        self.said.setText(self._words or self._with_note(title))

    def _with_note(self, title: str) -> str:
        """A title, and what is left out; a sheet says that below the chart."""
        note = self.chart.note if self.chart is not None and self._says_note else ""
        return f"{title}. {note}" if note else title

    def _scrolled(self, first: int, shown: int, groups: int) -> None:
        self.scroll_bar.blockSignals(True)
        self.scroll_bar.setRange(0, groups - shown)
        self.scroll_bar.setPageStep(shown)
        self.scroll_bar.setValue(first)
        self.scroll_bar.blockSignals(False)
        self.scroll_bar.setVisible(isinstance(self.chart, Bars) and groups > shown)

    def _show_key(self) -> None:
        self.key.show_entries(entries_of(self.chart, self._theme) if self.chart is not None else [])
        self.make_room()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, round(_FEWEST * QFontMetrics(look.font()).lineSpacing()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.make_room()

    def make_room(self) -> None:
        """Leave out what the chart has no room for: the names of colours, then those of the axes."""
        line = QFontMetrics(look.font()).lineSpacing()
        lines = 2 if self.height() >= _LEAST_WORDED * line and self._wraps() else 1
        self.said.setFixedHeight(lines * line + look.TIGHT)
        room = self.height() - self.said.height()
        for plot in self.plots:
            plot.name_axes(room >= _LEAST_NAMED * line)
        self.key.take_room(self.width(), int(room - _LEAST * line))
        self._show_words()

    def _wraps(self) -> bool:
        """Return whether the title or the words of a value are wider than a line."""
        chart, plot = self.chart, self.plot
        if chart is None:
            return False
        longest = max((plot.words_of(place) for place in range(min(plot.places, _MEASURED))), key=len, default="")
        room = self.width() - 2 * look.SMALL
        return any(
            self.fontMetrics().horizontalAdvance(text) > room for text in (self._with_note(chart.title), longest)
        )
