"""Every pair of a frame and a process that has it: the processes that the reverse map of the frame leads to, as arrays.

A process may have a frame by several PTEs and VMAs; it is one pair.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.view.outcome.merged import merged_among
from hwpoison_gui.view.outcome.users import INDEX_BITS, VPN_BITS, Users

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

# How a process has a frame; several bits may be set, and those of PROT_NONE VMAs BARRED bits further left.
SMALL: Final = 1  # by a PTE
HUGE: Final = 2  # by an entry of a PMD
SWAPPED: Final = 4  # by a swap entry that leads to it, as it is in the swap cache
EMPTY: Final = 8  # a VMA of the file has no PTE there: the next access faults
LINKED: Final = 8  # an rmap item of a merged page leads to the process; such a page is of no file
TAKEN: Final = 0  # a VMA of the file has a PTE for something else there, as for a private copy
BARRED: Final = 4
WAYS: Final = 256  # values of all bits
MAPPED: Final = (SMALL | HUGE | SWAPPED) * (1 + (1 << BARRED))  # by a PTE of any sort

_CHUNK: Final = 1 << 18  # frames at a time
_AT_ONCE: Final = 1 << 19  # entries at a time
_NOBODY: Final = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)


class Uses(Record):
    """Pairs of a frame and a process, ordered by frame, then by process; each pair occurs once.

    Attributes
    ----------
    frame : array of int64
        Page frame number.
    rank : array of int32
        Place of the process in `Users.mms`.
    how : array of uint8
        Bits of SMALL, HUGE, SWAPPED, EMPTY, LINKED.
    """

    frame: I64
    rank: I32
    how: U8


def owners_known(m: Machine) -> bool:
    """Return whether the source says which processes have which frames; page flags, or some processes, do not."""
    return not m.capture.pids and any(process.mm for process in m.living())


def find_uses(m: Machine, users: Users) -> Generator[None, None, Uses]:
    """All uses of a machine at rest, in slices; it must stay as it is meanwhile.

    `users` is complete. Frames that no process has, and processes that have no frame, occur in no pair.
    """
    processes = max(1, len(users.mms))
    keys, hows = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for frame, rank, how in _parts(m, users):
        keys.append(frame * processes + rank)
        hows.append(how)
        yield
    key, how = np.concatenate(keys), np.concatenate(hows)
    yield
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")  # merges the parts, most of which are ascending
        yield
        key, how = key[order], how[order]
        yield
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    if len(first) < len(key):
        how, key = np.bitwise_or.reduceat(how, first), key[first]
        yield
    frame = key // processes
    return Uses(frame, (key - frame * processes).astype(np.int32), how)


def _parts(m: Machine, users: Users) -> Iterator[tuple[I64, I64, U8]]:
    """Frames, ranks of processes and bits of the use, of one sort of use after the other."""
    entries = users.entries
    for start in range(0, len(entries.pfn), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        huge = (entries.word[part] & ptes.PSE) != 0
        yield entries.pfn[part], entries.rank[part], _barred(np.where(huge, HUGE, SMALL), entries.barred[part])
    frame, rank, barred = users.swapped_in()
    yield frame, rank, _barred(np.full(len(frame), SWAPPED), barred)
    for part in _chunks(m.frames):
        frame, rank = users.rmap_items.reached(part.start + merged_among(m, part))
        yield frame, rank, np.full(len(frame), LINKED, np.uint8)
    yield from _parts_of_processes(m, users)


def _parts_of_processes(m: Machine, users: Users) -> Iterator[tuple[I64, I64, U8]]:
    """Yield the uses that only VMAs of files show, which cover pages without an entry for them."""
    mapped = np.unique(users.vmas.mapping)
    keys, frames = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part in _chunks(m.frames) if len(mapped) and mapped[-1] else ():
        pfns = np.arange(part.start, part.stop)
        of_file, page = users.file_places(pfns)
        wanted = np.isin(page >> INDEX_BITS, mapped)
        keys.append(page[wanted])
        frames.append(pfns[of_file[wanted]])
        yield _NOBODY
    page, frame = np.concatenate(keys), np.concatenate(frames)
    order = np.argsort(page, kind="stable")
    page, frame = page[order], frame[order]
    yield _NOBODY
    for rank, mm in enumerate(users.mms.tolist()) if len(page) else ():
        vpns, words = m.ptes.arrays(mm)
        found, how = _without_pte(users, rank, page, frame, vpns, words)
        yield found, np.full(len(found), rank), how


def _without_pte(users: Users, rank: int, page: I64, frame: I64, vpns: I64, words: I64) -> tuple[I64, U8]:
    """Frames of files that VMAs of a process cover, but that none of its PTEs maps there; ascending.

    Parameters
    ----------
    page, frame
        Pages of mapped files as in `Users.file_places`, ascending, and the frame of each.
    vpns, words
        The page table of the process.
    """
    vmas = users.vmas
    low, high = np.searchsorted(vmas.key, (rank << VPN_BITS, rank + 1 << VPN_BITS))
    mine = low + np.flatnonzero(vmas.mapping[low:high])
    start = vmas.mapping[mine] << INDEX_BITS | vmas.pgoff[mine]
    first, last = np.searchsorted(page, start), np.searchsorted(page, start + vmas.pages[mine])
    count = last - first
    which = np.repeat(np.arange(len(mine)), count)
    at = np.arange(int(count.sum())) + np.repeat(first - (np.cumsum(count) - count), count)
    vpn = vmas.start[mine][which] + page[at] - start[which]
    word, into = _entries_at(vpns, words, vpn)
    covered = frame[at]
    maps = ((word & ptes.PRESENT) != 0) & ((word >> PAGE_SHIFT) + into == covered)
    how = _barred(np.where(word == 0, EMPTY, TAKEN), vmas.barred[mine][which])
    left = np.flatnonzero(~maps)
    left = left[np.argsort(covered[left], kind="stable")]
    return covered[left], how[left]


def _barred(how: I64, barred: Bools) -> U8:
    """The ways, those in PROT_NONE VMAs as bits of their own."""
    found: U8 = (how << BARRED * barred).astype(np.uint8)
    return found


def _entries_at(vpns: I64, words: I64, vpn: I64) -> tuple[I64, I64]:
    """The entry at each virtual page, 0 for none, and for a huge one the number of the page in it (Machine.pte())."""
    word, into = np.zeros(len(vpn), np.int64), np.zeros(len(vpn), np.int64)
    if not len(vpns) or not len(vpn):
        return word, into
    at = np.minimum(np.searchsorted(vpns, vpn), len(vpns) - 1)
    found = vpns[at] == vpn
    word[found] = words[at[found]]
    if (words & ptes.PSE).any():
        start = vpn & -HPAGE_PMD_NR
        at = np.minimum(np.searchsorted(vpns, start), len(vpns) - 1)
        huge = (word == 0) & (vpns[at] == start) & ((words[at] & ptes.PSE) != 0)
        word[huge], into[huge] = words[at[huge]], (vpn - start)[huge]
    return word, into


def _chunks(frames: int) -> Iterator[slice]:
    return (slice(start, min(start + _CHUNK, frames)) for start in range(0, frames, _CHUNK))
