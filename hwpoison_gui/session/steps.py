"""The recorded steps of a timeline, in columns: what each step is called, and the changes it made.

A step of an operation on many frames costs little more than a reference: what many frames have in common is kept
once, and stands for the frame of each where it names it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeVar, overload

import numpy as np

from hwpoison_gui.kernel.block_list import BlockList
from hwpoison_gui.kernel.gate import Change, Column, Gate, Store
from hwpoison_gui.kernel.mark import LONGEST_RUN, Act, Mark, MarksAlike, Run, Site, Steps
from hwpoison_gui.record import Record

R = TypeVar("R")

ACTS: Final = tuple(Act)  # by their numbers in `Marks.acts`
HERE: Final = (-1,)  # in a mark that is kept once for many frames, stands for the frame at hand
_CODE: Final = {act: code for code, act in enumerate(ACTS)}
_SITE: Final = itemgetter(0)  # site of a mark
_STORE: Final = itemgetter(0)  # store of a change


class Step(Record):
    """One step: its label, the changes it made (oldest first), and the number of its operation."""

    mark: Mark
    changes: tuple[Change, ...]
    operation: int


class RunOfFrames(Record):
    """Consecutive steps of an operation on many frames; `marks`, `ends`: see Run.

    `frames`: pairs of the number of a mark and a frame, the first for mark 0: HERE in that mark and those after it.
    """

    marks: Sequence[Mark]
    ends: Sequence[int]
    frames: Sequence[tuple[int, int]]


class SharedMarks:
    """Keeps one mark for all frames that have the same: with HERE for the frame."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Mark] = {}
        self._ids: dict[tuple[int, ...], tuple[int, ...]] = {}

    def of(self, marks: Iterable[Mark], pfn: int) -> list[Mark]:
        """The marks of steps on frame `pfn`, those that name it alone as they are kept."""
        known, frame, found = self._known, (pfn,), list[Mark]()
        for mark in marks:
            site, args, frames, vmas, ptes, tasks = mark
            if frames == frame and ptes:  # the addresses belong to this frame alone
                one = self._ids.setdefault
                mark = Mark(site, args, HERE, one(vmas, vmas), ptes, one(tasks, tasks))
            elif frames == frame:
                if args == frame and type(args[0]) is int:
                    args = HERE
                # 1 is equal to True, but not the same in a sentence
                key = (site, args, vmas, tasks, *map(type, args)) if args else (site, args, vmas, tasks)
                try:
                    shared = known.get(key)
                except TypeError:  # a value that cannot be hashed
                    shared = mark
                mark = shared or known.setdefault(key, mark._replace(args=args, frames=HERE))
            found.append(mark)
        return found


def _with_frame(mark: Mark, pfn: int) -> Mark:
    """A mark that is kept for many frames, for one of them."""
    site, args, _, vmas, ptes, tasks = mark
    frame = (pfn,)
    return Mark(site, frame if args is HERE else args, frame, vmas, ptes, tasks)


class Gathering:
    """Gathers the steps of an operation on many frames to runs. `steps`: the number of them so far."""

    def __init__(self, gate: Gate) -> None:
        self._recorded, self._shared = gate.recorded.items, SharedMarks()
        self._marks, self._ends = list[Mark](), list[int]()
        self._frames = list[tuple[int, int]]()
        self._yielded = 0

    @property
    def steps(self) -> int:
        return self._yielded + len(self._marks)

    def of(self, pfn: int, steps: Steps[R], done: Mark) -> Generator[RunOfFrames, None, R]:
        """Gather the steps of one frame, which are at least one; `done` is that after the last mark."""
        marks, ends, recorded, first = self._marks, self._ends, self._recorded, self.steps
        self._frames.append((len(marks), pfn))
        while True:
            try:
                made = next(steps)
            except StopIteration as stop:
                result: R = stop.value
                break
            if isinstance(made, Mark):
                marks.append(made)
                ends.append(len(recorded))
            else:
                marks += made.marks
                ends += made.ends
            if len(marks) >= LONGEST_RUN:
                yield from self.rest()
                self._frames.append((0, pfn))
        if len(recorded) > (ends[-1] if ends else 0) or self.steps == first:
            marks.append(done)
            ends.append(len(recorded))
        return result

    def rest(self) -> Generator[RunOfFrames, None, None]:
        """Yield what was gathered since the last run."""
        ends = [first for first, _ in self._frames[1:]] + [len(self._marks)]
        parts = zip(self._frames, ends, strict=False)  # there is no part yet before the first frame
        marks = [mark for (first, pfn), end in parts for mark in self._shared.of(self._marks[first:end], pfn)]
        run = RunOfFrames(marks, self._ends[:], self._frames[:])
        self._yielded += len(self._marks)
        for gathered in (self._marks, self._ends, self._frames):
            gathered.clear()
        if run.marks:
            yield run


class Marks(Sequence[Mark]):
    """The marks of the steps. One that stands for several frames is given its frame when it is read.

    `acts`: bytearray, the number in `ACTS` of the act of each mark.
    """

    def __init__(self) -> None:
        self.acts = bytearray()
        self._marks = BlockList[Mark]()
        # From step `_firsts[n]` on, HERE is frame `_frames[n]`.
        self._firsts = array("q")
        self._frames = array("q")

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[Mark]:
        return self.each(0, len(self))

    @overload
    def __getitem__(self, at: int) -> Mark: ...
    @overload
    def __getitem__(self, at: slice) -> list[Mark]: ...
    def __getitem__(self, at: int | slice) -> Mark | list[Mark]:
        if isinstance(at, slice):
            first, last, stride = at.indices(len(self._marks))
            return list(self.each(first, last)) if stride == 1 else list(map(self._one, range(first, last, stride)))
        return self._one(range(len(self._marks))[at])

    def each(self, low: int, high: int) -> Iterator[Mark]:
        """Marks `low` to `high` (exclusive)."""
        part = bisect_right(self._firsts, low) - 1
        plain = self._firsts[0] if self._firsts else high
        yield from self._marks[low : min(plain, high)]
        low = max(low, plain)
        while low < high:
            end = self._firsts[part + 1] if part + 1 < len(self._firsts) else high
            for mark in self._marks[low : min(end, high)]:
                yield _with_frame(mark, self._frames[part]) if mark.frames is HERE else mark
            low, part = end, part + 1

    def make(self, low: int, high: int) -> Iterator[None]:
        """Make marks `low` to `high` (exclusive), of which thousands may still be columns; yields now and then."""
        for first in range(low, high, LONGEST_RUN):
            _ = self._marks[first : min(first + LONGEST_RUN, high)]
            yield

    def find(self, site: Site, low: int, high: int) -> int | None:
        """The number of the first mark of a site among `low` to `high` (exclusive), or None."""
        code = _CODE[site.act]
        number = self.acts.find(code, low, high)
        while number >= 0 and self._one(number).site is not site:
            number = self.acts.find(code, number + 1, high)
        return number if number >= 0 else None

    def of_act(self, act: Act, low: int, high: int) -> list[int]:
        """The numbers of the marks with an act, of those from `low` to `high` (exclusive), ascending."""
        acts = np.frombuffer(bytes(self.acts[low:high]), np.uint8)
        numbers: list[int] = (np.flatnonzero(acts == _CODE[act]) + low).tolist()
        return numbers

    def _one(self, number: int) -> Mark:
        mark = self._marks.items[number] or self._marks[number]
        return _with_frame(mark, self._frames[bisect_right(self._firsts, number) - 1]) if mark.frames is HERE else mark

    def add(self, made: Mark) -> None:
        self._marks.items.append(made)
        self.acts.append(_CODE[made.site.act])

    def add_run(self, run: Run | RunOfFrames) -> None:
        first = len(self._marks)
        for number, pfn in run.frames if isinstance(run, RunOfFrames) else ():
            self._firsts.append(first + number)
            self._frames.append(pfn)
        for part in run.marks.parts() if isinstance(run.marks, BlockList) else (run.marks,):
            if isinstance(part, MarksAlike):
                self.acts += bytes([_CODE[part.site.act]]) * part.size
            elif isinstance(part, Sequence):
                self.acts += bytes([_CODE[site.act] for site in map(_SITE, part)])
        self._marks.extend(run.marks)

    def cut(self, position: int) -> Marks:
        """Remove the marks from number `position` on and return them."""
        tail, part = Marks(), bisect_right(self._firsts, position - 1)
        tail._marks, tail.acts = self._marks.cut(position), self.acts[position:]
        within = max(0, part - 1)  # the frame before may have marks on both sides
        tail._firsts = array("q", [max(0, first - position) for first in self._firsts[within:]])
        tail._frames = self._frames[within:]
        del self.acts[position:], self._firsts[part:], self._frames[part:]
        return tail

    def extend(self, tail: Marks) -> None:
        """Put back what `cut` removed."""
        first = len(self._marks)
        self._firsts.extend([first + number for number in tail._firsts])
        self._frames += tail._frames
        self._marks.extend(tail._marks)
        self.acts += tail.acts


class Columns(Sequence[Change]):
    """Changes as four lists, which take a third of the memory of as many tuples."""

    def __init__(self, changes: Sequence[Change] = ()) -> None:
        self.stores: list[Store] = []
        self.keys: list[Any] = []
        self.olds: list[Any] = []
        self.news: list[Any] = []
        self._known: dict[int, int] = {}
        self.add(changes)

    def __len__(self) -> int:
        return len(self.stores)

    @overload
    def __getitem__(self, at: int) -> Change: ...
    @overload
    def __getitem__(self, at: slice) -> list[Change]: ...
    def __getitem__(self, at: int | slice) -> Change | list[Change]:
        if isinstance(at, slice):
            return list(zip(self.stores[at], self.keys[at], self.olds[at], self.news[at], strict=True))
        return self.stores[at], self.keys[at], self.olds[at], self.news[at]

    def add(self, changes: Sequence[Change]) -> None:
        """Append changes. Values of columns are few, and are kept once: a flag word takes 36 bytes."""
        if changes:
            one, (stores, keys, olds, news) = self._known.setdefault, zip(*changes, strict=True)
            self.stores += stores
            self.keys += keys
            is_column = [type(store) is Column for store in stores]
            self.olds += [one(old, old) if known else old for old, known in zip(olds, is_column, strict=True)]
            self.news += [one(new, new) if known else new for new, known in zip(news, is_column, strict=True)]

    def cut(self, at: int) -> list[Change]:
        """Remove the changes from number `at` on and return them."""
        tail = self[at:]
        del self.stores[at:], self.keys[at:], self.olds[at:], self.news[at:]
        return tail


class Changes:
    """All changes, oldest first, in pieces: those of operations on many frames as columns, others as they were made."""

    def __init__(self) -> None:
        self._firsts: list[int] = []  # number of the first change of each piece
        self._pieces: list[BlockList[Change] | Columns] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, changes: Sequence[Change], many: bool) -> None:
        """Append changes; `many`: of an operation on many frames."""
        if not self._pieces or isinstance(self._pieces[-1], Columns) is not many:
            self._firsts.append(self._length)
            self._pieces.append(Columns() if many else BlockList())
        piece = self._pieces[-1]
        self._length += len(changes)
        if isinstance(piece, Columns):
            piece.add(changes)
        else:
            piece.extend(changes)

    def between(self, low: int, high: int) -> list[Change]:
        """Changes `low` to `high` (exclusive)."""
        if low < high:
            at = bisect_right(self._firsts, low) - 1
            piece, start = self._pieces[at], self._firsts[at]
            if high - start <= len(piece):
                return piece[low - start : high - start]
        return list(chain.from_iterable(piece[first:last] for piece, first, last in self._parts(low, high)))

    def of(self, store: Store) -> Iterator[tuple[int, Change]]:
        """The changes of a store, each with its number."""
        for start, piece in zip(self._firsts, self._pieces, strict=True):
            stores = piece.stores if isinstance(piece, Columns) else map(_STORE, piece)
            for number in [number for number, one in enumerate(stores) if one is store]:
                yield start + number, piece[number]

    def cut(self, first: int) -> Changes:
        """Remove the changes from number `first` on and return them."""
        tail = Changes()
        for piece, start, _ in self._parts(first, self._length):
            tail.add(piece.cut(start), isinstance(piece, Columns))
        while self._firsts and self._firsts[-1] >= first:
            del self._firsts[-1], self._pieces[-1]
        self._length = first
        return tail

    def extend(self, tail: Changes) -> None:
        """Put back what `cut` removed."""
        for piece in tail._pieces:
            self.add(piece, isinstance(piece, Columns))

    def _parts(self, low: int, high: int) -> Iterator[tuple[BlockList[Change] | Columns, int, int]]:
        """The pieces with changes `low` to `high`, and which of each."""
        at = bisect_right(self._firsts, low) - 1
        while low < high:
            start = self._firsts[at]
            end = self._firsts[at + 1] if at + 1 < len(self._firsts) else self._length
            yield self._pieces[at], low - start, min(end, high) - start
            low, at = end, at + 1


class RecordedSteps(Sequence[Step]):
    """The recorded steps in columns; a `Step` is built when it is read.

    `marks` and `operations` have one element per step. The changes of step n are `ends[n]` to `ends[n + 1]`.
    """

    def __init__(self) -> None:
        self.marks = Marks()
        self.operations = array("i")
        self.changes = Changes()
        self.ends = array("I", [0])  # four bytes: memory has no room for more changes

    def __len__(self) -> int:
        return len(self.marks)

    @overload
    def __getitem__(self, at: int) -> Step: ...
    @overload
    def __getitem__(self, at: slice) -> list[Step]: ...
    def __getitem__(self, at: int | slice) -> Step | list[Step]:
        if isinstance(at, slice):
            return [self._made(number) for number in range(*at.indices(len(self.marks)))]
        return self._made(range(len(self.marks))[at])

    def __iter__(self) -> Iterator[Step]:
        return map(self._made, range(len(self.marks)))

    def _made(self, number: int) -> Step:
        return Step(self.marks[number], tuple(self.between(number, number + 1)), self.operations[number])

    def each(self, low: int, high: int) -> Iterator[Step]:
        """Steps `low` to `high` (exclusive), built one by one."""
        return map(self._made, range(low, high))

    def between(self, low: int, high: int) -> list[Change]:
        """The changes of steps `low` to `high` (exclusive), oldest first."""
        return self.changes.between(self.ends[low], self.ends[high])

    def position_after(self, change: int) -> int:
        """The first position at which change number `change` is applied."""
        return bisect_right(self.ends, change)

    def add(self, made: Mark | Run | RunOfFrames, changes: Sequence[Change], operation: int) -> int:
        """Append one step, or those of a run, with the changes since the last step. Returns the number of steps."""
        before = len(self.changes)
        if isinstance(made, Run | RunOfFrames):
            self.changes.add(changes, isinstance(made, RunOfFrames))
            self.marks.add_run(made)
            self.ends.frombytes((np.asarray(made.ends) + before).astype(np.uint32).tobytes())
            count = len(made.marks)
        else:
            self.changes.add(changes, many=False)
            self.marks.add(made)
            self.ends.append(before + len(changes))
            count = 1
        self.operations += array("i", [operation]) * count
        return count

    def cut(self, position: int) -> RecordedSteps:
        """Remove the steps after `position` and return them."""
        tail, first = RecordedSteps(), self.ends[position]
        tail.marks, tail.operations = self.marks.cut(position), self.operations[position:]
        tail.changes = self.changes.cut(first)
        tail.ends = array("I", [end - first for end in self.ends[position:]])
        del self.operations[position:], self.ends[position + 1 :]
        return tail

    def extend(self, tail: RecordedSteps) -> None:
        """Put back what `cut` removed."""
        first = len(self.changes)
        self.marks.extend(tail.marks)
        self.operations += tail.operations
        self.changes.extend(tail.changes)
        self.ends.extend([first + end for end in tail.ends[1:]])
