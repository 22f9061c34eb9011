"""Compound pages read from flag words."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot import compound, scan
from hwpoison_gui.kernel.boot.compound import compounds_of

H, T = pf.COMPOUND_HEAD, pf.COMPOUND_TAIL


def _of(*words: int) -> tuple[list[int], dict[int, int]]:
    found = compounds_of(np.array(words, np.uint64))
    assert found.heads.tolist() == list(found.order) and found.orders.tolist() == list(found.order.values())
    return found.head.tolist(), found.order


def test_tails_belong_to_the_head_before_them() -> None:
    assert _of(0, H, T, H, T, T, T, 0) == ([0, 1, 1, 3, 3, 3, 3, 7], {1: 1, 3: 2})


def test_tails_without_a_head_stand_alone() -> None:
    """The head was freed while the words were read."""
    assert _of(T, T, 0, T, H, T) == ([0, 1, 2, 3, 4, 4], {4: 1})
    assert _of(T, 0, H) == ([0, 1, 2], {})


def test_without_compound_pages_each_frame_is_its_own_head() -> None:
    assert _of(0, pf.LRU, H) == ([0, 1, 2], {})
    found = compounds_of(np.array([H, T, 0], np.uint64))
    assert found.is_head(np.array([0, 1, 2])).tolist() == [True, False, True]


def test_pages_that_cross_the_pieces_in_which_memory_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_PIECE", 2)
    monkeypatch.setattr(compound, "_PAGES", 1)
    assert _of(0, H, T, H, T, T, T, 0) == ([0, 1, 1, 3, 3, 3, 3, 7], {1: 1, 3: 2})
    assert _of(T, 0, H, T, T, T) == ([0, 1, 2, 2, 2, 2], {2: 2})


def test_sizes_of_heads_in_any_order() -> None:
    found = compounds_of(np.array([0, H, T, H, T, T, T, 0], np.uint64))
    heads = np.array([7, 3, 1, 0, 3])
    assert found.sizes(heads).tolist() == [1, 4, 2, 1, 4]
    assert found.frames(heads[:4]).tolist() == [7, 3, 4, 5, 6, 1, 2, 0]
    assert compounds_of(np.zeros(4, np.uint64)).frames(heads[1:4]).tolist() == [3, 1, 0]
