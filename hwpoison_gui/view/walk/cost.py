"""Cost of the walk over tasks and VMAs: pairs visited against tasks found. It is not linear."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect_ksm
from hwpoison_gui.kernel.collect import SUM_ANON, SUM_FILE
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.words import counted

_COST: Final = Question[tuple[int, str]]("cost of the walk")  # the step that sums up, and what it says


def walk_cost(session: Session, operation: Operation) -> str:
    """Return how many pairs of a task and a VMA collect_procs() visited, and how many tasks it found, in this order.

    Empty before that function (mm/memory-failure.c) has returned.
    """
    position, words = session.recall.answer(_COST, lambda: _find(session, operation), operation)
    return words if session.position >= position else ""


def _find(session: Session, operation: Operation) -> tuple[int, str]:
    marks = session.steps.marks
    sums = (marks.find(site, operation.first, operation.last) for site in (SUM_ANON, SUM_FILE, collect_ksm.SUM))
    number = next((number for number in sums if number is not None), None)
    if number is None:
        return operation.last, ""
    early, vmas, found = map(marks[number].value, ("early", "vmas_found", "found"))
    if not early:
        return number + 1, "no task is signalled now"
    pairs = f"{counted(early * vmas, 'pair')}: {counted(early, 'task')} × {counted(vmas, 'VMA')}"
    return number + 1, f"{pairs}; {f'{found:,}' if found else 'none'} on to_kill"
