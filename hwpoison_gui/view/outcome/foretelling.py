"""One frame before it breaks: what the handler would do with it, and how each of its users would be hit.

In slices, for a frame that thousands of processes use.
"""

from __future__ import annotations

from collections.abc import Iterator

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Fate, fate, frame_without_users, give_users, run
from hwpoison_gui.view.outcome.forecast import forecast
from hwpoison_gui.view.outcome.one import Counting


class Foretelling:
    """Complete after `work`, while the machine must not change.

    `hits`: way to be hit (hits.MEANINGS, the worst first) -> address spaces of those who are.
    """

    def __init__(self, m: Machine, pfn: int) -> None:
        self._m, self._pfn = m, pfn
        self.fate = Fate(None, None, 0, 0, 0, 0, False, outcomes.HOLE)
        self.hits: dict[str, list[int]] = {}

    @classmethod
    def of(cls, m: Machine, pfn: int) -> Foretelling:
        """The whole, at once."""
        made = cls(m, pfn)
        for _ in made.work():
            pass
        return made

    def work(self) -> Iterator[None]:
        """Does the work in slices of about a millisecond."""
        case, page = frame_without_users(self._m, self._pfn)
        counting = Counting(self._m, page)
        yield from counting.work()
        give_users(case, counting.counts)
        run(case)
        self.fate = fate(case, 0, int(outcomes.codes_of(case)[0]))
        yield
        self.hits = forecast(case, self._pfn, counting.people)
