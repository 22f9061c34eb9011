"""Layouts: the mapping between frame numbers and cells (column, row) of the map.

What is shown is kept in display order. Row-major order of any width needs no copy; any other order (such as a curve)
is one more class with the same methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Segments = npt.NDArray[np.int64]

FRAMES_2MIB: Final = 512
PATIENCE: Final = 0.8
MOST_WIDE: Final = 1 << 16  # upper limit of frames per row
WIDEST_OF_FEW: Final = 64  # a small machine may have rows longer than its memory


class Layout(Protocol):
    """An arrangement of `frames` frames on a grid of `width` by `height` cells."""

    @property
    def frames(self) -> int:
        """Number of frames of the machine."""

    @property
    def width(self) -> int:
        """Cells in a row."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def in_order(self) -> bool:
        """True if the cells, row by row, are in pfn order, so that no copy is needed."""

    @property
    def has_rows(self) -> bool:
        """True if each row is a run of consecutive frames, so that rows can be labelled with their first pfn."""

    def position(self, pfn: int) -> tuple[int, int]:
        """Return column and row of a frame."""

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        """Return columns and rows of frames; all arrays have the shape of `pfns`."""

    def pfn_at(self, x: int, y: int) -> int | None:
        """Return the frame in a cell, or None if the cell is empty."""

    def pfns_at(self, x: I64, y: I64) -> I64:
        """Return the frames in cells, -1 for empty cells."""

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Arrange values given in pfn order (zero-padded at the end) as a (height, width) plane, in `out` if given."""

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        """Return lines (x1, y1, x2, y2) between blocks of `block` frames, at least in the given part of the grid."""


@runtime_checkable
class ByShape(Layout, Protocol):
    """A layout that has a shape for each shape of the view."""

    def of_shape(self, width: float, height: float, patience: float) -> Layout:
        """Return the layout that suits a view of this shape, or itself if it is `patience` (0 to 1) times as good."""


class Rearranged:
    """Base of layouts that are not in pfn order: single cells are looked up with the array methods."""

    in_order = False

    def __init__(self, frames: int, width: int, height: int) -> None:
        self.frames, self.width, self.height = frames, width, height

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        raise NotImplementedError

    def pfns_at(self, x: I64, y: I64) -> I64:
        raise NotImplementedError

    def position(self, pfn: int) -> tuple[int, int]:
        x, y = self.positions(np.array([pfn], np.int64))
        return int(x[0]), int(y[0])

    def pfn_at(self, x: int, y: int) -> int | None:
        pfn = int(self.pfns_at(np.array([x], np.int64), np.array([y], np.int64))[0])
        return None if pfn < 0 else pfn


@dataclass(frozen=True, slots=True)
class RowMajor:
    """Frames in pfn order, `width` per row."""

    frames: int
    width: int
    in_order = True
    has_rows = True

    @property
    def height(self) -> int:
        return max(1, -(-self.frames // self.width))

    def of_width(self, width: int) -> RowMajor:
        """Return the same layout with another row length."""
        return RowMajor(self.frames, width)

    def position(self, pfn: int) -> tuple[int, int]:
        return pfn % self.width, pfn // self.width

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        rows, columns = np.divmod(pfns, self.width)
        return columns, rows

    def pfn_at(self, x: int, y: int) -> int | None:
        pfn = y * self.width + x
        return pfn if 0 <= x < self.width and 0 <= pfn < self.frames else None

    def pfns_at(self, x: I64, y: I64) -> I64:
        pfns = y * self.width + x
        return np.where((x >= 0) & (x < self.width) & (pfns >= 0) & (pfns < self.frames), pfns, -1)

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        plane = codes[: self.width * self.height].reshape(self.height, self.width)
        if out is None:
            return plane
        out[:] = plane
        return out

    def borders(self, block: int, left: int, top: int, right: int, bottom: int, before: int = 0) -> Segments:
        """See Layout. `before`: number of frames of the first block that precede this layout."""
        first, last = top * self.width + left, bottom * self.width + right
        begin = -(-(max(first, 1) + before) // block) * block - before
        starts = np.arange(begin, min(last, self.frames - 1) + 1, block, dtype=np.int64)
        x, y = self.positions(starts)
        full = np.full_like(x, self.width)
        above = np.column_stack((x, y, full, y))
        inside = x > 0
        side = np.column_stack((x, y, x, y + 1))[inside]
        if block < self.width:
            return side  # blocks end within every row: lines between rows would carry no information
        below = np.column_stack((np.zeros_like(x), y + 1, x, y + 1))[inside]
        return np.concatenate((above, side, below))


def neighbour(layout: Layout, pfn: int, dx: int, dy: int) -> int:
    """Return the frame `dx` cells to the right or `dy` cells down (one of them is 0), skipping empty cells.

    Stops at the edge of the map: if there is no frame that far away, the last one before it is returned.
    """
    x, y = layout.position(pfn)
    far, step = max(abs(dx), abs(dy)), (dx > 0) - (dx < 0) + (dy > 0) - (dy < 0)
    here, size = (x, layout.width) if dx else (y, layout.height)
    room = size - 1 - here if step > 0 else here
    far = min(far, room)
    away = np.concatenate((np.arange(far, min(room, far + MOST_WIDE) + 1), np.arange(far - 1, -1, -1)))
    still = np.zeros_like(away)
    pfns = layout.pfns_at(x + away * step if dx else x + still, y + still if dx else y + away * step)
    return int(pfns[pfns >= 0][0])


def widest(frames: int) -> int:
    """Return the longest row that a user may choose."""
    return max(WIDEST_OF_FEW, min(frames, MOST_WIDE))


def widths(frames: int) -> list[int]:
    """Return candidate row lengths: multiples of 32 (8 for few frames) with few other factors."""
    unit = 32 if frames > 4096 else 8
    found = {odd << shift for odd in range(1, 16, 2) for shift in range(18)}
    return sorted(w for w in found if w % unit == 0 and (w <= max(unit, frames) and w * w <= 64 * max(frames, 1024)))


def slack(frames: int) -> int:
    """Return the padding needed after the last frame so that the last row is complete at any width."""
    return max(*widths(frames), widest(frames))


def _fill(frames: int, width: int, view_width: float, view_height: float) -> float:
    """Return the share of the view (0 to 1) that a fitted map with rows of `width` covers."""
    height = max(1, -(-frames // width))
    cell = min(view_width / width, view_height / height)
    return cell * width * cell * height / (view_width * view_height)


def choose_width(
    frames: int, view_width: float, view_height: float, current: int | None = None, patience: float = PATIENCE
) -> int:
    """Choose the row length that fills a view best; powers of two are preferred.

    `current`, if it is one of the candidates, is kept as long as it is at least `patience` (0 to 1) times as good.
    """
    view_width, view_height = max(view_width, 1.0), max(view_height, 1.0)

    def worth(width: int) -> float:
        neat = 1.0 if width & (width - 1) == 0 else 0.98 if width % 128 == 0 else 0.96
        return _fill(frames, width, view_width, view_height) * neat

    choices = widths(frames)
    best = max(choices, key=worth)
    if current in choices and worth(current) > patience * worth(best):
        return current
    return best
