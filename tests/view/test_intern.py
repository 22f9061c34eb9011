"""Words to ids: every word keeps its id, whatever is asked and however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwpoison_gui.view.intern import WordTable

WORDS = arrays(np.uint64, st.integers(0, 300), elements=st.integers(0, 2**64 - 1))


@given(st.lists(WORDS, max_size=4))
def test_ids_name_their_words(batches: list[np.ndarray]) -> None:
    table = WordTable()
    for words in batches:
        ids = table.ids_of(words)
        assert [table.words[number] for number in ids.tolist()] == words.tolist()
        assert not words.size or ids.min() > 0
    for batch in batches:
        assert [table.id_of(word) for word in batch.tolist()] == table.ids_of(batch).tolist()


def test_a_rare_word_that_no_sample_meets() -> None:
    words = np.full(200_000, 0x400, np.uint64)
    words[123_456] = 0
    words[199_999] = 1 << 19
    table = WordTable()
    ids = table.ids_of(words)
    assert table.words[ids[123_456]] == 0
    assert table.words[ids[199_999]] == 1 << 19
    assert len(table) == 4


@pytest.mark.parametrize("count", [255, 256, 5000])
def test_many_words(count: int) -> None:
    rng = np.random.default_rng(count)
    distinct = np.unique(rng.integers(0, 1 << 42, count, np.uint64))
    words = rng.permutation(np.repeat(distinct, 3))
    table = WordTable()
    ids = table.ids_of(words)
    assert ids.dtype == (np.uint8 if len(distinct) < 256 else np.uint16)
    assert np.array_equal(np.array(table.words, np.uint64)[ids], words)


def test_millions_are_read_in_threads() -> None:
    words = np.tile(np.array([0x400, 0, 0x5828, 0x868], np.uint64), 600_000)
    words[-1] = 1 << 19
    table = WordTable()
    out = np.zeros(words.size, np.uint8)
    assert table.ids_of(words, out) is out
    assert np.array_equal(np.array(table.words, np.uint64)[out], words)


def test_more_words_than_ids() -> None:
    with pytest.raises(OverflowError):
        WordTable().ids_of(np.arange(70_000, dtype=np.uint64))
