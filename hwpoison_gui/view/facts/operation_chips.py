"""Operations and branches in a few words, each with its result and tone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, Protocol

from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import Branch, Inputs
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import Question, unchanged
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import DEAD, ENDS, IMPACTS, PANICS, SAFE, counted_hits
from hwpoison_gui.view.base.moment import title, title_in

RESULT_TONES: Final = {RECOVERED: "good", DELAYED: "warn", IGNORED: "warn", FAILED: "kill"}
_RESULT: Final = Question[tuple[str, str]]("result of an operation", 3)
_SIGNS: Final = {"good": "tick", "warn": "dot", "kill": "cross", "plain": ""}


class _Done(Inputs, Protocol):
    @property
    def outcome(self) -> Outcome: ...


class Chip(Record):
    """One operation. `sign` is the shape for `tone`, for those who do not see colours: tick, dot, cross or none.

    `final`: whether the result sums up the finished operation; it is not shown before its end.
    """

    number: int
    title: str
    result: str
    tone: str
    sign: str
    first: int
    last: int
    final: bool = True
    joined: bool = False  # it is shown with the chip before it

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
    if outcome.filtered:
        return "filtered", "plain"
    if outcome.op == "soft_offline" and not outcome.errno:
        return ("already poisoned", "plain") if outcome.already_poisoned else ("offlined", "good")
    killed = {signal.task for signal in outcome.signals if signal.effect == "killed"}
    survived = {signal.task for signal in outcome.signals} - killed
    words = _words(outcome, len(killed), len(survived))
    return words, _tone(outcome, len(killed), len(survived), words)


def _words(outcome: Outcome, killed: int, survived: int) -> str:
    if not outcome.result and not killed:  # an access: its signal, or the errno it returned
        errno = f"−{outcome.errno}" if outcome.errno else ""
        return outcome.signals[-1].signal if outcome.signals else errno
    counts = ((killed, "killed"), (survived, "signalled"))
    return ", ".join([*filter(None, (outcome.result,)), *(f"{count:,} {word}" for count, word in counts if count)])


def _tone(outcome: Outcome, killed: int, survived: int, words: str) -> str:
    tone = RESULT_TONES.get(outcome.result or "", "warn" if words else "plain")
    return "kill" if killed else "warn" if survived and tone == "good" else tone


def result_in(session: Session, operation: Operation) -> tuple[str, str]:
    """The result of an operation that is complete at the session's position, and its tone.

    An error's impact is counted from its loss, as the sentence does. A recovery with a cost has the tone `warn`.
    """
    return session.recall.answer(_RESULT, lambda: _result_in(session, operation), operation)


def _result_in(session: Session, operation: Operation) -> tuple[str, str]:
    if operation.parts and not operation.outcome.panic:
        return _result_of_many(session, operation)
    from hwpoison_gui.view.outcome.loss import loss_of  # imported here to keep start-up fast

    words, tone = result_of(operation.outcome)
    loss = loss_of(session, operation) if operation.outcome.result and not operation.outcome.panic else None
    if loss is None:
        return words, tone
    # A touch that an earlier error made deadly is told by the chip of that one.
    own = (hit.kind for hit in loss.hits if hit.kind != SAFE and not (loss.again and IMPACTS[hit.kind].on_touch))
    cost = counted_hits(own)
    cost += ["data lost"] * loss.gone
    return ", ".join((operation.outcome.result or "", *cost)), "warn" if cost and tone == "good" else tone


def _result_of_many(session: Session, operation: Operation) -> tuple[str, str]:
    from hwpoison_gui.view.outcome.many import brief  # imported here to keep start-up fast
    from hwpoison_gui.view.outcome.summing import summary_of

    summary = summary_of(session, operation)
    fatal = any(summary.processes(kind) for kind in (PANICS, DEAD, ENDS))
    cost = brief(summary)
    return ", ".join(cost) or "nothing is lost", "kill" if fatal else "warn" if cost else "good"


class Chips:
    """The chips of a session's operations. Only those that change are made again: there may be ten thousand.

    `each`: one of each operation. `shown`: the same, where the first of operations that were done together stands for
    all of them.
    """

    def __init__(self) -> None:
        self.each: list[Chip] = []
        self.shown: list[Chip] = []
        self._operations: list[Operation] = []
        self._open: list[int] = []  # numbers of the chips that are not final

    def read(self, session: Session) -> bool:
        """Bring the chips up to date; return whether any has changed.

        The sum of an operation is computed once the session's position has passed its end.
        """
        before, now = len(self.each), session.operations
        first = min((self._replace(session), *self._sum_up(session)))
        if first == before == len(now):
            return False
        head = max(0, first - 1)
        while head and now[head].telling.joined:
            head -= 1
        self.shown = [*self.shown[:head], *_grouped(self.each[head:], now[head:])]  # views keep the list
        return True

    def _replace(self, session: Session) -> int:
        """Make the chips of new operations; return the number of the first one."""
        now = session.operations
        first = unchanged(self._operations, now)
        self._operations[first:] = now[first:]
        self.each[first:] = [
            _chip(session, number, operation, result_of(operation.outcome))
            for number, operation in enumerate(now[first:], start=first)
        ]
        self._open = [number for number in self._open if number < first]
        self._open += [chip.number for chip in self.each[first:] if not chip.final]
        return first

    def _sum_up(self, session: Session) -> list[int]:
        """Make final chips of operations whose result is known by now; return their numbers."""
        done = []
        with ExitStack() as stack:
            for number in reversed(self._open):
                operation = self._operations[number]
                if operation.last <= session.position and _is_known(session, operation):
                    if operation.last != session.position:  # nested: the machine walks back once for all of them
                        stack.enter_context(session.timeline.as_of(operation.last))
                    result = result_in(session, operation)
                    self.each[number] = _chip(session, number, operation, result, final=True)
                    done.append(number)
        self._open = [number for number in self._open if number not in done]
        return done


def _is_known(session: Session, operation: Operation) -> bool:
    """Return whether it is known what came of an operation, or can be found at once."""
    if not operation.parts or operation.outcome.panic:
        return True
    from hwpoison_gui.view.outcome.summing import summary_at_hand

    return summary_at_hand(session, operation) is not None


def _grouped(chips: Sequence[Chip], operations: Sequence[Operation]) -> list[Chip]:
    """The chips, where the first of operations that were done together stands for all of them."""
    found = list(chips)
    head = 0
    for number, operation in enumerate(operations):
        if not operation.telling.joined or not number:
            head = number
            continue
        found[number] = chips[number]._replace(joined=True)
        words = f"{chips[head].title}, and {number - head} more"
        found[head] = found[head]._replace(title=words, last=chips[number].last)
    return found


def _chip(session: Session, number: int, operation: Operation, result: tuple[str, str], final: bool = False) -> Chip:
    words, tone = result
    name = title_in(session, operation)
    final = final or not (operation.outcome.result or operation.parts)
    return Chip(number, name, words, tone, _SIGNS[tone], operation.first, operation.last, final)


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
