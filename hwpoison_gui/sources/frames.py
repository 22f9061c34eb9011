"""Reads the 64-bit words of /proc/kpageflags, /proc/kpagecount and files like them, in chunks and without copies.

np.fromfile reads nothing from /proc, and buffered reads fail with EINVAL; preadv fills the array directly. Nearly all
of the time is the kernel's, which makes each word when it is read: the frames that are known to exist are read by
several threads, as preadv holds no lock of the interpreter's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from hwpoison_gui.sources.errors import LivePermissionError, SourceError, stop_if
from hwpoison_gui.sources.vma_table import U64

_CHUNK: Final = 1 << 16  # words: few enough for a cancel to take effect at once
_MOST_WORDS: Final = 1 << 34
_MOST_THREADS: Final = 8
_SHARED: Final = 1 << 20  # words: fewer are read by one thread

Cancelled = Callable[[], bool]


def never() -> bool:
    """The default of `cancelled`: never."""
    return False


def read_words(
    path: Path,
    expected: int,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Cancelled = never,
) -> U64:
    """All 64-bit words of a file.

    Parameters
    ----------
    expected
        A guess of the number of words; the array grows where there are more.
    progress
        Called with the share read so far, 0 to 1.

    Raises
    ------
    SourceError, LivePermissionError, CancelledError
    """
    words = np.empty(expected + _CHUNK, np.uint64)  # the last read, which finds the end, has room, too
    done = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if expected >= _SHARED:
                done = _read_shared(descriptor, words[:expected], progress, cancelled)
            while True:
                stop_if(cancelled)
                if done // 8 + _CHUNK > len(words):
                    words = np.concatenate((words, np.empty(max(len(words) // 2, _CHUNK), np.uint64)))
                got = _read_at(descriptor, words, done)
                if got == 0:
                    break
                done += got
                if done > 8 * _MOST_WORDS:
                    raise SourceError(path, "", "it has no end")
                progress(min(1.0, done / 8 / max(1, expected)))
        finally:
            os.close(descriptor)
    except PermissionError as error:
        raise LivePermissionError(path, *_remedy(path)) from error
    except OSError as error:
        raise SourceError(path, f"at byte {done}", error.strerror or str(error)) from error
    if done % 8:
        raise SourceError(path, f"at byte {done}", "it ends within a word of 8 bytes")
    return words[: done // 8]


def check_readable(path: Path) -> None:
    """Raise LivePermissionError or SourceError unless `path` can be opened for reading."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except PermissionError as error:
        raise LivePermissionError(path, *_remedy(path)) from error
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error


def _read_shared(descriptor: int, words: U64, progress: Callable[[float], None], cancelled: Cancelled) -> int:
    """Fill the array by several threads. Returns the bytes that were read without a gap: fewer if the file ends."""
    done, threads = 0, min(_MOST_THREADS, len(os.sched_getaffinity(0)))
    with ThreadPoolExecutor(threads) as pool:
        try:
            for got in pool.map(partial(_read_at, descriptor, words), range(0, words.nbytes, 8 * _CHUNK)):
                stop_if(cancelled)
                done += got
                progress(done / words.nbytes)
                if got < 8 * _CHUNK:
                    break
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def _read_at(descriptor: int, words: U64, done: int) -> int:
    """Bytes read into the array at byte `done`. Some kernels return EINVAL at the end of /proc/kpage*."""
    buffer = words.data.cast("B")[done : done + 8 * _CHUNK]
    try:
        return os.preadv(descriptor, [buffer], done)
    except OSError as error:
        if error.errno == errno.EINVAL and done:
            return 0
        raise


def _remedy(path: Path) -> tuple[str, str]:
    if path.name.startswith("kpage"):
        return (
            "only root may read it.",
            "Start with `sudo hwpoison-gui --live`, or give the interpreter CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.",
        )
    return "reading it is not permitted.", "Ask its owner, or start as root."
