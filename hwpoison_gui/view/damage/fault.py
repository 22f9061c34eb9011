"""Damage from a DRAM fault to a machine, and what soft offline beforehand would save.

Errors come frame by frame: whichever of its frames is used next, until all have failed. Three courses are compared:

nothing       Every frame of the part fails, each with an uncorrected error.
by page       Each frame has corrected errors before it fails, and is soft offlined then. What soft offline moves is
              saved, the rest fails. If frames fail without such a warning, nothing is saved: this is the best case.
              Where the free frames outside the part are too few, they go to the pages whose errors would do most.
by part       At the first error in the part, all of its other frames are soft offlined. The first error is not
              corrected, and in the frame where that does most: this is the worst case. What cannot be moved fails.
              Where room is short, it goes to the pages whose errors would do least.

Each error is foretold alone on the machine as it is, under vm.memory_failure_early_kill of the damage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.fault import Fault, frames_of_fault
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage, Toll
from hwpoison_gui.view.damage.moved import DROPPED, FREED, MIGRATED, NO_PAGE, NOT_MOVED, offline
from hwpoison_gui.view.damage.offline_room import Room, room_outside, with_room
from hwpoison_gui.view.damage.per_frame import PerFrame, per_frame
from hwpoison_gui.view.damage.worst import panics_of
from hwpoison_gui.view.outcome.many import Summary
from hwpoison_gui.view.words.words import counted

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

MOVED: Final = (MIGRATED, DROPPED, FREED)
NO_ROOM: Final = "no free frame outside the failing part to migrate to"
NO_HUGE_ROOM: Final = "no free huge page outside the failing part to migrate to"


class FaultDamage(Record):
    """A fault under one policy.

    Attributes
    ----------
    early : int
        vm.memory_failure_early_kill.
    nothing, by_page, by_part : Toll
        The three courses.
    first : int
        The frame of the first error of `by_part`; -1 if nothing can be moved.
    offlined : dict of str to int
        Number of frames by result of soft offline (moved.MEANINGS), as in `by_page`.
    obstacles : tuple of (str, str, int)
        Kind of page, why it is not moved, and number of frames, most frames first; as in `by_page`.
    room : Room
        What is free outside the part, of which each migrated page takes some.
    no_room : int
        Frames that could be migrated, if there were more room.
    """

    early: int
    nothing: Toll
    by_page: Toll
    by_part: Toll
    first: int
    offlined: dict[str, int]
    obstacles: tuple[tuple[str, str, int], ...]
    room: Room
    no_room: int


class AssessedFault(Record):
    """A fault on a machine: its frames, and its damage under each policy. `geometry` is fitted to the machine.

    `in_order`: under each policy, what comes of the frames if they fail one after another; empty if not asked for.
    """

    geometry: Geometry
    fault: Fault
    pfns: I64
    damages: tuple[FaultDamage, ...]
    in_order: tuple[Summary, ...] = ()


def assess_faults(damages: Sequence[Damage], geometry: Geometry, faults: Sequence[Fault]) -> list[AssessedFault]:
    """Faults of one machine under several policies; each damage is complete, and the machine as it was then."""
    frames, counts = damages[0].m.frames, [per_frame(damage) for damage in damages]
    found = []
    for fault in faults:
        pfns = frames_of_fault(geometry, fault, frames)
        each = (fault_damage(damage, pfns, of_all) for damage, of_all in zip(damages, counts, strict=True))
        found.append(AssessedFault(geometry, fault, pfns, tuple(each)))
    return found


def fault_damage(damage: Damage, pfns: I64, counts: PerFrame | None = None) -> FaultDamage:
    """Return the damage from a fault of frames (ascending), by the policy of `damage`; `counts`: as for `Ranking`."""
    return to_the_end(find_fault_damage(damage, pfns, per_frame(damage) if counts is None else counts))


def find_fault_damage(damage: Damage, pfns: I64, counts: PerFrame) -> Generator[None, None, FaultDamage]:
    """Do the same in slices."""
    class_of = damage.assessment.class_of[pfns]
    found = {number: _offline(damage, number) for number in np.unique(class_of).tolist()}
    migrates, leaves = (
        np.isin(class_of, [number for number, (result, _) in found.items() if result in results])
        for results in ((MIGRATED,), (DROPPED, FREED))
    )
    yield
    worst_first = _by_danger(damage, pfns, counts)
    yield
    room = room_outside(damage.m, pfns)
    saved, least = leaves.copy(), leaves.copy()
    for which, order in ((saved, worst_first), (least, worst_first[::-1])):
        order = order[migrates[order]]
        which[order] = with_room(damage.m, pfns[order], room)
        yield
    moved = worst_first[least[worst_first]]
    first = int(moved[0]) if len(moved) else -1
    fails = ~least
    fails[moved[:1]] = True
    crowded_out = migrates & ~saved
    offlined, obstacles = _counted(damage, class_of, crowded_out, found)
    tolls = []
    for some in (pfns, pfns[~saved], pfns[fails]):
        yield
        tolls.append(damage.toll(some))
    nothing, by_page, by_part = tolls
    return FaultDamage(
        damage.early,
        nothing,
        by_page,
        by_part,
        int(pfns[first]) if first >= 0 else -1,
        offlined,
        tuple((kind, why, frames) for (kind, why), frames in obstacles.most_common()),
        room,
        int(crowded_out.sum()),
    )


def _counted(
    damage: Damage, class_of: U32, no_room: Bools, found: Mapping[int, tuple[str, str]]
) -> tuple[dict[str, int], Counter[tuple[str, str]]]:
    """Frames by result of soft offline, and those that are not moved by kind and reason.

    `no_room`: frames that find none. `found`: result and reason by number of class.
    """
    offlined, obstacles = Counter[str](), Counter[tuple[str, str]]()
    for without in (False, True):
        numbers, sizes = np.unique(class_of[no_room == without], return_counts=True)
        for number, frames in zip(numbers.tolist(), sizes.tolist(), strict=True):
            word = damage.m.page(int(damage.assessment.members[number]))
            result, why = found[number]
            if without:
                result, why = NOT_MOVED, NO_HUGE_ROOM if word & pf.HUGE else NO_ROOM
            if result != NO_PAGE:
                offlined[result] += frames
            if result == NOT_MOVED:
                obstacles[KINDS[kind_of(word)].name, why] += frames
    return dict(offlined), obstacles


def _offline(damage: Damage, number: int) -> tuple[str, str]:
    """The result of soft offline for a class of frames, and why it does not move them."""
    if not damage.m.profile.has("soft_offline"):
        return NOT_MOVED, "this kernel has no soft offline"
    found = offline(damage.m, int(damage.assessment.members[number]))
    return found.result, found.why


def _by_danger(damage: Damage, pfns: I64, counts: PerFrame) -> I64:
    """Places of frames, the one first whose error does most: panics, deaths, lost content, processes hit."""
    classes = damage.assessment.class_of[pfns]
    panic = panics_of(damage)[classes]
    order = np.lexsort((-pfns, counts.of(counts.hit, pfns), damage.lost[classes], counts.of(counts.dead, pfns), panic))
    return order[::-1]


def room_words(damage: FaultDamage, mode: str) -> str:
    """Describe a shortage of room outside a part of a mode, and its effect on the courses."""
    frames, pages = counted(damage.room.frames, "frame"), counted(damage.room.pool, "huge page")
    return (
        f"Room is short: outside the {mode} {frames} and {pages} of the pool are free, and "
        f"{counted(damage.no_room, 'more frame')} would be migrated. At best, room goes to pages whose errors would "
        "do most, at worst to the others."
    )
