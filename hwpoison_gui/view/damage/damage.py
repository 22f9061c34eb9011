"""Damage from an error in each frame, under one policy: the outcome of the frame, and the processes that it hits."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import rank as severity
from hwpoison_gui.view.base.slicing import as_part, to_the_end
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.damage.hits import BY_CODE, NOT_HIT, Hits, find_hits_of_all
from hwpoison_gui.view.damage.policy import early_kill_of, under
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.loss_words import content_words

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_ASSESSED: Final = 0.6  # share of the work


class Toll(Record):
    """Damage from errors in some frames, each of them alone on the machine as it is.

    Attributes
    ----------
    frames : tuple of int
        Number of frames by class of outcome (classes.CLASSES).
    lost : int
        Bytes of content that would be gone: those of a hugetlb page once, however many of its frames are among these.
    hit : dict of int to str
        tgid -> the worst impact on the process (impacts.IMPACTS), of those that are hit by any of the errors.
    huge : int
        Hugetlb pages of which content would be gone.
    """

    frames: tuple[int, ...]
    lost: int
    hit: dict[int, str]
    huge: int = 0

    @property
    def lost_words(self) -> str:
        """The amount of content lost, and how many hugetlb pages of it."""
        return content_words(self.lost, self.huge)


class Damage:
    """The damage of an error in each frame, on a machine as it is now, under a policy. Complete after `work`.

    Attributes
    ----------
    early : int
        vm.memory_failure_early_kill, 0 or 1.
    assessment : Assessment
        The class of each frame; `class_of` and `codes` are the lens's.
    hits : Hits
        The processes that have each frame, and how an error there would hit them.
    lost : array of int64
        Bytes of content that an error in one frame loses, by number of class; all of a huge page of hugetlb. Of several
        frames: `lost_of`.
    """

    def __init__(self, m: Machine, early: int | None = None) -> None:
        self.m = m
        self.early = early_kill_of(m) if early is None else early
        self.assessment: Assessment
        self.hits: Hits
        self.lost: I64

    @classmethod
    def of(cls, m: Machine, early: int | None = None) -> Damage:
        """A complete one, made at once."""
        made = cls(m, early)
        to_the_end(made.work())
        return made

    def work(self) -> Generator[float, None, None]:
        """Do the work in slices, while the machine is at rest and stays as it is; yields the share that is done."""
        yield from under(self.m, self.early, self._work())

    def _work(self) -> Generator[float, None, None]:
        assessment = Assessment(self.m)
        for done in assessment.work():
            yield _ASSESSED * done
        hits = find_hits_of_all(assessment)
        self.hits = yield from as_part(hits, lambda done: _ASSESSED + (1 - _ASSESSED) * done)
        self.assessment = assessment
        words = self.m.flags.view[assessment.members]
        size = np.where((words & np.uint64(pf.HUGE)) != 0, HPAGE_PMD_NR, 1) * FRAME_SIZE
        self.lost = size * np.array([prediction.lost for prediction in assessment.predictions], np.int64)

    def name_of(self, rank: int) -> str:
        """The name of the process at a place of `Users.mms`."""
        process = self.m.processes.view.get(int(self.assessment.users.mms[rank]))
        return process.label if process is not None else f"mm {int(self.assessment.users.mms[rank])}"

    def users_of(self, pfn: int) -> list[int]:
        """The tgids of the processes that map a frame or have a swap entry for it, ascending."""
        at = self._at(np.array([pfn]))
        return list(self.assessment.users.mms[self.hits.rank[at[self.hits.mapped[at]]]].tolist())

    def toll(self, pfns: I64) -> Toll:
        """Return the damage from errors in some frames; `pfns` ascending, each once.

        Each is predicted alone: deaths from earlier errors are not considered.
        """
        classes = self.assessment.class_of[pfns]
        counts = np.bincount(self.assessment.codes[classes], minlength=len(outcomes.CLASSES))
        hits = self.hits
        at = np.flatnonzero(np.isin(hits.frame, pfns)) if len(pfns) > 1 else self._at(pfns)
        worst = np.full(len(self.assessment.users.mms), NOT_HIT, np.uint8)
        np.minimum.at(worst, hits.rank[at], hits.impact[at])
        hit = {int(self.assessment.users.mms[rank]): BY_CODE[worst[rank]] for rank in np.flatnonzero(worst != NOT_HIT)}
        worst_first = dict(sorted(hit.items(), key=lambda item: (severity(item[1]), item[0])))
        lost, huge = self.lost_of(pfns)
        return Toll(tuple(counts.tolist()), lost, worst_first, huge)

    def lost_of(self, pfns: I64) -> tuple[int, int]:
        """Return the loss by errors in some frames (each given once): bytes of content, and number of hugetlb pages.

        A hugetlb page is lost whole, and once.
        """
        lost = self.lost[self.assessment.class_of[pfns]]
        whole = lost > FRAME_SIZE
        pages = len(np.unique(pfns[whole] // HPAGE_PMD_NR))
        return int(lost[~whole].sum()) + pages * HPAGE_PMD_NR * FRAME_SIZE, pages

    def _at(self, pfns: I64) -> I64:
        """The hits of one frame, or none."""
        if not len(pfns):
            return np.zeros(0, np.int64)
        first, last = np.searchsorted(self.hits.frame, (pfns[0], pfns[0] + 1))
        return np.arange(first, last)
