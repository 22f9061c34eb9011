"""Back and forward history of the map's view; small camera movements in a row are merged into one entry."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

MOST: Final = 100
PAUSE: Final = 0.7  # seconds without movement after which a new entry begins


class Look(Record):
    """A view of the map: frame in the middle, cell size (`pfn` None: the whole map), lens, layout and filter."""

    pfn: int | None
    cell: float
    layout: str = "rows"
    row_width: int | None = None
    lens: str = "kind"
    filter: str = ""

    def differs_in(self, other: Look) -> str:
        """Return the most significant difference: layout, lens, filter, or only the position."""
        if self[2:4] != other[2:4]:
            return "layout"
        return "lens" if self.lens != other.lens else "filter" if self.filter != other.filter else "place"


class LookHistory:
    """All recorded views, and the index of the current one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything, as another machine is shown."""
        self._looks: list[Look] = []
        self._at = -1
        self._moved = 0.0
        self._change = ""  # what the current view changed

    def note(self, look: Look, now: float) -> None:
        """Record that the map shows `look` since `now` (seconds)."""
        if self._at >= 0 and look == self._looks[self._at]:
            return
        change = look.differs_in(self._looks[self._at]) if self._at >= 0 else "place"
        goes_on = self._goes_on(look, change, now)
        self._moved = now
        if not goes_on:
            self._change = change
        del self._looks[self._at + (0 if goes_on else 1) :]
        self._looks = [*self._looks, look][-MOST:]
        self._at = len(self._looks) - 1

    def _goes_on(self, look: Look, change: str, now: float) -> bool:
        """True if `look` continues the current entry: the same kind of change within a short time."""
        if self._at <= 0 or not self._change:
            return False
        before = self._looks[self._at].filter
        if change == self._change == "filter" and before and look.filter:
            return before.startswith(look.filter) or look.filter.startswith(before)
        return now - self._moved < PAUSE and change in ("place", self._change)

    def correct(self, look: Look) -> None:
        """Replace the current entry after a change that the user did not ask for, such as a resized window."""
        if self._at >= 0:
            self._looks[self._at] = look

    def can_go(self, by: int) -> bool:
        """True if there is an entry `by` steps forward (back where negative)."""
        return 0 <= self._at + by < len(self._looks)

    def go(self, by: int) -> Look | None:
        """Move `by` steps and return the view there, or None if there is none."""
        if not self.can_go(by):
            return None
        self._at += by
        self._change = ""
        return self._looks[self._at]
