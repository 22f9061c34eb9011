"""What came of an operation on many frames: one summary, and its frames, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile import type as results
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.session.many import named
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.hits import CAUGHT, ENDS, IGNORED, LATER, PANICS, SAFE, USES, counted_hits, worse
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.outcome.impact import EFFECTS, Before, Place, find_before, find_next_touches
from hwpoison_gui.view.outcome.loss_words import Lost, Page, content_words, lost_words
from hwpoison_gui.view.outcome.matched_row import Matched, effect_of, find_table_step, matched_by
from hwpoison_gui.view.words.words import counted

I64 = npt.NDArray[np.int64]

_KILLED: Final = "killed"
_FILTERED: Final = "filtered"
# enum mf_result, and what never came so far.
_AGAIN: Final = "already hardware poisoned"  # as the kernel logs it
NO_LINE: Final = "without a result line"
_RESULTS: Final = (results.IGNORED, results.FAILED, results.DELAYED, results.RECOVERED, _FILTERED)
_DEADLY: Final = (PANICS, ENDS, LATER, IGNORED)  # on touch
_SUMMARY: Final = Question["Summary"]("summary of many frames", 2)


class OneFrame(Record):
    """One frame: its part of the operation, who was killed or signalled and lives, by label, and what was lost.

    `is_huge`: it is of a hugetlb page.
    `touches`: tgid -> what the next touch of the page does to a process (hits.MEANINGS), at the end of the operation.
    """

    part: Operation
    killed: tuple[str, ...]
    signalled: tuple[str, ...]
    lost: Lost
    touches: Mapping[int, str]
    is_huge: bool

    @property
    def pfn(self) -> int:
        """The frame that broke."""
        assert self.part.outcome.pfn is not None
        return self.part.outcome.pfn

    @property
    def words(self) -> str:
        """What came of it, in a few words."""
        if self.part.outcome.panic:
            return "panic"
        if self.part.outcome.filtered:
            return _FILTERED
        counts = ((len(self.killed), "killed"), (len(self.signalled), "signalled"))
        hit = [f"{count:,} {what}" for count, what in counts if count] + self.on_touch
        return ", ".join(hit + ["data lost"] * self.lost.gone + ["left in use"] * self.lost.in_use) or "nothing is lost"

    @property
    def on_touch(self) -> list[str]:
        """What the next touch does, and to how many processes, the worst first: `14 die on touch`."""
        return counted_hits(kind for kind in self.touches.values() if kind not in (SAFE, USES))

    @property
    def badness(self) -> tuple[bool, bool, int, int, bool, bool]:
        """Panic, at once, then on touch; deaths and signals, at once or on touch; lost data; a page left in use.

        More is worse, the first that differs decides.
        """
        kinds = Counter(self.touches.values())
        deaths = len(self.killed) + sum(kinds[kind] for kind in _DEADLY)
        signals = len(self.signalled) + kinds[CAUGHT]
        return self.part.outcome.panic, kinds[PANICS] > 0, deaths, signals, self.lost.gone, self.lost.in_use


class Summary(Record):
    """All frames of an operation, at its end.

    `frames`: the worst first. `results`: number of frames by the result of their line, or by why they have
    none.
    `impacts`: tgid -> the worst impact of all frames on the process (hits.MEANINGS), of its signals, and of what it
    runs into when it touches what it still maps. `asked`: number of frames named; a panic ends the operation early.
    """

    frames: tuple[OneFrame, ...]
    results: Mapping[str, int]
    impacts: Mapping[int, str]
    asked: int

    @property
    def huge_lost(self) -> int:
        """The number of hugetlb pages of which content is lost; each loses it with the first of its frames."""
        return sum(one.lost.gone and one.is_huge for one in self.frames)

    @property
    def lost(self) -> int:
        """Bytes of content that are lost: of a hugetlb page all, once."""
        gone = sum(one.lost.gone for one in self.frames)
        return (gone + (HPAGE_PMD_NR - 1) * self.huge_lost) * FRAME_SIZE

    @property
    def in_use(self) -> int:
        """The number of broken frames that were left to their users."""
        return sum(one.lost.in_use for one in self.frames)

    @property
    def panic(self) -> bool:
        """Whether one of the errors stopped the machine."""
        return self.frames[0].part.outcome.panic

    def processes(self, kind: str) -> list[int]:
        """The processes (tgids) with an impact."""
        return [tgid for tgid, impact in self.impacts.items() if impact == kind]


def summary_of(session: Session, operation: Operation) -> Summary:
    """The summary of a complete operation on many frames, as of its end."""
    return session.recall.answer(_SUMMARY, lambda: _find(session, operation), operation)


def _find(session: Session, operation: Operation) -> Summary:
    found = _frames(session, operation)[::-1]
    with session.timeline.as_of(operation.last):
        m = session.machine
        frames = [
            one if one.part.outcome.filtered else one._replace(touches=_touches(m, before)) for one, before in found
        ]
    frames.sort(key=lambda one: one.badness, reverse=True)
    impacts = _impacts(session, operation, frames)
    results = Counter(_result_of(part.outcome) for part in operation.parts)
    return Summary(tuple(frames), results, impacts, named(operation.args))


def _result_of(outcome: Outcome) -> str:
    """The result of the line of a frame, or why there is none; empty where the handler only returned."""
    if outcome.filtered:
        return _FILTERED
    return outcome.result or (_AGAIN if outcome.already_poisoned else "")


def _frames(session: Session, operation: Operation) -> list[tuple[OneFrame, Before]]:
    """Each frame with its loss, and with its page and users as they were, the last first: the machine walks back once.

    `touches` are not known yet.
    """
    m, found = session.machine, []
    with ExitStack() as stack:
        for part in reversed(operation.parts):
            stack.enter_context(session.timeline.as_of(part.first))
            effects: dict[str, str] = {}
            for seen in part.outcome.signals:
                effects[seen.label] = _KILLED if _KILLED in (seen.effect, effects.get(seen.label)) else seen.effect
            killed = tuple(label for label, effect in effects.items() if effect == _KILLED)
            signalled = tuple(label for label, effect in effects.items() if effect != _KILLED)
            pfn = part.outcome.pfn
            assert pfn is not None
            merged, is_huge = m.page(pfn) & pf.KSM, bool(m.page(m.compound_head(pfn)) & pf.HUGE)
            before = to_the_end(find_before(m, pfn, () if merged else None, set()))
            found.append((OneFrame(part, killed, signalled, _loss(session, part, before.page), {}, is_huge), before))
        places, swapped = _searched(m, [before.page for _, before in found])
    return [
        (
            one,
            before._replace(
                places=tuple(places.get(one.pfn, before.places)), swapped=frozenset(swapped.get(one.pfn, ()))
            ),
        )
        for one, before in found
    ]


def _searched(m: Machine, pages: Sequence[Page]) -> tuple[dict[int, list[Place]], dict[int, set[int]]]:
    """What no reverse map leads to, by one search of all page tables: by frame, the places of merged pages, and the
    address spaces with a swap entry for a page in the swap cache."""
    merged = sorted(page.pfn for page in pages if page.word & pf.KSM)
    cached = {m.page_private.view[page.pfn]: page.pfn for page in pages if page.word & pf.SWAPCACHE}
    places = {pfn: list[Place]() for pfn in merged}
    holders = {pfn: set[int]() for pfn in cached.values()}
    for mm in sorted(m.ptes.view) if merged or cached else ():
        vpns, words = m.ptes.arrays(mm)
        sort, value = words & (ptes.PRESENT | ptes.SWAP), words >> PAGE_SHIFT
        maps = np.flatnonzero((sort == ptes.PRESENT) & np.isin(value, merged))
        for vpn, pfn in zip(vpns[maps].tolist(), value[maps].tolist(), strict=True):
            vma = m.find_vma(mm, vpn << PAGE_SHIFT)
            if vma is not None:
                places[pfn].append(Place(vma.id, mm, vpn))
        for offset in set(value[sort == ptes.SWAP].tolist()) & cached.keys():
            holders[cached[offset]].add(mm)
    return places, holders


def _touches(m: Machine, before: Before) -> dict[int, str]:
    """tgid -> what the next touch of a page does; nothing runs after a panic."""
    if m.panicked:
        return {}
    return {tgid: kind for tgid, kind in to_the_end(find_next_touches(m, before)).items() if kind}


def _loss(session: Session, part: Operation, page: Page) -> Lost:
    """What was lost with a frame; the machine is as it was before its error."""
    m, outcome = session.machine, part.outcome
    if outcome.filtered:
        return Lost("Nothing is lost: a filter of the injector spared it.")
    marks = session.steps.marks[part.first : part.last]
    number = find_table_step(marks)
    matched = matched_by(marks[number], page.pfn) if number is not None else Matched(page.pfn, None)
    page = page._replace(dirty=page.dirty or bool((matched.word or 0) & pf.DIRTY))
    return lost_words(m, page, outcome.kind, outcome.result, effect_of(m.profile, matched.row))


def _impacts(session: Session, operation: Operation, frames: Sequence[OneFrame]) -> dict[int, str]:
    """tgid -> the worst impact: of signals, and of the next touch of each frame."""
    names = session.world.task_names.view
    found = dict[int, str]()
    for seen in operation.outcome.signals:
        tgid = names[seen.task]
        found[tgid] = worse(found.get(tgid, ""), EFFECTS[seen.effect])
    for one in frames:
        for tgid, kind in one.touches.items():
            if kind != SAFE:
                found[tgid] = worse(found.get(tgid, ""), kind)
    return dict(sorted(found.items()))


def brief(summary: Summary) -> list[str]:
    """The summary in a few clauses, the worst first: who is hit, what is lost, what stays in use."""
    found = counted_hits(kind for kind in summary.impacts.values() if kind != SAFE)
    if summary.lost:
        found.append(f"content lost: {content_words(summary.lost, summary.huge_lost)}")
    if summary.in_use:
        found.append(f"{counted(summary.in_use, 'frame')} left in use, broken")
    return found


def said_of(summary: Summary) -> str:
    """The summary as a sentence."""
    done = len(summary.frames)
    if summary.panic:
        return f"The kernel gave up at frame {done:,} of {summary.asked:,}: nothing runs any more."
    return f"{', '.join(by_result(summary))}: {'; '.join(brief(summary)) or 'nothing is lost, no process is hit'}."


def worst_of(summary: Summary, most: int = 3) -> str:
    """The worst frames in one line; empty if none of them hurt."""
    bad = [one for one in summary.frames[:most] if any(one.badness)]
    return f"Worst: {', '.join(f'{one.pfn:#x} ({one.words})' for one in bad)}." if bad else ""


def by_result(summary: Summary) -> list[str]:
    """`500 Recovered, 12 Ignored`: frames by result, in the order of the kernel's codes; without a line last."""
    words = [f"{summary.results[result]:,} {result}" for result in _RESULTS if summary.results.get(result)]
    again, without = summary.results.get(_AGAIN, 0), summary.results.get("", 0)
    whole = " with their hugetlb page" if any(one.is_huge and one.lost.again for one in summary.frames) else ""
    return (words + [f"{again:,} {_AGAIN}{whole}"] * bool(again)
            + [f"{without:,} {NO_LINE}"] * bool(without))  # fmt: skip
