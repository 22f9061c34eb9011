"""Rows of the lists of the most dangerous frames, processes and files, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.damage.words import frames_named, who_and_why
from hwpoison_gui.view.damage.worst import FileToll, ProcessToll, WorstFrame
from hwpoison_gui.view.outcome import classes as outcomes

FRAMES: Final = "worst frames"
PROCESSES: Final = "worst processes"
FILES: Final = "worst files"
LISTS: Final = {FRAMES: "Worst frames", PROCESSES: "Worst processes", FILES: "Worst files"}
RANKED: Final = {
    FRAMES: "ranked by panic, deaths, pages that stay in use, data lost, processes hit",
    PROCESSES: "ranked by panic, then frames that kill it",
    FILES: "ranked by panic, then deaths summed over frames",
}


class FrameDanger(Record):
    """Frames that are alike; `key`: the first of them."""

    key: int
    named: str
    alike: int
    who: str
    lost: int
    outcome: str
    kind: str


class ProcessDanger(Record):
    """A process; `key`: its tgid. `kills` and the like: numbers of frames. `size`: bytes of those that kill it."""

    key: int
    label: str
    kills: int
    size: int
    now: int
    late: int
    lost: int


class FileDanger(Record):
    """A file; `key`: its inode. `dead`: see FileToll; the others are numbers of frames."""

    key: int
    path: str
    frames: int
    signals: int
    dead: int
    lost: int
    in_use: int


DANGER_COLUMNS: Final[dict[str, tuple[TextColumn, ...]]] = {
    FRAMES: (
        TextColumn("key", "Frames", "The first of frames that are alike, and those that follow it",
                   "0x00000 to 0x00000"),
        TextColumn("alike", "Alike", "How many frames do the same to the same processes", "000,000", number=True),
        TextColumn("who", "Whom it hits, and how", "Processes that an error in one of these frames hits",
                   "init:1 panics the kernel on touch; init:279 dies on touch", wide=True),
        TextColumn("lost", "Loses", "Content that is gone with one of these frames", "00.0 KiB", number=True),
        TextColumn("kind", "Kind", "What the frames hold", "shared memory (tmpfs)"),
        TextColumn("outcome", "Outcome", "What becomes of the error, as the lens Outcome shows it",
                   outcomes.LONGEST),
    ),
    PROCESSES: (
        TextColumn("label", "Process", "Name and PID", "redis-server:1234", wide=True),
        TextColumn("kills", "Kills it", "Frames whose error kills it: also those of files that a VMA of it covers "
                   "without a PTE", "000,000", number=True),
        TextColumn("size", "Memory", "The same as an amount of memory", "000.0 MiB", number=True),
        TextColumn("now", "Signals now", "Frames whose error signals it at once", "000,000", number=True),
        TextColumn("late", "On touch", "Frames whose error signals it when it touches the page", "000,000",
                   number=True),
        TextColumn("lost", "Loses data", "Frames that it maps and whose content is gone", "000,000", number=True),
    ),
    FILES: (
        TextColumn("path", "File", "Path, and the inode where several have the same", "/var/lib/something/else",
                   wide=True, path=True),
        TextColumn("frames", "Frames", "Frames in the page cache", "000,000", number=True),
        TextColumn("signals", "Signals", "Frames whose error signals a process, at once or on touch", "000,000",
                   number=True),
        TextColumn("dead", "Deaths", "Processes that die, summed over its frames: one that two frames could kill "
                   "counts twice", "000,000", number=True),
        TextColumn("lost", "Loses data", "Frames whose content is gone", "000,000", number=True),
        TextColumn("in_use", "Stays", "Frames that stay in use though they are broken", "000,000", number=True),
    ),
}  # fmt: skip


def frame_dangers(worst: Iterable[WorstFrame], owners: bool = True) -> list[FrameDanger]:
    """Return a row for each set of frames that are alike, in the order given.

    `owners`: whether it is known which processes have which frames.
    """
    rows, unhit = [], "nobody" if owners else "whom, is not known"
    for one in worst:
        outcome = outcomes.CLASSES[one.outcome]
        who = "; ".join(who_and_why(one.hit)) or f"{unhit}: {outcome.meaning}"
        rows.append(FrameDanger(one.pfn, frames_named(one), one.alike, who, one.lost, outcome.name, one.kind))
    return rows


def process_dangers(worst: Iterable[ProcessToll]) -> list[ProcessDanger]:
    """Return a row for each process, in the order given."""
    return [
        ProcessDanger(one.tgid, one.label, one.kills, one.kills * FRAME_SIZE, one.now, one.late, one.lost)
        for one in worst
    ]


def file_dangers(worst: Iterable[FileToll]) -> list[FileDanger]:
    """Return a row for each file, in the order given."""
    return [
        FileDanger(one.inode, one.path, sum(one.outcomes), one.now + one.late, one.dead, one.lost,
                   one.outcomes[outcomes.STUCK] + one.outcomes[outcomes.IGNORED])
        for one in worst
    ]  # fmt: skip


def _frame_cells(row: FrameDanger) -> tuple[str, ...]:
    return row.named, f"{row.alike:,}", row.who, amount(row.lost) if row.lost else "", row.kind, row.outcome


def _process_cells(row: ProcessDanger) -> tuple[str, ...]:
    return row.label, _number(row.kills), amount(row.size), _number(row.now), _number(row.late), _number(row.lost)


def _file_cells(row: FileDanger) -> tuple[str, ...]:
    return row.path, *map(_number, row[2:])


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


DANGER_CELLS: Final[dict[str, Callable[[Any], tuple[str, ...]]]] = {
    FRAMES: _frame_cells,
    PROCESSES: _process_cells,
    FILES: _file_cells,
}
