"""Branches: operations that were replaced by a new operation in their past.

A branch holds all its operations since boot. Its steps are not kept; they are recorded again when it is reopened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Protocol

from hwpoison_gui.record import Record
from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.recall import unchanged
from hwpoison_gui.session.telling import Telling

_ARGS_OF: Final = attrgetter("args")
MOST_BRANCHES: Final = 32
MOST_OPERATIONS: Final = 10_000  # of all branches together, without those that they share with the line they left


class Inputs(Protocol):
    """Inputs of an operation. Equal inputs, after equal operations, have equal outcomes."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
    @property
    def telling(self) -> Telling: ...


class Completed(Inputs, Protocol):
    """A completed operation, as the session holds it."""

    @property
    def outcome(self) -> Outcome: ...


class Past(Record):
    """An operation of a branch: its inputs and its outcome."""

    name: str
    args: Mapping[str, Any]
    telling: Telling
    outcome: Outcome


class Branch(Record):
    """A line of operations since boot.

    `number`: permanent id. `left_at`: how many operations it shared with the new line when it was left.
    """

    number: int
    operations: tuple[Past, ...]
    left_at: int

    @property
    def own(self) -> tuple[Past, ...]:
        """The operations after the fork."""
        return self.operations[self.left_at :]


def shared(one: Sequence[Inputs], other: Sequence[Inputs], known: int = 0) -> int:
    """The number of operations that two lines have in common from the start. `known`: at least so many."""
    length = min(len(one), len(other))
    for number in range(known, length):
        a, b = one[number], other[number]
        if a.args is not b.args and (a.name != b.name or a.args != b.args):
            return number
    return length


def _shared_with(branch: Branch, line: Sequence[Inputs]) -> int:
    """As `shared`, for the operations of the session. Before they left the branch, they were its own, and have its
    arguments; each operation copies its own.
    """
    return shared(line, branch.operations, unchanged(line, branch.operations, _ARGS_OF))


def past_of(operation: Completed) -> Past:
    """The record of an operation in a branch. Of its log only the last line is kept."""
    outcome = operation.outcome
    if len(outcome.log) > 1 or outcome.handed_out:
        outcome = outcome._replace(log=outcome.log[-1:], handed_out=frozenset())
    return Past(operation.name, operation.args, operation.telling, outcome)


class Branches:
    """The branches of one session, oldest first; the oldest are dropped when there are too many."""

    def __init__(self) -> None:
        self.kept: list[Branch] = []
        self._number = 0

    def keep(self, line: Sequence[Past], left_at: int) -> None:
        """Keep a line whose operations from `left_at` on are about to be discarded."""
        if left_at >= len(line) or any(_shared_with(old, line) == len(line) for old in self.kept):
            return
        self.drop_covered(line)
        self._number += 1
        self.kept.append(Branch(self._number, tuple(line), left_at))
        self._forget()

    def drop_covered(self, line: Sequence[Inputs]) -> None:
        """Drop the branches of which all operations are in the line of the session."""
        self.kept = [old for old in self.kept if _shared_with(old, line) < len(old.operations)]

    def leading_along(self, line: Sequence[Inputs]) -> Branch | None:
        """The newest branch that begins with that line, or None."""
        fitting = (old for old in reversed(self.kept) if shared(line, old.operations) == len(line))
        return next(fitting, None)

    def leaving_at(self, line: Sequence[Inputs]) -> dict[int, list[Branch]]:
        """The branches by the number of operations that they have in common with the line of the session."""
        found: dict[int, list[Branch]] = {}
        for branch in self.kept:
            found.setdefault(_shared_with(branch, line), []).append(branch)
        return found

    def _forget(self) -> None:
        while len(self.kept) > MOST_BRANCHES or (
            len(self.kept) > 1 and sum(len(old.own) for old in self.kept) > MOST_OPERATIONS
        ):
            del self.kept[0]
