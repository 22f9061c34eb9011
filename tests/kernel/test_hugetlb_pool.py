"""The pool of huge pages: what it has, what it has promised, and how a page leaves it."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import hugetlb_pool as pool
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, MAX_ORDER
from hwpoison_gui.session.limits import free_frames
from tests.invariants import check
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


# -- nr_hugepages


def resized(bench: Workbench, pages: int) -> int:
    """Write nr_hugepages. Returns the size of the pool then."""
    assert bench.do("hugepages", pages=pages).errno == 0
    return bench.m.counter("nr_huge_pages")


def test_the_pool_grows_and_shrinks_as_asked() -> None:
    bench = Workbench(huge_pages=1)
    free = free_frames(bench.m)
    assert resized(bench, 4) == 4 and free_frames(bench.m) == free - 3 * HPAGE_PMD_NR
    heads = list(bench.m.huge_free.of(0))
    assert len(heads) == 4 and not bench.m.refcount.view[heads].any()
    assert all(bench.flags(head) == {"COMPOUND_HEAD", "HUGE"} for head in heads)
    assert resized(bench, 0) == 0 and free_frames(bench.m) == free + HPAGE_PMD_NR
    assert all(bench.flags(pfn) == {"BUDDY"} for pfn in (heads[0], heads[0] + 511))
    check(bench.m)


def test_the_pool_grows_as_far_as_memory_allows() -> None:
    bench = Workbench(frames=4096)
    most = resized(bench, 99)
    assert 0 < most < 8
    assert not any(bench.m.free_area.of(order) for order in range(HPAGE_PMD_ORDER, MAX_ORDER + 1))
    assert resized(bench, 99) == most


def test_reserved_and_used_huge_pages_stay_in_the_pool() -> None:
    bench = Workbench(huge_pages=4)
    bench.area(pages=1024, huge="hugetlb")
    bench.do("write", task="a", at="m+0", value="x")
    assert resized(bench, 0) == 2 == bench.m.counter("surplus_huge_pages")
    assert bench.m.counter("resv_huge_pages") == len(bench.m.huge_free.of(0)) == 1
    assert bench.do("write", task="a", at="m+512", value="y").errno == 0
    assert bench.do("read", task="a", at="m+0").value == "x"
    check(bench.m)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_poisoned_huge_page_is_given_back_like_others_and_the_allocator_drops_the_bad_frame(profile: str) -> None:
    bench = Workbench(profile, huge_pages=3)
    m, first = bench.m, bench.m.huge_free.of(0)[0]
    m.set_flags(first + 9 if profile == "v7" else first, pf.HWPOISON)
    if profile != "v7":
        m.put(m.raw_hwp, (first, first + 9), True)
    assert resized(bench, 0) == 0 and not m.huge_free.of(0) and not m.raw_hwp.of(first)
    assert [pfn for pfn in range(m.frames) if m.page(pfn) & pf.HWPOISON] == [first + 9]
    assert m.page(first + 9) & pf.BUDDY
    handed_out = bench.do("alloc", frames=m.frames).handed_out
    assert first + 8 in handed_out and first + 10 in handed_out and first + 9 not in handed_out


def test_a_pool_that_shrinks_below_its_reservations_keeps_as_many_pages() -> None:
    """remove_pool_huge_page() does not look whether the page that stays is poisoned (mm/hugetlb.c)."""
    bench = Workbench(huge_pages=2)
    last = bench.m.huge_free.of(0)[1]
    bench.m.set_flags(last, pf.HWPOISON)
    bench.area(pages=512, huge="hugetlb")
    assert resized(bench, 0) == 1 and bench.m.huge_free.of(0) == [last]
    assert bench.do("write", task="a", at="m+0", value="x").signals[0].code == "BUS_ADRERR"


# -- surplus pages


def surplus(bench: Workbench) -> int:
    return bench.m.counter("surplus_huge_pages")


def test_what_is_in_use_becomes_surplus_and_leaves_when_it_is_free() -> None:
    bench = Workbench(huge_pages=3)
    bench.area(pages=1024, huge="hugetlb")
    bench.do("write", task="a", at="m+0", value="x")
    free = free_frames(bench.m)
    assert resized(bench, 1) == 2 and surplus(bench) == 1
    bench.do("munmap", task="a", at="m+0", pages=1024)
    assert bench.m.counter("nr_huge_pages") == 1 == len(bench.m.huge_free.of(0)) and surplus(bench) == 0
    assert free_frames(bench.m) == free + 2 * HPAGE_PMD_NR
    check(bench.m)


def test_a_pool_that_grows_takes_its_surplus_pages_first() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=1024, huge="hugetlb", populate=True)
    assert resized(bench, 0) == 2 and surplus(bench) == 2
    assert resized(bench, 1) == 2 and surplus(bench) == 1
    assert resized(bench, 3) == 3 and surplus(bench) == 0
    bench = Workbench(huge_pages=3)
    bench.area(pages=1536, huge="hugetlb", populate=True)
    assert resized(bench, 1) == 3 and surplus(bench) == 2
    assert resized(bench, 2) == 3 and surplus(bench) == 1


def test_a_pool_that_shrinks_keeps_the_free_page_that_is_reserved() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    kept = list(bench.m.huge_free.of(0))
    assert resized(bench, 0) == 1 and surplus(bench) == 1 and list(bench.m.huge_free.of(0)) == kept


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mapping_gets_surplus_pages_as_far_as_overcommit_allows(profile: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    assert bench.do("mmap", task="a", name="m", pages=1536, huge="hugetlb").errno == "ENOMEM"
    assert surplus(bench) == 0 and bench.m.counter("nr_huge_pages") == 1
    bench.do("overcommit_hugepages", pages=2)
    bench.area(pages=1536, huge="hugetlb")
    assert surplus(bench) == 2 and bench.m.counter("resv_huge_pages") == 3
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("munmap", task="a", at="m+0", pages=1536)
    assert surplus(bench) == 0 and bench.m.counter("nr_huge_pages") == 1
    check(bench.m)


def test_the_copy_of_a_private_page_may_be_a_surplus_page() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("overcommit_hugepages", pages=1)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    assert bench.do("write", task="b", at="m+0", value="y").signals == () and surplus(bench) == 1
    assert bench.do("read", task="a", at="m+0").value == "x"
    bench.do("exit", task="b")
    assert surplus(bench) == 0
    check(bench.m)


def test_the_way_back_restores_the_pool() -> None:
    bench = Workbench(huge_pages=2)
    begin, digest = bench.session.position, bench.m.gate.digest()
    resized(bench, 5)
    resized(bench, 1)
    end, after = bench.session.position, bench.m.gate.digest()
    bench.session.seek(begin)
    assert bench.m.gate.digest() == digest
    bench.session.seek(end)
    assert bench.m.gate.digest() == after


@pytest.mark.parametrize(("pages", "marks"), [
    (3, [(pool.GROWN, (1, 0)), (pool.RESIZED, (3, 2, 3))]),
    (1, [(pool.SHRUNK, (1, 0)), (pool.RESIZED, (1, 2, 1))]),
    (2, [(pool.RESIZED, (2, 2, 2))]),
])  # fmt: skip
def test_the_marks_say_what_was_asked_and_what_there_is(pages: int, marks: list[tuple[Site, tuple[int, ...]]]) -> None:
    m = Workbench(huge_pages=2).m
    assert [(mark.site, mark.args) for mark in pool.set_max_huge_pages(m, pages)] == marks


def test_a_reservation_that_cannot_be_met_in_full_leaves_the_pool_as_it_was() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("overcommit_hugepages", pages=1)
    m = bench.m
    before = m.huge_free.of(0)[:], m.counter("nr_huge_pages"), surplus(bench), free_frames(m)
    assert not pool.reserve(m, 7, [0, 512, 1024])
    assert (m.huge_free.of(0)[:], m.counter("nr_huge_pages"), surplus(bench), free_frames(m)) == before
    assert pool.reserve(m, 7, [0, 512]) and surplus(bench) == 1
