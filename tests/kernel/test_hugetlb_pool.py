"""The pool of huge pages: what it has, what it has promised, and how a page leaves it."""

from __future__ import annotations

from hwpoison_gui.kernel import hugetlb_pool as pool
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from tests.workbench import Workbench, run


def test_the_pool_has_what_memory_allows() -> None:
    bench = Workbench(frames=4096, huge_pages=99)
    assert 0 < len(bench.m.huge_free.of(0)) < 8
    assert bench.m.counter("nr_huge_pages") == len(bench.m.huge_free.of(0))


def test_a_huge_page_is_one_compound_page() -> None:
    bench = Workbench(huge_pages=1)
    head = bench.pfn("any:free-huge")
    assert bench.flags(head) == {"COMPOUND_HEAD", "HUGE"}
    assert bench.flags(head + 511) == {"COMPOUND_TAIL", "HUGE"}
    assert bench.m.compound_head(head + 511) == head


def test_what_is_promised_is_not_given_to_others() -> None:
    m = Workbench(huge_pages=2).m
    assert pool.reserve(m, 7, [0, 512])
    assert not pool.reserve(m, 8, [0])
    assert pool.alloc_huge_page(m, 8, 0) is None
    assert pool.alloc_huge_page(m, 7, 0) is not None
    pool.unreserve(m, 7, 0, None)
    assert pool.available_huge_pages(m) == 1


def test_a_poisoned_huge_page_is_passed_by() -> None:
    bench = Workbench(huge_pages=2)
    first, second = bench.m.huge_free.of(0)
    bench.m.set_flags(first, pf.HWPOISON)
    assert pool.alloc_huge_page(bench.m, 0, 0) == second


def test_dissolving_frees_all_and_marks_the_bad_one() -> None:
    bench = Workbench(huge_pages=1)
    head = bench.pfn("any:free-huge")
    bench.m.put(bench.m.raw_hwp, (head, head + 9), True)
    bench.m.set_flags(head, pf.HWPOISON)
    assert pool.dissolve_free_huge_page(bench.m, head + 9)
    assert bench.m.counter("nr_huge_pages") == 0
    assert [pfn for pfn in range(head, head + HPAGE_PMD_NR) if bench.m.page(pfn) & pf.HWPOISON] == [head + 9]
    assert all(bench.m.page(pfn) & pf.BUDDY for pfn in range(head, head + HPAGE_PMD_NR))


def test_only_the_bad_frame_stays_out() -> None:
    bench = Workbench(huge_pages=1)
    head = bench.pfn("any:free-huge")
    assert run(pool.page_handle_poison(bench.m, head + 9))
    assert not bench.m.page(head + 9) & pf.BUDDY
    assert bench.m.page(head + 8) & pf.BUDDY
    assert bench.m.refcount.view[head + 9] == 1


def test_a_promised_page_is_not_dissolved() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    assert not pool.dissolve_free_huge_page(bench.m, bench.pfn("any:free-huge"))


def test_only_what_is_promised_in_the_range_is_returned() -> None:
    m = Workbench(huge_pages=3).m
    assert pool.reserve(m, 7, [0, 512, 1024])
    pool.unreserve(m, 7, 512, 1024)
    assert sorted(m.huge_resv.of(7)) == [0, 1024] and m.counter("resv_huge_pages") == 2
    pool.unreserve(m, 7, 512, None)
    assert sorted(m.huge_resv.of(7)) == [0]
