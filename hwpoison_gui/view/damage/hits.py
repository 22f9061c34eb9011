"""The impact of an error in each frame on each process that has the frame.

Two processes of one sort that have frames of one class in the same way are hit alike. So the handler is run dry on one
frame for each such group, as it is on one frame of each class, and its prediction says how the group is hit.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import (
    CAUGHT,
    DEAD,
    DROPPED,
    ENDS,
    IGNORED,
    IMPACTS,
    LATER,
    PANICS,
    PENDING,
    SAFE,
    SIGNALLED,
)
from hwpoison_gui.view.base.slicing import as_part
from hwpoison_gui.view.damage.uses import MAPPED, WAYS, Uses, find_uses
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import Prediction, find_prediction
from hwpoison_gui.view.outcome.touch import sort_of_process

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

BY_CODE: Final = tuple(kind for kind in IMPACTS if kind != SAFE)  # by code, the worst first
NOT_HIT: Final = len(BY_CODE)
_CODES: Final = {kind: code for code, kind in enumerate(BY_CODE)}
_UNKNOWN: Final = 255
_AT_ONCE: Final = 1 << 19  # pairs at a time


def _codes(*kinds: str) -> Bools:
    """A table by code of impact: whether it is one of `kinds`."""
    return np.array([kind in kinds for kind in (*BY_CODE, SAFE)])


SENT: Final = _codes(DEAD, SIGNALLED, PENDING, IGNORED, DROPPED)  # a signal is sent at once
SIGNALLED_ON_TOUCH: Final = _codes(PANICS, ENDS, LATER, IGNORED, CAUGHT)  # signalled by the next touch
DIES: Final = _codes(DEAD, PANICS, ENDS, LATER, IGNORED)  # at once, or by the next touch
SIGBUS: Final = SENT | SIGNALLED_ON_TOUCH  # signalled at once or when it touches the page


class Hits(Record):
    """Uses, and how an error in the frame would hit the process.

    Attributes
    ----------
    frame : array of int64
        Page frame number; ascending.
    rank : array of int32
        Place of the process in `Users.mms`; ascending within a frame.
    mapped : array of bool
        Whether the process has the frame by an entry or a swap entry, not only by a VMA of the file.
    impact : array of uint8
        Place in BY_CODE, or NOT_HIT.
    """

    frame: I64
    rank: I32
    mapped: Bools
    impact: U8


def find_hits_of_all(assessment: Assessment) -> Generator[float, None, Hits]:
    """The hits of all uses, in slices; yields the share that is done.

    `assessment` is complete, and its machine as it was when that was made, sysctls included.
    """
    uses = yield from as_part(find_uses(assessment.m, assessment.users), lambda _: 0.3)
    return (yield from _Groups(assessment, uses).find())


class _Groups:
    """Uses of one group: of one class of frame, by one sort of process, in one way."""

    def __init__(self, assessment: Assessment, uses: Uses) -> None:
        self._assessment, self._uses = assessment, uses
        self._m, self._users = assessment.m, assessment.users
        sorts = _sorts_of(self._m, self._users.mms)
        self._sort_of: I32 = sorts * np.int32(WAYS)
        self._width = (int(sorts.max(initial=0)) + 1) * WAYS
        self._impact: U8 = np.full(len(assessment.predictions) * self._width, _UNKNOWN, np.uint8)  # indexed by group
        self._predicted: dict[int, Prediction] = dict(
            zip(assessment.members.tolist(), assessment.predictions, strict=True)
        )

    def find(self) -> Generator[float, None, Hits]:
        uses, impact = self._uses, np.zeros(len(self._uses.frame), np.uint8)
        for number, pfn in enumerate(self._predicted):
            self._learn(pfn)
            if number % 64 == 0:
                yield 0.3
        parts = [slice(start, start + _AT_ONCE) for start in range(0, len(impact), _AT_ONCE)]
        for number, part in enumerate(parts):
            group = self._groups_of(part)
            found = self._impact[group]
            unknown = np.flatnonzero(found == _UNKNOWN)
            if len(unknown):
                for _ in self._ask(uses.frame[part][unknown], group[unknown]):
                    yield 0.4 + 0.6 * number / len(parts)
                found = self._impact[group]
            impact[part] = found
            yield 0.4 + 0.6 * (number + 1) / len(parts)
        mapped = (uses.how & MAPPED) != 0
        return Hits(uses.frame, uses.rank, mapped, impact)

    def _groups_of(self, part: slice) -> I64:
        uses = self._uses
        class_of = self._assessment.class_of[uses.frame[part]].astype(np.int64)
        found: I64 = class_of * self._width + self._sort_of[uses.rank[part]] + uses.how[part]
        return found

    def _ask(self, frames: I64, groups: I64) -> Generator[None, None, None]:
        """Run the handler dry for groups whose impact is not known: on the frame with the fewest mappers of each."""
        by_maps = np.argsort(self._m.mapcount.view[frames], kind="stable")
        asked, first = np.unique(groups[by_maps], return_index=True)
        for group, pfn in zip(asked.tolist(), frames[by_maps[first]].tolist(), strict=True):
            if self._impact[group] == _UNKNOWN:
                if pfn not in self._predicted:
                    swapped = self._users.swap_holders_of(pfn)
                    self._predicted[pfn] = yield from find_prediction(self._m, pfn, swapped)
                self._learn(pfn)
                yield

    def _learn(self, pfn: int) -> None:
        """Note how the prediction for a frame hits the groups of its uses."""
        first, last = np.searchsorted(self._uses.frame, (pfn, pfn + 1))
        part = slice(int(first), int(last))
        prediction = self._predicted[pfn]
        hits = {tgid: kind for kind, tgids in prediction.hits.items() for tgid in tgids}
        if prediction.code == outcomes.POISONED:
            hits = {}  # those are impacts of the error that happened before
        for group, rank in zip(self._groups_of(part).tolist(), self._uses.rank[part].tolist(), strict=True):
            kind = hits.get(int(self._users.mms[rank]), SAFE)
            self._impact[group] = _CODES.get(kind, NOT_HIT)


def _sorts_of(m: Machine, mms: I64) -> I32:
    """A number for each address space: equal ones are of processes that a signal or a touch hits alike."""
    of_mm = {process.mm: process for process in m.processes.view.values() if process.mm}
    numbers: dict[Hashable, int] = {}
    found = np.zeros(len(mms), np.int32)
    for at, mm in enumerate(mms.tolist()):
        process = of_mm.get(mm)
        found[at] = numbers.setdefault(None if process is None else sort_of_process(m, process), len(numbers))
    return found
