"""Curves and points over an axis: distributions with a region that can be dragged, and the timeline with a playhead."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.charts.plot import NOWHERE, Plot
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Curve, Curves, as_text

_NEAR: Final = 12  # pixels
_SYMBOLS: Final = ("o", "t", "s", "d")  # for those who do not see colours
_DASHES: Final = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
_WIDTH: Final = 2
_SIZE: Final = 7


class CurvePlot(Plot):
    """Values are the points, curve by curve."""

    rangeChosen = Signal(float, float)  # of the quantity on the axis
    playheadMoved = Signal(int)  # to a timeline position

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        self.chart: Curves | None = None
        self.region: pg.LinearRegionItem | None = None
        self.playhead: pg.InfiniteLine | None = None
        self._mark: pg.ScatterPlotItem | None = None
        self._position = 0
        super().__init__(parent, "Curves", theme)
        self.setMouseEnabled(x=True, y=False)
        self.showGrid(x=True, y=True, alpha=0.2)

    def set_chart(self, chart: Curves, fresh: bool = True) -> None:
        """Shows a chart, all of it; the cursor stays where it is unless it is a `fresh` one."""
        self.chart = chart
        self.setAccessibleName(chart.title)
        self.setLogMode(chart.log, chart.log)
        self.redraw()
        if fresh:
            self.cursor = NOWHERE
        self.enableAutoRange()

    def redraw(self) -> None:
        self.clear()
        self.region = self.playhead = self._mark = None
        chart = self.chart
        if chart is None:
            return
        for number, curve in enumerate(chart.curves):
            colour = getattr(self.theme, curve.key)
            pen = pg.mkPen(colour, width=_WIDTH, style=_DASHES[number % len(_DASHES)]) if curve.joined else None
            symbol = None if curve.joined else _SYMBOLS[number % len(_SYMBOLS)]
            self.plot(*_drawn(curve), pen=pen, symbol=symbol, symbolSize=_SIZE, symbolBrush=colour, symbolPen=None)
        self.setLabel("bottom", chart.x_name, color=self.theme.text)
        self.setLabel("left", chart.y_name, color=self.theme.text)
        if chart.quantity:
            self._add_region(chart)
        if chart.playhead:
            self._add_playhead()
        if self.cursor >= self.places:
            self.cursor = NOWHERE
        self.show_cursor()

    def _add_region(self, chart: Curves) -> None:
        low, high = (float(np.log10(chart.curves[0].x[at])) if len(chart.curves[0].x) else 0.0 for at in (0, -1))
        brush = pg.mkBrush(*pg.mkColor(self.theme.accent).getRgb()[:3], 40)
        self.region = pg.LinearRegionItem((low - 0.05, high + 0.05), brush=brush, pen=pg.mkPen(self.theme.accent))
        self.region.sigRegionChangeFinished.connect(self._region_changed)
        self.addItem(self.region)

    def _region_changed(self) -> None:
        assert self.region is not None
        low, high = self.region.getRegion()
        self.rangeChosen.emit(10**low, 10**high)

    def _add_playhead(self) -> None:
        pen = pg.mkPen(self.theme.accent, width=_WIDTH)
        self.playhead = pg.InfiniteLine(self._position, movable=True, pen=pen)
        self.playhead.sigPositionChangeFinished.connect(self._playhead_moved)
        self.addItem(self.playhead)

    def _playhead_moved(self) -> None:
        assert self.playhead is not None
        self.playheadMoved.emit(round(self.playhead.value()))

    def set_position(self, position: int) -> None:
        """Shows the timeline position, without emitting `playheadMoved`."""
        self._position = position
        if self.playhead is not None and round(self.playhead.value()) != position:
            self.playhead.blockSignals(True)
            self.playhead.setValue(position)
            self.playhead.blockSignals(False)

    # -- values

    @property
    def places(self) -> int:
        return sum(len(curve.x) for curve in self.chart.curves) if self.chart is not None else 0

    def value_of(self, place: int) -> tuple[Curve, float, float]:
        """The curve of a value, and its coordinates."""
        assert self.chart is not None
        for curve in self.chart.curves:
            if place < len(curve.x):
                return curve, float(curve.x[place]), float(curve.y[place])
            place -= len(curve.x)
        raise IndexError(place)

    def words_of(self, place: int) -> str:
        curve, x, y = self.value_of(place)
        assert self.chart is not None
        return f"{self.chart.x_name.partition(' (')[0]} {as_text(x)}: {as_text(y)} {curve.name}"

    def place_at(self, at: QPointF) -> int:
        """The nearest point, unless it is far."""
        assert self.chart is not None
        x = np.concatenate([curve.x for curve in self.chart.curves])
        y = np.concatenate([curve.y for curve in self.chart.curves])
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
        pen = pg.mkPen(self.theme.accent, width=_WIDTH)
        self._mark = pg.ScatterPlotItem([x], [y], size=2 * _SIZE, pen=pen, brush=None)
        self.addItem(self._mark)


def _drawn(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the line: of steps two for each point but the last."""
    if not curve.steps or len(curve.x) < 2:
        return curve.x, curve.y
    return np.repeat(curve.x, 2)[1:], np.repeat(curve.y, 2)[:-1]
