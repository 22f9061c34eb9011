"""Lenses: classes in order of severity, numbered and named."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.map.lenses import BY_KEY, MOST_CLASSES, OUTCOME, STATE, Lens

lenses = pytest.mark.parametrize("lens", BY_KEY.values(), ids=BY_KEY)


@lenses
def test_classes_are_numbered_and_named(lens: Lens) -> None:
    assert [one.id for one in lens.classes] == list(range(len(lens.classes)))
    assert len({one.key for one in lens.classes}) == len(lens.classes) < MOST_CLASSES
    assert lens.classes[0].key == "outside"
    assert lens.classes[-1].key == "poison"
    assert all(one.name and one.meaning and one.shortest for one in lens.classes)
    assert lens.question
    assert (lens.code_of is None) == bool(lens.sheet)


def test_the_state_of_words() -> None:
    assert STATE.code_of is not None
    words = {
        pf.NOPAGE: "hole", pf.BUDDY: "free", 0: "kernel", pf.SLAB: "kernel", pf.LRU | pf.UPTODATE: "clean",
        pf.LRU | pf.ANON | pf.SWAPBACKED: "sole", pf.ANON | pf.SWAPBACKED | pf.SWAPCACHE: "clean",
        pf.LRU | pf.DIRTY: "dirty", pf.LRU | pf.DIRTY | pf.WRITEBACK: "writeback", pf.LRU | pf.LOCKED: "locked",
        pf.HWPOISON | pf.BUDDY: "poison",
    }  # fmt: skip
    assert {word: STATE.classes[STATE.code_of(word)].key for word in words} == words


def test_outcome_codes_are_the_classes_of_outcomes() -> None:
    assert np.array_equal(np.frombuffer(OUTCOME.codes, np.uint8), np.arange(256))
