"""Impact of all errors so far on each process: independent of the frame that a view shows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at_in_slices
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import DEAD, IMPACTS, MOST_ERRORS, Fate, keep_worse
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE, slices_of, to_the_end
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.many import Summary
from hwpoison_gui.view.outcome.summing import summary_at_hand

# About the operation that was complete last, and how many operations on many frames are summed up.
_FATES: Final = Question[dict[int, Fate]]("impact of all errors on each process", 2)


def fates_now(session: Session) -> dict[int, Fate]:
    """tgid -> impact of the errors so far. In the middle of an operation, that of before it.

    Of errors in single frames, the newest MOST_ERRORS count; of operations on many frames, all that are summed up.
    """
    return to_the_end(find_fates(session))


def find_fates(session: Session) -> Generator[None, None, dict[int, Fate]]:
    """`fates_now` in slices; the session must stay as it is."""
    done = _complete(session)
    if done is None:
        return {}
    many = _summaries(session, done.last)
    known = session.recall.known(_FATES, done, len(many))
    if known is not None:
        return known[0]
    found = yield from at_in_slices(session, done.last, lambda: _find(session, many))
    return session.recall.keep(_FATES, found, done, len(many))


def _complete(session: Session) -> Operation | None:
    """The newest operation that is complete."""
    operation = session.part_at(session.position)
    if operation is None or session.position == operation.last:
        return operation
    return session.part_at(operation.first)


def _summaries(session: Session, upto: int) -> list[Summary]:
    """The summaries that are at hand of operations on many frames, up to a position.

    An unpoison of many is one, too: the hwpoison entries it leaves count where a frame is poisoned again.
    """
    many = (one for one in session.on_many if one.last <= upto)
    return [summary for one in many if (summary := summary_at_hand(session, one)) is not None]


def _find(session: Session, many: Sequence[Summary]) -> Generator[None, None, dict[int, Fate]]:
    found = dict[int, Fate]()
    for pfn in _broken(session):
        yield
        fates = {kind: Fate(kind, pfn) for kind in IMPACTS}
        for part in slices_of(impact_now(session, pfn).items(), ITEMS_PER_SLICE):
            for tgid, kind in part:
                keep_worse(found, tgid, fates[kind])
            yield
    for summary in many:
        for tgid, fate in summary.impacts.items():
            if (now := _since(session, tgid, fate)) is not None:
                keep_worse(found, tgid, now)
    return found


def _since(session: Session, tgid: int, fate: Fate) -> Fate | None:
    """An impact of an operation on many frames by now; what the process has unmapped since still counts."""
    m = session.machine
    process = m.processes.view.get(tgid)
    if process is None or process.ended == "exit":
        return None
    if process.ended:
        return fate._replace(kind=DEAD)
    head = m.compound_head(fate.pfn)  # of a hugetlb page, it has the flag
    bad = (m.page(fate.pfn) | m.page(head)) & pf.HWPOISON
    return fate if bad or not IMPACTS[fate.kind].on_touch else None


def _broken(session: Session) -> list[int]:
    """The frames that operations so far have broken, the newest first."""
    pfns = dict[int, None]()
    for one in session.parts(session.position):
        pfn = one.outcome.pfn
        if one.name == "poison" and not one.outcome.filtered and pfn is not None and 0 <= pfn < session.machine.frames:
            pfns[pfn] = None
            if len(pfns) == MOST_ERRORS:
                break
    return list(pfns)
