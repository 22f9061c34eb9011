"""Recordings of the function_graph tracer, and whether steps follow the path that the kernel took.

A recording is the tree of the functions that were entered. Steps follow it if each names a function that is entered
next, or one that is still running: then its callees have returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hwpoison_gui.record import Record

# `CPU) TASK-PID | DURATION | INDENT NAME() {`, or `;` for one that calls no traced function. A function of a
# module has its name behind it, in brackets.
_CALL: Final = re.compile(r"^ *\d+\)[^|]*\|[^|]*\|( *)([A-Za-z_][\w.]*)(?: \[\w+\])?\(\)[ ;]")
_INDENT: Final = 2

# The compiler's copies of a function (parts of it, or for constant arguments) are the function.
_COPY: Final = re.compile(r"\.(part|constprop|isra|cold|llvm)(\.\d+)?")

# Functions with several steps, also for what the compiler inlined into them. A step of any other function is a call.
IN_SEVERAL_STEPS: Final = frozenset(
    {
        "memory_failure",
        "get_hwpoison_page",
        "hwpoison_user_mappings",
        "collect_procs",
        "soft_offline_page",
        "split_huge_page_to_list",
        "split_huge_page_to_list_to_order",
        "__folio_split",
        "migrate_pages",
    }
)


# Walks, and what they call for each entry: a recording of limited depth may end at the walk.
_WALKS: Final = ("rmap_walk", "rmap_walk_anon", "rmap_walk_file", "__rmap_walk_file", "rmap_walk_locked")
_OF_EACH_ENTRY: Final = ("try_to_unmap_one", "try_to_migrate_one", "remove_migration_pte")


class Call(Record):
    """A function that was entered; `last` is the position of the last call within it, or its own."""

    function: str
    depth: int
    last: int


def parse(text: str) -> list[Call]:
    """The calls of a recording in the order in which they were entered."""
    entered = [
        (_COPY.sub("", found[2]), len(found[1]) // _INDENT) for found in map(_CALL.match, text.split("\n")) if found
    ]
    calls: list[Call] = []
    for at, (function, depth) in enumerate(entered):
        last = at
        while last + 1 < len(entered) and entered[last + 1][1] > depth:
            last += 1
        calls.append(Call(function, depth, last))
    return calls


def root_of(calls: Sequence[Call]) -> Call:
    """The outermost call; what comes before it is the end of an interrupt."""
    return min(calls, key=lambda call: call.depth)


class Astray(Record):
    """A step that the recording contradicts: its position, its function, and why."""

    step: int
    function: str
    why: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.function}(): {self.why}"


def follow(calls: Sequence[Call], steps: Iterable[str]) -> Astray | None:
    """The first function that the kernel did not enter in this order, or None."""
    deepest = max((call.depth for call in calls), default=0)
    hidden = {call for call in calls if call.function in _WALKS and call.depth == deepest}
    names = [(call.function, *(_OF_EACH_ENTRY if call in hidden else ())) for call in calls]
    at, stack = -1, list[int]()
    before = ""
    for number, function in enumerate(steps, start=1):
        depth = _under_way(calls, stack, function)
        if at >= 0 and calls[at] in hidden and function in _OF_EACH_ENTRY:
            pass  # a further entry of the walk
        elif depth is not None:
            # The step continues a running call: its callees have returned.
            at = calls[stack[depth + 1]].last if depth + 1 < len(stack) else at
            del stack[depth + 1 :]
        else:
            found = next((later for later in range(at + 1, len(calls)) if function in names[later]), None)
            if found is None:
                entered = any(call.function == function for call in calls)
                why = f"entered, but not after {before}()" if entered else "the kernel did not enter it"
                return Astray(number, function, why)
            at = found
            stack = [position for position in range(at + 1) if calls[position].last >= at]
        before = function
    return None


def _under_way(calls: Sequence[Call], stack: Sequence[int], function: str) -> int | None:
    """Depth in the stack of the running call of `function` that a step continues, or None if it must be entered."""
    for depth in range(len(stack) - 1, -1, -1):
        if calls[stack[depth]].function == function:
            innermost = depth == len(stack) - 1
            return None if innermost and function not in IN_SEVERAL_STEPS else depth
    return None
