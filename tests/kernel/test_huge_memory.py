"""Transparent huge pages: given whole, counted for each frame, split when a part of them must go."""

from __future__ import annotations

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench


def huge(pages: int = 512, **args: object) -> Workbench:
    bench = Workbench()
    bench.area(pages=pages, huge="thp", **args)
    bench.do("write", task="a", at="m+5", value="A")
    return bench


def entry(bench: Workbench, at: str, task: str = "a") -> int:
    mm = bench.session.tid_of(task)
    assert mm is not None
    return bench.m.pte(mm, bench.session.resolve_address(task, at) >> PAGE_SHIFT)


def test_one_write_gives_two_megabytes() -> None:
    bench = huge()
    head = bench.pfn("a:m+0")
    assert entry(bench, "m+511") & ptes.PSE
    assert bench.pfn("a:m+511") == head + 511
    assert bench.m.mapcount.view[head : head + HPAGE_PMD_NR].tolist() == [1] * HPAGE_PMD_NR
    assert bench.m.refcount.view[head] == 1


def test_a_read_maps_the_huge_page_of_zeros() -> None:
    bench = Workbench(frames=16384)
    bench.area(pages=512, huge="thp")
    assert bench.do("read", task="a", at="m+9").value == "zero"
    assert bench.pfn("a:m+9") == bench.pfn("any:huge-zero") + 9
    bench.do("write", task="a", at="m+9", value="A")
    assert not entry(bench, "m+9") & ptes.PSE
    assert bench.pfn("a:m+8") == bench.pfn("any:zero")


def test_a_split_leaves_512_pages_as_they_were() -> None:
    bench = huge()
    head = bench.pfn("a:m+0")
    assert bench.do("soft_offline", frame="a:m+3").errno == 0
    assert bench.do("read", task="a", at="m+5").value == "A"
    assert bench.pfn("a:m+5") == head + 5
    assert not bench.m.page(head) & (pf.THP | pf.COMPOUND_HEAD)
    assert bench.m.refcount.view[head + 5] == 1
    invariants.check(bench.m)


def test_a_held_one_is_not_split() -> None:
    bench = huge()
    bench.do("pin", frame="a:m+5")
    outcome = bench.do("poison", frame="a:m+5")
    assert (outcome.kind, outcome.result) == ("unsplit thp", "Ignored")
    assert bench.do("read", task="a", at="m+5").value == "A"


def test_unmapping_a_part_splits_the_entry_alone() -> None:
    bench = huge(pages=1024)
    head = bench.pfn("a:m+0")
    bench.do("munmap", task="a", at="m+0", pages=2)
    assert bench.m.page(head) & pf.COMPOUND_HEAD
    assert bench.m.refcount.view[head] == HPAGE_PMD_NR - 2
    invariants.check(bench.m)


def test_a_forked_writer_copies_one_small_page() -> None:
    bench = huge()
    bench.do("fork", task="a", child="b")
    head = bench.pfn("a:m+0")
    bench.do("write", task="b", at="m+3", value="B")
    assert entry(bench, "m+3") & ptes.PSE
    assert not entry(bench, "m+3", "b") & ptes.PSE
    assert bench.pfn("b:m+4") == head + 4
    assert bench.m.mapcount.view[head + 3] == 1
    assert bench.m.mapcount.view[head + 4] == 2
    invariants.check(bench.m)


def test_cutting_a_file_inside_a_huge_page_splits_it() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/f", pages=512, filesystem="tmpfs", hole=True)
    bench.area(pages=512, huge="thp", file="/dev/shm/f", shared=True)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("punch_hole", path="/dev/shm/f", page=6)
    assert bench.do("read", task="a", at="m+5").value == "A"
    assert not bench.m.page(bench.pfn("a:m+5")) & pf.THP
    invariants.check(bench.m)
