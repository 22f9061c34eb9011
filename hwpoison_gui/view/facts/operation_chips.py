"""Operations and branches in a few words, each with its result and tone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import ABSENT, Change
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.rmap import UNMAPPED
from hwpoison_gui.session.branches import Branch, Inputs
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.moment import title
from hwpoison_gui.view.outcome.matched_row import effect_of, matched_by, step_of_table

RESULT_TONES: Final = {"Recovered": "good", "Delayed": "warn", "Ignored": "warn", "Failed": "kill"}
_SIGNS: Final = {"good": "tick", "warn": "dot", "kill": "cross", "plain": ""}


class _Done(Inputs, Protocol):
    @property
    def outcome(self) -> Outcome: ...


class Chip(NamedTuple):
    """One operation. `sign` is the shape for `tone`, for those who do not see colours: tick, dot, cross or none."""

    number: int
    title: str
    result: str
    tone: str
    sign: str
    first: int
    last: int

    def shown_at(self, position: int) -> Chip:
        """The chip at timeline position `position`: the result is shown only from the end of the operation on."""
        return self if position >= self.last or not self.result else self._replace(result="…", tone="plain", sign="")

    @property
    def text(self) -> str:
        return f"{self.number + 1}  {self.title}"


def result_of(outcome: Outcome) -> tuple[str, str]:
    """The result of an operation in a few words, and its tone."""
    if outcome.panic:
        return "panic", "kill"
    if outcome.op == "soft_offline" and not outcome.errno:
        return "set aside", "good"
    killed = {signal.task for signal in outcome.signals if signal.effect == "killed"}
    survived = {signal.task for signal in outcome.signals} - killed
    words = _words(outcome, len(killed), len(survived))
    return words, _tone(outcome, len(killed), len(survived), words)


def _words(outcome: Outcome, killed: int, survived: int) -> str:
    if not outcome.result and not killed:  # an access: its signal, or the errno it returned
        errno = f"−{outcome.errno}" if outcome.errno else ""
        return outcome.signals[-1].signal if outcome.signals else errno
    counts = ((killed, "killed"), (survived, "signalled"))
    return ", ".join([*filter(None, (outcome.result,)), *(f"{count} {word}" for count, word in counts if count)])


def _tone(outcome: Outcome, killed: int, survived: int, words: str) -> str:
    tone = RESULT_TONES.get(outcome.result or "", "warn" if words else "plain")
    return "kill" if killed else "warn" if survived and tone == "good" else tone


def result_in(session: Session, operation: Operation) -> tuple[str, str]:
    """`result_of`, with what the error leaves behind; a recovery that left something has the tone `warn`."""
    words, tone = result_of(operation.outcome)
    cost = _cost(session, operation) if operation.outcome.result else []
    return ", ".join((words, *cost)), "warn" if cost and tone == "good" else tone


_COST: Final = Question[list[str]]("what an error leaves behind")


def _cost(session: Session, operation: Operation) -> list[str]:
    return session.recall.answer(_COST, lambda: _find_cost(session, operation), operation)


def _find_cost(session: Session, operation: Operation) -> list[str]:
    """Consequences of an error, from its steps: unsignalled tasks with hwpoison entries, and lost data of a file."""
    m, waiting, swapped = session.machine, set[int](), set[int]()
    steps = session.steps
    for number, mark in enumerate(steps.marks[operation.first : operation.last], start=operation.first):
        if mark.act is Act.UNMAP:
            poisons = _left_poison(steps.between(number, number + 1), m.ptes.name)
            into = waiting if poisons else swapped if mark.site is UNMAPPED["swap"] else set()
            into.update(mm for mm, _ in mark.ptes)
    found = step_of_table(session, operation)
    matched = matched_by(steps.marks[found], -1) if found is not None else None
    effect = effect_of(m.profile, matched.row) if matched is not None else None
    if effect is Effect.KEEPS_IN_SWAP_CACHE:  # swap entries lead to the broken page
        waiting |= swapped
    lost = matched is not None and effect is Effect.DROPS_DIRTY and not matched.own & pf.ANON
    signalled = {signal.task for signal in operation.outcome.signals}
    hit = sum(process.name not in signalled for process in map(m.processes.view.get, waiting) if process is not None)
    return ([f"{hit:,} to be hit"] if hit else []) + ["data lost"] * lost


def _left_poison(changes: Sequence[Change], tables: str) -> bool:
    """True if an unmapped PTE was replaced by a hwpoison entry."""
    entries = [change.new for change in changes if change.store.name == tables and change.new is not ABSENT]
    return any(entry & ptes.HWPOISON for entry in entries)


def chips_of(session: Session, known: Sequence[tuple[Operation, Chip]] = ()) -> list[tuple[Operation, Chip]]:
    """The chips of all operations. `known`: earlier chips, reused for operations that are still the same."""
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
    """Operations in one line: the first and last one, and the result of the last."""
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
    """The operations of a branch after the `common` ones that it shares with the current timeline."""
    after = f"after {common}" if common else "from the start"
    return f"{after}: {line_words(branch.operations[common:])}"
