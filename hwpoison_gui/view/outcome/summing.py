"""Sums up an operation on many frames, in slices: what was lost with each, and what its next touch does.

The machine walks back once to before each error, and returns. What is kept of a frame are a few bytes, but for the
worst.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.handler import EXITS, ROW
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.session.many import named
from hwpoison_gui.session.operation import Operation, Parts
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import SAFE, Fate, keep_worse
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.outcome.impact import EFFECTS, Before, find_before, find_next_touches, places_at
from hwpoison_gui.view.outcome.loss_words import Lost, Page, lost_words
from hwpoison_gui.view.outcome.many import AGAIN, FILTERED, MOST_LISTED, OneFrame, Summary, badness, by_result
from hwpoison_gui.view.outcome.matched_row import Matched, effect_of, matched_by
from hwpoison_gui.view.outcome.touch import Place, Touches

_KILLED: Final = "killed"
_GONE, _IN_USE, _BROKEN, _HUGE = 1, 2, 4, 8  # bits that pack a Lost, and whether its page is hugetlb
_BITS: Final = 20  # bits of a number of processes
_SUMMARY: Final = Question[Summary]("summary of many frames", 64)
_MOST_AT_ONCE: Final = 500  # frames that are summed up where no slices are possible
_LAST: Final = "Summing up: the worst frames"

Summing = Generator[str, None, Summary]


def summary_of(session: Session, operation: Operation) -> Summary:
    """The summary of a complete operation on many frames, at its end."""
    return to_the_end(find_summary(session, operation))


def summary_at_hand(session: Session, operation: Operation) -> Summary | None:
    """Return the same if it was found before, or can be found at once; else None."""
    known = session.recall.known(_SUMMARY, operation)
    if known is None and len(operation.parts) > _MOST_AT_ONCE:
        return None
    return known[0] if known is not None else summary_of(session, operation)


def said_in_short(operation: Operation) -> str:
    """Describe an operation that is not summed up yet, in a sentence."""
    assert isinstance(operation.parts, Parts)
    return f"{by_result(_results(operation.parts))}; who is hit and what is lost is not summed up yet."


def find_summary(session: Session, operation: Operation) -> Summing:
    """Do the same in slices, which yield what is done so far; between them the machine is at other positions."""
    known = session.recall.known(_SUMMARY, operation)
    if known is not None:
        return known[0]
    summary = yield from _find(session, operation)
    return session.recall.keep(_SUMMARY, summary, operation)


class _Found:
    """Findings about frames, by number in the operation. `losses`: bits; the others omit frames without a finding."""

    def __init__(self, parts: Parts) -> None:
        self.losses = bytearray(len(parts))
        self.befores: dict[int, Before] = {}
        self.merged: dict[int, int] = {}  # pfn -> number, for merged pages
        self.cached: dict[int, int] = {}  # pfn -> number, in the swap cache
        self.touches: dict[int, Mapping[int, str]] = {}


def _find(session: Session, operation: Operation) -> Summing:
    parts, m = operation.parts, session.machine
    assert isinstance(parts, Parts)
    found = _Found(parts)
    home = session.position if session.at_rest else operation.last
    with session.timeline.excursion() as go:
        for number in reversed(range(len(parts))):
            for _ in go(parts.first(number)):
                yield _said(len(parts) - number, len(parts))
            yield from _look_before(session, parts, number, found)
        yield from _search(m, found)
        for _ in go(operation.last):
            yield _said(len(parts), len(parts))
        if not m.panicked:
            yield from _find_touches(m, found)
        impacts = _impacts(session, parts, found.touches)
        for _ in go(home):
            yield _said(len(parts), len(parts))
    return (yield from _summed(operation, parts, found, impacts))


def _said(done: int, total: int) -> str:
    return f"Summing up: {done:,} of {total:,} frames"


def _look_before(session: Session, parts: Parts, number: int, found: _Found) -> Generator[str, None, None]:
    """Look at a frame; the machine is as it was before its error."""
    m, pfn, outcome = session.machine, parts.pfns[number], parts.plain(number)
    yield _said(len(parts) - number, len(parts))
    if outcome.filtered:
        return
    word = m.page(pfn)
    before = to_the_end(find_before(m, pfn, () if word & pf.KSM else None, (), named=False))
    lost = _loss(session, parts, number, outcome, before.page)
    is_huge = bool(m.page(m.compound_head(pfn)) & pf.HUGE)
    found.losses[number] = lost.gone * _GONE | lost.in_use * _IN_USE | lost.again * _BROKEN | is_huge * _HUGE
    if before.page.word & pf.KSM:
        found.merged[pfn] = number
    if before.page.word & pf.SWAPCACHE:
        found.cached[pfn] = number
    if before.places or before.page.word & (pf.KSM | pf.SWAPCACHE):
        found.befores[number] = before


def _loss(session: Session, parts: Parts, number: int, outcome: Outcome, page: Page) -> Lost:
    """Return the loss with a frame; the machine is as it was before its error."""
    m, marks = session.machine, session.steps.marks
    at = marks.find(ROW, parts.first(number), parts.lasts[number])
    matched = matched_by(marks[at], page.pfn) if at is not None else Matched(page.pfn, None)
    truncated = at is None and marks.find(EXITS["truncated"], parts.first(number), parts.lasts[number]) is not None
    return lost_words(m, page, outcome.result, effect_of(m.profile, matched.row), truncated)


def _search(m: Machine, found: _Found) -> Generator[str, None, None]:
    """Find what no reverse map leads to, by one search of all page tables: the places of merged pages, and those of
    swap entries for a page in the swap cache."""
    merged = list(found.merged)
    cached = {m.page_private.view[pfn]: pfn for pfn in found.cached}
    places = {pfn: list[Place]() for pfn in merged}
    holders = {pfn: list[Place]() for pfn in cached.values()}
    for mm in list(m.ptes.view) if merged or cached else ():
        yield "Summing up: looking for merged pages and swap entries"
        vpns, words = m.ptes.arrays(mm)
        sort, value = words & (ptes.PRESENT | ptes.SWAP), words >> PAGE_SHIFT
        maps = np.flatnonzero((sort == ptes.PRESENT) & np.isin(value, merged))
        for vpn, pfn in zip(vpns[maps].tolist(), value[maps].tolist(), strict=True):
            places[pfn] += places_at(m, [(mm, vpn)])
        leads = np.flatnonzero((sort == ptes.SWAP) & np.isin(value, list(cached)))
        for vpn, offset in zip(vpns[leads].tolist(), value[leads].tolist(), strict=True):
            holders[cached[offset]] += places_at(m, [(mm, vpn)])
    befores = found.befores
    for pfn, those in places.items():
        number = found.merged[pfn]
        befores[number] = befores[number]._replace(places=tuple(those))
    for pfn, those in holders.items():
        number = found.cached[pfn]
        befores[number] = befores[number]._replace(swapped=tuple(those))


def _find_touches(m: Machine, found: _Found) -> Generator[str, None, None]:
    """Find what the next touch of each page does; the machine is as it was after the last error."""
    known = dict[tuple[tuple[int, str], ...], Mapping[int, str]]()  # many pages are of the same processes
    all_of = Touches(m)
    for done, number in enumerate(found.befores):
        touches = to_the_end(find_next_touches(m, found.befores[number], all_of))
        if touches:
            found.touches[number] = known.setdefault(tuple(touches.items()), touches)
        yield f"Summing up: users of {done:,} of {len(found.befores):,} pages"


def _impacts(session: Session, parts: Parts, touches: Mapping[int, Mapping[int, str]]) -> dict[int, Fate]:
    """tgid -> the worst impact, and its frame: of signals, and of the next touch of each frame."""
    names, found = session.world.task_names.view, dict[int, Fate]()
    for number in parts.having(lambda outcome: bool(outcome.signals)):
        for seen in parts.plain(number).signals:
            keep_worse(found, names[seen.task], Fate(EFFECTS[seen.effect], parts.pfns[number]))
    alike = dict[int, tuple[int, Mapping[int, str]]]()  # many frames have the same users
    for number, kinds in touches.items():
        alike.setdefault(id(kinds), (number, kinds))
    for number, kinds in alike.values():
        for tgid, kind in kinds.items():
            if kind != SAFE:
                keep_worse(found, tgid, Fate(kind, parts.pfns[number]))
    return dict(sorted(found.items()))


def _summed(operation: Operation, parts: Parts, found: _Found, impacts: Mapping[int, Fate]) -> Summing:
    losses = np.frombuffer(found.losses, np.uint8)
    gone, huge = losses & _GONE != 0, losses & _HUGE != 0
    huge_lost = int((gone & huge).sum())
    frames = list[OneFrame]()
    for number in (yield from _worst(parts, found)):
        frames.append(_one(parts, number, found))
        yield _LAST
    return Summary(
        tuple(frames),
        len(parts),
        _results(parts),
        impacts,
        named(operation.args),
        (int(gone.sum()) + (HPAGE_PMD_NR - 1) * huge_lost) * FRAME_SIZE,
        huge_lost,
        int((losses & _IN_USE != 0).sum()),
        bool((huge & (losses & _BROKEN != 0)).any()),
    )


def _results(parts: Parts) -> Mapping[str, int]:
    """The number of frames by the result of their line, or by why there is none; empty where the handler returned."""
    counts = Counter[str]()
    for outcome, count in parts.counted().items():
        counts[FILTERED if outcome.filtered else outcome.result or (AGAIN if outcome.already_poisoned else "")] += count
    return counts


def _effects(outcome: Outcome) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The processes that signals killed, and those that got one and live, by label."""
    effects = dict[str, str]()
    for seen in outcome.signals:
        effects[seen.label] = _KILLED if _KILLED in (seen.effect, effects.get(seen.label)) else seen.effect
    killed = tuple(label for label, effect in effects.items() if effect == _KILLED)
    return killed, tuple(label for label, effect in effects.items() if effect != _KILLED)


def _worst(parts: Parts, found: _Found) -> Generator[str, None, list[int]]:
    """The numbers of the worst frames, the worst first; equal ones in their order."""
    losses = np.frombuffer(found.losses, np.uint8)
    order = (losses & _GONE != 0) * 2 + (losses & _IN_USE != 0).astype(np.int64)
    hurt = parts.having(lambda outcome: bool(outcome.signals) or outcome.panic)
    for number in {*hurt, *found.touches}:
        outcome, (killed, signalled) = parts.plain(number), _effects(parts.plain(number))
        touches = found.touches.get(number, {})
        panics, touch_panics, deaths, signals = badness(outcome.panic, len(killed), len(signalled), touches)
        yield _LAST
        order[number] += ((panics << 1 | touch_panics) << 2 * _BITS | deaths << _BITS | signals) << 2
    worst: list[int] = np.argsort(-order, kind="stable")[:MOST_LISTED].tolist()
    return worst


def _one(parts: Parts, number: int, found: _Found) -> OneFrame:
    bits, (killed, signalled) = found.losses[number], _effects(parts.plain(number))
    return OneFrame(
        number,
        parts.pfns[number],
        parts.plain(number),
        killed,
        signalled,
        bool(bits & _GONE),
        bool(bits & _IN_USE),
        found.touches.get(number, {}),
    )
