"""Transparent huge pages: given whole, counted for each frame, split when a part of them must go."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.huge_memory import huge_zero_page
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


@pytest.mark.parametrize(
    "profile, frames, has_one", (("v7", 8192, False), ("6.1", 8191, False), ("6.1", 8192, True), ("7.2", 8192, True))
)
def test_a_machine_has_its_huge_page_of_zeros_where_it_can_spare_it(profile: str, frames: int, has_one: bool) -> None:
    assert bool(huge_zero_page(Workbench(profile, frames=frames).m)) is has_one


@pytest.mark.parametrize("cut", ("m+0", "m+511"))
def test_no_huge_page_reaches_beyond_its_vma(cut: str) -> None:
    """transhuge_vma_suitable()."""
    bench = Workbench()
    bench.area(pages=512, huge="thp")
    bench.do("munmap", task="a", at=cut, pages=1)
    bench.do("write", task="a", at="m+5", value="A")
    assert not entry(bench, "m+5") & ptes.PSE
    invariants.check(bench.m)


def test_no_huge_page_takes_the_place_of_small_ones() -> None:
    bench = huge()
    bench.do("madvise", task="a", at="m+7", advice="dontneed")
    bench.do("write", task="a", at="m+7", value="B")
    assert [bench.do("read", task="a", at=at).value for at in ("m+5", "m+7")] == ["A", "B"]
    invariants.check(bench.m)


def test_a_split_leaves_512_pages_as_they_were() -> None:
    bench = huge()
    head = bench.pfn("a:m+0")
    assert bench.do("soft_offline", frame="a:m+3").errno == 0
    assert bench.do("read", task="a", at="m+5").value == "A"
    assert bench.pfn("a:m+5") == head + 5
    assert not bench.m.page(head) & (pf.THP | pf.COMPOUND_HEAD)
    assert bench.m.refcount.view[head + 5] == 1
    invariants.check(bench.m)


def test_a_split_entry_leaves_each_page_its_owners_alone() -> None:
    """__split_huge_pmd_locked(): PG_anon_exclusive of the huge page is that of each of its pages."""
    bench = huge()
    head = bench.pfn("a:m+0")
    bench.do("munmap", task="a", at="m+511", pages=1)
    exclusive = bench.m.profile.mm.exclusive
    assert exclusive and all(bench.m.page(head + number) & exclusive for number in range(511))


def test_whole_huge_pages_are_unmapped_without_a_split() -> None:
    """vma_adjust_trans_huge(): an edge between two huge entries cuts none."""
    bench = huge(1536)
    for at in ("m+512", "m+1024"):
        bench.do("write", task="a", at=at)
    bench.do("munmap", task="a", at="m+512", pages=512)
    assert [bool(entry(bench, at) & ptes.PSE) for at in ("m+0", "m+1024")] == [True, True]
    assert not entry(bench, "m+512")


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


@pytest.mark.parametrize("op", ("read", "write"))
def test_a_split_entry_leaves_the_huge_page_dirty_if_it_was(op: str) -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/f", pages=512, filesystem="tmpfs", hole=True)
    bench.area(pages=512, huge="thp", file="/dev/shm/f", shared=True)
    bench.do(op, task="a", at="m+5")
    head = bench.pfn("a:m+0")
    assert entry(bench, "m+5") & ptes.PSE
    bench.m.clear_flags(head, pf.DIRTY)
    bench.do("munmap", task="a", at="m+511", pages=1)
    assert ("DIRTY" in bench.flags(head)) == (op == "write")


def test_a_child_has_not_accessed_the_zeros_that_it_inherits() -> None:
    bench = Workbench(frames=16384)
    bench.area(pages=1024, huge="thp")
    bench.do("read", task="a", at="m+9")
    bench.do("write", task="a", at="m+512")  # fork() copies the page tables of what has an anon_vma
    bench.do("fork", task="a", child="b")
    for task in ("a", "b"):
        bench.do("munmap", task=task, at="m+511", pages=1)
        assert bench.pfn(f"{task}:m+9") == bench.pfn("any:zero")
    assert entry(bench, "m+9") & ptes.ACCESSED and not entry(bench, "m+9", "b") & ptes.ACCESSED
