"""Soft offline of each frame, while it still works: what could be moved out before it fails, and what could not.

soft_offline_page() is run dry on one frame of each class, on the machine as it is: memory for the copy is there for
one frame, not for all of them.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import soft_offline
from hwpoison_gui.kernel.get_hwpoison_page import UNHANDLABLE
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark, Site
from hwpoison_gui.kernel.migrate import HELD, MOVED, NO_MEMORY
from hwpoison_gui.kernel.soft_offline import soft_offline_page
from hwpoison_gui.record import Record
from hwpoison_gui.session.dry_run import dry
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.uses import owners_known
from hwpoison_gui.view.outcome import classes as outcomes

I64 = npt.NDArray[np.int64]

MIGRATED: Final = "migrated"
DROPPED: Final = "dropped"
FREED: Final = "offlined, free"
BROKEN: Final = "broken before"
NOT_MOVED: Final = "not moved"
NO_PAGE: Final = "no page"

MEANINGS: Final = {
    MIGRATED: "its content is in another frame, and its users go on",
    DROPPED: "clean and unmapped: dropped from the page cache, and read again from its file",
    FREED: "it was free: it is never handed out again",
    NOT_MOVED: "it stays in use",
    BROKEN: "HWPOISON was set before",
}
# Why a frame is not moved, by the site that decides.
_REASONS: Final[dict[Site, str]] = {
    UNHANDLABLE: "neither on an LRU list nor free",
    soft_offline.NOT_SPLIT: "the huge page cannot be split: somebody holds a reference to it",
    soft_offline.NOT_LRU: "on no LRU list",
    soft_offline.DISABLED: "vm.enable_soft_offline is 0",
    soft_offline.FILTERED: "a filter of the injector protects it",
    HELD: "somebody holds a reference that cannot be migrated",
    NO_MEMORY: "no free memory to migrate to",
}
_NO_OWNERS: Final = "who holds references to it is not known"
_OTHERWISE: Final = "page_handle_poison() cannot take it off the free list"


class Offlined(Record):
    """Result of soft offline for the frames of a class.

    `result`: a key of MEANINGS, or NO_PAGE. `errno`: what the call returns, 0 or a name. `why`: of NOT_MOVED, the
    reason; else empty.
    """

    result: str
    errno: int | str
    why: str = ""


class Obstacle(Record):
    """Frames that soft offline does not move: why, of which kind of page, and what an error in them would do.

    `frames`: by class of outcome (classes.CLASSES).
    """

    why: str
    errno: str
    kind: str
    frames: tuple[int, ...]


class SoftOffline(Record):
    """Soft offline of all frames of a machine, each alone; empty under a kernel that has none.

    `frames`: number of frames by class of outcome, for each result but NO_PAGE. `obstacles`: the largest first.
    """

    frames: dict[str, tuple[int, ...]]
    obstacles: tuple[Obstacle, ...]


def find_soft_offline(damage: Damage) -> Generator[float, None, SoftOffline]:
    """Soft offline of all frames, in slices; yields the share that is done."""
    m, assessment = damage.m, damage.assessment
    if not m.profile.has("soft_offline"):
        return SoftOffline({}, ())
    count = np.bincount(assessment.class_of, minlength=len(assessment.codes))
    frames = {result: np.zeros(len(outcomes.CLASSES), np.int64) for result in MEANINGS}
    obstacles: dict[tuple[str, str, str], I64] = {}
    for number, pfn in enumerate(assessment.members.tolist()):
        yield number / len(assessment.members)
        offlined = offline(m, pfn)
        if offlined.result == NO_PAGE:
            continue
        code = assessment.codes[number]
        frames[offlined.result][code] += count[number]
        if offlined.result == NOT_MOVED:
            why = offlined.why if offlined.why != _REASONS[HELD] or owners_known(m) else _NO_OWNERS
            key = why, str(offlined.errno), KINDS[kind_of(m.page(pfn))].name
            obstacles.setdefault(key, np.zeros(len(outcomes.CLASSES), np.int64))[code] += count[number]
    listed = [Obstacle(*key, tuple(by_code.tolist())) for key, by_code in obstacles.items()]
    listed.sort(key=lambda one: (-sum(one.frames), one.kind, one.why))
    return SoftOffline({result: tuple(by_code.tolist()) for result, by_code in frames.items()}, tuple(listed))


def offline(m: Machine, pfn: int) -> Offlined:
    """Return the result of soft offline of a frame at present, by a dry run."""
    if m.page(pfn) & pf.NOPAGE:
        return Offlined(NO_PAGE, "ENXIO")
    if m.page(m.compound_head(pfn) if m.page(pfn) & pf.HUGE else pfn) & pf.HWPOISON:
        return Offlined(BROKEN, 0)
    with dry(m, soft_offline_page(m, pfn)) as ran:
        sites = [mark.site for mark in ran.marks]
        if ran.returned:
            return Offlined(NOT_MOVED, ran.returned, _why(ran.marks))
        result = MIGRATED if MOVED in sites else DROPPED if soft_offline.INVALIDATED in sites else FREED
        return Offlined(result, 0)


def _why(marks: Sequence[Mark]) -> str:
    return next((_REASONS[mark.site] for mark in reversed(marks) if mark.site in _REASONS), _OTHERWISE)
