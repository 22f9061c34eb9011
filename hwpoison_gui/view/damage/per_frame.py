"""Numbers of processes that an error in a frame hits, and the files that frames are cached of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import of_files
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import DEAD, ENDS
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.hits import BY_CODE, DIES, NOT_HIT, SENT, SIGBUS, SIGNALLED_ON_TOUCH
from hwpoison_gui.view.outcome.users import INDEX_BITS, Users

I64 = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 18  # frames at a time


class PerFrame(Record):
    """Numbers of processes that an error in a frame hits, of frames that hit any: int64, ascending by `frame`.

    `hit`: all of them. `signalled`: those that are signalled at any time. `sent`: those that are sent a signal at once.
    `touch`: those that are signalled when they touch the page. `dead`: those that die of it, at once or when they touch
    it; of a PID namespace that ends with its init, all processes.
    """

    frame: I64
    hit: I64
    signalled: I64
    sent: I64
    touch: I64
    dead: I64

    def of(self, counts: I64, pfns: I64) -> I64:
        """One of the counts for some frames; 0 for those that hit nobody."""
        if not len(self.frame):
            return np.zeros(len(pfns), np.int64)
        at = np.minimum(np.searchsorted(self.frame, pfns), len(self.frame) - 1)
        return np.where(self.frame[at] == pfns, counts[at], 0)


def per_frame(damage: Damage) -> PerFrame:
    """The counts of all frames that hit any process."""
    hits = damage.hits
    which = np.flatnonzero(hits.impact != NOT_HIT)
    frame, impact = hits.frame[which], hits.impact[which]
    first = np.flatnonzero(np.append(True, frame[1:] != frame[:-1])[: len(frame)])
    if not len(first):
        none = np.zeros(0, np.int64)
        return PerFrame(none, none, none, none, none, none)
    signalled, sent, touch = (
        np.add.reduceat(table[impact].astype(np.int64), first) for table in (SIGBUS, SENT, SIGNALLED_ON_TOUCH)
    )
    dead = np.add.reduceat(deaths_of(damage, hits.rank[which].astype(np.int64), impact), first)
    return PerFrame(frame[first], np.diff(first, append=len(frame)), signalled, sent, touch, dead)


def deaths_of(damage: Damage, rank: I64, impact: npt.NDArray[np.uint8]) -> I64:
    """Return the number of processes that each hit kills: one, none, or all of the PID namespace of an init."""
    m, mms = damage.m, damage.assessment.users.mms
    members = np.ones(len(mms), np.int64)
    for process in m.living():
        if process.is_namespace_init and process.mm:
            at = int(np.searchsorted(mms, process.mm))
            members[at] = sum(process.tgid in other.pid_ns for other in m.living())
    of_init = np.isin(impact, (BY_CODE.index(ENDS), BY_CODE.index(DEAD)))
    return np.where(of_init, members[rank], DIES[impact].astype(np.int64))


def frames_of_files(m: Machine, users: Users) -> Iterator[tuple[I64, I64]]:
    """Frames in the page cache of files, ascending, and the number of the inode of each; in parts."""
    for start in range(0, m.frames, _CHUNK):
        part = slice(start, min(start + _CHUNK, m.frames))
        pfns = start + np.flatnonzero(of_files(m.folio_mappings(part)))
        _, page = users.file_places(pfns)
        inode = page >> INDEX_BITS
        known = np.flatnonzero(np.isin(inode, np.fromiter(m.inodes.view, np.int64, len(m.inodes.view))))
        yield pfns[known], inode[known]
