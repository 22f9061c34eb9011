"""The camera of the map: which cells are in view, and how many pixels wide a cell is (`cell`).

Above one pixel, `cell` is a whole number of pixels (except at the fitted size), so that all cells look equal.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

LADDER: Final[tuple[float, ...]] = (
    *(2.0**-n for n in range(12, 0, -1)),
    *(1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 27.0, 36.0, 48.0, 64.0, 84.0, 112.0),
)
WHOLE_FROM: Final = 10.0  # from this size on, fitted cells have whole pixels as well
MARGIN: Final = 8  # pixels kept free around a map that fits the view


class Camera(Record):
    """Immutable camera. `left`, `top`: map coordinates, in cells, of the upper left corner of the view."""

    width: int
    height: int
    view_width: float
    view_height: float
    cell: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @property
    def fit_cell(self) -> float:
        """Cell size, in pixels, at which the whole map fits the view."""
        room = max(self.view_width - 2 * MARGIN, 8), max(self.view_height - 2 * MARGIN, 8)
        cell = min(room[0] / self.width, room[1] / self.height, LADDER[-1])
        return cell if cell < WHOLE_FROM else float(int(cell))

    @property
    def is_fit(self) -> bool:
        return self.cell <= self.fit_cell

    def fitted(self) -> Camera:
        """Return a camera that shows the whole map, centred."""
        return self._replace(cell=self.fit_cell).clamped()

    def clamped(self) -> Camera:
        """Return this camera moved so that no empty space is shown where frames would fit."""
        cell = max(self.cell, min(self.fit_cell, LADDER[-1]))
        return self._replace(
            cell=cell,
            left=_clamp(self.left, self.width, self.view_width, cell),
            top=_clamp(self.top, self.height, self.view_height, cell),
        )

    def at(self, px: float, py: float) -> tuple[float, float]:
        """Convert a point of the view (pixels) to map coordinates (cells)."""
        return self.left + px / self.cell, self.top + py / self.cell

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """Convert map coordinates (cells) to a point of the view (pixels)."""
        return (x - self.left) * self.cell, (y - self.top) * self.cell

    def zoomed(self, steps: int, px: float, py: float) -> Camera:
        """Zoom in by `steps` sizes (out where negative), keeping the point (px, py) of the view in place."""
        cell = self.cell
        for _ in range(abs(steps)):
            if steps > 0:
                cell = next((size for size in LADDER if size > cell * 1.001), LADDER[-1])
            else:
                cell = next((size for size in reversed(LADDER) if size < cell * 0.999), LADDER[0])
        cell = max(cell, self.fit_cell)
        x, y = self.at(px, py)
        return self._replace(cell=cell, left=x - px / cell, top=y - py / cell).clamped()

    def panned(self, dx: float, dy: float) -> Camera:
        """Move the map by (dx, dy) pixels, as a pointer drags it."""
        return self._replace(left=self.left - dx / self.cell, top=self.top - dy / self.cell).clamped()

    def centred(self, x: float, y: float, cell: float | None = None) -> Camera:
        """Return a camera with map coordinates (x, y) in the middle of the view."""
        size = self.cell if cell is None else cell
        left, top = x - self.view_width / size / 2, y - self.view_height / size / 2
        return self._replace(cell=size, left=left, top=top).clamped()

    def revealing(self, x: int, y: int, room: float = 1.0) -> Camera:
        """Move as little as needed to bring cell (x, y) into view, with a margin of `room` cells."""
        across, down = self.view_width / self.cell, self.view_height / self.cell
        room = max(0.0, min(room, (across - 1) / 2, (down - 1) / 2))
        left = min(max(self.left, x + 1 + room - across), x - room)
        top = min(max(self.top, y + 1 + room - down), y - room)
        return self._replace(left=left, top=top).clamped()

    def resized(self, view_width: float, view_height: float) -> Camera:
        """Adapt to a view of another size: a fitted map stays fitted, otherwise the centre stays in place."""
        new = self._replace(view_width=max(view_width, 1.0), view_height=max(view_height, 1.0))
        if self.is_fit:
            return new.fitted()
        x, y = self.at(self.view_width / 2, self.view_height / 2)
        return new.centred(x, y)


def _clamp(start: float, size: float, pixels: float, cell: float) -> float:
    seen, margin = pixels / cell, MARGIN / cell
    start = (size - seen) / 2 if size + 2 * margin <= seen else min(max(start, -margin), size + margin - seen)
    return round(start * cell) / cell  # whole pixels, so that cell edges stay sharp while the map moves
