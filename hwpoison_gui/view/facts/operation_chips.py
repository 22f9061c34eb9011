"""Operations at a glance: what each was, and what came of it in a word; and the branches that leave after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from hwpoison_gui.kernel import actions, actions_6_1
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import ABSENT, Change
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.rmap import UNMAPPED
from hwpoison_gui.session.branches import Branch, Told
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.moment import title

RESULT_TONES: Final = {"Recovered": "good", "Delayed": "warn", "Ignored": "warn", "Failed": "kill"}
_SIGNS: Final = {"good": "tick", "warn": "dot", "kill": "cross", "plain": ""}


class _Done(Told, Protocol):
    @property
    def outcome(self) -> Outcome: ...


class Chip(NamedTuple):
    """One operation. `sign` says without colour what `tone` says with it: tick, dot, cross or nothing."""

    number: int
    title: str
    result: str
    tone: str
    sign: str
    first: int
    last: int

    def told(self, position: int) -> Chip:
        """As it is shown when `position` steps are applied: what came of it is told at its end, not before."""
        return self if position >= self.last or not self.result else self._replace(result="…", tone="plain", sign="")

    @property
    def text(self) -> str:
        return f"{self.number + 1}  {self.title}"


def result_of(outcome: Outcome) -> tuple[str, str]:
    """What came of an operation in a word or two, and its tone."""
    killed = {signal.task for signal in outcome.signals if signal.effect == "killed"}
    told = {signal.task for signal in outcome.signals} - killed
    if outcome.panic:
        return "panic", "kill"
    words = [outcome.result] if outcome.result else []
    words += [f"{len(killed)} killed"] if killed else []
    if outcome.op == "soft_offline" and not outcome.errno:
        return "set aside", "good"
    if not words and outcome.signals:
        words = [outcome.signals[-1].signal]
    elif told:
        words.append(f"{len(told)} signalled")
    if not words and outcome.errno:
        words = [f"−{outcome.errno}"]
    tone = "kill" if killed else RESULT_TONES.get(outcome.result or "", "warn" if words else "plain")
    return ", ".join(words), "warn" if told and tone == "good" else tone


def result_in(session: Session, operation: Operation) -> tuple[str, str]:
    """As `result_of`; what the kernel calls recovered, but not without loss, says so and is no good news."""
    words, tone = result_of(operation.outcome)
    cost = _cost(session, operation) if operation.outcome.result else []
    return ", ".join((words, *cost)), "warn" if cost and tone == "good" else tone


_COST: Final = Question[list[str]]("what an error leaves behind")


def _cost(session: Session, operation: Operation) -> list[str]:
    return session.recall.answer(_COST, lambda: _find_cost(session, operation), operation)


def _find_cost(session: Session, operation: Operation) -> list[str]:
    """What an error leaves behind, by the steps: tasks with hwpoison entries that know nothing, a file's lost data."""
    m, lost, waiting, swapped = session.machine, False, set[int](), set[int]()
    steps = session.steps
    for number, mark in enumerate(steps.marks[operation.first : operation.last], start=operation.first):
        if mark.act is Act.UNMAP:
            poisons = _left_poison(steps.between(number, number + 1), m.ptes.name)
            into = waiting if poisons else swapped if mark.site is UNMAPPED["swap"] else set()
            into.update(mm for mm, _ in mark.ptes)
        if mark.site is actions.SWAPCACHE_DIRTY:  # their swap entries lead to the broken page
            waiting |= swapped
        lost |= mark.site in (actions.DIRTY_FILE, actions_6_1.DIRTY_FILE)
    told = {signal.task for signal in operation.outcome.signals}
    hit = sum(process.name not in told for process in map(m.processes.view.get, waiting) if process is not None)
    return ([f"{hit:,} to be hit"] if hit else []) + ["data lost"] * lost


def _left_poison(changes: Sequence[Change], tables: str) -> bool:
    """Whether a hwpoison entry took the place of one that was cut."""
    entries = [change.new for change in changes if change.store.name == tables and change.new is not ABSENT]
    return any(entry & ptes.HWPOISON for entry in entries)


def chips_of(session: Session, known: Sequence[tuple[Operation, Chip]] = ()) -> list[tuple[Operation, Chip]]:
    """All operations of the present line. `known`: those of before, which are taken as far as they are the same."""
    made = []
    for number, operation in enumerate(session.operations):
        if number < len(known) and known[number][0] is operation:
            made.append(known[number])
            continue
        result, tone = result_in(session, operation)
        name = title(operation.name, operation.args)
        made.append((operation, Chip(number, name, result, tone, _SIGNS[tone], operation.first, operation.last)))
    return made


def line_words(operations: Sequence[_Done]) -> str:
    """A few operations in a line: the first and the last one, and what came of that."""
    if not operations:
        return ""
    first, last = operations[0], operations[-1]
    result, _ = result_of(last.outcome)
    words = title(first.name, first.args)
    if len(operations) > 2:
        words += f", {len(operations) - 2} more"
    if len(operations) > 1:
        words += f", {title(last.name, last.args)}"
    return f"{words}: {result}" if result else words


def branch_words(branch: Branch, common: int) -> str:
    """What a branch does that the present line does not; it has `common` operations in common with that."""
    after = f"after {common}" if common else "from the start"
    return f"{after}: {line_words(branch.operations[common:])}"
