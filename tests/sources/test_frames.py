"""Reading words in chunks, whatever their number was thought to be."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwpoison_gui.sources.errors import CancelledError, SourceError
from hwpoison_gui.sources.frames import read_words


@pytest.mark.parametrize("count", [0, 1, 65_535, 65_536, 65_537, 300_000])
@pytest.mark.parametrize("expected", [0, 1, 65_536, 300_000, 1_000_000])
def test_all_words_are_read(count: int, expected: int, tmp_path: Path) -> None:
    words = np.arange(count, dtype=np.uint64)
    (tmp_path / "words").write_bytes(words.tobytes())
    shares: list[float] = []
    assert (read_words(tmp_path / "words", expected, shares.append) == words).all()
    assert shares == sorted(shares) and max(shares, default=0) <= 1


def test_a_read_that_ends_early_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.arange(1000, dtype=np.uint64)
    (tmp_path / "words").write_bytes(words.tobytes())
    really = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, buffers, at: really(fd, [buffers[0][:123]], at))
    assert (read_words(tmp_path / "words", 1000) == words).all()


@pytest.mark.parametrize(("after", "read"), [(8 * 65_536, 65_536), (0, None)])
def test_the_end_may_be_an_error(after: int, read: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words").write_bytes(bytes(8 * 65_536))
    really = os.preadv

    def preadv(descriptor: int, buffers: Any, at: int) -> int:
        if at >= after:
            raise OSError(errno.EINVAL, "Invalid argument")
        return really(descriptor, buffers, at)

    monkeypatch.setattr(os, "preadv", preadv)
    if read is None:
        with pytest.raises(SourceError, match="at byte 0: Invalid argument"):
            read_words(tmp_path / "words", 10)
    else:
        assert len(read_words(tmp_path / "words", 10)) == read


def test_cancelled(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(bytes(64))
    with pytest.raises(CancelledError):
        read_words(tmp_path / "words", 8, cancelled=lambda: True)


@pytest.mark.parametrize("count", [1_048_575, 1_048_576, 1_300_000])
@pytest.mark.parametrize("expected", [1_048_576, 1_200_000])
def test_many_words_are_read_by_several_threads(count: int, expected: int, tmp_path: Path) -> None:
    words = np.arange(count, dtype=np.uint64)
    (tmp_path / "words").write_bytes(words.tobytes())
    shares: list[float] = []
    assert np.array_equal(read_words(tmp_path / "words", expected, shares.append), words)
    assert shares == sorted(shares) and max(shares) <= 1


def test_several_threads_are_cancelled(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(bytes(8 << 20))
    asked = iter([False, False])
    with pytest.raises(CancelledError):
        read_words(tmp_path / "words", 1 << 20, cancelled=lambda: next(asked, True))
