"""Words to ids: every word keeps its id, whatever is asked and however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwpoison_gui.view.base.intern import WordTable

WORDS = arrays(np.uint64, st.integers(0, 300), elements=st.integers(0, 2**64 - 1))


def ids_of(table: WordTable, words: np.ndarray) -> np.ndarray:
    """The ids of words, with a check of their counts."""
    out = np.zeros(words.size, np.uint8)
    counts = table.ids_of(words, out)
    if counts is None:
        out = np.zeros(words.size, np.uint16)
        counts = table.ids_of(words, out)
    assert counts is not None
    assert counts.tolist() == np.bincount(out, minlength=len(table)).tolist()
    return out


@given(st.lists(WORDS, max_size=4))
def test_ids_name_their_words(batches: list[np.ndarray]) -> None:
    table = WordTable()
    for words in batches:
        ids = ids_of(table, words)
        assert [table.words[number] for number in ids.tolist()] == words.tolist()
        assert not words.size or ids.min() > 0
    for batch in batches:
        assert [table.id_of(word) for word in batch.tolist()] == ids_of(table, batch).tolist()


def test_a_rare_word_that_no_sample_meets() -> None:
    words = np.full(200_000, 0x400, np.uint64)
    words[123_456] = 0
    words[199_999] = 1 << 19
    table = WordTable()
    ids = ids_of(table, words)
    assert table.words[ids[123_456]] == 0
    assert table.words[ids[199_999]] == 1 << 19
    assert len(table) == 4


def test_zero_is_a_word_like_others() -> None:
    table = WordTable()
    assert table.id_of(0) == 1
    assert ids_of(table, np.array([0, 0x400, 0], np.uint64)).tolist() == [1, 2, 1]


@pytest.mark.parametrize("count", [255, 256, 5000])
def test_many_words(count: int) -> None:
    rng = np.random.default_rng(count)
    distinct = np.unique(rng.integers(0, 1 << 42, count, np.uint64))
    words = rng.permutation(np.repeat(distinct, 3))
    table = WordTable()
    ids = ids_of(table, words)
    assert ids.dtype == (np.uint8 if len(distinct) < 256 else np.uint16)
    assert np.array_equal(np.array(table.words, np.uint64)[ids], words)


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_runs_and_chunks(length: int) -> None:
    rng = np.random.default_rng(length)
    words = np.repeat(rng.integers(0, 40, 300_000 // length, np.uint64), length)
    table = WordTable()
    ids = ids_of(table, words)
    assert np.array_equal(np.array(table.words, np.uint64)[ids], words)


def test_more_words_than_ids() -> None:
    with pytest.raises(OverflowError):
        WordTable().ids_of(np.arange(70_000, dtype=np.uint64), np.zeros(70_000, np.uint16))
