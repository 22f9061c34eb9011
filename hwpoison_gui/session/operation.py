"""Operations on the timeline: what was asked for, which steps it took, and what came of it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload
from weakref import WeakValueDictionary

from hwpoison_gui.session.outcome import Outcome
from hwpoison_gui.session.telling import UNTOLD, Telling


@dataclass(slots=True, eq=False, repr=False, weakref_slot=True)
class Operation:
    """A completed operation; its steps are `first` to `last` (exclusive).

    Operations compare by identity: one with equal values on another branch ran on a machine in another state.
    Nothing of one changes, but for `telling`, by `Session.tell`. `parts`: of one on many frames, the operation on each
    frame, in the order in which they were run; empty for any other.
    """

    name: str
    args: Mapping[str, Any]
    telling: Telling
    first: int
    last: int
    outcome: Outcome
    parts: Sequence[Operation] = ()

    def part_number(self, position: int) -> int:
        """The number of the part with the last step applied at a position."""
        if isinstance(self.parts, Parts):
            return bisect_left(self.parts.lasts, position)
        return bisect_left(self.parts, position, key=lambda part: part.last)


class Parts(Sequence[Operation]):
    """The operations on each of many frames, in columns. One is built when it is read, and is the same while it lives.

    `pfns`, `lasts`: arrays of int64, the frame of each, and the position after its last step.
    """

    def __init__(self, name: str, args: Mapping[str, Any], first: int) -> None:
        self._name, self._args, self._first = name, args, first  # `args`: without the frame
        self.pfns, self.lasts = array("q"), array("q")
        self._outcomes: list[Outcome] = []
        self._logs: list[tuple[str, ...]] = []
        self._known: dict[Outcome, Outcome] = {}
        self._built: WeakValueDictionary[int, Operation] = WeakValueDictionary()

    def add(self, pfn: int, last: int, outcome: Outcome) -> None:
        """Append the operation on frame `pfn`. Of equal outcomes one is kept, without frame and log lines."""
        plain = outcome._replace(
            pfn=None if outcome.pfn == pfn else outcome.pfn, head=None if outcome.head == pfn else outcome.head, log=()
        )
        self.pfns.append(pfn)
        self.lasts.append(last)
        self._outcomes.append(self._known.setdefault(plain, plain))
        self._logs.append(outcome.log)

    def __len__(self) -> int:
        return len(self.pfns)

    @overload
    def __getitem__(self, at: int) -> Operation: ...
    @overload
    def __getitem__(self, at: slice) -> list[Operation]: ...
    def __getitem__(self, at: int | slice) -> Operation | list[Operation]:
        if isinstance(at, slice):
            return [self._one(number) for number in range(*at.indices(len(self)))]
        return self._one(range(len(self))[at])

    def __iter__(self) -> Iterator[Operation]:
        return map(self._one, range(len(self)))

    def _one(self, number: int) -> Operation:
        found = self._built.get(number)
        if found is None:
            first = self.lasts[number - 1] if number else self._first
            args = self.args_of(self.pfns[number])
            found = Operation(self._name, args, UNTOLD, first, self.lasts[number], self.outcome(number))
            self._built[number] = found
        return found

    def args_of(self, pfn: int) -> Mapping[str, Any]:
        """The arguments of the operation on frame `pfn`."""
        return {"frame": f"pfn:{pfn:#x}", **self._args}

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """The different outcomes without frame and log lines, in the order in which they came."""
        return tuple(self._known)

    def outcome(self, number: int) -> Outcome:
        """The outcome of part `number`."""
        plain, pfn = self._outcomes[number], self.pfns[number]
        return plain._replace(
            pfn=pfn if plain.pfn is None else plain.pfn,
            head=pfn if plain.head is None else plain.head,
            log=self._logs[number],
        )
