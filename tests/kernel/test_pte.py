"""Page-table entries as integers: which frames one maps."""

from __future__ import annotations

from hwpoison_gui.kernel import pte as ptes


def test_an_entry_maps_one_frame_a_huge_one_a_run_and_others_none() -> None:
    small, huge = ptes.mk_pte(1024), ptes.mk_pte(1024, ptes.PSE)
    assert [ptes.maps_frame(small, pfn) for pfn in (1023, 1024, 1025)] == [False, True, False]
    assert [ptes.maps_frame(huge, pfn) for pfn in (1023, 1024, 1535, 1536)] == [False, True, True, False]
    assert not any(ptes.maps_frame(entry, 1024) for entry in (0, ptes.swp_pte(1024), ptes.hwpoison_pte(1024)))


def test_an_entry_has_no_bits_that_nobody_asked_for() -> None:
    assert ptes.mk_pte(5) == 5 << 12 | ptes.PRESENT
    assert ptes.swp_pte(5) == 5 << 12 | ptes.SWAP
    assert ptes.swp_pte(5, exclusive=True) == ptes.swp_pte(5) | ptes.SWP_EXCLUSIVE
