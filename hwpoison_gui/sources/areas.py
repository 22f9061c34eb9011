"""All areas of all processes as one sorted table, so that any number of addresses is placed at once.

A key is (process rank, virtual page number) in one 64-bit number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.image import ProcessImage
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.maps import PAGE_SHIFT, USER_END, is_file

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_VPN_BITS: Final = USER_END.bit_length() - 1 - PAGE_SHIFT
_MOST_PROCESSES: Final = 1 << (62 - _VPN_BITS)


@dataclass(frozen=True, slots=True)
class Areas:
    """Parallel arrays, one row an area, ascending by key.

    `file`: number into `identities`, -1 for anonymous memory; `page_offset`: index of its first page.
    `identities`: (device, inode, path) of each file, in order of first sight.
    """

    start: I64
    end: I64
    file: I64
    page_offset: I64
    pids: I64
    identities: tuple[tuple[str, int, str], ...]


def areas_of(processes: Sequence[ProcessImage]) -> Areas:
    """The table of all areas. Raises MalformedError when a pid comes twice."""
    ordered = sorted(processes, key=lambda process: process.pid)
    pids = np.array([process.pid for process in ordered], np.int64)
    if len(ordered) > _MOST_PROCESSES or (len(pids) > 1 and (np.diff(pids) == 0).any()):
        raise MalformedError("processes", "a pid comes twice")
    rows: list[tuple[int, int, int, int]] = []
    # A System V segment has its id as inode number, which another file of shared memory may have, too.
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
    return Areas(table[:, 0], table[:, 1], table[:, 2], table[:, 3], pids, identities)


def keys_of(areas: Areas, pid: npt.NDArray[Any], va: U64) -> I64:
    """The key of each (pid, address). Raises MalformedError for a pid without a process."""
    if not len(pid):
        return np.empty(0, np.int64)
    rank = np.searchsorted(areas.pids, pid)
    known = rank < len(areas.pids)
    known[known] = areas.pids[rank[known]] == pid[known]
    if not known.all():
        raise MalformedError("pagemap_pid", f"no process with memory has the pid {int(pid[~known][0])}")
    return rank.astype(np.int64) << _VPN_BITS | (va >> np.uint64(PAGE_SHIFT)).astype(np.int64)


def place(areas: Areas, key: I64) -> I64:
    """Row of the area that holds each key, -1 where none does."""
    row = np.searchsorted(areas.start, key, side="right") - 1
    inside = row >= 0
    inside[inside] = key[inside] < areas.end[row[inside]]
    return np.where(inside, row, -1)
