"""What an outline of the kernel's code is made of: parts, the ways out of their decisions, and their signs.

A sign says which steps belong to a part or a way: `function`, `function/branch` or `function:start of text`;
several functions are divided by `|`. Tables of parts stand in the outline_parts modules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.view.words.lookup import branch_of, text_of


class Sign(NamedTuple):
    """A sign, taken apart. `branch` and `start` are None where they do not matter."""

    functions: frozenset[str]
    branch: str | None
    start: str | None

    def fits(self, mark: Mark) -> bool:
        """Whether a step of the sign's function has what the sign asks for."""
        if self.branch is not None and branch_of(mark) != self.branch:
            return False
        return self.start is None or text_of(mark).startswith(self.start)


@cache
def sign_of(written: str) -> Sign:
    """A sign as the tables write it."""
    for between, place in (("/", 0), (":", 1)):
        functions, found, rest = written.partition(between)
        if found:
            return Sign(frozenset(functions.split("|")), rest if not place else None, rest if place else None)
    return Sign(frozenset(written.split("|")), None, None)


# The way that is taken when its part has steps, but none of another way.
OWN_STEPS: Final = "+"


class Way(NamedTuple):
    """A way out of a decision. `sign` is empty for the way that leaves no step of its own, or OWN_STEPS."""

    sign: str
    meaning: str


class Part(NamedTuple):
    """A function, or a decision in one, in our words.

    `function` is its name of 2009. `signs`: steps of it that are no way out. A `quiet` part is told only
    when it has steps; a `local` one has steps only after another part of the same parent had some.
    `when`: the kernels that have it.
    """

    title: str
    function: str = ""
    ways: tuple[Way, ...] = ()
    signs: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    quiet: bool = False
    local: bool = False
    when: Callable[[Profile], bool] | None = None
    teach: str = ""

    def is_of(self, profile: Profile) -> bool:
        """Whether that kernel has it."""
        return self.when is None or self.when(profile)
