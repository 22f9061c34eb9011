"""Operations on the timeline: what was asked for, which steps it took, and what came of it."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, overload
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.recall import unchanged
from hwpoison_gui.session.telling import UNTOLD, Telling


class Asked(Record):
    """The inputs of an operation."""

    name: str
    args: Mapping[str, Any]
    telling: Telling = UNTOLD


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

    def each(self, upto: int | None = None) -> Iterator[Operation]:
        """The parts, the last first, or the operation itself. `upto`: parts that are complete at that position."""
        if isinstance(self.parts, Parts):
            done = len(self.parts) if upto is None else bisect_right(self.parts.lasts, upto)
            return map(self.parts.__getitem__, reversed(range(done)))
        return iter((self,))

    def on(self, pfn: int) -> tuple[Operation, ...]:
        """The part on a frame, or the operation itself if it is on that frame; at most one."""
        if isinstance(self.parts, Parts):
            number = self.parts.number_of(pfn)
            return () if number is None else (self.parts[number],)
        return (self,) if self.outcome.pfn == pfn else ()


class Sifted:
    """The operations of a list that are of a kind; after a change of the list, only new ones are looked at."""

    def __init__(self, is_one: Callable[[Operation], bool]) -> None:
        self._is_one = is_one
        self._looked_at: list[Operation] = []
        self._found: list[Operation] = []

    def of(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        """Those of the present list, in its order."""
        first = unchanged(self._looked_at, operations)
        if first < max(len(self._looked_at), len(operations)):
            gone = self._looked_at[first].first if first < len(self._looked_at) else math.inf
            new = operations[first:]
            self._found = [one for one in self._found if one.first < gone] + list(filter(self._is_one, new))
            self._looked_at[first:] = new
        return self._found


class Parts(Sequence[Operation]):
    """The operations on each of many frames, in columns. One is built when it is read, and is the same while it lives.

    `pfns`, `lasts`: arrays of int64, the frame of each, and the position after its last step.
    """

    def __init__(self, name: str, args: Mapping[str, Any], first: int) -> None:
        self._name, self._args, self._first = name, args, first  # `args`: without the frame
        self.pfns, self.lasts = array("q"), array("q")
        self._outcomes: list[Outcome] = []
        self._logs: list[Sequence[str]] = []
        self._known: dict[Outcome, Outcome] = {}
        self._order: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None  # the frames ascending
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
            args = self.args_of(self.pfns[number])
            found = Operation(self._name, args, UNTOLD, self.first(number), self.lasts[number], self.outcome(number))
            self._built[number] = found
        return found

    def args_of(self, pfn: int) -> Mapping[str, Any]:
        """The arguments of the operation on frame `pfn`."""
        return {"frame": f"pfn:{pfn:#x}", **self._args}

    @property
    def log(self) -> tuple[str, ...]:
        """The log lines of all parts."""
        return tuple(chain.from_iterable(self._logs))

    @property
    def signals(self) -> tuple[SignalSeen, ...]:
        """The signals of all parts."""
        hurt = self.having(lambda outcome: bool(outcome.signals))
        return tuple(chain.from_iterable(self._outcomes[number].signals for number in hurt))

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """The distinct outcomes, ignoring frames and log lines, in order of their first occurrence."""
        return tuple(self._known)

    def number_of(self, pfn: int) -> int | None:
        """The number of the part on a frame, of a complete operation; None if it is on other frames only."""
        if self._order is None:
            pfns = np.array(self.pfns, np.int64)
            order = np.argsort(pfns, kind="stable")
            self._order = pfns[order], order
        pfns, order = self._order
        at = int(np.searchsorted(pfns, pfn))
        return int(order[at]) if at < len(pfns) and pfns[at] == pfn else None

    def having(self, is_so: Callable[[Outcome], bool]) -> list[int]:
        """The numbers of the parts with such an outcome, without frame and log lines."""
        wanted = {id(outcome) for outcome in self._known if is_so(outcome)}
        return [number for number, outcome in enumerate(self._outcomes) if id(outcome) in wanted] if wanted else []

    def counted(self) -> dict[Outcome, int]:
        """Return the number of parts that have each of the different outcomes."""
        counts = Counter(map(id, self._outcomes))
        return {outcome: counts[id(outcome)] for outcome in self._known}

    def first(self, number: int) -> int:
        """The position before part `number`."""
        return self.lasts[number - 1] if number else self._first

    def plain(self, number: int) -> Outcome:
        """The outcome of part `number` without frame and log lines."""
        return self._outcomes[number]

    def outcome(self, number: int) -> Outcome:
        """The outcome of part `number`."""
        plain, pfn = self._outcomes[number], self.pfns[number]
        return plain._replace(
            pfn=pfn if plain.pfn is None else plain.pfn,
            head=pfn if plain.head is None else plain.head,
            log=self._logs[number],
        )
