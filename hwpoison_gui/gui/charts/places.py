"""Frames over physical memory: stacked bars over an axis of frame numbers, in finer bins the closer it is looked at."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.charts.plot import GRID, NOWHERE, Plot
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import I64, MOST_BINS, Places, as_text
from hwpoison_gui.view.charts.colours import CURSOR
from hwpoison_gui.view.words.words import counted

_APART: Final = 4  # pixels: the least width of a bin
_LEAST: Final = 16  # frames that fill the axis
_ROOM: Final = 1.06  # height of the axis relative to the highest bar
_WIDTH: Final = 2
_NEAR: Final = 6  # pixels


class PlacePlot(Plot):
    """Values are the bins that have any frames, from left to right, in the part of the axis that is shown."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        self.chart: Places | None = None
        self._edges: I64 = np.zeros(0, np.int64)
        self._counts: I64 = np.zeros((0, 0), np.int64)
        self._full: I64 = np.zeros(0, np.int64)  # bins that are not empty
        self._pfn = NOWHERE  # the first frame of the bin that the cursor is at
        self._bars: list[pg.BarGraphItem] = []
        self._mark: pg.BarGraphItem | None = None
        self._drawing = False
        super().__init__(parent, "Frames over memory", theme)
        self.across.show_frames()
        self.setMouseEnabled(x=True, y=False)
        self.showGrid(y=True, alpha=GRID)
        self.getViewBox().sigXRangeChanged.connect(lambda *_: self._count_again())

    def set_chart(self, chart: Places, fresh: bool = True) -> None:
        """Show a chart: a `fresh` one from end to end, another where the axis is."""
        whole = self.chart is None or fresh or chart.frames != self.chart.frames
        self.chart = chart
        if fresh:
            self.cursor = self._pfn = NOWHERE
        self.setAccessibleName(chart.title)
        self.getViewBox().setLimits(xMin=0, xMax=chart.frames, minXRange=min(_LEAST, chart.frames))
        if whole:
            self.show_all()
        self.redraw()

    def show_all(self) -> None:
        if self.chart is not None:
            self.setXRange(0, self.chart.frames, padding=0)

    def redraw(self) -> None:
        self.clear()
        self._bars, self._mark = [], None
        if self.chart is None:
            return
        self.set_axis_names("frame number (pfn)", f"{self.chart.unit}s")
        pen = pg.mkPen(None)
        for part in self.chart.parts:
            bar = pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[], brush=self.colour(part.key), pen=pen)
            self._bars.append(bar)
            self.addItem(bar)
        self._count_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._count_again()

    def _count_again(self) -> None:
        """Count the frames in the bins of the part that is shown."""
        chart = self.chart
        if chart is None or self._drawing or len(self._bars) != len(chart.parts):
            return
        self._drawing = True
        (low, high), _ = self.getViewBox().viewRange()
        first = min(max(int(low), 0), max(chart.frames - 1, 0))
        last = min(max(int(np.ceil(high)), first + 1), chart.frames)
        most = min(MOST_BINS, max(8, int(self.getViewBox().width() / _APART)))
        self._edges, self._counts = chart.bins(first, last, most)
        total = self._counts.sum(0)
        self._full = np.flatnonzero(total)
        ends = np.cumsum(self._counts, 0)
        at = self._full
        for bar, end, count in zip(self._bars, ends, self._counts, strict=True):
            bar.setOpts(x0=self._edges[at], x1=self._edges[at + 1], y0=(end - count)[at], y1=end[at])
        self.setYRange(0, max(float(total.max(initial=0)) * _ROOM, 1.0), padding=0)
        self.cursor = self.place_of_frame(self._pfn) if self._pfn != NOWHERE else NOWHERE
        self._drawing = False
        self.show_cursor()

    # -- values

    @property
    def places(self) -> int:
        return len(self._full)

    def frames_of(self, place: int) -> tuple[int, int]:
        """The first frame of a bin, and the one after its last."""
        at = int(self._full[place])
        return int(self._edges[at]), int(self._edges[at + 1])

    def first_of(self, place: int) -> tuple[int, int | None]:
        """The first frame that is counted in a bin, and what it stands for beside its number."""
        assert self.chart is not None
        first, last = self.frames_of(place)
        found = []
        for part in self.chart.parts:
            at = int(np.searchsorted(part.pfns, first))
            if at < len(part.pfns) and part.pfns[at] < last:
                found.append((int(part.pfns[at]), int(part.keys[at]) if part.keys is not None else -1))
        pfn, key = min(found)
        return pfn, key if key >= 0 else None

    def place_of_frame(self, pfn: int) -> int:
        """The bin of a frame; NOWHERE if it has none, or is not shown."""
        at = int(np.searchsorted(self._edges, pfn, "right")) - 1
        found = int(np.searchsorted(self._full, at))
        return found if found < len(self._full) and self._full[found] == at else NOWHERE

    def words_of(self, place: int) -> str:
        assert self.chart is not None
        first, last = self.frames_of(place)
        counts = self._counts[:, self._full[place]].tolist()
        each = [f"{as_text(count)} {part.name}" for part, count in zip(self.chart.parts, counts, strict=True) if count]
        span = f"from {first:#x} to {last - 1:#x}" if last - first > 1 else f"at {first:#x}"
        return f"{counted(sum(counts), self.chart.unit)} {span}: {', '.join(each)}"

    def place_at(self, at: QPointF) -> int:
        """The bin at a point, or the nearest one where bins are thinner than a pointer."""
        width = self.getViewBox().viewPixelSize()[0]
        place = self.place_of_frame(int(at.x()))
        if place != NOWHERE or not len(self._full):
            return place
        middles = (self._edges[self._full] + self._edges[self._full + 1]) / 2
        nearest = int(np.argmin(np.abs(middles - at.x())))
        return nearest if abs(middles[nearest] - at.x()) <= _NEAR * width else NOWHERE

    def show_frame(self, pfn: int) -> None:
        """Move the cursor to the bin of a frame, without choosing it."""
        place = self.place_of_frame(pfn)
        if place != self.cursor:
            self.set_cursor(place)

    def set_cursor(self, place: int) -> None:
        self._pfn = self.first_of(place)[0] if place != NOWHERE else NOWHERE
        super().set_cursor(place)

    def middle_of_zoom(self) -> float | None:
        return sum(self.frames_of(self.cursor)) / 2 if self.cursor != NOWHERE else None

    def show_cursor(self) -> None:
        if self._mark is not None:
            self.removeItem(self._mark)
            self._mark = None
        if self.cursor == NOWHERE:
            return
        first, last = self.frames_of(self.cursor)
        top = int(self._counts[:, self._full[self.cursor]].sum())
        pen = pg.mkPen(self.colour(CURSOR), width=_WIDTH)
        self._mark = pg.BarGraphItem(x0=[first], x1=[last], y0=[0], y1=[top], brush=(0, 0, 0, 0), pen=pen)
        self.add_above(self._mark)
