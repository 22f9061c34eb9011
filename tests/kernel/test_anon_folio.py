"""Anonymous memory in large folios: mapped whole by one write, each page by its own PTE."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.anon_folio import NEW_FOLIO, maps_whole_folio
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench


def bench_with(pages: int, folio: int = 16, profile: str = "6.12", **args: object) -> Workbench:
    bench = Workbench(profile)
    bench.area(pages=pages, folio=folio, **args)
    return bench


def test_one_write_maps_the_whole_folio() -> None:
    bench = bench_with(32)
    bench.do("write", task="a", at="m+5", value="A")
    head = bench.pfn("head:a:m+5")
    assert head % 16 == 0 and [bench.pfn(f"a:m+{page}") for page in range(16)] == list(range(head, head + 16))
    assert bench.m.refcount.view[head] == 16 and bench.m.mapcount.view[head : head + 16].tolist() == [1] * 16
    assert bench.m.rss.view[bench.session.tid_of("a")] == 16
    entries = dict(bench.m.ptes.of(bench.session.tid_of("a")))
    written = ptes.PRESENT | ptes.RW | ptes.DIRTY | ptes.ACCESSED
    assert all(entry & written == written for entry in entries.values() if ptes.value_of(entry) - head in range(16))
    invariants.check(bench.m)


def test_the_step_names_where_the_folio_begins() -> None:
    bench = bench_with(32)
    bench.do("write", task="a", at="m+21", value="A")
    (mark,) = [mark for mark in bench.session.steps.marks if mark.site is NEW_FOLIO]
    assert mark.args == (bench.session.resolve_address("a", "m+16"), 16)


def test_in_locked_memory_the_folio_is_locked() -> None:
    bench = bench_with(16, locked=True)
    bench.do("write", task="a", at="m+5", value="A")
    assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(bench.pfn("head:a:m+5"))


def test_without_memory_for_a_folio_a_page_is_mapped() -> None:
    bench = bench_with(32)
    bench.area("n", pages=8)
    for page in range(8):
        bench.do("write", task="a", at=f"n+{page}", value="N")
    bench.do("write", task="a", at="m+20", value="A")  # the page table is there
    bench.do("alloc", frames=bench.m.frames)
    bench.do("munmap", task="a", at="n+0", pages=8)
    assert bench.do("write", task="a", at="m+5", value="A").errno == 0
    assert not bench.m.page(bench.pfn("a:m+5")) & pf.THP


def test_whether_a_vma_maps_a_whole_folio() -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    m, mm, pfn = bench.m, bench.session.tid_of("a"), bench.pfn("a:m+5")
    address = bench.session.resolve_address("a", "m+5")
    vma = m.find_vma(mm, address)
    assert vma is not None and maps_whole_folio(m, vma, address >> PAGE_SHIFT, pfn)
    bench.do("poison", frame="a:m+5")
    m.set_pte(mm, (address >> PAGE_SHIFT) + 1, ptes.hwpoison_pte(pfn + 1))
    assert not maps_whole_folio(m, vma, address >> PAGE_SHIFT, pfn)


@pytest.mark.parametrize("page", (3, 12))
def test_a_vma_with_a_part_of_a_folio_maps_it_not_as_a_whole(page: int) -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("mprotect", task="a", at="m+0", pages=8, prot="r")
    m, address = bench.m, bench.session.resolve_address("a", f"m+{page}")
    vma = m.find_vma(bench.session.world.process("a").mm, address)
    assert vma is not None and vma.pages == 8
    assert not maps_whole_folio(m, vma, address >> PAGE_SHIFT, bench.pfn(f"a:m+{page}"))


def test_a_folio_must_not_begin_before_its_vma() -> None:
    bench = bench_with(32)
    bench.do("munmap", task="a", at="m+0", pages=4)
    bench.do("write", task="a", at="m+5", value="A")
    assert not bench.m.page(bench.pfn("a:m+5")) & pf.THP and bench.session.pte_state("a", "m+4") == "none"


@pytest.mark.parametrize("pages, written, large", ((8, "m+0", False), (24, "m+20", False), (16, "m+0", True)))
def test_a_folio_must_fit_into_its_vma(pages: int, written: str, large: bool) -> None:
    bench = bench_with(pages)
    bench.do("write", task="a", at=written, value="A")
    assert bool(bench.m.page(bench.pfn(f"a:{written}")) & pf.THP) is large


def test_where_a_page_is_mapped_already_another_one_is_added_alone() -> None:
    bench = bench_with(16)
    bench.do("read", task="a", at="m+3")
    bench.do("write", task="a", at="m+5", value="A")
    assert not bench.m.page(bench.pfn("a:m+5")) & pf.THP


def test_a_part_can_be_unmapped_and_the_rest_stays() -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    head = bench.pfn("head:a:m+5")
    bench.do("munmap", task="a", at="m+0", pages=4)
    assert bench.m.refcount.view[head] == 12 and bench.do("read", task="a", at="m+5").value == "A"
    bench.do("exit", task="a")
    assert bench.m.page(head) & pf.BUDDY and not bench.m.page(head) & pf.COMPOUND_HEAD
    invariants.check(bench.m)


@pytest.mark.parametrize("profile, copies", (("6.12", True), ("7.2", False)))
def test_the_last_user_of_a_folio_writes_in_place_in_newer_kernels(profile: str, copies: bool) -> None:
    bench = bench_with(16, profile=profile)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("fork", task="a", child="b")
    bench.do("exit", task="b")
    pfn = bench.pfn("a:m+5")
    bench.do("write", task="a", at="m+5", value="B")
    assert (bench.pfn("a:m+5") != pfn) is copies
    invariants.check(bench.m)


def test_a_forked_writer_copies_one_page() -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("fork", task="a", child="b")
    bench.do("write", task="b", at="m+3", value="B")
    assert bench.pfn("b:m+4") == bench.pfn("a:m+4") and bench.pfn("b:m+3") != bench.pfn("a:m+3")
    invariants.check(bench.m)


def test_a_moved_vma_still_maps_its_folio() -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    head = bench.pfn("head:a:m+5")
    bench.do("mremap", task="a", at="m+0", pages=16, name="n")
    assert bench.pfn("head:a:n+5") == head and bench.session.resolve_address("a", "n+0") % (16 << 12) == 0
    assert bench.do("poison", frame="a:n+5").result == "Recovered"
    invariants.check(bench.m)


@pytest.mark.parametrize("at, pages, locked", (("m+0", 16, True), ("m+0", 8, False)))
def test_a_folio_is_locked_where_all_of_it_is(at: str, pages: int, locked: bool) -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("mlock", task="a", at=at, pages=pages)
    head = bench.pfn("head:a:m+5")
    assert bool(bench.m.page(head) & pf.MLOCKED) is locked
    bench.do("munlock", task="a", at="m+0", pages=16)
    assert not bench.m.page(head) & (pf.MLOCKED | pf.UNEVICTABLE)


def test_reclaim_splits_a_folio_and_swaps_its_pages_out() -> None:
    bench = bench_with(16)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("madvise", task="a", at="m+0", pages=16, advice="pageout")
    assert bench.do("read", task="a", at="m+5").value == "A"
    assert not bench.m.page(bench.pfn("a:m+5")) & pf.THP
    invariants.check(bench.m)
