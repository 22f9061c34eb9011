"""Current impact of a handled error on each process, including what has happened since."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import (
    CAUGHT,
    DEAD,
    ENDS,
    IGNORED,
    IMPACTS,
    LATER,
    PANICS,
    PENDING,
    SAFE,
    SIGNALLED,
    STALE,
    ZEROS,
    Hit,
    signalled_and_touched,
)
from hwpoison_gui.view.outcome.loss import NOT_DONE, hits_now, loss_of
from hwpoison_gui.view.outcome.old_data import readers_of_old_data

_BY_SIGNAL: Final = frozenset({SIGNALLED, PENDING, IGNORED})  # impacts of signals, which no later touch undoes
_BY_ENTRY: Final = frozenset({PANICS, ENDS, LATER, CAUGHT})  # of a hwpoison entry whose page is not poisoned
_MOST: Final = 2000  # processes; the impact on more of them is that at the end of the error

# About the error, and the operation that is complete by then. Several views ask at one position, each about its frame.
_KEPT: Final = 8
_NOW: Final = Question[dict[int, str]]("impact on each process by now", _KEPT)


def impact_now(session: Session, pfn: int) -> dict[int, str]:
    """tgid -> impact of the frame's error (impacts.IMPACTS); empty in the middle of an operation.

    After unpoison, of the hwpoison entries that are left: unpoison_memory() does not restore the PTEs.
    """
    found = _newest_error(session, pfn)
    if found is None or found[0].outcome.panic:
        return {}
    error, withdrawn = found
    find = _left_behind if withdrawn else _find
    return session.recall.answer(_NOW, lambda: find(session, error), error, session.part_at(session.position))


def error_of(session: Session, pfn: int) -> Operation | None:
    """The operation whose error took the frame; None in the middle of an operation, or if the frame was unpoisoned."""
    found = _newest_error(session, pfn)
    return None if found is None or found[1] else found[0]


def _newest_error(session: Session, pfn: int) -> tuple[Operation, bool] | None:
    """The last error in a frame, and whether it was unpoisoned since; None in the middle of an operation."""
    present, unpoisoned = session.part_at(session.position), False
    if present is None or session.position != present.last:
        return None
    for operation in session.parts(session.position, pfn):
        outcome = operation.outcome
        unpoisoned = unpoisoned or (operation.name == "unpoison" and not outcome.errno)
        again = outcome.errno in NOT_DONE or outcome.already_poisoned or outcome.filtered
        if operation.name == "poison" and not again:
            return operation, unpoisoned
    return None


def _left_behind(session: Session, error: Operation) -> dict[int, str]:
    """Return the processes that still have a hwpoison entry of a withdrawn error, whose touch signals them."""
    return {tgid: kind for tgid, kind in hits_now(session, error).items() if kind in _BY_ENTRY}


def _find(session: Session, error: Operation) -> dict[int, str]:
    loss = loss_of(session, error)
    hits = loss.hits if loss is not None else ()
    if session.position == error.last or len(hits) > _MOST:
        return {hit.tgid: hit.kind for hit in hits}
    now = hits_now(session, error)
    found = {hit.tgid: _since(session.machine, hit, now) for hit in hits}
    # Who has read old data keeps it: only what the next touch would read is safe by now.
    old = {hit.tgid: hit.kind for hit in hits if hit.kind in (STALE, ZEROS) and found[hit.tgid] == SAFE}
    if old:
        found.update((tgid, old[tgid]) for tgid in readers_of_old_data(session, error, old.keys()))
    found.update((tgid, kind) for tgid, kind in now.items() if tgid not in found and IMPACTS[kind].on_touch)
    return {tgid: kind for tgid, kind in found.items() if kind}


def _since(m: Machine, hit: Hit, now: dict[int, str]) -> str:
    """Impact on a process by now, from its impact at the end of the error; empty if it is not hit any more."""
    process = m.processes.view.get(hit.tgid)
    if process is None or process.ended == "exit":
        return ""
    if process.ended:
        return DEAD
    if hit.kind not in _BY_SIGNAL:
        return now.get(hit.tgid, "")
    waits = any(info.signal == "SIGBUS" for tid in process.threads for info in m.pending.view.get(tid, ()))
    kind = SIGNALLED if hit.kind == PENDING and not waits else hit.kind
    return signalled_and_touched(kind, now.get(hit.tgid, SAFE))


def by_impact(impacts: dict[int, str]) -> list[tuple[str, list[int]]]:
    """(impact, tgids of the processes with it), the worst first."""
    found: dict[str, list[int]] = {}
    for tgid, kind in impacts.items():
        found.setdefault(kind, []).append(tgid)
    return [(kind, found[kind]) for kind in IMPACTS if kind in found]
