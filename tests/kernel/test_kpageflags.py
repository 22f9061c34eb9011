"""Flags that /proc/kpageflags shows for the tails of a huge page."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.kpageflags import stable_page_flags
from tests.workbench import Workbench


@pytest.mark.parametrize("profile, shown", (("6.1", False), ("6.12", True)))
@pytest.mark.parametrize("huge", ("thp", "hugetlb"))
def test_a_tail_shows_its_folio_since(profile: str, shown: bool, huge: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.area(pages=512, huge=huge)
    bench.do("write", task="a", at="m+5")
    pfn, head = bench.pfn("a:m+5"), bench.pfn("a:m+0")
    assert bool(stable_page_flags(bench.m, pfn) & pf.UPTODATE) is shown
    bench.m.set_flags(head, pf.HWPOISON)
    word = stable_page_flags(bench.m, pfn)
    assert bool(word & pf.HWPOISON) is (shown and huge == "hugetlb")
    assert word & pf.COMPOUND_TAIL and not word & pf.COMPOUND_HEAD


def test_a_tail_that_is_of_no_folio_shows_its_own_flags() -> None:
    bench = Workbench("6.12")
    head = bench.pfn("any:free")
    bench.m.put(bench.m.flags, head, pf.COMPOUND_HEAD | pf.SLAB | pf.UPTODATE)
    bench.m.put(bench.m.flags, head + 1, pf.COMPOUND_TAIL | pf.SLAB)
    bench.m.put(bench.m.mapping, head + 1, head)
    assert stable_page_flags(bench.m, head + 1) == pf.COMPOUND_TAIL | pf.SLAB


def test_past_the_last_frame_there_is_no_page() -> None:
    m = Workbench("6.12").m
    assert stable_page_flags(m, m.frames) == stable_page_flags(m, -1) == pf.NOPAGE
