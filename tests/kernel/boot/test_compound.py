"""Compound pages read from flag words."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.compound import compounds_of

H, T = pf.COMPOUND_HEAD, pf.COMPOUND_TAIL


def _of(*words: int) -> tuple[list[int], list[int], dict[int, int]]:
    found = compounds_of(np.array(words, np.uint64))
    return found.head.tolist(), found.tails.tolist(), found.order


def test_tails_belong_to_the_head_before_them() -> None:
    assert _of(0, H, T, H, T, T, T, 0) == ([0, 1, 1, 3, 3, 3, 3, 7], [2, 4, 5, 6], {1: 1, 3: 2})


def test_tails_without_a_head_stand_alone() -> None:
    """The head was freed while the words were read."""
    assert _of(T, T, 0, T, H, T) == ([0, 1, 2, 3, 4, 4], [5], {4: 1})


def test_without_compound_pages_each_frame_is_its_own_head() -> None:
    assert _of(0, pf.LRU, H) == ([0, 1, 2], [], {})
    found = compounds_of(np.array([H, T, 0], np.uint64))
    assert found.is_head(np.array([0, 1, 2])).tolist() == [True, False, True]
