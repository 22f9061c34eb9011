"""Rows of the kernel log: the lines printed so far, and those that the last step printed."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.records import LogLine
from hwpoison_gui.session.session import Session

HANGING: Final = "    "  # stands before the rest of a line that goes on in the next one
LISTED: Final = 10_000  # at least so many lines are listed, and less than twice as many
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


def listed_lines(session: Session) -> tuple[int, list[LogLine]]:
    """The newest lines, and the number of the first; of a long log that first one says how many are left out.

    The number changes only with every LISTED lines, so that a step adds to what is listed.
    """
    log = session.machine.log.view
    first = max(0, len(log) // LISTED * LISTED - LISTED)
    lines = [log[number] for number in range(first, len(log))]
    if first:
        lines[0] = LogLine(f"({first + 1:,} earlier lines are not listed here; “Copy all of the log” takes them, too.)")
    return first, lines


def panic_line(session: Session) -> str:
    """The line of the panic, which is the last of the log; empty while the machine runs."""
    log = session.machine.log.view
    return log[len(log) - 1].text if session.machine.panicked else ""


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
