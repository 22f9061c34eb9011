"""Building blocks of an outline of kernel code: parts, the ways out of their decisions, and those to the state table.

A step belongs to a part or a way by its site. Tables of parts are in the other modules of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.record import Record


class Silent(Enum):
    """Recognizes a branch that has no site of its own."""

    NO_STEP = "no step"  # the code came by, and no other way has a step
    OWN_STEPS = "own steps"  # its part has steps, but none of another way
    AFTER_STEPS = "after steps"  # the same, of a decision that its last step makes


NO_STEP: Final = Silent.NO_STEP
OWN_STEPS: Final = Silent.OWN_STEPS
AFTER_STEPS: Final = Silent.AFTER_STEPS


class Ending(Record):
    """An exit of the handler, as texts name it: as a whole, `{truncated}`, or in part, `{truncated.errno}`."""

    kind: str
    result: str
    errno: str
    uncounted: str

    def __str__(self) -> str:
        return f"“{self.kind}”, {self.result}, {self.errno}"


def endings(profile: Profile) -> dict[str, Ending]:
    """The exits of a kernel's handler, by name."""
    return {
        by: Ending(
            one.kind,
            one.result,
            f"−{one.errno}" if one.errno else "0",
            "" if one.counted else "; nothing is counted",
        )
        for by, one in profile.results.exits.items()
    }


class Way(Record):
    """A way out of a decision, recognized by one or several sites."""

    sign: Site | tuple[Site, ...] | Silent
    meaning: str


def sites_of(sign: Site | tuple[Site, ...] | Silent) -> tuple[Site, ...]:
    """The sites of a sign; none for a way without a site."""
    if isinstance(sign, Site):
        return (sign,)
    return sign if isinstance(sign, tuple) else ()


class Part(Record):
    """A function, or a decision in one.

    `function` is its name in 2.6.32. `signs`: sites of it that are no way out. A `quiet` part is shown only if it has
    steps; a `local` one takes steps only after another part of the same parent has some. `when`: selects kernels.
    Below the handler, `teach` and the meanings of ways may name exits; `of_kernel` puts them in.
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
        """Return whether a kernel has this part."""
        return self.when is None or self.when(profile)

    def of_kernel(self, profile: Profile, exits: Mapping[str, Ending]) -> Part:
        """This part with the kernel's own exits in its texts. Raises KeyError if they name one that it lacks."""
        return self._replace(
            ways=tuple(way._replace(meaning=way.meaning.format_map(exits)) for way in self.ways),
            parts=tuple(inner.of_kernel(profile, exits) for inner in self.parts if inner.is_of(profile)),
            teach=self.teach.format_map(exits),
        )


class Entrance(Record):
    """A way to reach the state table. `has`: flags set on every such page; `never`: flag -> why it is clear on all.

    A reason is empty where `has` and `never` of another entrance tell. `exits`: flag -> name of the exit by which the
    handler leaves with such a page.
    """

    has: int
    never: Mapping[int, str]
    exits: Mapping[int, str] = {}
