"""Which outline an operation has: the handler's for errors, the fault path for a touch, that of a file for I/O."""

from __future__ import annotations

from collections.abc import Collection

from hwpoison_gui.kernel.handler import Verdict
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import Variant, nearest
from hwpoison_gui.view.outline.faults import AFTER, BEFORE, FAULT, FAULTS, KERNEL_READ, SOFT_OFFLINE, TOUCH, UNPOISON
from hwpoison_gui.view.outline.handler import PHASES
from hwpoison_gui.view.outline.io import FSYNC, READ, REFUSED, WRITE
from hwpoison_gui.view.outline.part import Part, Way


def handler_of(profile: Profile) -> Part:
    """memory_failure() as that kernel has it."""
    return Part(
        "A frame is reported broken",
        "memory_failure",
        signs=("memory_failure:A memory error",),
        parts=tuple(_part_of(phase) for phase in profile.phases),
        teach=profile.title,
    )


def _part_of(phase: Variant[Verdict]) -> Part:
    """A phase of which nothing is told yet is shown by its name."""
    return nearest(PHASES, phase) or Part(phase.name.replace("_", " ").capitalize(), phase.name)


def parts_of(profile: Profile, functions: Collection[str]) -> tuple[Part, ...]:
    """The parts of an operation that runs through `functions`; the handler's when there is no operation."""
    functions = frozenset(functions)
    if not functions or "memory_failure" in functions:
        return (*BEFORE, handler_of(profile), *AFTER)
    for entry, parts in (
        ("soft_offline_page", SOFT_OFFLINE),
        ("unpoison_memory", UNPOISON),
        ("do_machine_check", BEFORE),
        ("copy_from_user", KERNEL_READ),
        ("access", TOUCH),
        ("do_sigbus", TOUCH),
        ("bad_area", TOUCH),
        ("hwpoison_inject", REFUSED),
        ("vfs_fsync", FSYNC),
        ("generic_file_aio_read", READ),
        ("hugetlbfs_read_iter", READ),
        ("generic_file_aio_write", WRITE),
        ("vfs_write", WRITE),
    ):
        if entry in functions:
            return (*parts, *AFTER)
    return (FAULT,) if functions <= FAULTS else ()


def all_ways(part: Part) -> list[Way]:
    """The ways of a part and of all below it."""
    return [*part.ways, *(way for inner in part.parts for way in all_ways(inner))]
