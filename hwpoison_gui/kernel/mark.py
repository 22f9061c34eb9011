"""Marks: where an operation stands when it yields, as plain values.

Operations are generators; what changed since the last mark is one step. A mark names a site in the kernel's code, the
values that decided there, and the objects that were read or changed. It holds no sentence: view/words makes those, by
site, when a view asks.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Generator, Iterable, Iterator, Sequence
from enum import Enum
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hwpoison_gui.record import Record, from_columns

from .block_list import BlockList

if TYPE_CHECKING:
    from .gate import Gate

R = TypeVar("R")


class Act(Enum):
    """Kind of a step; views choose tone and animation by it."""

    ENTER = "enter"  # a function is entered or an operation starts
    DECIDE = "decide"  # a condition was evaluated
    VISIT = "visit"  # the reverse-map walk visited a (task, VMA) pair that counts
    SKIP = "skip"  # the reverse-map walk visited a pair and skipped it
    FLAG = "flag"  # the frame's flags or counts changed
    UNMAP = "unmap"  # a PTE was cleared or replaced
    MAP = "map"  # a PTE was set
    SIGNAL = "signal"  # a signal was sent or taken
    DIE = "die"  # a process ended
    DROP = "drop"  # the page left the page cache or the swap cache
    RESULT = "result"  # the handler reported its result
    PANIC = "panic"  # the machine stopped

    __hash__ = object.__hash__  # members are singletons; hashing their names would take several times as long


class Site:
    """A place in the kernel's code at which operations yield: a constant, declared once, compared by identity.

    Attributes
    ----------
    id : str
        Unique: `function` or `function/branch`, or what tells several such sites apart.
    function : str
        The kernel function, by its name in 2.6.32 if it existed then; `Profile.called` gives that of another kernel.
        Empty for a step of an operation that is none of the kernel's.
    act : Act
        What the step does.
    branch : str
        The branch taken, as the kernel's code has it; empty when there is only one, or when a value decides.
    args : tuple of str
        Names of the values that a mark of this site carries, in their order.
    module : str
        The Python module that declares it.
    """

    __slots__ = ("act", "args", "branch", "function", "id", "module")

    def __init__(self, id_: str, function: str, act: Act, branch: str, args: tuple[str, ...], module: str) -> None:
        self.id, self.function, self.act, self.branch = id_, function, act, branch
        self.args, self.module = args, module

    def __repr__(self) -> str:
        return f"<Site {self.id}>"


SITES: Final[dict[str, Site]] = {}


def site(function: str, act: Act = Act.ENTER, branch: str = "", args: str = "", *, name: str = "") -> Site:
    """Declare a site.

    Parameters
    ----------
    function, act, branch
        See `Site`.
    args : str
        Names of the values, separated by spaces.
    name : str
        Replaces the branch in the id, where function and branch alone are not unique.

    Raises
    ------
    ValueError
        If another site has the same id.
    """
    rest = name or branch
    id_ = f"{function}/{rest}" if function and rest else function or rest
    if id_ in SITES:
        raise ValueError(f"two sites are called {id_}")
    module: str = sys._getframe(1).f_globals["__name__"]
    made = SITES[id_] = Site(id_, function, act, branch, tuple(args.split()), module)
    return made


class Mark(Record):
    """One step's label: the site, the values that decided, and the objects concerned.

    Attributes
    ----------
    site : Site
    args : tuple
        Values, one for each name in `site.args`: numbers, names and records, never sentences.
    frames : tuple of int
        Frame numbers.
    vmas : tuple of int
        VMA ids.
    ptes : tuple of (int, int)
        (mm id, virtual page number).
    tasks : tuple of int
        Thread ids.
    """

    site: Site
    args: tuple[Any, ...] = ()
    frames: tuple[int, ...] = ()
    vmas: tuple[int, ...] = ()
    ptes: tuple[tuple[int, int], ...] = ()
    tasks: tuple[int, ...] = ()

    @property
    def act(self) -> Act:
        """The kind of the step."""
        return self.site.act

    def value(self, name: str) -> Any:
        """The value of that name. Raises ValueError if the site has no such value."""
        return self.args[self.site.args.index(name)]


class Run(Record):
    """Consecutive steps of one loop, yielded together.

    `marks`: one per step. `ends`: for each, how many changes the gate had recorded by its end since the last `take`.
    """

    marks: Sequence[Mark]
    ends: Sequence[int]


Steps = Generator[Mark | Run, None, R]

LONGEST_RUN: Final = 512  # steps; some milliseconds
SHORTEST_STRETCH: Final = 16  # items; fewer are not worth a look for what they have in common


def in_runs(gate: Gate, steps: Iterable[Mark | Run]) -> Generator[Run, None, None]:
    """Yield the steps of a loop in runs: each mark closes a step with what changed before it.

    A loop over ten thousand mappers would otherwise go through all generators above it for each of its steps. The
    loop may also close many like steps at once, by a run with the ends that `Gate.put_run` returns.
    """
    marks, ends, recorded = BlockList[Mark](), array("q"), gate.recorded.items
    for made in steps:
        if isinstance(made, Run):
            marks.extend(made.marks)
            ends.extend(made.ends)
        else:
            marks.items.append(made)
            ends.append(len(recorded))
        if len(ends) >= LONGEST_RUN:
            yield Run(marks, ends)
            marks, ends = BlockList(), array("q")
    if ends:
        yield Run(marks, ends)


class MarksAlike(Record):
    """Marks of one site and one set of frames, as columns with one element per mark.

    `args` has a column for each name in `site.args`; of `vmas`, `ptes` and `tasks`, a mark has the one element, or none
    where the column is None.
    """

    site: Site
    args: tuple[Iterable[Any], ...]
    frames: tuple[int, ...]
    tasks: Sequence[int]
    vmas: Sequence[int] | None = None
    ptes: Sequence[tuple[int, int]] | None = None

    @property
    def size(self) -> int:
        return len(self.tasks)

    def made(self) -> Iterator[Mark]:
        """The marks one by one."""
        objects = [repeat(()) if column is None else zip(column) for column in (self.vmas, self.ptes, self.tasks)]
        return from_columns(Mark, repeat(self.site), zip(*self.args, strict=False), repeat(self.frames), *objects)


def stretches(things: Sequence[R]) -> Iterator[Sequence[R]]:
    """Parts of a loop's items, to be handled at once if all of a part are alike.

    The first and the last item stand alone: they often differ, as the one that dirties the page, or frees it.
    """
    middle = LONGEST_RUN if len(things) >= SHORTEST_STRETCH else 1
    if things:
        yield things[:1]
    for first in range(1, len(things) - 1, middle):
        yield things[first : min(first + middle, len(things) - 1)]
    if len(things) > 1:
        yield things[-1:]
