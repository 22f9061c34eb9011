"""What an operation came to, in one sentence of plain words."""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.outcome import SignalSeen
from hwpoison_gui.session.session import Operation, Session

_MOST_NAMES = 6


_newest: list[tuple[Operation, str]] = []  # of the last one asked for, which is asked for again and again


def verdict(session: Session, operation: Operation) -> str:
    """A sentence about a finished operation, empty where its last step says it all."""
    if not _newest or _newest[0][0] is not operation:
        _newest[:] = [(operation, _verdict(session, operation))]
    return _newest[0][1]


def _verdict(session: Session, operation: Operation) -> str:
    outcome = operation.outcome
    if outcome.panic:
        return "The kernel gave up on purpose. Only stepping back, or a new machine, goes on."
    parts = []
    if outcome.result is not None:
        # The old handler's word "dirty" stands before the kind, the new one's in it.
        dirty = "dirty " if outcome.dirty and "dirty" not in (outcome.kind or "") else ""
        parts.append(f"{outcome.result}: {dirty}{outcome.kind}.")
    parts += _signals(outcome.signals)
    if operation.name == "poison" and outcome.pfn is not None:
        waiting = _waiting(session, operation)
        if not outcome.signals and not waiting and outcome.result is not None:
            parts.append("Nobody is told.")
        if waiting:
            parts.append(f"When touched, it will hit {_names(waiting)}.")
    if outcome.value is not None:
        parts.append(f"It read “{outcome.value}”.")
    if outcome.errno:
        parts.append(f"Returned −{outcome.errno}.")
    return " ".join(parts)


def _signals(signals: Sequence[SignalSeen]) -> list[str]:
    said = []
    for effect, words in (
        ("killed", "Killed by {signal}: {names}."),
        ("handled", "{names} caught {signal} and {lives} on."),
        ("pending", "{signal} waits, blocked, for {names}."),
        ("ignored", "{names} ignored {signal}."),
    ):
        seen = [signal for signal in signals if signal.effect == effect]
        if seen:
            names = list(dict.fromkeys(signal.task for signal in seen))
            lives = "live" if len(names) > 1 else "lives"
            said.append(words.format(signal=seen[-1].signal, names=_names(names), lives=lives))
    return said


def _waiting(session: Session, operation: Operation) -> list[str]:
    """Living tasks whose page-table entry the operation replaced by a hwpoison entry."""
    m, found = session.machine, dict[str, None]()
    for step in session.steps[operation.first : operation.last]:
        if step.mark.act is not Act.UNMAP:
            continue
        for mm, vpn in step.mark.ptes:
            process = m.processes.view.get(mm)
            if process is not None and not process.ended and m.pte(mm, vpn) & ptes.HWPOISON:
                found[process.name] = None
    return list(found)


def _names(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return f"{', '.join(names[: _MOST_NAMES - 1])} and {len(names) - _MOST_NAMES + 1} more"
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
