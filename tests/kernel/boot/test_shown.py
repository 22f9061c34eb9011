"""What newer kernels show beside the flags of a frame is not taken for its own."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.shown import stored_flags
from tests.kernel.boot.test_files import image_of

FOLIO = pf.LRU | pf.UPTODATE | pf.DIRTY | pf.MLOCKED
ANON = pf.LRU | pf.UPTODATE | pf.ANON | pf.SWAPBACKED


def stored(words: dict[int, int]) -> dict[int, int]:
    image = stored_flags(image_of(words))
    return {pfn: int(image.kpageflags[pfn]) for pfn in words}


def test_a_tail_does_not_keep_the_flags_of_its_folio() -> None:
    head, tail = FOLIO | pf.COMPOUND_HEAD | pf.THP, pf.COMPOUND_TAIL | pf.THP
    words = {8: head, 9: tail | FOLIO | pf.MMAP, 10: tail | FOLIO | pf.HWPOISON | pf.MAPPEDTODISK}
    assert stored(words) == {8: head, 9: tail | pf.MMAP, 10: tail | pf.HWPOISON}


def test_an_anonymous_tail_stays_exclusive() -> None:
    tail = pf.COMPOUND_TAIL | pf.THP | pf.ANON | pf.MAPPEDTODISK
    assert stored({8: ANON | pf.COMPOUND_HEAD | pf.THP, 9: tail | ANON})[9] == tail


def test_ksm_on_every_anonymous_page_says_nothing() -> None:
    assert stored({4: ANON | pf.KSM, 5: ANON | pf.KSM}) == {4: ANON, 5: ANON}
    merged = {4: ANON | pf.KSM, 5: ANON}
    assert stored(merged) == merged


def test_a_slab_page_is_not_anonymous() -> None:
    assert stored({4: pf.SLAB | pf.ANON | pf.KSM, 5: ANON | pf.KSM, 6: ANON}) == {
        4: pf.SLAB, 5: ANON | pf.KSM, 6: ANON,
    }  # fmt: skip


def test_an_older_kernel_shows_what_there_is() -> None:
    image = image_of({8: FOLIO | pf.COMPOUND_HEAD | pf.THP, 9: pf.COMPOUND_TAIL | pf.THP | pf.MMAP})
    assert stored_flags(image) is image and np.any(image.kpageflags)
