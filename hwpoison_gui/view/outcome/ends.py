"""What an error has come to for each process by now: as it was told at its end, with what has happened since."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.hits import (
    DEAD,
    IGNORED,
    MEANINGS,
    PENDING,
    SAFE,
    SIGNALLED,
    STALE,
    ZEROS,
    Hit,
    signalled_and_touched,
)
from hwpoison_gui.view.outcome.loss import NOT_DONE, hits_now, loss_of

_TOLD: Final = frozenset({SIGNALLED, PENDING, IGNORED})  # what signals did, which no later touch takes back
_MOST: Final = 2000  # processes of which it is asked anew what happened since

# About the error, and the operation that is complete by then.
_ENDS: Final = Question[dict[int, str]]("impact on each process by now")


def ends_of(session: Session, pfn: int) -> dict[int, str]:
    """Process -> the way it is hit by the frame's error (hits.MEANINGS); nothing while an operation is under way."""
    error, present = error_of(session, pfn), session.operation_at(session.position)
    if error is None or present is None:
        return {}
    return session.recall.answer(_ENDS, lambda: _find(session, error), error, present)


def error_of(session: Session, pfn: int) -> Operation | None:
    """The error that took the frame, once it is through; None in an operation's midst, or if it was taken back."""
    present = session.operation_at(session.position)
    if present is None or session.position != present.last:
        return None
    for operation in reversed(session.operations):
        outcome = operation.outcome
        if outcome.pfn != pfn or operation.last > session.position:
            continue
        if operation.name == "unpoison" and not outcome.errno:
            return None
        again = outcome.errno in NOT_DONE or outcome.already_poisoned
        if operation.name == "poison" and not again:
            return None if outcome.panic else operation
    return None


def _find(session: Session, error: Operation) -> dict[int, str]:
    loss = loss_of(session, error)
    hits = loss.hits if loss is not None else ()
    if session.position == error.last or len(hits) > _MOST:
        return {hit.tgid: hit.kind for hit in hits}
    now = hits_now(session, error)
    found = {hit.tgid: _since(session.machine, hit, now) for hit in hits}
    return {tgid: kind for tgid, kind in found.items() if kind}


def _since(m: Machine, hit: Hit, now: dict[int, str]) -> str:
    """What was told of a process at the end of the error, and what has become of it."""
    process = m.processes.view.get(hit.tgid)
    if process is None or process.ended == "exit":
        return ""
    if process.ended:
        return DEAD
    if hit.kind not in _TOLD:
        # Who has read old data by now has it still.
        return hit.kind if hit.kind in (STALE, ZEROS) and hit.tgid in now else now.get(hit.tgid, "")
    waits = any(info.signal == "SIGBUS" for tid in process.threads for info in m.pending.view.get(tid, ()))
    kind = SIGNALLED if hit.kind == PENDING and not waits else hit.kind
    return signalled_and_touched(kind, now.get(hit.tgid, SAFE))


def groups_of(ends: dict[int, str]) -> list[tuple[str, list[int]]]:
    """Way -> the processes that are hit in it, the worst first."""
    found: dict[str, list[int]] = {}
    for tgid, kind in ends.items():
        found.setdefault(kind, []).append(tgid)
    return [(kind, found[kind]) for kind in MEANINGS if kind in found]
