"""Prediction for one frame: a dry run of the handler, read by the functions that read recorded steps."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.hwpoison_inject import REFUSED
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, RECOVERED
from hwpoison_gui.kernel.records import GLOBAL_INIT
from hwpoison_gui.record import Record
from hwpoison_gui.session.dry_run import Ran, dry_run
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import CAUGHT, DEAD, ENDS, IGNORED, IMPACTS, LATER, PANICS, PENDING, SIGNALLED
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.crowd import Crowd, is_crowded
from hwpoison_gui.view.outcome.crowd_ksm import MergedCrowd
from hwpoison_gui.view.outcome.impact import Before, covering_only, effects_of, find_before, find_hits
from hwpoison_gui.view.outcome.loss_words import lost_words
from hwpoison_gui.view.outcome.matched_row import Matched, effect_of, matched_in_run
from hwpoison_gui.view.outcome.touch import Place

_SIGNALLED = (DEAD, SIGNALLED, PENDING, LATER, CAUGHT)  # now, or when the page is touched
_WHEN_TOUCHED = frozenset({LATER, CAUGHT, IGNORED})


class Prediction(Record):
    """The predicted outcome of an error in a frame, if it happened now.

    `code`: the class of the outcome (classes.CLASSES). `kind`, `result`: of the result line, None where none is
    logged. `errno`: what the handler returns. `lost`: whether content is gone. `matched`: how the state table is asked.
    `hits`: how a process is hit (impacts.IMPACTS), the worst first -> tgids. `covering`: those that are signalled, now
    or when they touch the page, for a VMA over it without an entry for it. `filtered_by`: the filter of the injector
    that refuses the page (kernel/hwpoison_filter.py), empty if none does.
    """

    code: int
    kind: str | None
    result: str | None
    errno: int | str
    lost: bool
    matched: Matched
    hits: dict[str, list[int]]
    covering: tuple[int, ...] = ()
    filtered_by: str = ""


# Of a state of the machine (its stamp) and a frame: several views ask about the selection, and about the pointer's.
_PREDICTED: Final = Question[Prediction]("outcome of an error in a frame", 8)


def find_predicted(session: Session, pfn: int) -> Generator[None, None, Prediction]:
    """`find_prediction` for the machine of a session, made once for each state of it.

    Inside a look at another position (session/peek.py) the stamp is not that of the machine, and nothing is kept.
    """
    if not session.at_rest:
        return (yield from find_prediction(session.machine, pfn))
    stamp = session.stamp
    known = session.recall.known(_PREDICTED, stamp, pfn)
    if known is not None:
        return known[0]
    found = yield from find_prediction(session.machine, pfn)
    return session.recall.keep(_PREDICTED, found, stamp, pfn)


def predict(m: Machine, pfn: int) -> Prediction:
    """`find_prediction` to its end."""
    return to_the_end(find_prediction(m, pfn))


def find_prediction(m: Machine, pfn: int, swapped: Sequence[Place] | None = None) -> Generator[None, None, Prediction]:
    """Look up the users of a frame in slices, then run the handler dry without a break.

    Parameters
    ----------
    m
        The machine, at rest; it must stay as it is until the generator is done.
    pfn
        A frame of the machine.
    swapped
        Places of swap entries that lead to it, where they are at hand.
    """
    before = yield from find_before(m, pfn, swapped=swapped)
    crowd, whole = None, before
    if is_crowded(before):
        crowd = (MergedCrowd if before.page.word & pf.KSM else Crowd)(m, before)
        yield from crowd.work()
        before = crowd.before
    yield
    with dry_run(m, pfn, crowd.leave_out if crowd is not None else None) as ran:
        prediction, hits = _read(m, before, ran)
    if crowd is not None:
        yield
        hits = crowd.spread(hits)
        yield
    found: dict[str, list[int]] = {}
    for tgid, kind in hits.items():
        found.setdefault(kind, []).append(tgid)
    if crowd is not None:
        yield
    signalled = {tgid for kind in _SIGNALLED for tgid in found.get(kind, ())}
    worst_first = {kind: found[kind] for kind in IMPACTS if kind in found}
    return prediction._replace(hits=worst_first, covering=tuple(covering_only(whole, signalled)))


def _read(m: Machine, before: Before, ran: Ran) -> tuple[Prediction, dict[int, str]]:
    """The prediction without its hits, and these by tgid, of the machine as the handler left it."""
    kind, result = (ran.result.kind, ran.result.result) if ran.result is not None else (None, None)
    matched = matched_in_run(before.page.pfn, ran)
    if ran.filtered:
        by = next(mark.value("by") for mark in reversed(ran.marks) if mark.site in REFUSED)
        code = class_of(m, before, ran, {}, False)
        return Prediction(code, None, None, ran.errno, False, matched, {}, filtered_by=by), {}
    if m.panicked:
        return Prediction(class_of(m, before, ran, {}, False), None, None, ran.errno, False, matched, {}), {}
    hits = to_the_end(find_hits(m, before, effects_of(m, ran.deliveries)))
    # A truncated page loses nothing, as any that the handler leaves alone.
    gone = lost_words(m, before.page, result, effect_of(m.profile, matched.row), truncated=False).gone
    code = class_of(m, before, ran, hits, gone)
    return Prediction(code, kind, result, ran.errno, gone, matched, {}), hits


def class_of(m: Machine, before: Before, ran: Ran, hits: dict[int, str], gone: bool) -> int:
    """The class of an outcome (classes.CLASSES), of the machine as the handler left it."""
    page, result = before.page, ran.result.result if ran.result is not None else None
    if page.word & pf.HWPOISON or ran.already_poisoned:
        return outcomes.POISONED
    if page.word & pf.NOPAGE:
        return outcomes.HOLE
    if ran.filtered:
        return outcomes.FILTERED
    if m.panicked:
        return outcomes.PANICS
    # A free frame is Ignored in 2009 and Recovered later; either way it is never handed out again.
    if before.unused or (page.free and result in (RECOVERED, DELAYED)):
        return outcomes.FREE
    impacts = set(hits.values())
    if hits.get(GLOBAL_INIT) == DEAD:
        return outcomes.PANICS
    if PANICS in impacts:
        return outcomes.INIT
    if result == FAILED:
        return outcomes.STUCK
    if result not in (RECOVERED, DELAYED):
        return outcomes.IGNORED
    if ENDS in impacts or any(kind == DEAD and m.processes.view[tgid].is_namespace_init for tgid, kind in hits.items()):
        return outcomes.NAMESPACE
    if ran.signals:
        return outcomes.EARLY
    if not _WHEN_TOUCHED.isdisjoint(impacts):
        return outcomes.LATE
    return outcomes.LOST if gone else outcomes.SILENT
