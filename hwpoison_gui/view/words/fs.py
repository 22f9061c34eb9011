"""Words of kernel/fs.py: reads, writes, write-back and errors of files."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fs
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted


def _cleared(gone: int) -> str:
    return counted(gone, "PTE is cleared", "PTEs are cleared")


def _punched(path: str, first: int, last: int, gone: int) -> str:
    where = f"page {first} is" if last == first + 1 else f"pages {first} to {last - 1} are"
    return f"{path}: {where} a hole now; {_cleared(gone)}."


WORDS: Final[dict[Site, Words]] = {
    fs.HUGETLB_READ: Words("{path}, page {index}: read."),
    fs.HUGETLB_LOST: Words("{path}, page {index}: its huge page is poisoned, EIO."),
    fs.READ: Words("{path}, page {index}: read from frame {frame:#x}."),
    fs.LOST: Words("{path}, page {index}: its data is lost, EIO."),
    fs.NO_WRITE: Words("{path}: hugetlbfs has no write()."),
    fs.WRITTEN: Words("{path}, page {index}: written to frame {frame:#x}, PG_dirty is set."),
    fs.NOT_WRITTEN: Words("{path}, page {index}: poisoned, EIO."),
    fs.WRITTEN_BACK: Words(lambda path, frames: f"{path}: {counted(len(frames), 'dirty page')} written back."),
    fs.ERROR_REPORTED: Words("{path} has an unreported write-back error: EIO, once."),
    fs.NO_ERROR: Words("{path} has no unreported write-back error: 0."),
    fs.TRUNCATED: Words(
        lambda path, pages, gone: f"{path} is truncated to {counted(pages, 'page')}; {_cleared(gone)}."
    ),
    fs.PUNCHED: Words(_punched),
    fs.CACHES_DROPPED: Words(lambda dropped: f"{counted(dropped, 'clean page')} dropped from the page cache."),
    fs.UNLINKED: Words("{path} is unlinked."),
}
