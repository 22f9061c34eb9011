"""The word of page->mapping: what is put in comes out, of one page and of many."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel.page_mapping import (
    MAPPING_ANON,
    MAPPING_KSM,
    mapping_flags,
    mapping_number,
    mapping_word,
    of_files,
)

NUMBERS = (1, 2, 3, 1000, (1 << 30) - 1)


@pytest.mark.parametrize("flags", (0, MAPPING_ANON, MAPPING_KSM))
def test_a_word_has_its_number_and_its_flags(flags: int) -> None:
    words = [mapping_word(number, flags) for number in NUMBERS]
    assert [mapping_number(word) for word in words] == list(NUMBERS)
    assert {mapping_flags(word) for word in words} == {flags}
    column = np.array(words, np.uint32)
    assert mapping_word(np.array(NUMBERS), flags).tolist() == words
    assert mapping_number(column).tolist() == list(NUMBERS) and (mapping_flags(column) == flags).all()
    assert mapping_number(column).dtype == mapping_flags(column).dtype == np.uint32


def test_only_an_inode_makes_a_page_one_of_a_file() -> None:
    words = [0, mapping_word(1), mapping_word(1, MAPPING_ANON), mapping_word(1, MAPPING_KSM), mapping_word(7)]
    assert of_files(np.array(words, np.uint32)).tolist() == [False, True, False, False, True]
