"""What a fault of DRAM would do to a machine, and what soft offline beforehand would save.

Errors come frame by frame: whichever of its frames is used next, until all have failed. Three courses are compared:

nothing       Every frame of the part fails, each with an uncorrected error.
by page       Each frame has corrected errors before it fails, and is soft offlined then. What soft offline moves is
              saved, the rest fails. If frames fail without such a warning, nothing is saved: this is the best case.
by part       At the first error in the part, all of its other frames are soft offlined. The first error is not
              corrected, and in the frame where that does most: this is the worst case. What cannot be moved fails.

Each error is foretold alone on the machine as it is, under vm.memory_failure_early_kill as of the damage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.fault import Fault, frames_of_fault
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.record import Record
from hwpoison_gui.session.limits import free_frames
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.damage.damage import Damage, Toll
from hwpoison_gui.view.damage.moved import DROPPED, FREED, MIGRATED, NO_PAGE, NOT_MOVED, offline
from hwpoison_gui.view.damage.per_frame import PerFrame, per_frame
from hwpoison_gui.view.damage.worst import panics_of
from hwpoison_gui.view.outcome import classes as outcomes

I64 = npt.NDArray[np.int64]

MOVED: Final = (MIGRATED, DROPPED, FREED)


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
        Number of frames by result of soft offline (moved.MEANINGS).
    obstacles : tuple of (str, str, int)
        Kind of page, why it is not moved, and number of frames, most frames first.
    free : int
        Free frames of the machine outside the part, of which each migrated frame takes one.
    """

    early: int
    nothing: Toll
    by_page: Toll
    by_part: Toll
    first: int
    offlined: dict[str, int]
    obstacles: tuple[tuple[str, str, int], ...]
    free: int


class AssessedFault(Record):
    """A fault on a machine: its frames, and its damage under each policy. `geometry` is fitted to the machine."""

    geometry: Geometry
    fault: Fault
    pfns: I64
    damages: tuple[FaultDamage, ...]


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
    """What a fault of some frames (ascending) does, under the policy of `damage`; `counts`: where at hand."""
    class_of = damage.assessment.class_of[pfns]
    offlined, obstacles, movable = Counter[str](), Counter[tuple[str, str]](), []
    numbers, sizes = np.unique(class_of, return_counts=True)
    for number, frames in zip(numbers.tolist(), sizes.tolist(), strict=True):
        result, why = _offline(damage, number)
        if result in MOVED:
            movable.append(number)
        if result != NO_PAGE:
            offlined[result] += frames
        if result == NOT_MOVED:
            obstacles[KINDS[kind_of(damage.m.page(int(damage.assessment.members[number])))].name, why] += frames
    can_move = np.isin(class_of, movable)
    rest, moved = pfns[~can_move], pfns[can_move]
    first = _worst_of(damage, moved, per_frame(damage) if counts is None else counts)
    with_first = np.sort(np.append(rest, first)) if first >= 0 else rest
    return FaultDamage(
        damage.early,
        damage.toll(pfns),
        damage.toll(rest),
        damage.toll(with_first),
        first,
        dict(offlined),
        tuple((kind, why, frames) for (kind, why), frames in obstacles.most_common()),
        _free_outside(damage, pfns),
    )


def _offline(damage: Damage, number: int) -> tuple[str, str]:
    """The result of soft offline for a class of frames, and why it does not move them."""
    if not damage.m.profile.has("soft_offline"):
        return NOT_MOVED, "this kernel has no soft offline"
    found = offline(damage.m, int(damage.assessment.members[number]))
    return found.result, found.why


def _worst_of(damage: Damage, pfns: I64, counts: PerFrame) -> int:
    """The frame whose error does most: panics, deaths, lost content, processes hit; -1 for no frame."""
    if not len(pfns):
        return -1
    classes = damage.assessment.class_of[pfns]
    panic = panics_of(damage)[classes]
    order = np.lexsort((-pfns, counts.of(counts.hit, pfns), damage.lost[classes], counts.of(counts.dead, pfns), panic))
    return int(pfns[order[-1]])


def _free_outside(damage: Damage, pfns: I64) -> int:
    inside = damage.assessment.codes[damage.assessment.class_of[pfns]] == outcomes.FREE
    return max(0, free_frames(damage.m) - int(inside.sum()))
