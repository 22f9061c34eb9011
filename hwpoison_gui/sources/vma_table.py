"""The VMAs of all processes as one sorted table, so that many addresses can be looked up at once.

A key packs the rank of a process, in order of pid, and a virtual page number into one int64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import ProcessImage
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.maps import PAGE_SHIFT, USER_END, is_file

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_VPN_BITS: Final = USER_END.bit_length() - 1 - PAGE_SHIFT
_MOST_PROCESSES: Final = 1 << (62 - _VPN_BITS)


@dataclass(frozen=True, slots=True)
class VmaTable:
    """All VMAs as parallel int64 arrays of shape (vmas,), in ascending order of key.

    Attributes
    ----------
    start, end
        Keys of the first page and of the page past the last.
    file
        Index into `identities`; -1 for anonymous memory.
    page_offset
        Index in the file of the first page.
    pids
        Process numbers in ascending order, shape (processes,): the rank in a key is an index into it.
    identities
        (device, inode, path) of each file, in the order in which the files are first mapped.
    """

    start: I64
    end: I64
    file: I64
    page_offset: I64
    pids: I64
    identities: tuple[tuple[str, int, str], ...]


def vma_table(processes: Sequence[ProcessImage]) -> VmaTable:
    """The table of all VMAs. Raises MalformedError for a duplicate pid."""
    ordered = sorted(processes, key=lambda process: process.pid)
    pids = np.array([process.pid for process in ordered], np.int64)
    if len(ordered) > _MOST_PROCESSES or (len(pids) > 1 and (np.diff(pids) == 0).any()):
        raise MalformedError("processes", "a pid comes twice")
    rows: list[tuple[int, int, int, int]] = []
    # The inode number of a System V segment is its id, which another shared-memory file may have as well.
    numbers: dict[tuple[str, int, bool], int] = {}
    paths: list[str] = []
    for rank, process in enumerate(ordered):
        base = rank << _VPN_BITS
        for vma in process.vmas:
            file = -1
            if is_file(vma):
                file = numbers.setdefault((vma.device, vma.inode, vma.path.startswith("/SYSV")), len(paths))
                if file == len(paths):
                    paths.append(vma.path)
            rows.append(
                (base + (vma.start >> PAGE_SHIFT), base + (vma.end >> PAGE_SHIFT), file, vma.offset >> PAGE_SHIFT)
            )
    table = np.array(rows, np.int64).reshape(-1, 4)
    identities = tuple((device, inode, path) for (device, inode, _), path in zip(numbers, paths, strict=True))
    return VmaTable(table[:, 0], table[:, 1], table[:, 2], table[:, 3], pids, identities)


def keys_of(vmas: VmaTable, pid: npt.NDArray[Any], va: U64) -> I64:
    """The key of each (pid, address in bytes). Raises MalformedError for a pid that no process has."""
    if not len(pid):
        return np.empty(0, np.int64)
    rank = np.searchsorted(vmas.pids, pid)
    known = rank < len(vmas.pids)
    known[known] = vmas.pids[rank[known]] == pid[known]
    if not known.all():
        raise MalformedError("pagemap_pid", f"no process with memory has the pid {int(pid[~known][0])}")
    return rank.astype(np.int64) << _VPN_BITS | (va >> np.uint64(PAGE_SHIFT)).astype(np.int64)


def row_of(vmas: VmaTable, key: I64) -> I64:
    """Row of the VMA that contains each key; -1 where none does."""
    row = np.searchsorted(vmas.start, key, side="right") - 1
    inside = row >= 0
    inside[inside] = key[inside] < vmas.end[row[inside]]
    return np.where(inside, row, -1)
