"""Folios: the frames that belong together, and those that can be split."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.folio import folio_test_large
from tests.workbench import Workbench


@pytest.mark.parametrize("profile", ("6.1", "6.12", "7.2"))
def test_pages_of_hugetlb_and_single_frames_are_no_large_folios(profile: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb")
    bench.area("t", pages=512, huge="thp")
    bench.area("s")
    for area in "hts":
        bench.do("write", task="a", at=f"{area}+0")
    large = [folio_test_large(bench.m, bench.pfn(at)) for at in ("a:h+0", "a:h+5", "a:s+0", "a:t+0", "a:t+5")]
    assert large == [False, False, False, True, True]
    bench.m.set_flags(bench.pfn("a:s+0"), pf.THP)  # as a recording shows it that was taken during a split
    assert not folio_test_large(bench.m, bench.pfn("a:s+0"))
