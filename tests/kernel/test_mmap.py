"""Areas: where they are put, how far a range is mapped, what keeps a file that they map, and what unmapping leaves.

After mm/mmap.c, mm/mprotect.c and unmap_mapping_range() in mm/memory.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.mmap import (
    GUARD_PAGES,
    covered,
    covered_until,
    get_unmapped_area,
    overlapping,
    unmap_mapping_range,
)
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SIZE, TASK_SIZE
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


# -- Addresses


def test_areas_lie_apart_and_huge_ones_are_aligned() -> None:
    bench = Workbench()
    m, mm = bench.m, bench.session.world.process("a").mm
    first = get_unmapped_area(m, mm, 3)
    second = get_unmapped_area(m, mm, 1)
    assert second == first + (3 + GUARD_PAGES) * PAGE_SIZE
    huge = get_unmapped_area(m, mm, 512, 512)
    assert huge % (2 << 20) == 0 and second < huge < second + (2 << 20) + (1 + GUARD_PAGES) * PAGE_SIZE
    assert get_unmapped_area(m, mm, 1, 512) % (2 << 20) == 0
    assert get_unmapped_area(m, mm, 1) > huge + 512 * PAGE_SIZE


def test_no_area_reaches_past_the_end_of_user_addresses() -> None:
    bench = Workbench()
    m, mm = bench.m, bench.session.world.process("a").mm
    last = TASK_SIZE - 2 * PAGE_SIZE
    m.put(m.mmap_base, mm, last)
    assert get_unmapped_area(m, mm, 3) == -1
    assert get_unmapped_area(m, mm, 2) == last


def test_a_new_area_takes_the_place_of_what_is_there() -> None:
    """MAP_FIXED: do_mmap() unmaps what overlaps first."""
    bench = Workbench()
    bench.area(pages=3)
    for page in range(3):
        bench.do("write", task="a", at=f"m+{page}", value="old")
    bench.area("n", pages=1, fixed="m+1")
    assert [bench.do("read", task="a", at=f"m+{page}").value for page in range(3)] == ["old", "zero", "old"]
    assert len(bench.m.vmas_of(bench.session.world.process("a").mm)) == 3
    invariants.check(bench.m)


def test_how_far_a_range_is_mapped() -> None:
    bench = Workbench()
    bench.area(pages=5)
    bench.do("mprotect", task="a", at="m+1", prot="r")
    bench.do("munmap", task="a", at="m+3", pages=1)
    m, mm, start = bench.m, bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0")

    def at(page: int) -> int:
        return start + page * PAGE_SIZE

    assert covered(m, mm, at(0), at(3)) and covered(m, mm, at(4), at(5)) and covered(m, mm, at(1), at(2))
    assert not covered(m, mm, at(0), at(4)) and not covered(m, mm, at(3), at(5)) and not covered(m, mm, at(4), at(6))
    assert covered_until(m, mm, at(0), at(5)) == at(3)
    assert covered_until(m, mm, at(3), at(5)) == at(3)
    assert covered_until(m, mm, at(0), at(1)) == at(1)
    assert [(vma.start, vma.end) for vma in overlapping(m, mm, at(2), at(4))] == [(at(2), at(3))]
    assert overlapping(m, mm, at(3), at(4)) == [] and len(overlapping(m, mm, at(0), at(5))) == 4


# -- Huge pages


@both
@pytest.mark.parametrize("op, args", (("munmap", {}), ("mprotect", {"prot": "r"})))
def test_a_page_of_hugetlb_is_not_cut(profile: str, op: str, args: dict[str, str]) -> None:
    """hugetlb_vm_op_split(): EINVAL for either end inside a huge page, and nothing is done."""
    bench = Workbench(profile, huge_pages=2)
    bench.area("h", pages=1024, huge="hugetlb", shared=True)
    for at, pages, errno in (("h+0", 5, "EINVAL"), ("h+5", 1019, "EINVAL"), ("h+512", 512, 0)):
        assert bench.do(op, task="a", at=at, pages=pages, **args).errno == errno
    vmas = bench.m.vmas_of(bench.session.world.process("a").mm)
    assert [(vma.pages, vma.prot) for vma in vmas] == ([(512, "rw")] if op == "munmap" else [(512, "rw"), (512, "r")])


def test_a_pool_that_is_too_small_refuses_a_mapping() -> None:
    bench = Workbench(huge_pages=1)
    assert bench.do("mmap", task="a", name="h", pages=1024, huge="hugetlb", shared=True).errno == "ENOMEM"
    assert bench.m.vmas_of(bench.session.world.process("a").mm) == []


# -- Files that have lost their name


def test_shared_memory_stays_while_one_process_maps_it() -> None:
    """iput(): an inode without a name and without an open file lives as long as a VMA maps it."""
    bench = Workbench()
    bench.area(shared=True)
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    pfn = bench.pfn()
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert bench.do("read", task="b", at="m+0").value == "x" and bench.pfn("b:m+0") == pfn
    bench.do("munmap", task="b", at="m+0", pages=1)
    assert not bench.m.refcount.get(pfn)
    invariants.check(bench.m)


def test_a_file_without_a_name_stays_while_it_is_open() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.do("open", task="a", path="/f", fd="f")
    bench.area(file="/f", shared=True)
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("unlink", path="/f")
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert bench.do("pread", task="a", fd="f", page=0).value == "x"
    pfns = list(bench.m.page_cache.view.values())
    bench.do("close", task="a", fd="f")
    assert pfns and not any(bench.m.page_cache.view.values())


# -- Unmapping


@both
def test_a_step_says_how_many_entries_were_cleared(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=4)
    for page in (0, 2):
        bench.do("write", task="a", at=f"m+{page}")
    start = bench.session.resolve_address("a", "m+0")
    bench.do("munmap", task="a", at="m+0", pages=4)
    assert bench.session.steps[-1].mark.args == (4, start, 2)


def test_only_the_pages_of_the_range_are_unmapped() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=4)
    bench.area(file="/f", pages=4, shared=True)
    for page in range(4):
        bench.do("write", task="a", at=f"m+{page}")
    inode = bench.m.paths.view["/f"]
    assert unmap_mapping_range(bench.m, inode, 1, 3, even_cows=True) == 2
    assert [bench.session.pte_state("a", f"m+{page}") for page in range(4)] == ["present", "none", "none", "present"]
    assert unmap_mapping_range(bench.m, inode, 3, 100, even_cows=True) == 1


def test_a_range_inside_a_huge_page_drops_its_huge_entry() -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=512, huge="thp", shared=True)
    bench.do("write", task="a", at="t+0")
    inode = bench.m.inode_of(bench.m.compound_head(bench.pfn("a:t+0")))
    assert inode is not None
    unmap_mapping_range(bench.m, inode.id, 5, 6, even_cows=True)
    assert bench.session.pte_state("a", "t+5") == "none"
    assert not bench.m.mapcount.view.any()


@pytest.mark.parametrize("order, offset", (("fg", 0), ("gf", 100)))
def test_a_hole_that_a_vma_maps_in_part_leaves_its_neighbours_alone(order: str, offset: int) -> None:
    """On a tmpfs of huge pages a hole is a whole huge page; the VMA may map its first pages, or some in its middle."""
    bench = Workbench()
    for name in order:
        path, first = {"f": ("/hugetmp/f", offset), "g": ("/dev/shm/g", 0)}[name]
        bench.do("file", path=path, pages=offset + 4, filesystem="tmpfs")
        bench.area(name, pages=2, file=path, offset=first, shared=True)
        for page in range(2):
            bench.do("write", task="a", at=f"{name}+{page}")
    low, high = (bench.session.resolve_address("a", f"{name}+0") for name in order)
    assert low < high < low + 100 * PAGE_SIZE
    assert bench.do("punch_hole", path="/hugetmp/f", page=0).errno == 0
    states = [bench.session.pte_state("a", at) for at in ("f+0", "f+1", "g+0", "g+1")]
    assert states == ["none", "none", "present", "present"]
    invariants.check(bench.m)
