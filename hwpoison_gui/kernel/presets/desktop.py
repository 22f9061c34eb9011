"""The default machine: a small desktop with some servers, after a few hours of use.

The number of frames and the seed determine everything. Larger machines have larger programs (up to sixteen
times), a larger page cache and more free memory.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64, HiddenState, MemoryImage

from .. import page_flags as pf
from ..mmzone import zones_by_address
from .areas import PAGE_SHIFT, Area
from .desktop_files import CACHED, MAPPED, rest_of_the_cache
from .desktop_programs import LIBRARIES, OPTIONAL, PROGRAMS
from .dice import I64, Dice
from .files import FileTable, OpenFile
from .kernel_memory import kernel_memory
from .physical import (
    LEAST_FRAMES,
    NoRoomError,
    allocation_order,
    at_boot,
    frames_of,
    frontier,
    physical_map,
    unmovable_zones,
)
from .pool import Birth, PagePool
from .processes import NOTHING, Entries, ProcessTable
from .spec import Anon, FileSpec, Library, Program

_NORMAL: Final = 1 << 16  # frames of the machine whose numbers of pages are in the tables
_LARGEST: Final = 16 * _NORMAL
_VPN_BITS: Final = 36
_SMALLEST: Final = 1500
_KEPT_FREE: Final = 3300
_ROOM_FOR_ALL: Final = 12_288
_ANON_VMA: Final = 0xFFFF_8880_0000_0001  # page->mapping of an anonymous page: a pointer with bit 0 set

_NOTES: Final = ("A made-up machine, not a recording. The same size and seed give the same machine.",)


def desktop(frames: int, seed: int) -> MemoryImage:
    """The image of a desktop of `frames` frames. Raises ValueError below 4096 frames."""
    if frames < LEAST_FRAMES:
        raise ValueError(f"the desktop needs {LEAST_FRAMES} frames (16 MiB) at least, not {frames}")
    # Free blocks of all orders must remain on the smallest machine, too, so everything else shrinks more.
    shrunk = max(_SMALLEST, (frames - _KEPT_FREE) * _NORMAL // (_NORMAL - _KEPT_FREE))
    scale = shrunk if frames < _NORMAL else min(_LARGEST, frames)
    while True:
        try:
            return _Desktop(frames, seed, scale).image()
        except NoRoomError:
            scale -= scale // 16


class _Desktop:
    """Builds a desktop: first what exists, then in which frames, then the words that Linux would export."""

    def __init__(self, frames: int, seed: int, scale: int) -> None:
        self._frames = frames
        self._scale = scale
        self._programs = PROGRAMS if frames >= _ROOM_FOR_ALL else [p for p in PROGRAMS if p.name not in OPTIONAL]
        self._dice = Dice(seed)
        self._pool = PagePool(self._dice)
        self._files = FileTable(self._pool, self._dice, self._pages)
        self._processes = ProcessTable(self._pool, self._dice)

    def _pages(self, normal: int) -> int:
        return max(1, normal * self._scale // _NORMAL)

    def image(self) -> MemoryImage:
        self._populate()
        entries = self._processes.entries()
        page = entries.page
        frame, words, refcount = self._place(_page_tables(entries))
        mapcount = np.bincount(page[page >= 0], minlength=self._pool.total)
        flags = self._flags(mapcount)
        words[frame], refcount[frame] = flags, _references(flags, mapcount)
        kpagecount = np.zeros(self._frames, np.uint64)
        kpagecount[frame] = mapcount
        return MemoryImage(
            title="A small desktop",
            kpageflags=words,
            kpagecount=kpagecount,
            pagemap_pid=np.array([process.pid for process in self._processes.processes])[entries.process],
            pagemap_va=(entries.vpn << PAGE_SHIFT).astype(np.uint64),
            pagemap_entry=_pagemap(page, flags, mapcount, frame),
            processes=tuple(sorted(self._processes.processes, key=lambda process: process.pid)),
            files=tuple(file.image for file in self._files.files),
            cached=self._files.cached_pages(frame),
            hidden=self._hidden(frame, refcount, self._dirty(entries, flags)),
            zones=zones_by_address(self._frames, node=0),
            notes=_NOTES,
        )

    def _populate(self) -> None:
        """Create everything except free memory and the kernel's own pages."""
        born: dict[str, int] = {}
        for program in self._programs:
            for name in program.libs:
                born.setdefault(name, program.when)
        libraries = {name: self._load(LIBRARIES[name], when) for name, when in born.items()}
        files = {name: self._files.open(spec) for name, spec in MAPPED.items()}
        programs: dict[str, OpenFile] = {}
        for program in self._programs:
            path = program.exe.path
            if path not in programs:
                programs[path] = self._load(program.exe, program.when)
            self._processes.start(program, self._areas(program, programs[path], libraries, files))
        for spec in CACHED:
            self._files.open(spec)
        rest = self._scale // 15 + max(0, self._frames - _LARGEST) // 6
        for spec in rest_of_the_cache(rest, self._dice):
            self._files.open(spec, scaled=False)

    def _load(self, library: Library, when: int) -> OpenFile:
        pages = library.text + library.data
        return self._files.open(FileSpec(library.path, pages, cached=82, when=when, span=3, run=32, activity=70))

    def _areas(
        self, program: Program, exe: OpenFile, libraries: dict[str, OpenFile], files: dict[str, OpenFile]
    ) -> list[Area]:
        """The VMAs of a program: its own, those of its libraries, and its mappings."""
        locked, swapped, cowed = program.locked, 0 if program.locked else program.swapped, program.cowed
        heap = Anon("heap", program.heap, 92, swapped, cowed, path="[heap]")
        stack = Anon("stack", program.stack, 70, 0, min(60, 2 * cowed), path="[stack]")
        areas = self._of_file("text", "data", program.exe, exe, program, 62)
        areas.append(Area("heap", self._pages(heap.pages), "rw-p", heap, locked=locked))
        for name in program.libs:
            areas += self._of_file(name, f"{name}-data", LIBRARIES[name], libraries[name], program, 34)
        for what in program.areas:
            if isinstance(what, Anon):
                areas.append(Area(what.name, self._pages(what.pages), "rw-p", what, locked=what.locked))
            else:
                file = files[what.file]
                areas.append(Area(what.name, len(file.page), what.perms, None, file, 0, what.seen, what.own))
        areas.append(Area("stack", self._pages(stack.pages) + 1, "rw-p", stack, locked=locked))
        return areas

    def _of_file(
        self, text: str, data: str, library: Library, file: OpenFile, program: Program, seen: int
    ) -> list[Area]:
        """The text and the data of a file; data pages are private copies where they were relocated or written."""
        split = len(file.page) * library.text // (library.text + library.data)
        split = min(max(1, split), len(file.page) - 1) if len(file.page) > 1 else 1
        areas = [Area(text, split, "r-xp", None, file, 0, seen, 14, program.locked)]
        if len(file.page) > split:
            swapped = 0 if program.locked or library.data < 10 else program.swapped
            copies = Anon(data, library.data, 72, swapped, program.cowed, run=6)
            areas.append(Area(data, len(file.page) - split, "rw-p", copies, file, split, 90, 5, program.locked))
        return areas

    def _place(self, page_tables: int) -> tuple[I64, U64, npt.NDArray[np.int32]]:
        """The frame of each page, and flag words and reference counts of all other frames."""
        physical = physical_map(self._frames)
        words, refcount = at_boot(physical)
        kernel = kernel_memory(page_tables, self._pages, self._dice)
        zones = unmovable_zones(physical, kernel.frames, self._dice)
        kernel.put(zones, words, refcount)
        scattered = self._pages(3000)
        used = self._pool.total
        spans = allocation_order(physical, zones, used + scattered, self._dice)
        taken = frontier(spans, used + scattered)
        self._free(taken - used)
        place = self._pool.stream()
        # The last page allocated must be in use, or the free block behind it would include it.
        last = place == taken - 1
        place[last], place[used - 1] = place[used - 1], taken - 1
        return frames_of(spans, taken)[place], words, refcount

    def _free(self, count: int) -> None:
        """Create free pages between used ones: single pages, those of exited programs, and per-CPU lists (no flag)."""
        lists = min(count // 8, self._pages(60) + 4)
        for cpu, when in enumerate((930, 960)):
            self._pool.fill(max(1, lists // 2), 0, Birth(when, 12, 2 + cpu))
        count -= 2 * max(1, lists // 2)
        left = count // 7
        for when, run in ((140, 20), (270, 50), (520, 70), (690, 30), (900, 90)):
            self._pool.fill(max(1, left), pf.BUDDY, Birth(when, 14, run))
        self._pool.fill(count - 5 * max(1, left), pf.BUDDY, Birth(0, 1000, 3))

    def _flags(self, mapcount: I64) -> U64:
        """Flag words of all pages: as created, and as used since."""
        words = self._pool.words()
        on_lru = (words & np.uint64(pf.LRU)) != 0
        referenced, active = self._pool.used_of_late()
        words[on_lru & referenced] |= np.uint64(pf.REFERENCED)
        words[on_lru & active] |= np.uint64(pf.ACTIVE)
        words[mapcount > 0] |= np.uint64(pf.MMAP)
        for pages in self._processes.locked:
            words[pages] |= np.uint64(pf.UNEVICTABLE | pf.MLOCKED)
        words[(words & np.uint64(pf.UNEVICTABLE)) != 0] &= ~np.uint64(pf.ACTIVE)
        return words

    def _dirty(self, entries: Entries, flags: U64) -> npt.NDArray[np.bool_]:
        """Dirty bits of entries: of written anonymous pages, and of shared writable mappings.

        A page of a file on disk is never dirty in a PTE alone; a page of tmpfs may be, or may be dirty in no PTE.
        """
        page = np.maximum(entries.page, 0)
        words = flags[page]
        anon = (words & np.uint64(pf.ANON)) != 0
        dirty = (words & np.uint64(pf.DIRTY)) != 0
        tmpfs = (words & np.uint64(pf.SWAPBACKED)) != 0
        stored = tmpfs & (self._dice.percent("stored", self._pool.total)[page] < 50)
        through = entries.shared & (self._dice.percent("through", len(page)) < 65)
        written = np.where(anon, (words & np.uint64(pf.SWAPCACHE)) == 0, through & (dirty | stored))
        return np.asarray(written & (entries.page >= 0))

    def _hidden(self, frame: I64, refcount: npt.NDArray[np.int32], pte_dirty: npt.NDArray[np.bool_]) -> HiddenState:
        """State that Linux does not export: reference counts, anon_vma and index of anonymous pages, swap entries."""
        mapping, index, private = (np.zeros(self._frames, np.uint64) for _ in range(3))
        groups = self._processes.anon
        sizes = [len(group.offsets) for group in groups]
        pages = np.concatenate([np.arange(group.first, group.first + len(group.offsets)) for group in groups])
        anon_vma = np.array([_ANON_VMA + (group.anon_vma << 6) for group in groups], np.uint64)
        mapping[frame[pages]] = np.repeat(anon_vma, sizes)
        index[frame[pages]] = np.concatenate([group.offsets for group in groups])
        cached = np.array(list(self._processes.swap_cache.items()), np.int64).reshape(-1, 2)
        private[frame[cached[:, 0]]] = cached[:, 1]
        return HiddenState(refcount, pte_dirty, mapping, index, private)


def _page_tables(entries: Entries) -> int:
    """Number of page-table pages of all four levels; `entries` are sorted."""
    place = entries.process.astype(np.int64) << _VPN_BITS | entries.vpn
    differs = place[1:] ^ place[:-1]
    return sum(1 + int(np.count_nonzero(differs >> shift)) for shift in (9, 18, 27, _VPN_BITS))


def _references(words: U64, mapcount: I64) -> I64:
    """Reference counts: one for each mapping, the page cache, the swap cache, and buffers."""

    def has(mask: int) -> npt.NDArray[np.bool_]:
        return np.asarray((words & np.uint64(mask)) != 0)

    in_file = has(pf.LRU) & ~has(pf.ANON)
    count: I64 = mapcount + in_file + has(pf.SWAPCACHE) + has(pf.PRIVATE)
    return count


def _pagemap(page: I64, words: U64, mapcount: I64, frame: I64) -> U64:
    """The words of pagemap: present entries with their frame, swapped ones with type 0 and offset."""
    mapped = np.maximum(page, 0)
    entries = np.where(page >= 0, frame[mapped].astype(np.uint64) | np.uint64(1 << 63), np.uint64(1 << 62))
    file = (page >= 0) & ((words[mapped] & np.uint64(pf.ANON)) == 0)
    entries[file] |= np.uint64(1 << 61)
    entries[(page >= 0) & (mapcount[mapped] == 1)] |= np.uint64(1 << 56)
    swapped = page < NOTHING
    entries[swapped] |= (NOTHING - page[swapped]).astype(np.uint64) << np.uint64(5)
    return entries
