"""The processes of a preset and their page tables.

The first process of a program is laid out; the processes it forked have the same VMAs, share its anonymous pages
until one writes (copy-on-write), and touch pages of files on their own.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import ProcessImage, VmaImage
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .areas import Area, layout, vma_image
from .dice import I64, Dice
from .files import OpenFile
from .pool import Birth, PagePool
from .spec import Anon, Child, Program

Bools = npt.NDArray[np.bool_]

NOTHING: Final = -1  # instead of a page number: no entry; below it, swap entry NOTHING - offset

_ANON: Final = pf.UPTODATE | pf.LRU | pf.ANON | pf.SWAPBACKED
_LOCKED: Final = pf.UNEVICTABLE | pf.MLOCKED
_FAULT_AROUND: Final = 16
_BEGINNING: Final = 4  # first pages of a VMA: written early, in use since, and seldom written again
_BACK: Final = 16  # percentage of swapped pages that are in the swap cache


class Entries(Record):
    """Page-table entries as parallel arrays. `process`: in order of start; `page`: swap entries are below NOTHING.

    `shared`: in a mapping through which a write changes the file.
    """

    process: npt.NDArray[np.int16]
    vpn: I64
    page: I64
    shared: Bools


class AnonGroup(Record):
    """Anonymous pages from number `first` on: their anon_vma, and page->index of each."""

    first: int
    anon_vma: int
    offsets: I64


class ProcessTable:
    """Collects processes, entries, anonymous pages and swap entries."""

    def __init__(self, pool: PagePool, dice: Dice) -> None:
        self._pool = pool
        self._dice = dice
        self.processes: list[ProcessImage] = []
        self.anon: list[AnonGroup] = []
        self.swap_cache: dict[int, int] = {}
        self.locked: list[I64] = []
        self._found: list[tuple[I64, I64, I64]] = []
        self._found_in: list[tuple[int, int, int, bool]] = []
        self._next_swap = 1  # the first page of a swap device is its header
        self._anon_vmas = 0

    def start(self, program: Program, areas: list[Area]) -> None:
        """Start the process of a program, and those that it forks."""
        first = len(self.processes)
        placed = layout(areas, program.name, self._dice)
        vmas = tuple(vma_image(area, vpn) for area, vpn in placed)
        self.processes += [_leader(program, vmas), *(_child(child, program, vmas) for child in program.children)]
        born = [program.when, *(program.when + child.after for child in program.children)]
        for area, vpn in placed:
            held = self._places(area, vpn, program, born)
            process, at = (held != NOTHING).nonzero()
            self._found.append((process, at, held[process, at]))
            self._found_in.append((len(at), first, vpn, area.perms == "rw-s"))

    def entries(self) -> Entries:
        """All entries, in order of process and address."""
        process, at, page = (np.concatenate(column) for column in zip(*self._found, strict=True))
        count, first, vpn, shared = np.array(self._found_in, np.int64).T
        process = (process + first.repeat(count)).astype(np.int16)
        order = np.argsort(process, kind="stable")
        at += vpn.repeat(count)
        return Entries(process[order], at[order], page[order], (shared > 0).repeat(count)[order])

    def _places(self, area: Area, vpn: int, program: Program, born: list[int]) -> I64:
        """The page at each address of an area (column) in each process (row)."""
        if area.file is None:
            held = np.empty((len(born), area.pages), np.int64)
            held.fill(NOTHING)
        else:
            held = self._file_pages(area, area.file, program.name, len(born))
        if area.anon is not None:
            self._anon_vmas += 1
            index = np.arange(area.pages) + (area.offset if area.file else vpn)
            self._put_anon(area, area.anon, index, program, born, held)
        if area.locked:
            self.locked.append(held[held >= 0])
        return held

    def _file_pages(self, area: Area, file: OpenFile, name: str, processes: int) -> I64:
        """The pages of the file that each process touched; a fault maps the pages around it, too."""
        pages = file.page[area.offset : area.offset + area.pages]
        path = f"{file.number} {area.offset} "
        window = 4 if area.perms == "rw-s" else _FAULT_AROUND
        seen = self._dice.percent("seen " + path, len(pages), window) < area.seen
        own = self._dice.percents(path + name, processes, len(pages), window) < area.own
        seen[:_FAULT_AROUND] |= area.offset == 0  # headers, and control blocks of shared memory
        held: I64 = np.where(seen | own, pages, NOTHING)
        return held

    def _put_anon(self, area: Area, anon: Anon, index: I64, program: Program, born: list[int], held: I64) -> None:
        """The pages written by the first process, with copies for each process that has written since the fork."""
        salt = f"{program.name} {area.name} "
        word = _ANON | (_LOCKED if area.locked else 0)
        birth = Birth(program.when, program.span, anon.run)
        kept = self._dice.percent("present " + salt, area.pages, 4) < anon.present
        kept[:_BEGINNING] |= area.file is None
        if anon.swapped:
            swapped = kept & (self._dice.percent("swapped " + salt, area.pages, 8) < anon.swapped)
            swapped[:_BEGINNING] = False
            if area.file is None and len(self.swap_cache) < 2:  # so that the smallest machine has some
                kept[-3:] = swapped[-3:] = True
            kept &= ~swapped
            self._put_swapped(swapped.nonzero()[0], salt, index, birth, anon, held)
        if len(born) == 1:
            at = kept.nonzero()[0]
            held[0, at] = self._group(at, word, index, birth, anon.activity)
            return
        # The parent writes less to shared pages.
        share = np.full((len(born), 1), anon.cowed)
        share[0] = anon.cowed if anon.cowed == 100 else anon.cowed // 4
        own = kept & (self._dice.percents("cow " + salt, len(born), area.pages, 4) < share)
        own[:, :_BEGINNING] &= anon.cowed == 100
        at = (kept & ~own.all(axis=0)).nonzero()[0]
        held[:, at] = self._group(at, word, index, birth, anon.activity)
        for number, when in enumerate(born):
            at = own[number].nonzero()[0]
            held[number, at] = self._group(at, word, index, birth._replace(when=when), anon.activity)

    def _group(self, at: I64, word: int, index: I64, birth: Birth, activity: int) -> I64:
        """Allocate anonymous pages for the pages `at` of an area."""
        if not len(at):
            return at
        first = self._pool.fill(len(at), word, birth, 0 if word & _LOCKED else activity)
        self.anon.append(AnonGroup(first, self._anon_vmas, index[at]))
        return np.arange(first, first + len(at))

    def _put_swapped(self, at: I64, salt: str, index: I64, birth: Birth, anon: Anon, held: I64) -> None:
        """Swap entries for swapped pages. Some are in the swap cache: half of these mapped again, half read ahead."""
        if not len(at):
            return
        entry = np.arange(self._next_swap, self._next_swap + len(at))
        self._next_swap += len(at)
        held[:, at] = NOTHING - entry
        luck = self._dice.percent("swap cache " + salt, len(index), 8)[at]
        if len(luck) >= 3 and len(self.swap_cache) < 2:
            luck[:3] = 0, _BACK - 1, _BACK
        back = luck < _BACK
        late = Birth(birth.when + birth.span + 200, 120, 8)
        pages = self._group(at[back], _ANON | pf.SWAPCACHE, index, late, anon.activity // 4)
        self.swap_cache.update(zip(pages.tolist(), entry[back].tolist(), strict=True))
        mapped = luck[back] < _BACK // 2
        held[:, at[back][mapped]] = pages[mapped]


def _leader(program: Program, vmas: tuple[VmaImage, ...]) -> ProcessImage:
    return _image(program.pid, program.ppid, program.comm, vmas, program.threads, program.sigbus, program.mce_kill)


def _child(child: Child, program: Program, vmas: tuple[VmaImage, ...]) -> ProcessImage:
    """A forked process: as its parent, apart from what it changed itself."""
    comm, threads = child.comm or program.comm, child.threads or 1
    sigbus, mce_kill = child.sigbus or program.sigbus, child.mce_kill or program.mce_kill
    return _image(child.pid, program.pid, comm, vmas, threads, sigbus, mce_kill)


def _image(
    pid: int, ppid: int, comm: str, vmas: tuple[VmaImage, ...], threads: int, sigbus: str, mce_kill: str
) -> ProcessImage:
    """The process; one that blocks SIGBUS has a handler for it."""
    blocked = sigbus == "blocked"
    disposition = "handler" if blocked else sigbus
    return ProcessImage(pid, ppid, comm, vmas, threads, disposition, mce_kill, blocked=blocked)
