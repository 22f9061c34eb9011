"""The files of a preset and their pages in the page cache.

A cached page of a file on disk has blocks (MAPPEDTODISK) unless it is new, and buffers (PRIVATE) once it was
written; a page of tmpfs is swap-backed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hwpoison_gui.image import U64, CachedPages, FileImage
from hwpoison_gui.record import Record

from .. import page_flags as pf
from .dice import I64, Dice
from .pool import Birth, PagePool
from .spec import FileSpec

_BASE: Final = {
    "ext4": pf.UPTODATE | pf.LRU | pf.MAPPEDTODISK,
    "nofs": pf.UPTODATE | pf.LRU | pf.MAPPEDTODISK,
    "directory": pf.UPTODATE | pf.LRU | pf.MAPPEDTODISK,
    "tmpfs": pf.UPTODATE | pf.LRU | pf.SWAPBACKED,
    "blockdev": pf.UPTODATE | pf.LRU | pf.PRIVATE,
}
_DISK: Final = {"nofs": "08:01", "blockdev": "00:05"}
_READAHEAD: Final = 16


class OpenFile(Record):
    """A file and its cached pages. `page`: for each page of the file its number in the pool, -1 if it is not cached."""

    number: int
    image: FileImage
    page: I64


class FileTable:
    """All files, numbered in the order in which they are opened."""

    def __init__(self, pool: PagePool, dice: Dice, pages: Callable[[int], int]) -> None:
        self._pool = pool
        self._dice = dice
        self._pages = pages
        self.files: list[OpenFile] = []

    def open(self, spec: FileSpec, scaled: bool = True) -> OpenFile:
        """Create the file and its cached pages."""
        count = self._pages(spec.pages) if scaled else spec.pages
        number = len(self.files)
        at = self._cached(spec, count, f"{number} {spec.path}")
        words = self._words(spec, count, f"{number} {spec.path}")[at]
        first = self._pool.add(words, Birth(spec.when, spec.span, spec.run), spec.activity)
        page = np.full(count, -1, np.int64)
        page[at] = first + np.arange(len(at))
        image = FileImage(_device(spec), 1311 + 3 * number, spec.path, spec.filesystem, count)
        self.files.append(OpenFile(number, image, page))
        return self.files[-1]

    def _cached(self, spec: FileSpec, count: int, salt: str) -> I64:
        """Mask of the pages that were read: whole readahead windows; for shared memory a few at a time."""
        if spec.cached == 100:
            return np.arange(count)
        window = 2 if spec.filesystem == "tmpfs" else _READAHEAD
        cached = self._dice.percent("cached " + salt, count, window) < spec.cached
        # The beginning of a file was read; the end of a file that is being written is cached.
        cached[:_READAHEAD] = True
        cached[-1 - count * spec.fresh // 100 :] = True
        return cached.nonzero()[0]

    def _words(self, spec: FileSpec, count: int, salt: str) -> U64:
        words = np.full(count, _BASE[spec.filesystem], np.uint64)
        buffers = np.uint64(pf.PRIVATE if spec.filesystem == "ext4" else 0)
        if spec.written:
            words[self._dice.percent("written " + salt, count, 8) < spec.written] |= buffers
        if spec.dirty:
            words[self._dice.percent("dirty " + salt, count, 4) < spec.dirty] |= buffers | np.uint64(pf.DIRTY)
        if spec.fresh:
            words[-1 - count * spec.fresh // 100 :] = pf.UPTODATE | pf.LRU | pf.DIRTY | pf.PRIVATE
        return words

    def cached_pages(self, frame: I64) -> CachedPages:
        """The page cache, given the frame of each page."""
        at = [np.nonzero(file.page >= 0)[0] for file in self.files]
        page = np.concatenate([file.page[index] for file, index in zip(self.files, at, strict=True)])
        number = np.repeat([file.number for file in self.files], [len(index) for index in at])
        return CachedPages(frame[page], number.astype(np.int64), np.concatenate(at))


def _device(spec: FileSpec) -> str:
    if spec.filesystem != "tmpfs":
        return _DISK.get(spec.filesystem, "08:02")
    if spec.path.startswith("/dev/shm/"):
        return "00:17"
    return "00:16" if spec.path.startswith("/run/") else "00:01"
