"""Frames by outcome, and by kind of page, process, file, zone, node or cgroup.

Each frame counts once, but in a table of processes: there it counts in the row of each process that maps it or has a
swap entry for it, as in Rss, and `share` divides it evenly among them, as Pss does. The last row of a table has the
frames that belong to none of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.mmzone import NUMA_NO_NODE
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.naming import file_names, path_of
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.per_frame import frames_of_files
from hwpoison_gui.view.damage.worst import tolls_of_processes
from hwpoison_gui.view.outcome import classes as outcomes

I64 = npt.NDArray[np.int64]
Counted = tuple[int, ...]  # number of frames by class of outcome (classes.CLASSES)

WORST_FIRST: Final = ("process", "file", "cgroup")  # groupings whose rows are sorted by harmful frames, not by size
_CLASSES: Final = len(outcomes.CLASSES)
_CHUNK: Final = 1 << 18  # frames at a time


class Row(Record):
    """Frames of one group.

    Attributes
    ----------
    name : str
        As it is shown.
    term : tuple of str
        The word and the name of a filter that finds these frames, as ("kind", "anon"); empty if there is none.
    frames : tuple of int
        By class of outcome.
    lost : int
        Frames whose error would lose content.
    share : float
        Frames, each divided by the number of rows that count it.
    danger : tuple of int
        Of a process: what it is ranked by, see ProcessToll.danger; empty for other groups.
    """

    name: str
    term: tuple[str, str] | tuple[()]
    frames: Counted
    lost: int
    share: float
    danger: tuple[int, ...] = ()

    @property
    def kills(self) -> int:
        """Of a process: frames whose error kills it, whether it maps them or only could."""
        return self.danger[1] if self.danger else 0

    @property
    def harmful(self) -> int:
        """Frames of the outcomes classes.HARMFUL."""
        return sum(self.frames[code] for code in outcomes.HARMFUL)


class Table(Record):
    """All frames of a machine in groups.

    Attributes
    ----------
    by : str
        A key of GROUPINGS.
    rows : tuple of Row
        The largest first, in groupings of WORST_FIRST those with the most harmful frames, processes in the order of
        their danger; and last what belongs to no group. Those without frames are left out.
    whole : Row
        Each frame of the machine once.
    note : str
        What the machine's source does not say, or how shared frames are counted; empty if nothing is to be said.
    """

    by: str
    rows: tuple[Row, ...]
    whole: Row
    note: str = ""


def memory_of(frames: Counted) -> int:
    """Those of some frames that are memory."""
    return sum(frames) - sum(frames[code] for code in outcomes.NO_MEMORY)


def find_table(damage: Damage, by: str) -> Generator[None, None, Table]:
    """The table of a complete damage, in slices; `by` is a key of GROUPINGS."""
    classes = yield from _frames_of_classes(damage)
    whole = _row("all of memory", (), damage, classes)
    rows, rest, note = yield from GROUPINGS[by](damage, classes)
    rows.sort(key=lambda row: natural(row.name))
    rows.sort(key=lambda row: (row.danger, row.harmful if by in WORST_FIRST else 0, row.share), reverse=True)
    listed = [row for row in (*rows, rest) if sum(row.frames)]
    return Table(by, tuple(listed), whole, note)


def find_tables(damages: Mapping[int, Damage], by: str) -> Generator[None, None, dict[int, Table]]:
    """The table of each policy, by vm.memory_failure_early_kill."""
    found: dict[int, Table] = {}
    for early, damage in damages.items():
        found[early] = yield from find_table(damage, by)
    return found


def _frames_of_classes(damage: Damage) -> Generator[None, None, I64]:
    """Number of frames of each class of the assessment."""
    class_of, size = damage.assessment.class_of, len(damage.assessment.codes)
    found = np.zeros(size, np.int64)
    for start in range(0, len(class_of), _CHUNK):
        found += np.bincount(class_of[start : start + _CHUNK], minlength=size)
        yield
    return found


def _row(name: str, term: tuple[str, str] | tuple[()], damage: Damage, classes: I64) -> Row:
    """The row of frames that are given by their number in each class."""
    frames = np.bincount(damage.assessment.codes, classes, minlength=_CLASSES).astype(np.int64)
    lost = int(classes[damage.lost > 0].sum())
    return Row(name, term, tuple(frames.tolist()), lost, float(classes.sum()))


Made = Generator[None, None, tuple[list[Row], Row, str]]  # the rows, that of the rest, and the note


def _by_kind(damage: Damage, classes: I64) -> Made:
    """Frames of one class have one flag word, which decides the kind."""
    words = damage.m.flags.view[damage.assessment.members]
    kind = np.array([kind_of(int(word)) for word in words], np.int64)
    rows = [_row(one.name, ("kind", one.key), damage, classes * (kind == one.id)) for one in KINDS]
    yield
    return rows, _row("", (), damage, classes * 0), ""


def _by_zone(damage: Damage, classes: I64) -> Made:
    spans: dict[str, list[tuple[int, int]]] = {}
    for zone in damage.m.zones:
        spans.setdefault(zone.name, []).append((zone.start, zone.end))
    return _by_span(damage, classes, "zone", spans, ("in no zone", ("zone", "none")))


def _by_node(damage: Damage, classes: I64) -> Made:
    spans: dict[str, list[tuple[int, int]]] = {}
    for zone in damage.m.zones:
        if zone.node != NUMA_NO_NODE:
            spans.setdefault(str(zone.node), []).append((zone.start, zone.end))
    note = "" if spans else "The source of this machine does not say which node a frame belongs to."
    return _by_span(damage, classes, "node", spans, ("on no node" if spans else "node not known", ()), note)


def _by_span(
    damage: Damage,
    classes: I64,
    word: str,
    spans: dict[str, list[tuple[int, int]]],
    rest: tuple[str, tuple[str, str] | tuple[()]],
    note: str = "",
) -> Made:
    rows, left = [], classes.copy()
    for name, parts in spans.items():
        mine = np.zeros(len(classes), np.int64)
        for start, end in parts:
            for at in range(start, min(end, damage.m.frames), _CHUNK):
                part = damage.assessment.class_of[at : min(at + _CHUNK, end)]
                mine += np.bincount(part, minlength=len(classes))
                yield
        left -= mine
        rows.append(_row(f"node {name}" if word == "node" else name, (word, name), damage, mine))
    return rows, _row(*rest, damage, left), note


def _by_file(damage: Damage, classes: I64) -> Made:
    m, inodes = damage.m, sorted(damage.m.inodes.view)
    place = np.full(max(inodes, default=0) + 1, -1, np.int64)
    place[inodes] = np.arange(len(inodes))
    codes, loses = damage.assessment.codes, damage.lost > 0
    frames, lost = np.zeros((len(inodes), _CLASSES), np.int64), np.zeros(len(inodes), np.int64)
    for pfns, inode in frames_of_files(m, damage.assessment.users):
        at, class_of = place[inode], damage.assessment.class_of[pfns]
        frames += np.bincount(at * _CLASSES + codes[class_of], minlength=frames.size).reshape(frames.shape)
        lost += np.bincount(at[loses[class_of]], minlength=len(lost))
        yield
    rows, named = [], file_names(m.inodes.view)
    for number, inode_ in enumerate(inodes):
        row, file = frames[number], m.inodes.view[inode_]
        term = ("path", path_of(file))
        rows.append(Row(named[inode_], term, tuple(row.tolist()), int(lost[number]), float(row.sum())))
    rest = _rest("of no file", rows, _row("", (), damage, classes))
    return rows, rest, "" if inodes else "The source of this machine does not say which files are cached."


def _rest(name: str, rows: Sequence[Row], whole: Row) -> Row:
    """Return the whole less the rows, which share nothing."""
    frames = np.array(whole.frames) - sum(np.array(row.frames) for row in rows)
    return Row(name, (), tuple(frames.tolist()), whole.lost - sum(row.lost for row in rows), float(frames.sum()))


def _by_process(damage: Damage, classes: I64) -> Made:
    hits, users, codes = damage.hits, damage.assessment.users, damage.assessment.codes
    mine = np.flatnonzero(hits.mapped)
    frame, rank = hits.frame[mine], hits.rank[mine].astype(np.int64)
    yield
    first = np.flatnonzero(np.append(True, frame[1:] != frame[:-1])[: len(frame)])
    sharers = np.diff(first, append=len(frame))
    class_of, size = damage.assessment.class_of[frame], len(users.mms)
    yield
    frames = np.bincount(rank * _CLASSES + codes[class_of], minlength=size * _CLASSES).reshape(size, _CLASSES)
    lost = np.bincount(rank[damage.lost[class_of] > 0], minlength=size)
    yield
    share = np.bincount(rank, np.repeat(1 / sharers, sharers), minlength=size)
    yield
    danger = {toll.tgid: toll.danger for toll in tolls_of_processes(damage)}
    rows = []
    for at, tgid in enumerate(users.mms.tolist()):
        counted, of_process = tuple(frames[at].tolist()), danger.get(tgid, (0, 0, 0, 0))
        term = ("pid", str(tgid))
        rows.append(Row(damage.name_of(at), term, counted, int(lost[at]), float(share[at]), of_process))
    once = np.bincount(damage.assessment.class_of[frame[first]], minlength=len(classes))
    note = (
        "The worst first: a panic, then by frames whose error kills the process, which may also be pages of its files "
        "that it has no PTE for. Frames of several processes count in each of them, as in Rss; the total has each once."
    )
    return rows, _row("of no process", (), damage, classes - once), note if rows else _NO_PROCESSES


def _by_cgroup(damage: Damage, classes: I64) -> Made:
    memcg = damage.m.memcg
    if memcg is None:
        yield
        return [], _row("cgroup not known", (), damage, classes), "The source of this machine does not say cgroups."
    size = len(classes)
    found = np.zeros(len(memcg.names) * size, np.int64)
    for start in range(0, damage.m.frames, _CHUNK):
        part = slice(start, min(start + _CHUNK, damage.m.frames))
        pair = memcg.of[part].astype(np.int64) * size + damage.assessment.class_of[part]
        found += np.bincount(pair, minlength=len(found))
        yield
    of_cgroup = found.reshape(-1, size)
    rows = [_row(name, (), damage, count) for name, count in zip(memcg.names, of_cgroup, strict=True) if name]
    none = sum((count for name, count in zip(memcg.names, of_cgroup, strict=True) if not name), classes * 0)
    return rows, _row("charged to no cgroup", (), damage, none), ""


_NO_PROCESSES: Final = "The processes are not known: flags of pages do not say who maps them."
GROUPINGS: Final[dict[str, Callable[[Damage, I64], Made]]] = {
    "kind": _by_kind,
    "process": _by_process,
    "file": _by_file,
    "zone": _by_zone,
    "node": _by_node,
    "cgroup": _by_cgroup,
}
