"""Where one has looked on the map, to go back and forward: small movements in a row are one."""

from __future__ import annotations

from typing import Final, NamedTuple

MOST: Final = 100
PAUSE: Final = 0.7  # seconds of rest after which a movement is a new one


class Look(NamedTuple):
    """What was in the middle, in cells of which size; `pfn` None: the whole map."""

    pfn: int | None
    cell: float


class LookHistory:
    """Places looked at, and which of them is the present one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Another map: no place of the old one is there any more."""
        self._looks: list[Look] = []
        self._at = -1
        self._moved = 0.0

    def note(self, look: Look, now: float) -> None:
        """The map shows `look` since `now` (seconds)."""
        if self._at >= 0 and look == self._looks[self._at]:
            return
        goes_on = self._at > 0 and now - self._moved < PAUSE
        self._moved = now
        del self._looks[self._at + (0 if goes_on else 1) :]
        self._looks = [*self._looks, look][-MOST:]
        self._at = len(self._looks) - 1

    def can_go(self, by: int) -> bool:
        """Whether there is a place `by` steps forward, or back where it is negative."""
        return 0 <= self._at + by < len(self._looks)

    def go(self, by: int) -> Look | None:
        """The place there, which is the present one then."""
        if not self.can_go(by):
            return None
        self._at += by
        self._moved = 0.0
        return self._looks[self._at]
