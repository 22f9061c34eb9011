"""What the walk over tasks and VMAs cost: pairs looked at against mappers found. It is not linear."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session

_COST: Final = Question[tuple[int, str]]("cost of the walk")  # the step that sums up, and what it says


def walk_cost(session: Session, operation: Operation) -> str:
    """What the search for processes came to (mm/memory-failure.c, collect_procs()); empty before it has ended."""
    position, words = session.recall.answer(_COST, lambda: _find(session, operation), operation)
    return words if session.position >= position else ""


def _find(session: Session, operation: Operation) -> tuple[int, str]:
    for number in range(operation.first, operation.last):
        mark = session.steps.marks[number]
        if mark.function.startswith("collect_procs") and mark.branch.endswith("to kill"):
            if mark.text.startswith("0 tasks"):
                return number + 1, "nobody is to be told at once"
            words = mark.text.partition(" (")[0].rstrip(".")
            return number + 1, words.replace(" = ", ": ").replace(" looked at", "").replace(" x ", " × ")
    return operation.last, ""
