"""What one has looked at on the map, and how, to go back and forward: small movements in a row are one."""

from __future__ import annotations

from typing import Final, NamedTuple

MOST: Final = 100
PAUSE: Final = 0.7  # seconds of rest after which a movement is a new one


class Look(NamedTuple):
    """What was in the middle, in cells of which size (`pfn` None: the whole map), and how it was shown."""

    pfn: int | None
    cell: float
    layout: str = "rows"
    row_width: int | None = None
    lens: str = "kind"
    filter: str = ""

    def differs_in(self, other: Look) -> str:
        """What is most different: layout, lens, filter, or the place alone."""
        if self[2:4] != other[2:4]:
            return "layout"
        return "lens" if self.lens != other.lens else "filter" if self.filter != other.filter else "place"


class LookHistory:
    """All that was looked at, and which is the present look."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Another map: no place of the old one is there any more."""
        self._looks: list[Look] = []
        self._at = -1
        self._moved = 0.0
        self._change = ""  # what the present look changed

    def note(self, look: Look, now: float) -> None:
        """The map shows `look` since `now` (seconds)."""
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
        """Whether it belongs to the present look: one moves on, tries one after the other, or types on."""
        if self._at <= 0 or not self._change:
            return False
        before = self._looks[self._at].filter
        if change == self._change == "filter" and before and look.filter:
            return before.startswith(look.filter) or look.filter.startswith(before)
        return now - self._moved < PAUSE and change in ("place", self._change)

    def correct(self, look: Look) -> None:
        """The present look became this one, though nobody wanted to look elsewhere."""
        if self._at >= 0:
            self._looks[self._at] = look

    def can_go(self, by: int) -> bool:
        """Whether there is a look `by` steps forward, or back where it is negative."""
        return 0 <= self._at + by < len(self._looks)

    def go(self, by: int) -> Look | None:
        """The look there, which is the present one then."""
        if not self.can_go(by):
            return None
        self._at += by
        self._change = ""
        return self._looks[self._at]
