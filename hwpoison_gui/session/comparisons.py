"""The comparisons that were made in a session: what was compared, under which settings, and what came of it."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import shared
from hwpoison_gui.session.operation import Asked

WAYS: Final = ("early", "recovery", "profile", "", "matrix", "lines")
MOST: Final = 50


class Compared(Record):
    """A comparison. `way`: in what its sides differ, a value of WAYS; empty for settings chosen by hand.

    `lines`: the operations of each side, with the click as number `clicks`. `settings`: (profile, sysctls) of each
    side. `said`: the headline.
    """

    way: str
    lines: tuple[tuple[Asked, ...], tuple[Asked, ...]]
    clicks: tuple[int, int]
    settings: tuple[tuple[str, dict[str, int]], tuple[str, dict[str, int]]]
    said: str

    def is_about_the_same(self, other: Compared) -> bool:
        """Return whether another comparison has the same sides."""
        if (self.way, self.clicks, self.settings) != (other.way, other.clicks, other.settings):
            return False
        return all(len(one) == len(two) == shared(one, two) for one, two in zip(self.lines, other.lines, strict=True))


def keep(found: list[Compared], made: Compared) -> None:
    """Put a comparison at the end, in place of an older one with the same sides; at most MOST stay."""
    found[:] = [*(one for one in found if not one.is_about_the_same(made)), made][-MOST:]
