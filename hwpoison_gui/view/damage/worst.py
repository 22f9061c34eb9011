"""The most dangerous frames, files and processes.

Danger is what the model foretells of an error, the worst first:

1. the kernel panics: at once, or when init touches the page (classes PANICS and INIT);
2. how many processes die, at once or when they touch the page; with the init of a PID namespace, all of its processes;
3. the page stays in use though it is broken: it is the kernel's own (IGNORED), or cannot be taken from its users
   (STUCK). What comes of its next use is not foretold: it is below any death that is;
4. how much content is lost;
5. how many processes are hit but live: they catch SIGBUS, read old data or zeros, or keep using the page.

What needs nobody's touch is not ranked above what does, for a process touches its memory sooner or later. Among equals
the frame of the lowest number comes first. A frame that was free, or is recovered, without any of these has no danger.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.impacts import Hit
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.naming import file_names
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.hits import BY_CODE, DIES, NOT_HIT, SENT, SIGNALLED_ON_TOUCH
from hwpoison_gui.view.damage.per_frame import PerFrame, frames_of_files, per_frame
from hwpoison_gui.view.outcome import classes as outcomes

I64 = npt.NDArray[np.int64]
Group = tuple[int, int, int]  # of a WorstFrame: pfn, run, alike

_PANIC: Final = {outcomes.PANICS: 2, outcomes.INIT: 1}
_IN_USE: Final = (outcomes.STUCK, outcomes.IGNORED)
_MOST: Final = (1 << 20) - 1  # processes counted; more have the same rank
# Places of the parts of a score.
_PANIC_AT: Final = 56
_DEAD_AT: Final = 36
_IN_USE_AT: Final = 34
_LOST_AT: Final = 20  # bit of the frames lost, at most 512
_CHUNK: Final = 1 << 20  # frames at a time


class WorstFrame(Record):
    """Frames that are alike: their errors would do the same, to the process.

    Attributes
    ----------
    pfn, run : int
        The first of them, and how many of them follow each other from there.
    alike : int
        Number of them all.
    kind : str
        Of page, as the map names it.
    outcome : int
        Class (classes.CLASSES).
    dead : int
        As of PerFrame.
    lost : int
        Bytes.
    hit : tuple of Hit
        The processes that each of them hits, the worst first.
    """

    pfn: int
    run: int
    alike: int
    kind: str
    outcome: int
    dead: int
    lost: int
    hit: tuple[Hit, ...]


class FileToll(Record):
    """Damage from errors in the cached pages of a file, each alone; numbers of frames.

    `outcomes`: by class of outcome. `now`: whose error signals a process at once. `late`: of the others, those that
    signal the next process to touch them. `lost`: whose content is gone. `dead`: deaths, summed over the frames.
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
        """Sort key of files, the greatest first."""
        frames = self.outcomes
        panics = 2 * frames[outcomes.PANICS] + frames[outcomes.INIT]
        return panics, self.dead, sum(frames[code] for code in _IN_USE), self.lost, self.now + self.late


class ProcessToll(Record):
    """Damage from errors in frames to a process, each alone; numbers of frames.

    `impacts`: by impact (hits.BY_CODE), of all frames that it could have. `now`, `late`: whose error signals it at
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
        """Sort key of processes, the greatest first."""
        panics = self.impacts[0]
        others = sum(self.impacts) - self.kills
        return panics, self.kills, self.lost, others


class Ranking:
    """Frames by danger, equal ones together. `counts`: the result of `per_frame`, if there is one already."""

    def __init__(self, damage: Damage, counts: PerFrame | None = None) -> None:
        self.damage = damage
        self._counts = per_frame(damage) if counts is None else counts
        self._sort_of = _sorts_of_classes(damage)
        self._of_class = _scores_of_classes(damage)  # without the processes hit, which are added below
        classes = damage.assessment.class_of[self._counts.frame]
        score = self._of_class[classes]
        score += np.minimum(self._counts.dead, _MOST) << _DEAD_AT
        score += np.minimum(self._counts.hit, _MOST)
        self._score: I64 = score  # one for each of `counts`
        self._count = _frames_of_classes(damage) - np.bincount(classes, minlength=len(self._of_class))
        weights = np.random.default_rng(0).integers(
            0, 1 << 64, (len(damage.assessment.users.mms), NOT_HIT + 1), np.uint64
        )
        weights[:, NOT_HIT] = 0
        self._weights = weights

    def worst(self, most: int) -> list[WorstFrame]:
        """The most dangerous frames, the worst first; of equal danger, the one of the lowest number."""
        found: list[WorstFrame] = []
        level = np.iinfo(np.int64).max
        while len(found) < most:
            below = (
                self._score[self._score < level].max(initial=0),
                self._of_class[self._of_class < level].max(initial=0),
            )
            level = max(map(int, below))
            if not level:
                break
            groups = sorted([*map(_group, self._hitting(level)), *self._bare(level)])
            found += [self._made(*group) for group in groups[: most - len(found)]]
        return found

    def alike(self, pfn: int) -> I64:
        """All frames like the one that is the first of its group, ascending."""
        at = int(np.searchsorted(self._counts.frame, pfn))
        if at < len(self._counts.frame) and self._counts.frame[at] == pfn:
            return next(group for group in self._hitting(int(self._score[at])) if group[0] == pfn)
        number = self.damage.assessment.class_of[pfn]
        same = (self._of_class == self._of_class[number]) & (self._sort_of == self._sort_of[number])
        return np.concatenate(list(self._hit_nobody(same)))

    def key_of(self, pfn: int) -> tuple[int, int]:
        """A key that equal frames share: the score, and a number for the processes that an error hits."""
        at = int(np.searchsorted(self._counts.frame, pfn))
        number = self.damage.assessment.class_of[pfn]
        if at < len(self._counts.frame) and self._counts.frame[at] == pfn:
            return int(self._score[at]), int(self._signatures(np.array([pfn]))[0])
        return int(self._of_class[number]), int(self._sort_of[number])

    def _hitting(self, level: int) -> Iterator[I64]:
        """Frames of a score that hit processes, in groups of those that are alike; each ascending."""
        pfns = self._counts.frame[self._score == level]
        keys = self._signatures(pfns)
        order = np.argsort(keys, kind="stable")
        yield from np.split(pfns[order], np.flatnonzero(np.diff(keys[order])) + 1) if len(pfns) else ()

    def _bare(self, level: int) -> Iterator[Group]:
        """The groups of frames of a score that hit nobody."""
        for sort in np.unique(self._sort_of[self._of_class == level]).tolist():
            classes = (self._of_class == level) & (self._sort_of == sort)
            alike = int(self._count[classes].sum())
            if alike:
                first, run, _ = _group(next(part for part in self._hit_nobody(classes) if len(part)))
                yield first, run, alike

    def _hit_nobody(self, classes: npt.NDArray[np.bool_]) -> Iterator[I64]:
        """The frames of some classes that hit nobody, ascending, in parts."""
        class_of, counts = self.damage.assessment.class_of, self._counts
        for start in range(0, len(class_of), _CHUNK):
            pfns = start + np.flatnonzero(classes[class_of[start : start + _CHUNK]])
            yield pfns[counts.of(counts.hit, pfns) == 0]

    def _signatures(self, pfns: I64) -> npt.NDArray[np.uint64]:
        """A 64-bit hash, for each frame, of the processes that an error in it hits and of what it does to them."""
        hits = self.damage.hits
        first = np.searchsorted(hits.frame, pfns)
        count = np.searchsorted(hits.frame, pfns, "right") - first
        start = np.cumsum(count) - count
        at = np.repeat(first - start, count) + np.arange(int(count.sum()))
        who = (
            np.add.reduceat(self._weights[hits.rank[at], hits.impact[at]], start) if len(at) else np.zeros(0, np.uint64)
        )
        sort: npt.NDArray[np.uint64] = self._sort_of[self.damage.assessment.class_of[pfns]].astype(np.uint64)
        return who + sort

    def _made(self, pfn: int, run: int, alike: int) -> WorstFrame:
        damage, one = self.damage, np.array([pfn])
        toll = damage.toll(one)
        hit = tuple(Hit(tgid, damage.m.processes.view[tgid].label, kind) for tgid, kind in toll.hit.items())
        dead = int(self._counts.of(self._counts.dead, one)[0])
        kind = KINDS[kind_of(damage.m.page(pfn))].name
        code = int(damage.assessment.codes[damage.assessment.class_of[pfn]])
        return WorstFrame(pfn, run, alike, kind, code, dead, toll.lost, hit)


def worst_frames(damage: Damage, most: int, counts: PerFrame | None = None) -> list[WorstFrame]:
    """The most dangerous frames, those that are alike together, by danger."""
    return Ranking(damage, counts).worst(most)


def _group(pfns: I64) -> Group:
    """The first of some frames (ascending), how many follow each other from there, and their number."""
    ends = np.flatnonzero(np.diff(pfns) != 1)
    return int(pfns[0]), int(ends[0]) + 1 if len(ends) else len(pfns), len(pfns)


def _frames_of_classes(damage: Damage) -> I64:
    """Number of frames of each class of the assessment."""
    class_of, size = damage.assessment.class_of, len(damage.assessment.codes)
    parts = (class_of[start : start + _CHUNK] for start in range(0, len(class_of), _CHUNK))
    return sum((np.bincount(part, minlength=size) for part in parts), np.zeros(size, np.int64))


def _sorts_of_classes(damage: Damage) -> I64:
    """A number for each class: equal ones are of one kind of page and outcome, and lose as much."""
    words = damage.m.flags.view[damage.assessment.members]
    kinds = np.array([kind_of(int(word)) for word in words], np.int64)
    of = np.stack([kinds, damage.assessment.codes.astype(np.int64), damage.lost])
    return np.unique(of, axis=1, return_inverse=True)[1].ravel().astype(np.int64)


def panics_of(damage: Damage) -> I64:
    """Return the panic of an error in each class of frames, int64: 2 at once, 1 when init touches the page, 0 none."""
    return np.array([_PANIC.get(code, 0) for code in range(len(outcomes.CLASSES))], np.int64)[damage.assessment.codes]


def _scores_of_classes(damage: Damage) -> I64:
    """The score of a frame of each class that hits nobody, int64."""
    codes = damage.assessment.codes
    in_use = np.isin(codes, _IN_USE).astype(np.int64)
    lost = damage.lost // FRAME_SIZE
    score: I64 = panics_of(damage) << _PANIC_AT | in_use << _IN_USE_AT | lost << _LOST_AT
    return np.where(codes == outcomes.POISONED, 0, score)


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
    named = file_names(m.inodes.view)
    for number in np.flatnonzero(table.any(axis=1)).tolist():
        path, row = named[number], tuple(table[number].tolist())
        yield FileToll(number, path, row, int(now[number]), int(late[number]), int(lost[number]), int(dead[number]))


def worst_files(damage: Damage, most: int, counts: PerFrame | None = None) -> Generator[None, None, list[FileToll]]:
    """The most dangerous files, in slices; those without any danger are left out."""
    files = []
    for file in tolls_of_files(damage, counts):
        if file is not None and any(file.danger):
            files.append(file)
        yield
    return sorted(files, key=lambda one: one.danger, reverse=True)[:most]


def worst_processes(damage: Damage, most: int) -> list[ProcessToll]:
    """The most dangerous for processes; those that nothing hits are left out."""
    ranked = sorted(tolls_of_processes(damage), key=lambda one: one.danger, reverse=True)
    return [one for one in ranked[:most] if any(one.impacts)]


def tolls_of_processes(damage: Damage) -> list[ProcessToll]:
    """The tolls of all living processes with memory, in order of tgid."""
    m, hits, mms = damage.m, damage.hits, damage.assessment.users.mms
    width = len(BY_CODE) + 1
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
        now, late, kills = (int(row[which].sum()) for which in (SENT, SIGNALLED_ON_TOUCH & ~SENT, DIES))
        impacts = tuple(row[:NOT_HIT].tolist())
        found.append(ProcessToll(process.tgid, process.label, impacts, now, late, kills, int(lost[at])))
    return found
