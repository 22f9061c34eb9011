"""Stacked bars, one below the other: group by group, and in each one bar for each policy."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.charts.plot import GRID, NOWHERE, Plot
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, shortened
from hwpoison_gui.view.charts.colours import CURSOR

_THICK: Final = 0.84  # thickness of a bar; two bars are 1 apart
_GAP: Final = 0.7  # distance between two groups
_SHARE: Final = 0.3  # share of the width that names beside the axis may take
_SHORTEST: Final = 12  # characters of such a name, at least
_LINE: Final = 1.15  # least height of a group, in lines of text
_BREADTH: Final = 2.0  # pixels of the cursor's outline
_NARROWEST: Final = 3.0  # pixels of a part of a bar
Box = tuple[int, int, int, float, float]  # group, stack, part, start, end


class BarPlot(Plot):
    """Values are the parts of the bars, from above, each from the axis outward; empty ones are left out."""

    scrolled = Signal(int, int, int)  # the uppermost group that is shown, number of groups shown, number of all

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        self.chart: Bars | None = None
        self._boxes: list[Box] = []
        self._outline: pg.BarGraphItem | None = None
        self._followed = NOWHERE, NOWHERE  # where Up or Down led to, and the part that they look for
        self._first = 0  # the uppermost group that is shown
        super().__init__(parent, "Bars", theme)
        self.invertY(True)
        self.setMouseEnabled(x=False, y=False)
        self.showGrid(x=True, alpha=GRID)

    def set_chart(self, chart: Bars, fresh: bool = True) -> None:
        """Show a chart; the cursor stays where it is unless it is a `fresh` one."""
        if fresh:
            self._first, self.cursor = 0, NOWHERE
        self.chart = chart
        self.setAccessibleName(chart.title)
        self.redraw()

    def redraw(self) -> None:
        self.clear()
        self._outline = None
        chart = self.chart
        if chart is None:
            return
        self._boxes = list(_boxes_of(chart))
        for number, part in enumerate(chart.parts):
            mine = [box for box in self._boxes if box[2] == number]
            colour = self.colour(part.key)
            thin = [box for box in mine if box[4] - box[3] < self._least]
            self._draw([box for box in mine if box not in thin], colour, pg.mkPen(self.theme.base))
            self._draw(thin, colour, pg.mkPen(None)).setZValue(1)  # also over the part that follows
        middle = (len(chart.stacks) - 1) / 2
        letter = QFontMetrics(look.font()).averageCharWidth()
        names = shortened(chart.groups, max(_SHORTEST, int(self.width() * _SHARE / letter)))
        self.upward.setTicks([[(self._y(group, 0) + middle, name) for group, name in enumerate(names)]])
        self.across.show_counts(chart.unit, whole=chart.counted is None)
        self.set_axis_names("")
        self.setXRange(0, max((box[4] for box in self._boxes), default=1), padding=0.01)
        self.scroll_to(self._first)
        if self.cursor >= len(self._boxes):
            self.cursor = NOWHERE
        self.show_cursor()

    def _draw(self, boxes: list[Box], colour: str, pen: QPen) -> pg.BarGraphItem:
        """Add boxes in one colour, each at least wide enough to be seen."""
        y = [self._y(group, stack) for group, stack, *_ in boxes]
        starts, ends = [box[3] for box in boxes], [self._end_of(box) for box in boxes]
        item = pg.BarGraphItem(x0=starts, x1=ends, y=y, height=_THICK, brush=colour, pen=pen)
        self.addItem(item)
        return item

    def _end_of(self, box: Box) -> float:
        """End of a box as drawn, on the value axis."""
        return max(box[4], box[3] + self._least)

    @property
    def _least(self) -> float:
        """The least length of a box as it is drawn, so that the smallest part is seen, too."""
        return max((box[4] for box in self._boxes), default=1) * _NARROWEST / max(1.0, self.getViewBox().width())

    @property
    def _shown(self) -> int:
        """The number of groups for whose names there is room."""
        assert self.chart is not None
        room = self.getViewBox().height() / (QFontMetrics(look.font()).height() * _LINE)
        return max(1, min(len(self.chart.groups), int(room)))

    @property
    def needed(self) -> int:
        """The height in pixels at which all groups are seen, axis and all."""
        groups = len(self.chart.groups) if self.chart is not None else 0
        line = QFontMetrics(look.font()).height()
        return round((groups * _LINE * len(self.chart.stacks if self.chart else ()) + 5) * line)

    def scroll_to(self, first: int) -> None:
        """Show as many groups as have room, from one of them on."""
        if self.chart is None:
            return
        shown = self._shown
        self._first = min(max(first, 0), len(self.chart.groups) - shown)
        self.setYRange(self._y(self._first, 0) - _GAP, self._y(self._first + shown, 0) - _GAP, padding=0)
        self.scrolled.emit(self._first, shown, len(self.chart.groups))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.chart is not None:
            self.redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.scroll_to(self._first + (-1 if event.angleDelta().y() > 0 else 1))
        event.accept()

    def _y(self, group: int, stack: int) -> float:
        assert self.chart is not None
        return group * (len(self.chart.stacks) + _GAP) + stack

    @property
    def places(self) -> int:
        return len(self._boxes) if self.chart is not None else 0

    def group_of(self, place: int) -> int:
        """The number of the group that a value belongs to."""
        return self._boxes[place][0]

    def part_of(self, place: int) -> tuple[int, int]:
        """The numbers of the stack and the part of a value."""
        return self._boxes[place][1:3]

    def next_place(self, key: Qt.Key, by: int) -> int:
        """Left and right: the next part of the bar, or of the next bar; other keys: the same part so many bars away.

        A bar without that part has the cursor on the nearest part that it has.
        """
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            return super().next_place(key, by)
        bars = sorted({box[:2] for box in self._boxes})
        group, stack, part, *_ = self._boxes[self.cursor]
        reached, wanted = self._followed
        part = wanted if reached == self.cursor else part
        bar = bars[min(max(bars.index((group, stack)) + by, 0), len(bars) - 1)]
        there = [place for place, box in enumerate(self._boxes) if box[:2] == bar]
        found = min(there, key=lambda place: (abs(self._boxes[place][2] - part), place))
        self._followed = found, part
        return found

    def words_of(self, place: int) -> str:
        assert self.chart is not None
        return self.chart.words_of(*self._boxes[place][:3])

    def place_at(self, at: QPointF) -> int:
        found = [
            (box[4] - box[3], place)
            for place, box in enumerate(self._boxes)
            if abs(at.y() - self._y(*box[:2])) <= _THICK / 2 and box[3] <= at.x() < self._end_of(box)
        ]
        return min(found)[1] if found else NOWHERE  # the narrowest part, which lies on top

    def show_cursor(self) -> None:
        if self._outline is not None:
            self.removeItem(self._outline)
            self._outline = None
        if self.cursor == NOWHERE:
            return
        group, stack, _, start, _ = self._boxes[self.cursor]
        end = self._end_of(self._boxes[self.cursor])
        pen = pg.mkPen(self.colour(CURSOR), width=_BREADTH)
        self._outline = pg.BarGraphItem(
            x0=[start], x1=[end], y=[self._y(group, stack)], height=_THICK, brush=(0, 0, 0, 0), pen=pen
        )
        self.add_above(self._outline)

    def reveal_cursor(self) -> None:
        """Scroll to the bar that has the cursor."""
        if self.cursor == NOWHERE:
            return
        group = self.group_of(self.cursor)
        if not self._first <= group < self._first + self._shown:
            self.scroll_to(group if group < self._first else group - self._shown + 1)

    def cursor_moved(self, before: int, extends: bool) -> None:
        self.reveal_cursor()

    def show_part(self, group: str, part: str) -> None:
        """Move the cursor to a part of the first bar of a group, by their names, without choosing it."""
        chart = self.chart
        for place, (at, stack, number, *_) in enumerate(self._boxes):
            if chart is not None and (chart.groups[at], stack, chart.parts[number].name) == (group, 0, part):
                if place != self.cursor:
                    self.set_cursor(place)
                return

    def show_group(self, name: str) -> None:
        """Move the cursor to the first value of a group, without choosing it; leave it where it is in that group."""
        groups = self.chart.groups if self.chart is not None else ()
        if name not in groups:
            return
        group = groups.index(name)
        if self.cursor != NOWHERE and self.group_of(self.cursor) == group:
            return
        place = next((place for place, box in enumerate(self._boxes) if box[0] == group), NOWHERE)
        self.set_cursor(place)


def _boxes_of(chart: Bars) -> list[Box]:
    """A box for each part of each bar."""
    found = []
    ends = np.cumsum([part.sizes for part in chart.parts], axis=0) if chart.parts else np.zeros((0, 0, 0))
    for group in range(len(chart.groups)):
        for stack in range(len(chart.stacks)):
            for part, one in enumerate(chart.parts):
                size = float(one.sizes[stack, group])
                if size:
                    end = float(ends[part, stack, group])
                    found.append((group, stack, part, end - size, end))
    return found
