"""Rows and words about a fault of DRAM: what it does early and late, and what soft offline beforehand would save."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.impacts import Hit
from hwpoison_gui.view.base.mappers import why_unknown
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.damage.damage import Toll
from hwpoison_gui.view.damage.fault import MOVED, FaultDamage, room_words
from hwpoison_gui.view.damage.hits import BY_CODE, DIES
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.uses import owners_known
from hwpoison_gui.view.damage.words import who_and_why
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.words.words import counted

COURSES: Final = {
    "nothing": ("nothing", "Nothing is done: every frame of the part fails"),
    "by_page": ("by page", "Page by page, at best: each frame is soft offlined before it fails"),
    "by_part": ("whole part", "At worst: at the first error, all other frames of the part are soft offlined"),
}
_DYING: Final = tuple(kind for code, kind in enumerate(BY_CODE) if DIES[code])
_LOST: Final = "content lost"
_ALWAYS: Final = ("frames that fail", "processes hit")


def _of(*classes: int) -> Callable[[Toll], int]:
    return lambda toll: sum(toll.frames[code] for code in classes)


_MEASURES: Final[dict[str, Callable[[Toll], int]]] = {
    "frames that fail": lambda toll: sum(toll.frames[outcomes.FREE : outcomes.POISONED]),
    "  panic": _of(outcomes.PANICS, outcomes.INIT),
    "  stay in use": _of(outcomes.IGNORED, outcomes.STUCK),
    "  end a namespace": _of(outcomes.NAMESPACE),
    "  signal at once": _of(outcomes.EARLY),
    "  signal on touch": _of(outcomes.LATE),
    "  lose data alone": _of(outcomes.LOST),
    "  recovered silently": _of(outcomes.SILENT),
    "  free page": _of(outcomes.FREE),
    "processes hit": lambda toll: len(toll.hit),
    "processes that die": lambda toll: sum(kind in _DYING for kind in toll.hit.values()),
    _LOST: lambda toll: toll.lost,
}


def measures(tolls: Sequence[Toll]) -> Iterator[tuple[str, list[int], list[str]]]:
    """The rows that compare tolls: the name of a measure, its value in each toll, and these as text.

    A measure that is 0 in all of them is left out.
    """
    for name, value in _MEASURES.items():
        values = [value(toll) for toll in tolls]
        if any(values) or name in _ALWAYS:
            yield name, values, [amount(one) if name == _LOST else f"{one:,}" for one in values]


class FaultRow(Record):
    """One measure by course, of `COURSES`: its value under late kill, and as `shown`, in their order."""

    key: int
    name: str
    nothing: int
    by_page: int
    by_part: int
    shown: tuple[str, ...]


def fault_columns() -> tuple[TextColumn, ...]:
    """The columns of `fault_rows`: each course, where the policies differ under late and early kill."""
    both = f"{KILL[0]} / {KILL[1]} where they differ"
    columns = [TextColumn("name", "Each frame alone", f"What is counted; {both}", "processes that die")]
    for course, (head, tip) in COURSES.items():
        columns.append(TextColumn(course, f"{head}\nlate / early", f"{tip}; {both}", "0,000 / 0,000", number=True))
    return tuple(columns)


def fault_rows(damages: Sequence[FaultDamage]) -> list[FaultRow]:
    """Rows of the damage from a fault under late and early kill, in this order."""
    tolls = [toll for damage in damages for toll in (damage.nothing, damage.by_page, damage.by_part)]
    rows, courses = [], len(COURSES)
    for key, (name, values, shown) in enumerate(measures(tolls)):
        pairs = zip(values[:courses], values[courses:], shown[:courses], shown[courses:], strict=True)
        cells = [_cell(late, early, words) for late, early, *words in pairs]
        nothing, by_page, by_part, *_ = values
        rows.append(FaultRow(key, name, nothing, by_page, by_part, tuple(cells)))
    return rows


def _cell(late: int, early: int, words: Sequence[str]) -> str:
    """A number under both policies: once where they agree, and empty for none."""
    if late == early:
        return words[0] if late else ""
    return " / ".join(word if value else "0" for value, word in zip((late, early), words, strict=True))


def fault_cells(row: FaultRow) -> tuple[str, ...]:
    """A row as it is shown, in the order of `fault_columns`."""
    return row.name.replace("  ", "\N{EN SPACE}\N{EN SPACE}"), *row.shown


def who_is_hit(m: Machine, damage: FaultDamage, most: int = 3) -> str:
    """Name the processes that a fault hits if nothing is done, the worst first; else `nobody`, or why not known."""
    hits = [Hit(tgid, _label(m, tgid), kind) for tgid, kind in damage.nothing.hit.items()]
    return "; ".join(who_and_why(hits, most)) or ("nobody" if owners_known(m) else f"not known, {why_unknown(m)}")


def _label(m: Machine, tgid: int) -> str:
    process = m.processes.view.get(tgid)
    return process.label if process is not None else str(tgid)


def offlined_words(damage: FaultDamage, mode: str) -> list[str]:
    """Describe soft offline of the frames of a part: moved ones, then a line for each obstacle, then room."""
    whole = sum(damage.offlined.values())
    moved = [f"{damage.offlined[result]:,} {result}" for result in MOVED if damage.offlined.get(result)]
    lines = [f"Soft offline: {', '.join(moved) if moved else 'none moved'}, of {counted(whole, 'frame')}"]
    lines += [f"{frames:,} not moved, {kind}: {why}" for kind, why, frames in damage.obstacles]
    return lines + ([room_words(damage, mode)] if damage.no_room else [])


def fault_notes(m: Machine, damages: Sequence[FaultDamage], mode: str) -> list[str]:
    """List the processes that are hit under each policy, and what soft offline could move and what not."""
    who = [(KILL[damage.early], who_is_hit(m, damage)) for damage in damages]
    said = [f"Hit, {kill}: {words}." for kill, words in who]
    said += huge_words(damages)
    return [*said, *(f"{line}." if line[-1] != "." else line for line in offlined_words(damages[0], mode))]


def huge_words(damages: Sequence[FaultDamage]) -> list[str]:
    """Why more content may be lost than fails, if it may: a line, or none."""
    huge = max(damage.nothing.huge for damage in damages)
    return [f"Content lost: {counted(huge, 'hugetlb page')} in it, each lost whole and counted once."] if huge else []


def broken_frames(damage: FaultDamage) -> int:
    """Number of frames of the part that had an error already."""
    return damage.nothing.frames[outcomes.POISONED]


def failing_frames(damage: FaultDamage) -> int:
    """Number of frames of the part that can still fail."""
    return sum(damage.nothing.frames[outcomes.FREE : outcomes.POISONED])


def broken_notes(broken: int, is_foretold: bool, happened: str) -> list[str]:
    """Describe a part with broken frames.

    `is_foretold`: the numbers shown are from before they broke. `happened`: result of the operation that broke them.
    """
    said = [f"Broken already: {counted(broken, 'frame')} of it."] if broken else []
    if is_foretold:
        said = [f"Broken: all {counted(broken, 'frame')}. The numbers are what was foretold before that."]
    return [*said, f"What happened: {happened}"] if happened else said


def size_words(frames: int) -> str:
    """A number of frames, with their size."""
    return f"{counted(frames, 'frame')}, {amount(frames * FRAME_SIZE)}"
