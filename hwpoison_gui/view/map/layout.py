"""Where a frame stands on the map: pfn to column and row, and back.

Planes are kept in display order. Row-major order of any width needs no copy; another order (a curve)
is one more class with the same methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Segments = npt.NDArray[np.int64]

FRAMES_2MIB: Final = 512
PATIENCE: Final = 0.8
MOST_WIDE: Final = 1 << 16  # frames a row at most, whoever asks
WIDEST_OF_FEW: Final = 64  # but a small machine may have a row that it does not fill


class Layout(Protocol):
    """An order of `frames` frames on a grid of `width` by `height` cells."""

    @property
    def frames(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def in_order(self) -> bool:
        """Whether cells line by line are frames in order of pfn, so that nothing has to be copied."""

    @property
    def has_rows(self) -> bool:
        """Whether a row is a run of frames, so that its first number tells where it lies."""

    def position(self, pfn: int) -> tuple[int, int]:
        """Column and row of a frame."""

    def positions(self, pfns: I64) -> tuple[I64, I64]:
        """Columns and rows of frames."""

    def pfn_at(self, x: int, y: int) -> int | None:
        """The frame in a cell; None where there is none."""

    def pfns_at(self, x: I64, y: I64) -> I64:
        """The frames in cells; -1 where there is none."""

    def arrange(self, codes: npt.NDArray[Any], out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Codes of frames in order of pfn (and zeros after them) as a plane of height by width, in `out` if given."""

    def borders(self, block: int, left: int, top: int, right: int, bottom: int) -> Segments:
        """Lines (x1, y1, x2, y2) between blocks of `block` frames, at least those within a part of the grid."""


class Rearranged:
    """What layouts share in which frames do not lie in order of pfn: single places by way of arrays of places."""

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
    """Frames line by line, `width` a line."""

    frames: int
    width: int
    in_order = True
    has_rows = True

    @property
    def height(self) -> int:
        return max(1, -(-self.frames // self.width))

    def of_width(self, width: int) -> RowMajor:
        """The same frames, `width` a line."""
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
        """See Layout; the first block has `before` of its frames before the first of these."""
        first, last = top * self.width + left, bottom * self.width + right
        begin = -(-(max(first, 1) + before) // block) * block - before
        starts = np.arange(begin, min(last, self.frames - 1) + 1, block, dtype=np.int64)
        x, y = self.positions(starts)
        full = np.full_like(x, self.width)
        above = np.column_stack((x, y, full, y))
        inside = x > 0
        side = np.column_stack((x, y, x, y + 1))[inside]
        if block < self.width:
            return side  # every row ends a block somewhere: lines between rows would say nothing
        below = np.column_stack((np.zeros_like(x), y + 1, x, y + 1))[inside]
        return np.concatenate((above, side, below))


def neighbour(layout: Layout, pfn: int, dx: int, dy: int) -> int:
    """The frame `dx` cells to the right or `dy` down, one of them 0. Empty cells are passed over, edges are not.

    Where no frame lies in that direction so far away, it is the last one before.
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
    """The longest row that may be asked for."""
    return max(WIDEST_OF_FEW, min(frames, MOST_WIDE))


def widths(frames: int) -> list[int]:
    """Widths worth trying: multiples of 32 (of 8 where there are few frames) with few other factors."""
    unit = 32 if frames > 4096 else 8
    found = {odd << shift for odd in range(1, 16, 2) for shift in range(18)}
    return sorted(w for w in found if w % unit == 0 and (w <= max(unit, frames) and w * w <= 64 * max(frames, 1024)))


def slack(frames: int) -> int:
    """Room needed past the last frame so that the last row is whole in every width."""
    return max(*widths(frames), widest(frames))


def _fill(frames: int, width: int, view_width: float, view_height: float) -> float:
    """The share of a view that a map of `width` covers when it is fitted into it."""
    height = max(1, -(-frames // width))
    cell = min(view_width / width, view_height / height)
    return cell * width * cell * height / (view_width * view_height)


def choose_width(
    frames: int, view_width: float, view_height: float, current: int | None = None, patience: float = PATIENCE
) -> int:
    """The width that fills a view best, powers of two preferred.

    `current` stays as long as it does at least `patience` times as well, if it was chosen here.
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
