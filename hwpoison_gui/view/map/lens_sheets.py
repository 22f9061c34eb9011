"""Sheets: one byte per frame for lenses that need more than the flag word.

Building a sheet of millions of frames takes time, so it is done in slices: `work` yields the share done (0 to 1), and
the caller may process events in between. `some` computes the bytes of single frames again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_flags, mapping_number, of_files
from hwpoison_gui.kernel.profile.registry import PROFILES, counterpart
from hwpoison_gui.view.base.mappers import some_mappers_unknown
from hwpoison_gui.view.base.naming import path_of
from hwpoison_gui.view.base.slicing import as_part
from hwpoison_gui.view.map.frame_bytes import Held
from hwpoison_gui.view.map.lenses import (
    COUNT_BOUNDS,
    COUNT_EXISTS,
    COUNT_HOLE,
    COUNT_REFS,
    KERNELS,
    KERNELS_HOLE,
    KERNELS_SAME,
    MAPCOUNT,
    MAPCOUNT_PARTIAL,
    MAPCOUNT_UNKNOWN,
    OUTCOME,
    OUTCOME_STOPPED,
    OWNER,
    OWNERS,
    SNAPSHOT,
    ZONE,
    Lens,
    Owner,
    kernels_lens,
    owner_lens,
    snapshot_lens,
)
from hwpoison_gui.view.map.snapshot_parts import Part, frames_in, parts_of
from hwpoison_gui.view.map.snapshots import (
    SAME,
    THIS_MACHINE,
    Changes,
    Side,
    find_changes,
    in_order,
    over_frames_of,
    side_of_machine,
)
from hwpoison_gui.view.map.zones import lens_and_codes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.between_kernels import Between, find_between
from hwpoison_gui.view.outcome.prediction import predict

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

FRAMES_PER_SLICE: Final = 1 << 18  # frames per slice
_FEW: Final = 16  # frames whose outcome is computed at once; others keep the old one until the sheet is rebuilt


class CountsSheet:
    """Classes of mapcount and refcount, and whether the frame has a struct page at all."""

    follows_tables = False

    def __init__(self, m: Machine, room: int) -> None:
        self.m, self.held = m, Held(room)

    def work(self) -> Iterator[float]:
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            part = slice(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            self.held.write(part, self._bytes(part))
            yield part.stop / self.m.frames

    def some(self, pfns: I64) -> U8:
        return self._bytes(pfns)

    def _bytes(self, which: slice | I64) -> U8:
        m, top = self.m, COUNT_BOUNDS[-1]
        maps = _CLASS_OF_COUNT[np.clip(m.mapcount.view[which], 0, top)]
        refs = _CLASS_OF_COUNT[np.clip(m.refcount.view[which], 0, top)]
        hole = (m.flags.view[which] >> np.uint64(pf.BY_NAME["NOPAGE"].bit) & np.uint64(1)).astype(np.uint8)
        made: U8 = maps | refs << COUNT_REFS | hole * np.uint8(COUNT_HOLE) | np.uint8(COUNT_EXISTS)
        return made


_CLASS_OF_COUNT: Final[U8] = (np.searchsorted(COUNT_BOUNDS, np.arange(COUNT_BOUNDS[-1] + 1), "right") - 1).astype(
    np.uint8
)


class ZoneSheet:
    """The zone that a frame belongs to."""

    follows_tables = False

    def __init__(self, m: Machine, room: int) -> None:
        self.m, self.held = m, Held(room)
        self.lens, codes = lens_and_codes(m.zones)
        self._starts: I64 = np.array([zone.start for zone in m.zones], np.int64)
        self._ends: I64 = np.array([zone.end for zone in m.zones], np.int64)
        self._codes: U8 = np.array([*codes, ZONE.id_of("nozone")], np.uint8)

    def work(self) -> Iterator[float]:
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            stop = min(start + FRAMES_PER_SLICE, self.m.frames)
            codes = np.full(stop - start, ZONE.id_of("nozone"), np.uint8)
            for zone, code in zip(self.m.zones, self._codes.tolist(), strict=False):
                codes[max(0, zone.start - start) : max(0, zone.end - start)] = code
            codes[self._holes(slice(start, stop))] = ZONE.id_of("hole")
            self.held.write(slice(start, stop), codes)
            yield stop / self.m.frames

    def _holes(self, which: slice | I64) -> npt.NDArray[np.bool_]:
        holes: npt.NDArray[np.bool_] = (self.m.flags.view[which] & np.uint64(pf.NOPAGE)) != 0
        return holes

    def some(self, pfns: I64) -> U8:
        zone = np.searchsorted(self._starts, pfns, "right") - 1
        zone[(zone < 0) | (pfns >= self._ends[zone])] = len(self._ends)
        return np.where(self._holes(pfns), np.uint8(ZONE.id_of("hole")), self._codes[zone])


class OwnerSheet:
    """The owner of a frame: the file of its inode, or the process that created its anon_vma."""

    follows_tables = True

    def __init__(self, m: Machine, room: int) -> None:
        self.m, self.held = m, Held(room)
        self.lens: Lens = OWNER
        self._of_inode: U8 = np.zeros(1, np.uint8)
        self._of_anon: U8 = np.zeros(1, np.uint8)

    def work(self) -> Iterator[float]:
        yield from self._rank()
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            part = slice(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            self.held.write(part, self.some(part))
            yield 0.5 + 0.5 * part.stop / self.m.frames

    def some(self, pfns: I64 | slice) -> U8:
        words = self.m.flags.view[pfns]
        mapping = self.m.folio_mappings(pfns)
        flags, number = mapping_flags(mapping), mapping_number(mapping)
        kernel, other = OWNER.id_of("kernel"), OWNER.id_of("other")
        owner = np.full(len(words), kernel, np.uint8)
        file = np.flatnonzero(of_files(mapping) & (number < len(self._of_inode)))
        owner[file] = self._of_inode[number[file]]
        anon = np.flatnonzero((flags == MAPPING_ANON) & (number < len(self._of_anon)))
        owner[anon] = self._of_anon[number[anon]]
        owner[(flags == MAPPING_KSM) | (owner == 0)] = other
        owner[(words & np.uint64(pf.BUDDY)) != 0] = OWNER.id_of("free")
        owner[(words & np.uint64(pf.NOPAGE)) != 0] = OWNER.id_of("hole")
        return owner

    def _rank(self) -> Iterator[float]:
        """Count the frames of every file and process, and give the largest a class of their own."""
        m = self.m
        inodes = np.zeros(max(m.inodes.view, default=0) + 1, np.int64)
        anons = np.zeros(m.counter("next_anon_vma") + 1, np.int64)
        for start in range(0, m.frames, FRAMES_PER_SLICE):
            mapping = m.folio_mappings(slice(start, min(start + FRAMES_PER_SLICE, m.frames)))
            mapping = mapping[mapping != 0].astype(np.int64)
            for flags, total in ((0, inodes), (MAPPING_ANON, anons)):
                numbers = mapping_number(mapping[mapping_flags(mapping) == flags])
                total += np.bincount(numbers[numbers < len(total)], minlength=len(total))
            yield 0.5 * start / m.frames
        mm_of = np.zeros(len(anons), np.int64)
        for anon_vma, vmas in m.anon_vma_chain.view.items():
            mm_of[anon_vma] = m.vmas.view[min(vmas)].mm
        self._name(inodes, anons, mm_of)

    def _name(self, inodes: I64, anons: I64, mm_of: I64) -> None:
        m = self.m
        of_mm = np.bincount(mm_of, anons) if len(mm_of) else np.zeros(1)
        candidates = [(int(of_mm[mm]), "mm", mm) for mm in np.flatnonzero(of_mm).tolist() if mm in m.processes.view]
        candidates += [(int(inodes[n]), "inode", n) for n in np.flatnonzero(inodes).tolist() if n in m.inodes.view]
        largest = sorted(candidates, reverse=True)[:OWNERS][::-1]
        first = OWNER.id_of("owner0") + OWNERS - len(largest)
        self._of_inode, self._of_anon = np.zeros(len(inodes), np.uint8), np.zeros(len(anons), np.uint8)
        owners = [Owner()] * (OWNERS - len(largest))
        for number, (_, sort, which) in enumerate(largest):
            if sort == "mm":
                self._of_anon[mm_of == which] = first + number
                owners.append(Owner("task", m.processes.view[which].label))
            else:
                self._of_inode[which] = first + number
                owners.append(Owner("path", path_of(m.inodes.view[which])))
        self.lens = owner_lens(tuple(owners))


class OutcomeSheet:
    """The predicted outcome of poisoning the frame, see outcome/assessment.py."""

    follows_tables = True

    def __init__(self, m: Machine, room: int) -> None:
        self.m, self.held = m, Held(room)

    def work(self) -> Iterator[float]:
        assessment = Assessment(self.m)
        yield from assessment.work()
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            part = slice(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            self.held.write(part, assessment.codes[assessment.class_of[part]])
            yield 1.0

    def some(self, pfns: I64) -> U8:
        if len(pfns) > _FEW:
            known: U8 = self.held.values[pfns]
            return known
        return np.array([predict(self.m, pfn).code for pfn in pfns.tolist()], np.uint8)


class KernelsSheet:
    """The group of frames to which another kernel gives another outcome, see outcome/between_kernels.py.

    `other`: the name of that kernel; empty for the one that `counterpart` chooses. `between`: all that was found.
    """

    follows_tables = True

    def __init__(self, m: Machine, room: int, other: str = "") -> None:
        self.m, self.held = m, Held(room)
        self.other = other if other not in ("", m.profile.name) else counterpart(m.profile).name
        self.lens: Lens = KERNELS
        self.between: Between | None = None

    def work(self) -> Iterator[float]:
        between = yield from find_between(self.m, PROFILES[self.other])
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            part = slice(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            numbers = between.numbers[part]
            no_page = (self.m.flags.view[part] & np.uint64(pf.NOPAGE)) != 0
            same = np.where(no_page, np.uint8(KERNELS_HOLE), np.uint8(KERNELS_SAME))
            self.held.write(part, np.where(numbers == 0, same, numbers + np.uint8(KERNELS_SAME)))
            yield 1.0
        codes = {group.number: group.after.code for group in between.groups}
        self.lens = kernels_lens(between.one, between.other, tuple(codes.values()))
        self.between = between

    def some(self, pfns: I64) -> U8:
        """Return the earlier values: an outcome under two kernels and its group take too long for a single step."""
        known: U8 = self.held.values[pfns]
        return known

    def group_of(self, pfn: int) -> int:
        """The number of the frame's group; 0 if it has none."""
        return max(0, int(self.held.values[pfn]) - KERNELS_SAME)


class SnapshotSheet:
    """Differences from a second snapshot, see map/snapshots.py; without one, nothing is known of any frame.

    `changes`: all that was found. `parts`: the rows of its table.
    """

    follows_tables = True

    def __init__(self, m: Machine, room: int, other: Side | None = None) -> None:
        self.m, self.held, self._other = m, Held(room), other
        self.lens: Lens = snapshot_lens(other.title) if other is not None else SNAPSHOT
        self._pair: tuple[Side, Side] | None = None  # the older one first
        self.changes: Changes | None = None
        self.parts: tuple[Part, ...] = ()

    def work(self) -> Iterator[float]:
        if self._other is None:
            return
        own = yield from as_part(side_of_machine(self.m, THIS_MACHINE), lambda share: 0.3 * share)
        self._pair = in_order(own, self._other)
        found = yield from as_part(find_changes(*self._pair), lambda share: 0.3 + 0.6 * share)
        found = over_frames_of(own, found)
        for start in range(0, self.m.frames, FRAMES_PER_SLICE):
            part = slice(start, min(start + FRAMES_PER_SLICE, self.m.frames))
            self.held.write(part, found.codes[part])
            yield 0.9
        self.changes, self.parts = found, parts_of(found)

    def some(self, pfns: I64) -> U8:
        """Return the earlier values, until the sheet is rebuilt."""
        known: U8 = self.held.values[pfns]
        return known

    def part_of(self, pfn: int) -> int:
        """The number of the first part that a frame belongs to; 0 if it has not changed."""
        numbers = (part.number for part in self.parts if self.in_part(part.number)[pfn])
        return next(numbers, 0) if self.held.values[pfn] > SAME else 0

    def called(self, word: str) -> npt.NDArray[np.bool_]:
        """The frames of the part that the filter calls `word`; none if nothing changed so."""
        return self.in_part(next((part.number for part in self.parts if part.word == word), 0))

    def in_part(self, number: int) -> npt.NDArray[np.bool_]:
        """The frames of a part, by its number; none for a number that no part has."""
        if self._pair is None or self.changes is None or not 0 < number <= len(self.parts):
            return np.zeros(self.m.frames, np.bool_)
        return frames_in(self.parts[number - 1], *self._pair, self.changes)


def lens_on(sheet: AnySheet, lens: Lens) -> Lens:
    """A lens with the names of classes that its sheet gives, or that its machine asks for."""
    if lens is OUTCOME and sheet.m.panicked:
        return OUTCOME_STOPPED
    if lens is MAPCOUNT and some_mappers_unknown(sheet.m):
        return MAPCOUNT_PARTIAL if sheet.m.capture.pids else MAPCOUNT_UNKNOWN
    named: Lens = getattr(sheet, "lens", lens)
    return named


AnySheet = CountsSheet | ZoneSheet | OwnerSheet | OutcomeSheet | KernelsSheet | SnapshotSheet
SHEETS: Final[dict[str, type[AnySheet]]] = {
    "counts": CountsSheet,
    "zone": ZoneSheet,
    "owner": OwnerSheet,
    "outcome": OutcomeSheet,
    "kernels": KernelsSheet,
    "snapshot": SnapshotSheet,
}
Other = str | Side | None


def sheet_for(name: str, m: Machine, room: int, other: Other = None) -> AnySheet:
    """An empty sheet, see its `work`.

    Parameters
    ----------
    name
        A key of SHEETS.
    room
        Frames including padding, as `FramePlane.room`.
    other
        What the machine is compared with: for `kernels` the name of a kernel, or empty for the usual one; for
        `snapshot` a second snapshot.
    """
    if isinstance(other, Side):
        return SnapshotSheet(m, room, other)
    return KernelsSheet(m, room, other) if isinstance(other, str) else SHEETS[name](m, room)


def made(name: str, m: Machine, room: int, other: Other = None) -> AnySheet:
    """Build a sheet to the end, without slices; parameters as for `sheet_for`."""
    sheet = sheet_for(name, m, room, other)
    for _ in sheet.work():
        pass
    return sheet
