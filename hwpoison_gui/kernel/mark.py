"""A mark: where an operation stands when it yields, and why it went there.

Operations are generators; what changed since the last mark is one step. A mark names the
function and the objects it looked at or changed, so that every view can point at them.
"""

from __future__ import annotations

from collections.abc import Generator, Sized
from enum import Enum
from typing import NamedTuple, TypeVar

R = TypeVar("R")


class Act(Enum):
    """What a step does, for the eye: how a view animates it."""

    ENTER = "enter"  # a function is entered or an operation starts
    DECIDE = "decide"  # a condition was looked at
    VISIT = "visit"  # the reverse-map walk looked at a pair and it counts
    SKIP = "skip"  # the walk looked at a pair and passed it by; `why` says why
    FLAG = "flag"  # the frame's flags or counts changed
    UNMAP = "unmap"  # a PTE was cut
    MAP = "map"  # a PTE was made
    SIGNAL = "signal"  # a signal was sent
    DIE = "die"  # a task ended
    DROP = "drop"  # the page left the page cache or the swap cache
    RESULT = "result"  # the handler reported its result
    PANIC = "panic"  # the machine stopped

    __hash__ = object.__hash__  # there is one of each; by its name it would take several times as long


class Mark(NamedTuple):
    """One step's label.

    `function`: the kernel function. `text`: plain words, with the values that decided.
    `branch`: the branch taken, empty when there was none; `why`: the reason for it.
    `frames`: pfns; `vmas`: VMA ids; `ptes`: (mm id, virtual page number); `tasks`: tids.
    """

    function: str
    text: str
    act: Act = Act.ENTER
    branch: str = ""
    why: str = ""
    frames: tuple[int, ...] = ()
    vmas: tuple[int, ...] = ()
    ptes: tuple[tuple[int, int], ...] = ()
    tasks: tuple[int, ...] = ()


def counted(number: int, one: str, many: str = "") -> str:
    """`1 PTE`, `3 PTEs`; `many` where an s does not make it: `1 entry`, `3 entries`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


class Run:
    """Many steps of one loop, closed without a round trip through the generators that yield them.

    A loop over the mappers of a frame calls `close` where it would yield a mark, and yields the run now and then.
    `marks`: one a step; `ends`: for each, how many changes the gate had recorded by then, since its last `take`.
    """

    __slots__ = ("_recorded", "ends", "marks")

    def __init__(self, recorded: Sized) -> None:
        self.marks: list[Mark] = []
        self.ends: list[int] = []
        self._recorded = recorded

    def close(self, mark: Mark) -> None:
        """What has changed since the last call is one step."""
        self.marks.append(mark)
        self.ends.append(len(self._recorded))


Steps = Generator[Mark | Run, None, R]
