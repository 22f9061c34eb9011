"""Cost of the walk over tasks and VMAs on this machine: pairs visited against mappers found, under early kill.

The handler is run dry on one frame of each class that the walk cannot tell apart. The cost is not linear: each task is
visited with each VMA that covers the page, whether or not it owns it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.collect import SUM_ANON, SUM_FILE, collect_procs
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.page_mapping import MAPPING_KSM, mapping_flags
from hwpoison_gui.kernel.rmap import rmap_addresses
from hwpoison_gui.record import Record
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.view.base.slicing import as_part
from hwpoison_gui.view.charts.chart import Curve, Curves, as_text
from hwpoison_gui.view.charts.colours import REFERENCE
from hwpoison_gui.view.damage.policy import under
from hwpoison_gui.view.rmap.covering import Covering
from hwpoison_gui.view.words.words import counted

I64 = npt.NDArray[np.int64]

_MOST: Final = 2000  # classes that are measured
_MANY: Final = 300  # VMAs from which on collect_procs() is run alone: the handler would take too long without a break
_CHUNK: Final = 1 << 18  # frames at a time
_CLASSES: Final = 0.3  # share of the work
_PAIRS: Final = "pairs_visited"
_SUMS: Final = (SUM_ANON, SUM_FILE)


class Alike(Record):
    """Frames that the walk cannot tell apart: as many VMAs, as many mappings, all anonymous or all of files.

    `frames`: how many. `typical`: one of them, on an LRU list if any is, for the handler gives up early on others.
    """

    vmas: int
    mapcount: int
    anon: bool
    frames: int
    typical: int


class Cost(Record):
    """Cost of the walk for a frame. `found`: entries of to_kill. `pairs`: visited pairs of task and VMA."""

    found: int
    pairs: int


def cost_curves(m: Machine) -> Generator[float | None, None, Curves]:
    """A point for each class of mapped frames, in slices, while the machine stays as it is; yields the share done."""
    alike = yield from as_part(find_classes(m), lambda done: _CLASSES * done)
    chosen = [alike[at] for at in np.unique(np.linspace(0, len(alike) - 1, min(_MOST, len(alike))).astype(int))]
    measured: list[tuple[Alike, Cost]] = []
    for number, one in enumerate(chosen):
        yield _CLASSES + (1 - _CLASSES) * number / len(chosen)
        cost = yield from under(m, 1, _cost(m, one.typical, one.vmas))
        measured.append((one, cost))
    return _curves(m, measured, len(alike))


def find_classes(m: Machine) -> Generator[float, None, list[Alike]]:
    """The mapped frames that the reverse map leads from, in classes, ordered by the number of VMAs."""
    covering, found = Covering(m), dict[int, tuple[int, int]]()  # key of the class -> number of frames, and one of them
    for start in range(0, m.frames, _CHUNK):
        part = slice(start, min(start + _CHUNK, m.frames))
        flags, vmas, mapcount = m.flags.view[part], covering.of(part), m.mapcount.view[part].astype(np.int64)
        at = np.flatnonzero((vmas > 0) & (mapcount > 0) & ((flags & np.uint64(pf.HWPOISON)) == 0))
        anon, lru = ((flags[at] & np.uint64(flag)) != 0 for flag in (pf.ANON, pf.LRU))
        packed = ((vmas[at] << 31 | mapcount[at]) << 1 | anon) << 1 | lru
        alike = np.stack(np.unique(packed, return_index=True, return_counts=True), 1)
        for key, first, count in alike.tolist():
            before = found.get(key, (0, start + int(at[first])))
            found[key] = before[0] + count, before[1]
        yield part.stop / m.frames
    classes = []
    for key in sorted({key >> 1 for key in found}):
        off, on = found.get(key << 1), found.get(key << 1 | 1)
        frames, typical = sum(one[0] for one in (off, on) if one), (on or off or (0, 0))[1]
        classes.append(Alike(key >> 32, key >> 1 & 0x7FFF_FFFF, bool(key & 1), frames, typical))
    return classes


def _cost(m: Machine, pfn: int, vmas: int) -> Generator[None, None, Cost]:
    before = m.counters.view.get(_PAIRS, 0)
    if vmas <= _MANY:
        with dry_run(m, pfn) as ran:
            found = sum(mark.value("found") for mark in ran.marks if mark.site in _SUMS)
            return Cost(found, m.counters.view.get(_PAIRS, 0) - before)
    walk, found = collect_procs(m, pfn), 0
    try:
        for mark in walk:
            if isinstance(mark, Mark) and mark.site in _SUMS:
                found = mark.value("found")
                return Cost(found, m.counters.view.get(_PAIRS, 0) - before)
            yield
    finally:
        walk.close()
        m.gate.backward(m.gate.take())
    return Cost(0, 0)


class _Point(Record):
    """Classes for which the walk costs the same."""

    cost: Cost
    classes: list[Alike]

    @property
    def frames(self) -> int:
        return sum(one.frames for one in self.classes)


def _curves(m: Machine, measured: list[tuple[Alike, Cost]], classes: int) -> Curves:
    alike: dict[tuple[bool, int, Cost], list[Alike]] = {}
    for one, cost in measured:
        if cost.found and cost.pairs:
            alike.setdefault((one.anon, one.vmas, cost), []).append(one)
    points = sorted((_Point(cost, ones) for (_, _, cost), ones in alike.items()), key=lambda point: point.cost)
    of_vmas = Counter((one.anon, one.vmas) for one, _ in measured)
    curves = [
        _curve(name, key, [point for point in points if point.classes[0].anon is anon], of_vmas)
        for name, key, anon in (("anonymous pages", "kind:anon", True), ("pages of files", "kind:file", False))
    ]
    most = max((point.cost for point in points), key=lambda cost: cost.pairs, default=Cost(0, 0))
    if points:
        ends = np.array([1.0, max(float(most.found), 2.0)])
        curves.append(Curve(REFERENCE, "one pair for each mapper, if the walk were linear", ends, ends, is_line=True))
    return Curves(
        f"The walk visits up to {counted(most.pairs, 'pair')} of task and VMA to find {counted(most.found, 'mapper')}",
        "mappers found",
        "pairs visited",
        tuple(curves),
        log=True,
        x_of="entries of to_kill",
        note=_note(m, measured, classes),
        finds={(one.vmas, one.mapcount, one.anon): _expression(point.classes, of_vmas)
               for point in points for one in point.classes},
    )  # fmt: skip


def _curve(name: str, key: str, points: Sequence[_Point], of_vmas: Mapping[tuple[bool, int], int]) -> Curve:
    x = np.array([point.cost.found for point in points], float)
    y = np.array([point.cost.pairs for point in points], float)
    keys = tuple(_expression(point.classes, of_vmas) for point in points)
    return Curve(key, name, x, y, joined=False, keys=keys, words=tuple(map(_words, points)))


def _expression(classes: Sequence[Alike], of_vmas: Mapping[tuple[bool, int], int]) -> str:
    """The filter that finds the frames of some classes with as many VMAs each."""
    one = classes[0]
    counts = ",".join(str(each.mapcount) for each in classes)
    mapped = "mapcount>0" if len(classes) == of_vmas[one.anon, one.vmas] else f"mapcount={counts}"
    return f"vmas={one.vmas} {mapped} {'anon' if one.anon else '~anon'}"


def class_of(m: Machine, pfn: int) -> tuple[int, int, bool]:
    """Key of frames with the same walk: numbers of VMAs and mappings, and whether the page is anonymous."""
    return len(rmap_addresses(m, pfn)), int(m.mapcount.view[pfn]), bool(m.page(pfn) & pf.ANON)


def _words(point: _Point) -> str:
    cost, vmas = point.cost, point.classes[0].vmas
    per = as_text(cost.pairs / cost.found)
    return (
        f"{counted(cost.pairs, 'pair')} for {counted(cost.found, 'mapper')}, {per} each: "
        f"{counted(point.frames, 'frame')} under {counted(vmas, 'VMA')}"
    )


def _note(m: Machine, measured: list[tuple[Alike, Cost]], classes: int) -> str:
    notes = [f"Measured under early kill on one frame of each of {counted(len(measured), 'class', 'classes')}."]
    if len(measured) < classes:
        notes = [f"Measured under early kill on {len(measured):,} of {classes:,} classes of frames, evenly spaced."]
    if any(one.vmas > _MANY for one, _ in measured):
        notes.append(f"Above {_MANY} VMAs {m.profile.called('collect_procs')}() is run alone.")
    unwalked = sum(one.frames for one, cost in measured if not cost.found)
    if unwalked:
        notes.append(f"For {counted(unwalked, 'mapped frame')} the handler finds nobody.")
    merged = int(np.count_nonzero((mapping_flags(m.mapping.view) == MAPPING_KSM) & (m.mapcount.view > 0)))
    if merged:
        notes.append(f"{counted(merged, 'merged page')} (KSM) are left out.")
    return " ".join(notes)
