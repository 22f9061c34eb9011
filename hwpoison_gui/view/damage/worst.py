"""The most dangerous frames, files and processes.

Danger is what the model foretells of an error, the worst first:

1. the kernel panics: at once, or when init touches the page (classes PANICS and INIT);
2. how many processes die, at once or when they touch the page; with the init of a PID namespace, all of its processes;
3. the page stays in use though it is broken: it is the kernel's own (IGNORED), or cannot be taken from its users
   (STUCK). What comes of its next use is not foretold: it is below any death that is;
4. how much content is lost;
5. how many processes are hit but live: they catch SIGBUS, read old data or zeros, or keep using the page.

What needs nobody's touch is not ranked above what does, for a process touches its memory sooner or later. Among equals
the frame of the lowest number comes first. A frame that is set aside or recovered without any of these has no danger.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.hits import Hit
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.naming import file_name
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.hits import DIES, IMPACTS, NOT_HIT, ON_TOUCH, SENT
from hwpoison_gui.view.damage.per_frame import PerFrame, frames_of_files, per_frame
from hwpoison_gui.view.outcome import classes as outcomes

I64 = npt.NDArray[np.int64]

_PANIC: Final = {outcomes.PANICS: 2, outcomes.INIT: 1}
_IN_USE: Final = (outcomes.STUCK, outcomes.IGNORED)
_MOST: Final = (1 << 20) - 1  # processes that are told apart
# Places of the parts of a score.
_PANIC_AT: Final = 56
_DEAD_AT: Final = 36
_IN_USE_AT: Final = 34
_LOST_AT: Final = 20  # in frames, at most 512
_CHUNK: Final = 1 << 20  # frames at a time


class WorstFrame(Record):
    """A frame and what an error in it would do. `outcome`: class (classes.CLASSES). `lost`: bytes.

    `kind`: of page, as the map names it. `hit`: the processes that it hits, the worst first. `dead`: as of PerFrame.
    """

    pfn: int
    kind: str
    outcome: int
    dead: int
    lost: int
    hit: tuple[Hit, ...]


class FileToll(Record):
    """What errors in the cached pages of a file would do, each alone; numbers of frames.

    `outcomes`: by class of outcome. `now`: whose error signals a process at once. `late`: of the others, those that
    signal who touches them. `lost`: whose content is gone. `dead`: summed over the frames, how many processes die.
    """

    inode: int
    path: str
    outcomes: tuple[int, ...]
    now: int
    late: int
    lost: int
    dead: int

    @property
    def danger(self) -> tuple[int, ...]:
        """What files are ranked by, the greatest first."""
        frames = self.outcomes
        panics = 2 * frames[outcomes.PANICS] + frames[outcomes.INIT]
        return panics, self.dead, sum(frames[code] for code in _IN_USE), self.lost, self.now + self.late


class ProcessToll(Record):
    """What errors in frames would do to a process, each alone; numbers of frames.

    `impacts`: by impact (hits.IMPACTS), of all frames that it could have. `now`, `late`: whose error signals it at
    once, or when it touches the page. `kills`: of which it dies. `lost`: that it maps and whose content is gone.
    """

    tgid: int
    label: str
    impacts: tuple[int, ...]
    now: int
    late: int
    kills: int
    lost: int

    @property
    def danger(self) -> tuple[int, ...]:
        """What processes are ranked by, the greatest first."""
        panics = self.impacts[0]
        others = sum(self.impacts) - self.kills
        return panics, self.kills, self.lost, others


def worst_frames(damage: Damage, most: int, counts: PerFrame | None = None) -> list[WorstFrame]:
    """The most dangerous frames, by danger; `counts`: of `per_frame`, where at hand."""
    counts = per_frame(damage) if counts is None else counts
    class_of = damage.assessment.class_of
    of_class = _scores_of_classes(damage)
    score = of_class[class_of[counts.frame]] + (np.minimum(counts.dead, _MOST) << _DEAD_AT)
    score += np.minimum(counts.hit, _MOST)
    top = np.argpartition(score, -most)[-most:] if len(score) > most else np.arange(len(score))
    # Equal ones beside the last of these may have lower numbers.
    top = np.flatnonzero(score >= score[top].min()) if len(top) else top
    found = list(zip((-score[top]).tolist(), counts.frame[top].tolist(), strict=True))
    found += _without_hits(damage, of_class, counts, most)
    worst = [pfn for scored, pfn in heapq.nsmallest(most, found) if scored < 0]
    dead = counts.of(counts.dead, np.array(worst, np.int64)).tolist()
    return [_worst_frame(damage, pfn, count) for pfn, count in zip(worst, dead, strict=True)]


def _worst_frame(damage: Damage, pfn: int, dead: int) -> WorstFrame:
    toll = damage.toll(np.array([pfn]))
    number = damage.assessment.class_of[pfn]
    hit = tuple(Hit(tgid, damage.m.processes.view[tgid].label, kind) for tgid, kind in toll.hit.items())
    kind = KINDS[kind_of(damage.m.page(pfn))].name
    return WorstFrame(pfn, kind, int(damage.assessment.codes[number]), dead, toll.lost, hit)


def panics_of(damage: Damage) -> I64:
    """How an error in a frame of each class panics, int64: 2 at once, 1 when init touches the page, 0 not."""
    return np.array([_PANIC.get(code, 0) for code in range(len(outcomes.CLASSES))], np.int64)[damage.assessment.codes]


def _scores_of_classes(damage: Damage) -> I64:
    """The score of a frame of each class that hits nobody, int64."""
    codes = damage.assessment.codes
    in_use = np.isin(codes, _IN_USE).astype(np.int64)
    lost = damage.lost // FRAME_SIZE
    score: I64 = panics_of(damage) << _PANIC_AT | in_use << _IN_USE_AT | lost << _LOST_AT
    return np.where(codes == outcomes.POISONED, 0, score)


def _without_hits(damage: Damage, scores: I64, counts: PerFrame, most: int) -> Iterator[tuple[int, int]]:
    """(negated score, frame) of the first `most` frames, by score and number, of those that hit nobody."""
    class_of, left = damage.assessment.class_of, most
    for score in np.unique(scores[scores > 0])[::-1].tolist():
        of_score = scores == score
        for start in range(0, len(class_of), _CHUNK):
            pfns = start + np.flatnonzero(of_score[class_of[start : start + _CHUNK]])
            pfns = pfns[counts.of(counts.hit, pfns) == 0][:left]
            yield from ((-score, pfn) for pfn in pfns.tolist())
            left -= len(pfns)
            if not left:
                return


def tolls_of_files(damage: Damage, counts: PerFrame | None = None) -> Iterator[FileToll | None]:
    """The tolls of all files with cached pages, in slices: yields None in between."""
    counts = per_frame(damage) if counts is None else counts
    m, assessment = damage.m, damage.assessment
    size = max(m.inodes.view, default=0) + 1
    table = np.zeros((size, len(outcomes.CLASSES)), np.int64)
    now, late, lost, dead = (np.zeros(size, np.int64) for _ in range(4))
    for pfns, inode in frames_of_files(m, assessment.users):
        class_of = assessment.class_of[pfns]
        at = inode * len(outcomes.CLASSES) + assessment.codes[class_of]
        table += np.bincount(at, minlength=table.size).reshape(table.shape)
        sent = counts.of(counts.sent, pfns) > 0
        now += np.bincount(inode[sent], minlength=size)
        late += np.bincount(inode[(counts.of(counts.touch, pfns) > 0) & ~sent], minlength=size)
        lost += np.bincount(inode[damage.lost[class_of] > 0], minlength=size)
        dead += np.bincount(inode, counts.of(counts.dead, pfns), minlength=size).astype(np.int64)
        yield None
    for number in np.flatnonzero(table.any(axis=1)).tolist():
        path, row = file_name(m.inodes.view[number]), tuple(table[number].tolist())
        yield FileToll(number, path, row, int(now[number]), int(late[number]), int(lost[number]), int(dead[number]))


def tolls_of_processes(damage: Damage) -> list[ProcessToll]:
    """The tolls of all living processes with memory, in order of tgid."""
    m, hits, mms = damage.m, damage.hits, damage.assessment.users.mms
    width = len(IMPACTS) + 1
    rank = hits.rank.astype(np.int64)
    table = np.bincount(rank * width + hits.impact, minlength=len(mms) * width).reshape(len(mms), width)
    loses = hits.mapped & (damage.lost[damage.assessment.class_of[hits.frame]] > 0)
    lost = np.bincount(rank[loses], minlength=len(mms))
    found = []
    for at, mm in enumerate(mms.tolist()):
        process = m.processes.view.get(mm)
        if process is None or process.ended:
            continue
        row = table[at]
        now, late, kills = (int(row[which].sum()) for which in (SENT, ON_TOUCH & ~SENT, DIES))
        impacts = tuple(row[:NOT_HIT].tolist())
        found.append(ProcessToll(process.tgid, process.label, impacts, now, late, kills, int(lost[at])))
    return found
