"""Marks several frames on the map: by clicks and drags with Ctrl or Shift, and by Shift with the arrow keys."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QRubberBand, QWidget

from hwpoison_gui.gui.map.item import NONE, FrameMapItem

_CTRL: Final = Qt.KeyboardModifier.ControlModifier
_SHIFT: Final = Qt.KeyboardModifier.ShiftModifier
_CHUNK: Final = 1 << 20  # frames looked at together


class Marking(QObject):
    """Emits the frames that are to be marked; `item` shows those that are."""

    wanted = Signal(object)  # set of pfns

    def __init__(self, item: FrameMapItem, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._item = item
        self._anchor = NONE  # where a range begins
        self._viewport = viewport
        self._band: QRubberBand | None = None

    @property
    def _now(self) -> set[int]:
        return set(self._item.marked)

    def begin(self, pfn: int) -> None:
        """A frame was selected alone: the next range begins there."""
        self._anchor = pfn
        self.forget()

    def forget(self) -> bool:
        """Marks nothing; returns whether anything was marked."""
        had = bool(self._item.marked)
        if had:
            self.wanted.emit(set())
        return had

    def toggle(self, pfn: int) -> None:
        """Mark a frame or no longer; the selected frame is the first."""
        before = self._now or ({self._anchor} - {NONE, pfn})
        self._anchor = pfn
        self.wanted.emit(before ^ {pfn})

    def extend(self, pfn: int) -> None:
        """Mark all frames from where the range began."""
        start = self._item.selected if self._anchor == NONE else self._anchor
        self._anchor = pfn if start == NONE else start
        self.wanted.emit(set(range(min(self._anchor, pfn), max(self._anchor, pfn) + 1)))

    def click(self, pfn: int, modifiers: Qt.KeyboardModifier) -> None:
        """A click with Ctrl or Shift."""
        if modifiers & _SHIFT:
            self.extend(pfn)
        else:
            self.toggle(pfn)

    # -- a rectangle

    def drag(self, start: QPointF, here: QPointF) -> None:
        """Show the rectangle of a drag."""
        if self._band is None:
            self._band = QRubberBand(QRubberBand.Shape.Rectangle, self._viewport)
        self._band.setGeometry(QRectF(start, here).normalized().toAlignedRect())
        self._band.show()

    def drop(self, start: QPointF, here: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Mark the frames in the rectangle; with Ctrl those marked before, too."""
        if self._band is not None:
            self._band.hide()
        inside = self.frames_in(start, here)
        self.wanted.emit(inside | self._now if modifiers & _CTRL else inside)

    def frames_in(self, start: QPointF, here: QPointF) -> set[int]:
        """The frames whose cells a rectangle of the view touches."""
        plane, found = self._item.plane, set[int]()
        if plane is None:
            return found
        one, other = self._item.cell_at(start), self._item.cell_at(here)
        (left, right), (top, bottom) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        for first in range(0, plane.frames, _CHUNK):
            pfns = np.arange(first, min(first + _CHUNK, plane.frames), dtype=np.int64)
            x, y = plane.layout.positions(pfns)
            found.update(pfns[(x >= left) & (x <= right) & (y >= top) & (y <= bottom)].tolist())
        return found
