"""What an outline of the kernel's code is made of: parts, and the ways out of their decisions.

Steps belong to a part or a way by their site. Tables of parts stand in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.kernel.profile.type import Profile


class Silent(Enum):
    """How a way is known to have been taken that has no site of its own."""

    NO_STEP = "no step"  # the code came by, and no other way has a step
    OWN_STEPS = "own steps"  # its part has steps, but none of another way


NO_STEP: Final = Silent.NO_STEP
OWN_STEPS: Final = Silent.OWN_STEPS


class Way(NamedTuple):
    """A way out of a decision, known by one or several sites."""

    sign: Site | tuple[Site, ...] | Silent
    meaning: str


def sites_of(sign: Site | tuple[Site, ...] | Silent) -> tuple[Site, ...]:
    """The sites of a sign; none for a way that leaves no step of its own."""
    if isinstance(sign, Site):
        return (sign,)
    return sign if isinstance(sign, tuple) else ()


class Part(NamedTuple):
    """A function, or a decision in one, in our words.

    `function` is its name of 2009. `signs`: steps of it that are no way out. A `quiet` part is told only
    when it has steps; a `local` one has steps only after another part of the same parent had some.
    `when`: the kernels that have it.
    """

    title: str
    function: str = ""
    ways: tuple[Way, ...] = ()
    signs: tuple[Site, ...] = ()
    parts: tuple[Part, ...] = ()
    quiet: bool = False
    local: bool = False
    when: Callable[[Profile], bool] | None = None
    teach: str = ""

    def is_of(self, profile: Profile) -> bool:
        """Whether that kernel has it."""
        return self.when is None or self.when(profile)
