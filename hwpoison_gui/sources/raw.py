"""Opens a raw file of kpageflags words, 8 bytes per frame, as `page-types --kpageflags FILE` reads it.

It has the flags of each frame, but no processes and no mapping counts. Nothing in such a file says what it is, so its
words must look like those of a kernel: other bits, or other files of /proc, are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.assemble import Exported, assemble
from hwpoison_gui.sources.errors import MalformedError, SourceError
from hwpoison_gui.sources.frames import read_words
from hwpoison_gui.sources.vma_table import U64

_NOTE = "A raw file of page flags has no processes and no counts: which processes an error would hit is not known."

_ARCH_3: Final = 1 << 42  # of arm64 since 6.2; the table of flags does not name it
# The bits that stable_page_flags() (fs/proc/page.c) of any kernel from 2.6.32 on may set.
EXPORTED: Final = sum(1 << flag.bit for flag in pf.FLAGS) | _ARCH_3
_FOREIGN: Final = np.uint64(~EXPORTED & (1 << 64) - 1)
_LONE: Final = 32  # smaller words have only flags of the five lowest bits, LOCKED to DIRTY
_PAGEMAP_ZERO: Final = np.uint64(0b1111 << 57)  # bits of /proc/PID/pagemap that are always clear
_PAGEMAP_USED: Final = np.uint64(0b111 << 61)


def open_raw(path: Path | str) -> MemoryImage:
    """The image of a raw file. Raises SourceError."""
    path = Path(path)
    words = words_in(path)
    exported = Exported(
        title=path.name,
        kpageflags=words,
        kpagecount=np.zeros(len(words), np.uint64),
        pagemap_pid=np.empty(0, np.int64),
        pagemap_va=np.empty(0, np.uint64),
        pagemap_entry=np.empty(0, np.uint64),
        notes=(_NOTE,),
    )
    try:
        return assemble(exported)
    except MalformedError as bad:
        raise SourceError(path, "", bad.why) from None


def words_in(path: Path) -> U64:
    """The words of a raw file as it has them. Raises SourceError."""
    try:
        size = path.stat().st_size  # 0 for a file of /proc
        # A file that ends within a word is read for the sake of the message.
        words = np.fromfile(path, np.uint64, size // 8) if size % 8 else read_words(path, size // 8)
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error
    _check(path, words, size % 8)
    return words


def _check(path: Path, words: U64, rest: int) -> None:
    """Raise SourceError unless the words are page flags, and whole. `rest`: bytes after the last whole word."""
    if not len(words):
        raise SourceError(path, "", "there are no frames in it")
    for said, is_that in _OTHERS:
        if is_that(words):
            raise SourceError(path, "", said)
    if rest:
        raise SourceError(
            path,
            f"at byte {8 * len(words)}",
            f"page flags that end within a word of 8 bytes: {len(words):,} frames and {rest} bytes more. "
            "The copy of /proc/kpageflags was cut short",
        )
    if _has(words, _FOREIGN):
        foreign = words & _FOREIGN
        frame = int(np.argmax(foreign != 0))
        bit = int(foreign[frame]).bit_length() - 1
        raise SourceError(
            path,
            "",
            "neither a scenario nor a recording, and no page flags: no kernel exports "
            f"bit {bit}, which is set in word {frame:#x}",
        )


def _is_count(words: U64) -> bool:
    """Most words are small numbers: the page of a single low flag is rare, one mapped a few times is not."""
    used = int(np.count_nonzero(words))
    small = int(np.count_nonzero(words < _LONE)) - (len(words) - used)
    return 2 * small > used > 0


def _is_other_endian(words: U64) -> bool:
    return _has(words, _FOREIGN) and not _has(words.byteswap(), _FOREIGN)


def _has(words: U64, bits: np.uint64) -> bool:
    return bool(np.bitwise_or.reduce(words) & bits)


def _is_pagemap(words: U64) -> bool:
    if not _has(words, _PAGEMAP_USED):
        return False
    used = words[words != 0]
    marked = int(((used & _PAGEMAP_USED) != 0).sum())
    return not (used & _PAGEMAP_ZERO).any() and 2 * marked > len(used)


_OTHERS: Final[tuple[tuple[str, Callable[[U64], bool]], ...]] = (
    ("nothing but zeros: no flag is set in any frame", lambda words: not words.any()),
    (
        "page flags of a machine of the other byte order (big-endian); only little-endian ones can be opened",
        _is_other_endian,
    ),
    (
        "counts of mappings, as /proc/kpagecount has them; the flags are in /proc/kpageflags",
        _is_count,
    ),
    (
        "page-table entries, as /proc/PID/pagemap has them; the flags of frames are in /proc/kpageflags",
        _is_pagemap,
    ),
)
