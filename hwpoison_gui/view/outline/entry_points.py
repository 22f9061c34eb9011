"""The outline of an operation: the handler for errors, the fault path for accesses, the file paths for I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from hwpoison_gui.kernel import fs, gup, mce, memory, soft_offline, unpoison
from hwpoison_gui.kernel import hwpoison_inject as inject
from hwpoison_gui.kernel.handler import Verdict
from hwpoison_gui.kernel.mark import SITES, Site
from hwpoison_gui.kernel.memory_failure import ENTER
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import Variant, nearest
from hwpoison_gui.view.outline.faults import AFTER, BEFORE, FAULT, FAULTS, KERNEL_READ, SOFT_OFFLINE, TOUCH, UNPOISON
from hwpoison_gui.view.outline.io import FSYNC, READ, REFUSED, WRITE
from hwpoison_gui.view.outline.part import Ending, Part, Way, endings
from hwpoison_gui.view.outline.tables import PHASES


def handler_of(profile: Profile) -> Part:
    """memory_failure() of a kernel."""
    exits = endings(profile)
    return Part(
        "A memory error is reported",
        "memory_failure",
        signs=(ENTER,),
        parts=tuple(_part_of(phase, profile, exits) for phase in profile.phases),
        teach=profile.title,
    )


def _part_of(phase: Variant[Verdict], profile: Profile, exits: Mapping[str, Ending]) -> Part:
    """The part of a phase; one that has no words, or only those of an exit that is gone, is shown by its name."""
    part = Part(phase.name.replace("_", " ").capitalize(), phase.name)
    if (known := nearest(PHASES, phase)) is not None:
        with suppress(KeyError):
            part = known.of_kernel(profile, exits)
    if phase in PHASES:
        return part
    own = tuple(site for site in SITES.values() if site.module == phase.run.__module__)
    return part._replace(signs=(*part.signs, *own))


_SOFT_OFFLINE: Final = frozenset(
    {soft_offline.ENTER, soft_offline.DISABLED, soft_offline.POISONED_BEFORE, soft_offline.NO_PAGE}
)

# By a site that only such an operation reaches; the first match decides.
_OPERATIONS: Final[tuple[tuple[frozenset[Site], tuple[Part, ...]], ...]] = (
    (_SOFT_OFFLINE, SOFT_OFFLINE),
    (frozenset({unpoison.CLEARED, unpoison.NOTHING_CLEARED, unpoison.NO_PAGE, *unpoison.REFUSED.values()}), UNPOISON),
    (frozenset({mce.GOES_ON, mce.MUST_KILL, mce.CANNOT_GO_ON}), BEFORE),
    (frozenset({gup.COPIED, *gup.NOT_COPIED.values()}), KERNEL_READ),
    (
        frozenset({memory.READ, memory.WRITTEN, memory.TOUCHED_POISON, memory.TOUCHED_NOTHING, memory.BAD_AREA}),
        TOUCH,
    ),
    (frozenset({inject.NO_PAGE, inject.NOT_HIT, inject.FILTERED}), REFUSED),
    (frozenset({fs.ERROR_REPORTED, fs.NO_ERROR}), FSYNC),
    (frozenset({fs.READ, fs.LOST, fs.HUGETLB_READ, fs.HUGETLB_LOST}), READ),
    (frozenset({fs.WRITTEN, fs.NOT_WRITTEN, fs.NO_WRITE}), WRITE),
)


def parts_of(profile: Profile, sites: Collection[Site]) -> tuple[Part, ...]:
    """The parts of an operation that reaches `sites`; those of the handler without an operation."""
    reached = frozenset(sites)
    if not reached or ENTER in reached:
        return (*BEFORE, handler_of(profile), *AFTER)
    for signs, parts in _OPERATIONS:
        if reached & signs:
            return (*parts, *AFTER)
    return (FAULT,) if reached <= FAULTS else ()


def all_ways(part: Part) -> list[Way]:
    """The ways of a part and of all below it."""
    return [*part.ways, *(way for inner in part.parts for way in all_ways(inner))]
