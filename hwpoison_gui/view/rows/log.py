"""Rows of the kernel log: the lines printed so far, and those that the last step printed."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.session.session import Session

HANGING: Final = "    "  # before what of a line goes on in the next one
_LEAST: Final = 20


def wrapped(line: str, columns: int) -> list[str]:
    """Wrap a line at spaces to pieces of at most `columns` characters; all but the first are indented."""
    columns = max(columns, _LEAST)
    pieces, rest = list[str](), line
    while len(rest) > columns:
        lead = len(HANGING) if pieces else 0
        at = rest.rfind(" ", lead + 1, columns + 1)
        at = at if at > 0 else columns
        pieces.append(rest[:at])
        rest = HANGING + rest[at:].lstrip(" ")
    return [*pieces, rest]


def log_lines(session: Session) -> list[LogLine]:
    """All lines, oldest first."""
    return list(session.machine.log.view.values())


def panic_line(session: Session) -> str:
    """The line of the panic, which is the last of the log; empty while the machine runs."""
    return log_lines(session)[-1].text if session.machine.panicked else ""


def newest_lines(session: Session) -> frozenset[int]:
    """Numbers of the lines that the last applied step printed."""
    if not session.position:
        return frozenset()
    log = session.machine.log
    return frozenset(key for store, key, _, _ in session.steps[session.position - 1].changes if store is log)


def step_of_line(session: Session, line: int) -> int | None:
    """The position at which the line was printed, or None for one that was there at boot."""
    log = session.machine.log
    numbers = (number for number, (_, key, _, _) in session.steps.changes.of(log) if key == line)
    number = next(numbers, None)
    return None if number is None else session.steps.position_after(number)
