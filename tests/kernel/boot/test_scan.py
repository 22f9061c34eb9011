"""Memory looked through piece by piece gives what looking at all of it at once would give."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot import scan
from hwpoison_gui.kernel.boot.frames import free_blocks
from hwpoison_gui.kernel.boot.scan import frames_with, occurrences, pieces

WORDS = np.array([0, pf.LRU, pf.LRU | pf.DIRTY, pf.DIRTY, 0, pf.LRU, pf.SLAB], np.uint64)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100])
def test_frames_by_their_flags(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_PIECE", piece)
    assert [one.start for one in pieces(len(WORDS))] == list(range(0, len(WORDS), piece))
    assert frames_with(WORDS, pf.LRU).tolist() == [1, 2, 5]
    assert frames_with(WORDS, pf.LRU | pf.DIRTY).tolist() == [1, 2, 3, 5]
    assert frames_with(WORDS, pf.LRU | pf.DIRTY, pf.LRU).tolist() == [1, 5]
    assert frames_with(WORDS, (1 << 64) - 1, 0).tolist() == [0, 4]
    assert frames_with(WORDS, pf.LRU, most=2).tolist() == [1, 2]
    assert frames_with(WORDS[:0], pf.LRU).tolist() == []


def test_occurrences() -> None:
    assert occurrences(np.array([3, 1, 3]), 5).tolist() == [0, 1, 0, 2, 0]


def test_free_blocks_of_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.full(5000, pf.BUDDY, np.uint64)
    words[3000] = pf.LRU
    whole = free_blocks(words)
    monkeypatch.setattr(scan, "_PIECE", 1024)
    assert free_blocks(words) == whole
