"""Branches: what was done and then left behind, when something else was done in its past.

A branch is its operations, from the machine's start; its steps are not kept but made again when it is reopened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from hwpoison_gui.session.outcome import Outcome

MOST_BRANCHES: Final = 32
MOST_OPERATIONS: Final = 10_000  # of all branches together, without what they share with the line they left


class Told(Protocol):
    """What was asked for: equal names and arguments, after equal pasts, come to equal ends."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...


class Summed(Told, Protocol):
    """An operation as the session holds it."""

    @property
    def caption(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...


class Past(NamedTuple):
    """An operation of a branch: its inputs, what it came to, and how many steps it took."""

    name: str
    args: Mapping[str, Any]
    caption: str
    outcome: Outcome
    steps: int


class Branch(NamedTuple):
    """A line of operations; `number` is its name for good. `left_at`: how many it shared when it was left."""

    number: int
    operations: tuple[Past, ...]
    left_at: int

    @property
    def own(self) -> tuple[Past, ...]:
        """The operations that were left behind."""
        return self.operations[self.left_at :]


def shared(one: Sequence[Told], other: Sequence[Told]) -> int:
    """How many operations two lines have in common, from the start."""
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a.name != b.name or a.args != b.args:
            return number
    return min(len(one), len(other))


def summed(operation: Summed, steps: int) -> Past:
    """What is kept of an operation: the last line of its log stands for all."""
    outcome = operation.outcome._replace(log=operation.outcome.log[-1:], handed_out=frozenset())
    return Past(operation.name, operation.args, operation.caption, outcome, steps)


class Branches:
    """The branches of one session, oldest first; the oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self.kept: list[Branch] = []
        self._number = 0

    def keep(self, line: Sequence[Past], left_at: int) -> None:
        """Remember a line of which everything from operation `left_at` on is about to be discarded."""
        if left_at >= len(line) or any(shared(line, old.operations) == len(line) for old in self.kept):
            return
        self.kept = [old for old in self.kept if shared(line, old.operations) < len(old.operations)]
        self._number += 1
        self.kept.append(Branch(self._number, tuple(line), left_at))
        self._forget()

    def drop_covered(self, line: Sequence[Told]) -> None:
        """What the line itself goes through again needs no branch."""
        self.kept = [old for old in self.kept if shared(line, old.operations) < len(old.operations)]

    def leading_along(self, line: Sequence[Told]) -> Branch | None:
        """The newest branch that begins with that line."""
        fitting = (old for old in reversed(self.kept) if shared(line, old.operations) == len(line))
        return next(fitting, None)

    def leaving_at(self, line: Sequence[Told]) -> dict[int, list[Branch]]:
        """Branches by the number of operations they have in common with a line."""
        found: dict[int, list[Branch]] = {}
        for branch in self.kept:
            found.setdefault(shared(line, branch.operations), []).append(branch)
        return found

    def _forget(self) -> None:
        while len(self.kept) > MOST_BRANCHES or (
            len(self.kept) > 1 and sum(len(old.own) for old in self.kept) > MOST_OPERATIONS
        ):
            del self.kept[0]
