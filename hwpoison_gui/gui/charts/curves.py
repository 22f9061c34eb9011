"""Curves and points over an axis: distributions with a region that can be dragged, and the timeline with a playhead."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.charts.plot import GRID, NOWHERE, Plot
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Curve, Curves, as_text
from hwpoison_gui.view.charts.colours import CURSOR, REGION

_NEAR: Final = 12  # pixels
_SYMBOLS: Final = ("o", "t", "s", "d")  # for users who cannot tell the colours apart
_DASHES: Final = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
_WIDTH: Final = 2
_SIZE: Final = 8
_FAINT: Final = 45  # opacity of the region, of 255
_FEW: Final = 2000  # up to so many points are drawn as vector shapes, also in SVG files; more as cached bitmaps
_AROUND: Final = 0.05  # decades between a value and the edge of the region that has it


class CurvePlot(Plot):
    """Values are the points, curve by curve."""

    rangeChosen = Signal(float, float)  # arguments: least and greatest value of the quantity on the axis
    playheadMoved = Signal(float)  # argument: x coordinate

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        self.chart: Curves | None = None
        self.region: pg.LinearRegionItem | None = None
        self.playhead: pg.InfiniteLine | None = None
        self._mark: pg.ScatterPlotItem | None = None
        self._position: float | None = None
        self._anchor = NOWHERE  # the value from which keys extend the region
        super().__init__(parent, "Curves", theme)
        self.setMouseEnabled(x=True, y=False)
        self.showGrid(x=True, y=True, alpha=GRID)

    def set_chart(self, chart: Curves, fresh: bool = True) -> None:
        """Show a chart, all of it; the cursor stays where it is unless it is a `fresh` one."""
        self.chart = chart
        self.setAccessibleName(chart.title)
        self.setLogMode(chart.log, chart.log)
        if fresh:
            self.cursor = self._anchor = NOWHERE
        self.redraw()
        self.show_all()

    def show_all(self) -> None:
        self.enableAutoRange()

    def redraw(self) -> None:
        self.clear()
        self.region = self.playhead = self._mark = None
        chart = self.chart
        if chart is None:
            return
        for number, curve in enumerate(chart.curves):
            self._draw(number, curve)
        self.upward.show_counts(whole=all((curve.y % 1 == 0).all() for curve in chart.curves))
        self.across.show_counts() if chart.clock is None else self.across.show_times(chart.clock)
        self.set_axis_names(chart.x_head, chart.y_name)
        if chart.quantity:
            self._add_region(chart)
        if chart.playhead:
            self._add_playhead()
        if self.cursor >= self.places:
            self.cursor = NOWHERE
        self.show_cursor()

    def _draw(self, number: int, curve: Curve) -> None:
        colour = self.colour(curve.key)
        pen = pg.mkPen(colour, width=_WIDTH, style=dash_of(number)) if curve.joined else None
        symbol = symbol_of(curve, number)
        self.plot(*_drawn(curve), pen=pen)
        if symbol is not None:
            size, edge = look.px(_SIZE), pg.mkPen(self.theme.base)
            self.plot(curve.x, curve.y, pen=None, symbol=symbol, symbolSize=size, symbolBrush=colour, symbolPen=edge,
                      useCache=len(curve.x) > _FEW)  # fmt: skip

    def _add_region(self, chart: Curves) -> None:
        low, high = (float(np.log10(chart.curves[0].x[at])) if len(chart.curves[0].x) else 0.0 for at in (0, -1))
        colour = self.colour(REGION)
        brush = pg.mkBrush(*pg.mkColor(colour).getRgb()[:3], _FAINT)
        pen = pg.mkPen(colour, width=_WIDTH)
        self.region = pg.LinearRegionItem(
            (low - _AROUND, high + _AROUND), brush=brush, hoverBrush=brush, pen=pen, hoverPen=pen
        )
        self.region.setZValue(-1)
        self.region.sigRegionChangeFinished.connect(self._region_changed)
        self.addItem(self.region)

    def _region_changed(self) -> None:
        assert self.region is not None
        low, high = self.region.getRegion()
        self.rangeChosen.emit(10**low, 10**high)

    def cursor_moved(self, before: int, extends: bool) -> None:
        if not extends or self.region is None:
            self._anchor = NOWHERE
            return
        if self._anchor == NOWHERE:
            self._anchor = before if before != NOWHERE else self.cursor
        ends = sorted(float(np.log10(self.value_of(place)[1])) for place in (self._anchor, self.cursor))
        self._set_region(*ends)
        self._region_changed()  # even if it has not changed

    def show_range(self, least: float | None, most: float | None) -> None:
        """Put the region over these values, None: to the end; without emitting `rangeChosen`."""
        if self.region is None or self.chart is None or not len(x := self.chart.curves[0].x):
            return
        low, high = x[0] if least is None else max(least, x[0]), x[-1] if most is None else min(most, x[-1])
        if low <= high:
            self._set_region(float(np.log10(low)), float(np.log10(high)))

    def _set_region(self, low: float, high: float) -> None:
        assert self.region is not None
        self.region.blockSignals(True)
        self.region.setRegion((low - _AROUND, high + _AROUND))
        self.region.blockSignals(False)

    def first_place(self) -> int:
        """The last value before the playhead, or at it, where there is one."""
        if self.playhead is None or self._position is None or self.chart is None:
            return 0
        x = self._all_x()
        before = np.flatnonzero(x <= self._position)
        return int(before[np.argmax(x[before])]) if len(before) else 0

    def follow_playhead(self) -> None:
        """Move the cursor to the value at the playhead, unless it is at another of the same coordinate."""
        place = self.first_place()
        if place < self.places and (self.cursor == NOWHERE or self.value_of(self.cursor)[1] != self.value_of(place)[1]):
            self.set_cursor(place)

    def middle_of_zoom(self) -> float | None:
        if self.cursor == NOWHERE or self.chart is None:
            return None
        x = self.value_of(self.cursor)[1]
        return float(np.log10(x)) if self.chart.log else x

    def _add_playhead(self) -> None:
        pen = pg.mkPen(self.colour(CURSOR), width=_WIDTH)
        self.playhead = pg.InfiniteLine(self._position or 0.0, movable=True, pen=pen)
        self.playhead.setVisible(self._position is not None)
        self.playhead.sigPositionChangeFinished.connect(self._playhead_moved)
        self.add_above(self.playhead)

    def _playhead_moved(self) -> None:
        assert self.playhead is not None
        self.playheadMoved.emit(float(self.playhead.value()))

    def set_position(self, position: float | None) -> None:
        """Show where the present is on the axis, None: nowhere; without emitting `playheadMoved`."""
        self._position = position
        if self.playhead is None:
            return
        self.playhead.setVisible(position is not None)
        if position is not None and self.playhead.value() != position:
            self.playhead.blockSignals(True)
            self.playhead.setValue(position)
            self.playhead.blockSignals(False)

    # -- values

    @property
    def places(self) -> int:
        return sum(len(curve.x) for curve in self.chart.values) if self.chart is not None else 0

    def _all_x(self) -> npt.NDArray[np.float64]:
        """The coordinates on the axis of all values, shape (places,)."""
        assert self.chart is not None
        return np.concatenate([np.zeros(0), *(curve.x for curve in self.chart.values)])

    def _point(self, place: int) -> tuple[Curve, int]:
        """The curve of a value, and its place there."""
        assert self.chart is not None
        for curve in self.chart.values:
            if place < len(curve.x):
                return curve, place
            place -= len(curve.x)
        raise IndexError(place)

    def value_of(self, place: int) -> tuple[Curve, float, float]:
        """The curve of a value, and its coordinates."""
        curve, at = self._point(place)
        return curve, float(curve.x[at]), float(curve.y[at])

    def key_of(self, place: int) -> str | int | None:
        """Key of the object that a value stands for; None for a curve without keys."""
        curve, at = self._point(place)
        return curve.keys[at] if curve.keys else None

    def place_of(self, key: str | int) -> int:
        """The value that stands for something; NOWHERE if none does."""
        keys = [one for curve in self.chart.values for one in curve.keys] if self.chart is not None else []
        return keys.index(key) if key in keys else NOWHERE

    def show_x(self, x: float) -> None:
        """Move the cursor to the value at a coordinate, if there is one, without choosing it."""
        places = np.flatnonzero(self._all_x() == x)
        if len(places) and self.cursor not in places:
            self.set_cursor(int(places[0]))

    def words_of(self, place: int) -> str:
        curve, at = self._point(place)
        assert self.chart is not None
        x, y = float(curve.x[at]), float(curve.y[at])
        if curve.words and self.chart.clock is None:
            return f"{curve.words[at]} ({curve.name})"
        if curve.words:
            return f"{self.chart.x_words(x)}: {curve.words[at]}; {curve.name}: {as_text(y)} so far"
        return f"{self.chart.x_name} {self.chart.x_words(x)}: {as_text(y)} {curve.name}"

    def place_at(self, at: QPointF) -> int:
        """The nearest point, unless it is far."""
        assert self.chart is not None
        x = self._all_x()
        y = np.concatenate([curve.y for curve in self.chart.values])
        if self.chart.log:
            x, y = np.log10(x), np.log10(np.maximum(y, 1e-9))
        width, height = self.getViewBox().viewPixelSize()
        far = np.hypot((x - at.x()) / width, (y - at.y()) / height)
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= _NEAR else NOWHERE

    def show_cursor(self) -> None:
        if self._mark is not None:
            self.removeItem(self._mark)
            self._mark = None
        if self.cursor == NOWHERE or self.chart is None:
            return
        _, x, y = self.value_of(self.cursor)
        if self.chart.log:
            x, y = np.log10(x), np.log10(max(y, 1e-9))
        pen = pg.mkPen(self.colour(CURSOR), width=_WIDTH)
        self._mark = pg.ScatterPlotItem([x], [y], size=look.px(2 * _SIZE), pen=pen, brush=None)
        self.add_above(self._mark)


def dash_of(number: int) -> Qt.PenStyle:
    """The style of the line of a curve, by its number in the chart."""
    return _DASHES[number % len(_DASHES)]


def symbol_of(curve: Curve, number: int) -> str | None:
    """pyqtgraph's name of the points of a curve; None for one that is a line alone."""
    return _SYMBOLS[number % len(_SYMBOLS)] if curve.keys or not curve.joined else None


def _drawn(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the line: of steps two for each point but the last."""
    if not curve.steps or len(curve.x) < 2:
        return curve.x, curve.y
    return np.repeat(curve.x, 2)[1:], np.repeat(curve.y, 2)[:-1]
