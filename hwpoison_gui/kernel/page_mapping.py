"""page->mapping as one word: the number of an inode, an anon_vma or a stable node of KSM, above bits that say which.

The low bits are PAGE_MAPPING_FLAGS (include/linux/page-flags.h); 0 is no mapping. A compound tail has the pfn of its
head in this column, and the mapping of its head: see `Machine.folio_mappings`.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

MAPPING_ANON: Final = 1
MAPPING_KSM: Final = 3
_FLAGS: Final = 3
_NUMBER_AT: Final = 2

Words = TypeVar("Words", int, npt.NDArray[Any])  # one word, or many


def mapping_word(number: Words, flags: Words | int = 0) -> Words:
    """The word of inode `number`, or with MAPPING_ANON of an anon_vma, with MAPPING_KSM of a stable node."""
    return number << _NUMBER_AT | flags


def mapping_flags(words: Words) -> Words:
    """The low bits: MAPPING_ANON, MAPPING_KSM, or 0 for an inode and for no mapping."""
    return words & _FLAGS


def mapping_number(words: Words) -> Words:
    """The number of what the page belongs to."""
    return words >> _NUMBER_AT


def of_files(words: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Mask of the words that are an inode's."""
    found: npt.NDArray[np.bool_] = (words != 0) & (words & _FLAGS == 0)
    return found
