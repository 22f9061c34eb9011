"""Reads the page tables of a process from /proc/PID/pagemap: its present and swapped entries.

Since 6.7 the PAGEMAP_SCAN ioctl tells where there are entries; on older kernels every VMA is read.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import VmaImage
from hwpoison_gui.sources.assemble import PRESENT, SWAPPED
from hwpoison_gui.sources.errors import stop_if
from hwpoison_gui.sources.frames import Cancelled
from hwpoison_gui.sources.maps import PAGE_SHIFT, parse_maps
from hwpoison_gui.sources.vma_table import U64

Range = tuple[int, int]  # virtual page numbers, end exclusive

_CHUNK: Final = 1 << 16
_REGIONS: Final = 4096
_GAP: Final = 64  # pages: reading across a small hole is cheaper than another system call
_LARGEST_UNREADABLE: Final = 1 << 18  # pages: 1 GiB

_SCAN: Final = 0xC0606610  # _IOWR('f', 16, struct pm_scan_arg), 96 bytes
_IS_PRESENT, _IS_SWAPPED, _IS_HUGE = 1 << 3, 1 << 4, 1 << 6


class Tables:
    """Reads page tables, and remembers whether this kernel has PAGEMAP_SCAN."""

    def __init__(self, scan: bool = True) -> None:
        self.scan = scan

    def entries(
        self, path: Path | str, maps: Sequence[str], cancelled: Cancelled
    ) -> tuple[U64, U64, npt.NDArray[np.bool_] | None]:
        """The present and swapped entries of a process.

        Parameters
        ----------
        path
            Its /proc/PID/pagemap.
        maps
            The lines of its /proc/PID/maps.

        Returns
        -------
        Three parallel arrays: addresses in bytes (uint64), raw words (uint64), and whether a huge PMD maps the page
        (bool), which is None where the kernel does not tell.

        Raises
        ------
        OSError, MalformedError, CancelledError
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # PAGEMAP_SCAN needs the outermost addresses only; the last line may be [vsyscall], which is no VMA.
            outer = parse_maps((*maps[:1], *maps[1:][-2:]))
            if self.scan and outer:
                try:
                    ranges, huge = _scanned(descriptor, outer[0].start, outer[-1].end, cancelled)
                except OSError as error:
                    if error.errno not in (errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                        raise
                    self.scan = False
                else:
                    vpn, entry = _read(descriptor, ranges, cancelled)
                    return vpn << np.uint64(PAGE_SHIFT), entry, _within(vpn, huge)
            vpn, entry = _read(descriptor, _joined(_whole(parse_maps(maps)), 0), cancelled)
            return vpn << np.uint64(PAGE_SHIFT), entry, None
        finally:
            os.close(descriptor)


def _scanned(descriptor: int, start: int, end: int, cancelled: Cancelled) -> tuple[list[Range], list[Range]]:
    """Ranges that have entries, and those that huge PMDs map, by PAGEMAP_SCAN (fs/proc/task_mmu.c)."""
    found: list[Range] = []
    huge: list[Range] = []
    regions = np.zeros((_REGIONS, 3), np.uint64)
    either = _IS_PRESENT | _IS_SWAPPED
    while start < end:
        stop_if(cancelled)
        argument = np.array(
            [96, 0, start, end, 0, regions.ctypes.data, _REGIONS, 0, 0, 0, either, either | _IS_HUGE], np.uint64
        )
        count = fcntl.ioctl(descriptor, _SCAN, argument.data.cast("B"), True)
        for first, last, categories in regions[:count].tolist():
            found.append((first >> PAGE_SHIFT, last >> PAGE_SHIFT))
            if categories & _IS_HUGE and categories & _IS_PRESENT:
                huge.append(found[-1])
        walked = int(argument[4])
        if walked <= start:
            break
        start = walked
    return _joined(found, _GAP), huge


def _whole(vmas: Sequence[VmaImage]) -> Iterator[Range]:
    """All VMAs except large PROT_NONE reservations, which can be terabytes and have no pages."""
    for vma in vmas:
        first, last = vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT
        if not (vma.perms.startswith("---") and last - first > _LARGEST_UNREADABLE):
            yield first, last


def _joined(ranges: Iterator[Range] | list[Range], gap: int) -> list[Range]:
    """The ascending ranges, joined where they are at most `gap` pages apart."""
    joined: list[Range] = []
    for first, last in ranges:
        if joined and first - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _read(descriptor: int, ranges: list[Range], cancelled: Cancelled) -> tuple[U64, U64]:
    """(virtual page numbers, raw words) of the present and swapped entries in the ranges.

    Most ranges are short: many are read into one buffer, and looked through together.
    """
    numbers: list[U64] = [np.empty(0, np.uint64)]
    entries: list[U64] = [np.empty(0, np.uint64)]
    buffer = np.empty(_CHUNK, np.uint64)
    room = buffer.data.cast("B")
    pieces: list[Range] = []  # place in the buffer, and how far the page number is above it

    def look_through(filled: int) -> None:
        used = np.flatnonzero(buffer[:filled] & (PRESENT | SWAPPED))
        places = np.array([place for place, _ in pieces] + [filled], np.int64)
        above = np.repeat(np.array([more for _, more in pieces], np.int64), np.diff(places))
        numbers.append((used + above[used]).astype(np.uint64))
        entries.append(buffer[used])
        pieces.clear()

    filled = 0
    for first, last in ranges:
        while first < last:
            stop_if(cancelled)
            if filled == _CHUNK:
                look_through(filled)
                filled = 0
            wanted = min(_CHUNK - filled, last - first)
            got = os.preadv(descriptor, [room[8 * filled : 8 * (filled + wanted)]], first * 8) // 8
            if got <= 0:
                break
            pieces.append((filled, first - filled))
            filled, first = filled + got, first + got
    look_through(filled)
    return np.concatenate(numbers), np.concatenate(entries)


def _within(vpn: U64, ranges: list[Range]) -> npt.NDArray[np.bool_]:
    """Mask of the page numbers that lie in one of the ascending ranges."""
    if not ranges:
        return np.zeros(len(vpn), bool)
    bounds = np.array(ranges, np.uint64)
    at = np.searchsorted(bounds[:, 0], vpn, side="right") - 1
    inside: npt.NDArray[np.bool_] = (at >= 0) & (vpn < bounds[np.maximum(at, 0), 1])
    return inside
