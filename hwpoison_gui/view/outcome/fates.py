"""Impact of all errors so far on each process: independent of the frame that a view shows."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.hits import MOST_ERRORS, Fate, rank
from hwpoison_gui.view.outcome.impact_now import impact_now

# About the operation that was complete last.
_FATES: Final = Question[dict[int, Fate]]("impact of all errors on each process", 2)


def fates_now(session: Session) -> dict[int, Fate]:
    """tgid -> impact of the frames broken last. In the middle of an operation, that of before it."""
    done = _complete(session)
    if done is None:
        return {}
    return session.recall.answer(_FATES, lambda: at(session, done.last, lambda: _find(session)), done)


def _complete(session: Session) -> Operation | None:
    """The newest operation that is complete."""
    operation = session.part_at(session.position)
    if operation is None or session.position == operation.last:
        return operation
    return session.part_at(operation.first)


def _find(session: Session) -> dict[int, Fate]:
    found = dict[int, Fate]()
    for pfn in _broken(session):
        for tgid, kind in impact_now(session, pfn).items():
            if tgid not in found or rank(kind) < rank(found[tgid].kind):
                found[tgid] = Fate(kind, pfn)
    return found


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
