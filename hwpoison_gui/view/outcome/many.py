"""Result of an operation on many frames: one summary, and its frames, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from hwpoison_gui.kernel.profile import type as results
from hwpoison_gui.record import Record
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.view.base.impacts import CAUGHT, ENDS, IGNORED, LATER, PANICS, SAFE, USES, Fate, counted_hits
from hwpoison_gui.view.outcome.loss_words import content_words
from hwpoison_gui.view.words.words import counted

FILTERED: Final = "filtered"
AGAIN: Final = "already hardware poisoned"  # as the kernel logs it
NO_LINE: Final = "without a result line"
MOST_LISTED: Final = 5_000  # frames of one summary
# enum mf_result, and what never came so far.
_RESULTS: Final = (results.IGNORED, results.FAILED, results.DELAYED, results.RECOVERED, FILTERED)
_DEADLY: Final = (PANICS, ENDS, LATER, IGNORED)  # on touch


def badness(panic: bool, killed: int, signalled: int, touches: Mapping[int, str]) -> tuple[bool, bool, int, int]:
    """Panic, at once, then on touch; deaths and signals, at once or on touch. More is worse, the first decides."""
    kinds = Counter(touches.values())
    deaths = killed + sum(kinds[kind] for kind in _DEADLY)
    return panic, kinds[PANICS] > 0, deaths, signalled + kinds[CAUGHT]


class OneFrame(Record):
    """One frame: who was killed or signalled and lives, by label, and what was lost.

    `number`: of its part of the operation. `outcome`: that of the part, without frame and log lines. `gone`: content
    was lost; `in_use`: the page was left to its users, broken. `touches`: tgid -> what the next touch of the page does
    to a process (impacts.IMPACTS), at the end of the operation.
    """

    number: int
    pfn: int
    outcome: Outcome
    killed: tuple[str, ...]
    signalled: tuple[str, ...]
    gone: bool
    in_use: bool
    touches: Mapping[int, str]

    @property
    def words(self) -> str:
        """Outcome in a few words."""
        if self.outcome.panic:
            return "panic"
        if self.outcome.filtered:
            return FILTERED
        counts = ((len(self.killed), "killed"), (len(self.signalled), "signalled"))
        hit = [f"{count:,} {what}" for count, what in counts if count] + self.on_touch
        return ", ".join(hit + ["data lost"] * self.gone + ["stays in use, broken"] * self.in_use) or "nothing is lost"

    @property
    def on_touch(self) -> list[str]:
        """Impacts of the next touch with the numbers of processes, the worst first: `14 die on touch`."""
        return counted_hits(kind for kind in self.touches.values() if kind not in (SAFE, USES))

    @property
    def badness(self) -> tuple[bool, bool, int, int, bool, bool]:
        """Return the sort key: badness(), then whether data is lost, then whether the page stays in use."""
        found = badness(self.outcome.panic, len(self.killed), len(self.signalled), self.touches)
        return *found, self.gone, self.in_use


class Summary(Record):
    """All frames of an operation, at its end.

    `frames`: the worst first, at most MOST_LISTED. `done`: the number of frames processed, and `asked` of
    those named: a panic ends the operation early. `results`: number of frames by the result of their line, or by
    why they have none. `impacts`: tgid -> the worst impact of all frames on the process, of its signals, and of
    what it runs into when it touches what it still maps; a process without one is left out. `lost`: bytes of
    content that are lost, of a hugetlb page all, once. `huge_lost`: the number of hugetlb pages of which content is
    lost; each loses it with the first of its frames. `in_use`: the number of broken frames that were left to their
    users. `again_huge`: a frame was broken before with its hugetlb page.
    """

    frames: tuple[OneFrame, ...]
    done: int
    results: Mapping[str, int]
    impacts: Mapping[int, Fate]
    asked: int
    lost: int
    huge_lost: int
    in_use: int
    again_huge: bool

    @property
    def panic(self) -> bool:
        """Whether one of the errors stopped the machine."""
        return self.frames[0].outcome.panic

    def processes(self, kind: str) -> list[int]:
        """The processes (tgids) with an impact."""
        return [tgid for tgid, impact in self.impacts.items() if impact.kind == kind]


def brief(summary: Summary) -> list[str]:
    """The summary in a few clauses, the worst first: who is hit, what is lost, what stays in use."""
    found = counted_hits(impact.kind for impact in summary.impacts.values())
    if summary.lost:
        found.append(f"content lost: {content_words(summary.lost, summary.huge_lost)}")
    if summary.in_use:
        found.append(f"{counted(summary.in_use, 'frame')} {'stays' if summary.in_use == 1 else 'stay'} in use, broken")
    return found


def said_of(summary: Summary) -> str:
    """The summary as a sentence."""
    if summary.panic:
        return f"The kernel gave up at frame {summary.done:,} of {summary.asked:,}: nothing runs any more."
    came = "; ".join(brief(summary)) or "nothing is lost, no process is hit"
    return f"{by_result(summary.results, summary.again_huge)}: {came}."


def worst_of(summary: Summary, most: int = 3) -> str:
    """The worst frames in one line; empty if none of them hurt."""
    bad = [one for one in summary.frames[:most] if any(one.badness)]
    return f"Worst: {', '.join(f'{one.pfn:#x} ({one.words})' for one in bad)}." if bad else ""


def by_result(results: Mapping[str, int], again_huge: bool = False) -> str:
    """`500 Recovered, 12 Ignored`: frames by result, in the order of the kernel's codes; without a line last."""
    words = [f"{results[result]:,} {result}" for result in _RESULTS if results.get(result)]
    again, without = results.get(AGAIN, 0), results.get("", 0)
    whole = " with their hugetlb page" if again_huge else ""
    return ", ".join(words + [f"{again:,} {AGAIN}{whole}"] * bool(again) + [f"{without:,} {NO_LINE}"] * bool(without))
