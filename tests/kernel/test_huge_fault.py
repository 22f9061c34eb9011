"""Faults on transparent huge pages: when 2 MiB are mapped at once, and when they are not.

After mm/huge_memory.c: do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page(); mm/memory.c: do_set_pmd(); mm/shmem.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench


def area(pages: int = 1024, shared: bool = False, profile: str = "6.1", **args: object) -> Workbench:
    bench = Workbench(profile)
    assert bench.do("mmap", task="a", name="t", pages=pages, huge="thp", shared=shared, **args).errno == 0
    return bench


def entry(bench: Workbench, page: int, task: str = "a") -> int:
    mm = bench.session.world.process(task).mm
    return bench.m.pte(mm, bench.session.resolve_address(task, f"t+{page}") >> PAGE_SHIFT)


def is_huge(bench: Workbench, page: int, task: str = "a") -> bool:
    return bool(entry(bench, page, task) & ptes.PSE)


@pytest.mark.parametrize("shared", (False, True))
def test_one_write_maps_two_megabytes_writable_and_dirty(shared: bool) -> None:
    bench = area(shared=shared)
    bench.do("write", task="a", at="t+700", value="x")
    assert is_huge(bench, 512) and not entry(bench, 0)
    assert entry(bench, 1023) & (ptes.RW | ptes.DIRTY) == ptes.RW | ptes.DIRTY
    m = bench.m
    head = m.compound_head(bench.pfn("a:t+700"))
    assert head % 512 == 0 and bench.pfn("a:t+700") == head + 188
    assert bool(m.page(head) & pf.ANON) is not shared and bool(m.page(head) & pf.DIRTY) is shared
    assert bool(m.page(head) & pf.MAPPEDTODISK) is not shared
    assert m.refcount.get(head) == (513 if shared else 1)
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "t+512") >> PAGE_SHIFT
    assert shared or vpn >> 9 in m.pgtables.of(mm), "a table is deposited for when the entry is split"
    assert bench.do("read", task="a", at="t+699").value == "zero"
    invariants.check(m)


def test_one_read_maps_the_huge_page_of_zeros_which_a_write_replaces_by_a_small_one() -> None:
    bench = area()
    assert bench.do("read", task="a", at="t+5").value == "zero"
    assert is_huge(bench, 0) and entry(bench, 0) & ptes.SPECIAL
    rss = bench.m.rss.view.get(bench.session.world.process("a").mm, 0)
    bench.do("write", task="a", at="t+6", value="x")
    assert not is_huge(bench, 6) and rss == 0
    assert [bench.do("read", task="a", at=f"t+{page}").value for page in (5, 6, 511)] == ["zero", "x", "zero"]
    invariants.check(bench.m)


def test_a_shared_read_allocates_the_page_of_the_file() -> None:
    bench = area(shared=True)
    bench.do("read", task="a", at="t+5")
    assert is_huge(bench, 5) and entry(bench, 5) & (ptes.RW | ptes.DIRTY) == ptes.RW
    head = bench.m.compound_head(bench.pfn("a:t+5"))
    assert not bench.m.page(head) & pf.DIRTY
    bench.do("write", task="a", at="t+6", value="x")
    assert entry(bench, 5) & ptes.DIRTY and bench.m.compound_head(bench.pfn("a:t+6")) == head


def test_read_only_memory_is_mapped_read_only() -> None:
    bench = area(shared=True, prot="r")
    bench.do("read", task="a", at="t+5")
    assert is_huge(bench, 5) and not entry(bench, 5) & ptes.RW


@pytest.mark.parametrize("shared", (False, True))
@pytest.mark.parametrize("first", ("small page", "hole in the area"))
def test_where_it_does_not_fit_small_pages_are_mapped(shared: bool, first: str) -> None:
    """transhuge_vma_suitable() and pmd_none()."""
    bench = area(pages=512, shared=shared)
    if first == "small page":
        bench.do("read", task="a", at="t+0")
        bench.do("munmap", task="a", at="t+511", pages=1)
    bench.do("munmap", task="a", at="t+510", pages=2)
    bench.do("write", task="a", at="t+3", value="x")
    assert (entry(bench, 3) and not is_huge(bench, 3)) or first == "small page"
    assert bench.do("read", task="a", at="t+3").value == "x"
    invariants.check(bench.m)


def test_a_file_that_is_mapped_at_an_odd_offset_has_small_pages() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=1100, filesystem="tmpfs", hole=True)
    bench.do("mmap", task="a", name="t", pages=1024, huge="thp", shared=True, file="/dev/shm/g", offset=1)
    bench.do("write", task="a", at="t+3", value="x")
    assert not is_huge(bench, 3) and bench.pfn("a:t+3") == bench.pfn("/dev/shm/g@4")


def test_a_private_mapping_of_a_file_has_small_pages() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=512, filesystem="tmpfs", hole=True)
    for name in "st":
        bench.do("mmap", task="a", name=name, pages=512, huge="thp", shared=name == "s", file="/dev/shm/g")
    bench.do("write", task="a", at="s+3", value="x")
    assert bench.do("read", task="a", at="t+3").value == "x" and not is_huge(bench, 3)
    bench.do("write", task="a", at="t+3", value="y")
    assert bench.do("read", task="a", at="s+3").value == "x"


def test_who_has_a_huge_page_alone_writes_to_it_in_place() -> None:
    bench = area()
    bench.do("write", task="a", at="t+3", value="x")
    head = bench.m.compound_head(bench.pfn("a:t+3"))
    bench.do("fork", task="a", child="b")
    assert not entry(bench, 3) & ptes.RW and bench.m.refcount.get(head) == 2
    bench.do("exit", task="b")
    bench.do("write", task="a", at="t+3", value="y")
    assert is_huge(bench, 3) and bench.m.compound_head(bench.pfn("a:t+3")) == head
    assert entry(bench, 3) & (ptes.RW | ptes.DIRTY) == ptes.RW | ptes.DIRTY
    assert bench.m.page(head) & pf.MAPPEDTODISK, "exclusive again"


def test_who_shares_one_gets_a_small_copy() -> None:
    """do_huge_pmd_wp_page() of 6.1 splits the entry: 511 pages stay shared."""
    bench = area()
    bench.do("write", task="a", at="t+3", value="x")
    bench.do("fork", task="a", child="b")
    bench.do("write", task="b", at="t+3", value="y")
    assert not is_huge(bench, 3, "b") and is_huge(bench, 3)
    assert bench.pfn("a:t+4") == bench.pfn("b:t+4") and bench.pfn("a:t+3") != bench.pfn("b:t+3")
    assert [bench.do("read", task=task, at="t+3").value for task in "ab"] == ["x", "y"]
    invariants.check(bench.m)


def test_two_who_share_a_file_have_its_huge_page() -> None:
    bench = area(shared=True)
    bench.do("write", task="a", at="t+3", value="x")
    bench.do("fork", task="a", child="b")
    assert bench.do("read", task="b", at="t+3").value == "x"
    assert is_huge(bench, 3, "b") and bench.pfn("a:t+3") == bench.pfn("b:t+3")
    bench.do("write", task="b", at="t+4", value="y")
    assert bench.do("read", task="a", at="t+4").value == "y"
    invariants.check(bench.m)


@pytest.mark.parametrize("poisoned", (3, 511))
def test_a_huge_page_with_poison_in_it_is_mapped_in_small_pages(poisoned: int) -> None:
    """do_set_pmd(): PageHasHWPoisoned()."""
    bench = area(shared=True)
    bench.do("write", task="a", at="t+0", value="x")
    m, head = bench.m, bench.m.compound_head(bench.pfn("a:t+0"))
    bench.do("madvise", task="a", at="t+0", pages=512, advice="dontneed")
    m.set_flags(head + poisoned, pf.HWPOISON)
    assert bench.do("read", task="a", at="t+0").value == "x" and not is_huge(bench, 0)


def test_without_a_free_block_small_pages_are_mapped() -> None:
    bench = area()
    m = bench.m
    for pfn in range(0, m.frames, 512):
        m.set_flags(pfn, pf.HWPOISON)  # the allocator gives no block with poison in it
    bench.do("write", task="a", at="t+3", value="x")
    assert bench.pfn("a:t+3") and not is_huge(bench, 3)


def test_behind_a_file_that_ends_inside_it_there_is_no_huge_page() -> None:
    bench = area(pages=512, shared=True)
    m = bench.m
    (number,) = [number for number, inode in m.inodes.view.items() if inode.filesystem == "tmpfs"]
    m.put(m.paths, "/it", number)
    bench.do("truncate", path="/it", pages=300)
    bench.do("write", task="a", at="t+3", value="x")
    assert not is_huge(bench, 3) and bench.do("read", task="a", at="t+3").value == "x"
    assert bench.do("read", task="a", at="t+300").signals[0].code == "BUS_ADRERR"


def test_a_page_in_swap_leaves_no_room_for_a_huge_page() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=512, filesystem="tmpfs", hole=True)
    bench.do("open", task="a", path="/dev/shm/g", fd="f")
    bench.do("pwrite", task="a", fd="f", page=3, value="kept")
    bench.do("mmap", task="a", name="t", pages=512, huge="thp", shared=True, file="/dev/shm/g")
    bench.do("read", task="a", at="t+3")
    bench.do("madvise", task="a", at="t+3", advice="pageout")
    assert bench.m.shmem_swap.of(bench.m.paths.view["/dev/shm/g"]).keys() == {3}
    assert bench.do("read", task="a", at="t+5").value == "zero" and not is_huge(bench, 5)
    assert bench.do("read", task="a", at="t+3").value == "kept"
    invariants.check(bench.m)


def test_kernels_without_them_have_small_pages_alone() -> None:
    bench = Workbench("v7")
    bench.area("t", pages=512)
    bench.do("write", task="a", at="t+3", value="x")
    assert not is_huge(bench, 3) and not entry(bench, 4)
