"""Address spaces: which page is mapped, how it is protected, what it holds, and what calls refuse.

After mm/mmap.c, mm/mremap.c, mm/mprotect.c and mm/mlock.c.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.mmap import (
    GUARD_PAGES,
    covered,
    covered_until,
    get_unmapped_area,
    overlapping,
    unmap_mapping_range,
)
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, PAGE_SIZE, TASK_SIZE
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))
PAGES = 6


class Page(NamedTuple):
    """The page that a process has at an address."""

    prot: str = "rw"
    locked: bool = False
    value: str = "zero"


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("write", "write", "munmap", "mprotect", "mlock", "munlock", "dontneed", "mremap", "pageout")),
        st.integers(0, PAGES - 1),
        st.integers(1, 3),
        st.sampled_from(("rw", "r", "none")),
    ),
    max_size=25,
)


def gap(model: dict[int, Page], pages: range) -> int:
    """Return the number of pages of the range that are mapped before the first that is not."""
    return next((at for at, page in enumerate(pages) if page not in model), len(pages))


@both
@settings(max_examples=60)
@given(acts=ACTS)
def test_each_page_is_as_calls_have_left_it(profile: str, acts: list[tuple[str, int, int, str]]) -> None:
    """VMAs are split and moved; page by page a process has what a plain table says."""
    bench = Workbench(profile)
    bench.do("sigaction", task="a", sigsegv="handler")
    bench.area(pages=PAGES)
    m, mm = bench.m, bench.session.world.process("a").mm
    start = bench.session.resolve_address("a", "m+0")
    model = dict.fromkeys(range(PAGES), Page())
    for number, (act, first, count, prot) in enumerate(acts):
        pages = range(first, min(first + count, PAGES))
        where: dict[str, Any] = {"task": "a", "at": f"m+{first}", "pages": len(pages)}
        before = gap(model, pages)
        if act == "write":
            outcome = bench.do("write", task="a", at=f"m+{first}", value=f"v{number}")
            if first in model and model[first].prot == "rw":
                model[first] = model[first]._replace(value=f"v{number}")
            else:
                code = "SEGV_ACCERR" if first in model else "SEGV_MAPERR"
                assert [seen.code for seen in outcome.signals] == [code]
        elif act == "munmap":
            assert bench.do("munmap", **where).errno == 0
            model = {page: what for page, what in model.items() if page not in pages}
        elif act == "mprotect":
            assert bench.do("mprotect", **where, prot=prot).errno == (0 if before == len(pages) else "ENOMEM")
            model |= {page: model[page]._replace(prot=prot) for page in pages[:before]}
        elif act in ("mlock", "munlock"):
            errno = bench.do(act, **where).errno
            none = act == "mlock" and any(model[page].prot == "none" for page in pages[:before])
            assert errno == (0 if before == len(pages) and not none else "ENOMEM")
            model |= {page: model[page]._replace(locked=act == "mlock") for page in pages[:before]}
        elif act == "dontneed":
            errno = bench.do("madvise", **where, advice="dontneed").errno
            ok = next((page for page in pages if page in model and model[page].locked), None)
            gone = [page for page in pages if page in model and (ok is None or page < ok)]
            assert errno == ("EINVAL" if ok is not None else 0 if before == len(pages) else "ENOMEM")
            model |= {page: model[page]._replace(value="zero") for page in gone}
        elif act == "pageout":
            bench.do("madvise", **where, advice="pageout")
        elif act == "mremap" and before == len(pages):
            new = f"n{number}"
            bench.do("mremap", **where, name=new)
            assert [bench.session.pte_state("a", f"m+{page}") for page in pages] == ["none"] * len(pages)
            for at, page in enumerate(pages):
                what = model.pop(page)
                if what.prot != "none":
                    assert bench.do("read", task="a", at=f"{new}+{at}").value == what.value
        vmas = m.vmas_of(mm)
        assert all(a.end <= b.start for a, b in pairwise(vmas)), "VMAs do not overlap"
        for page in range(PAGES):
            vma = m.find_vma(mm, start + page * PAGE_SIZE)
            assert (vma is not None) is (page in model)
            if vma is not None:
                assert (vma.prot, vma.locked) == model[page][:2]
                assert vma.index_of(start + page * PAGE_SIZE) == (start >> PAGE_SHIFT & 0x7FFF_FFFF) + page
                entry = m.pte(mm, (start >> PAGE_SHIFT) + page)
                assert vma.prot == "rw" or not entry & ptes.PRESENT or not entry & ptes.RW
    for page, what in model.items():
        if what.prot != "none":
            assert bench.do("read", task="a", at=f"m+{page}").value == what.value
    invariants.check(m)
    bench.session.seek(0)
    bench.session.seek(len(bench.session.steps))


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


# -- Populating and locking


@pytest.mark.parametrize("profile, shared, writes", (
    ("v7", True, True), ("v7", False, True), ("6.1", True, False), ("6.1", False, True),
))  # fmt: skip
def test_populating_writes_where_that_dirties_nobodys_file(profile: str, shared: bool, writes: bool) -> None:
    """populate_vma_page_range(): VM_WRITE without VM_SHARED; make_pages_present() of 2009 wrote to either."""
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=2)
    bench.area(file="/f", pages=2, shared=shared, populate=True)
    m, mm = bench.m, bench.session.world.process("a").mm
    first = bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    entries = [m.pte(mm, first + page) for page in range(2)]
    assert all(entry & ptes.PRESENT and bool(entry & ptes.RW) is writes for entry in entries)
    assert bool(m.page(bench.pfn("/f@0")) & pf.DIRTY) is (writes and shared)
    assert bench.do("read", task="a", at="m+1").value == "disk", "a copy that nobody stored to"


def test_what_cannot_be_populated_is_mapped_all_the_same() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", pages=3, shared=True, populate=True)
    assert [bench.session.pte_state("a", f"m+{page}") for page in range(3)] == ["present", "none", "none"]
    bench.area("n", prot="none", populate=True)
    assert bench.session.pte_state("a", "n+0") == "none"


@both
@pytest.mark.parametrize("how, errno", (("short file", "ENOMEM"), ("no memory", "EAGAIN"), ("poison", "ENOMEM")))
def test_what_mlock_says_when_a_page_cannot_be_had(profile: str, how: str, errno: str) -> None:
    """__mlock_posix_error_return(): EFAULT becomes ENOMEM, ENOMEM becomes EAGAIN; the area is locked before that."""
    bench = Workbench(profile, frames=512)
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", pages=2, shared=True)
    bench.area("n", pages=2)
    if how == "no memory":
        bench.do("alloc", frames=512)
        at = "n+0"
    elif how == "poison":
        bench.do("write", task="a", at="n+0")
        bench.do("poison", frame="a:n+0")
        at = "n+0"
    else:
        at = "m+0"
    outcome = bench.do("mlock", task="a", at=at, pages=2)
    assert outcome.errno == (errno if how != "poison" or profile == "v7" else "ENOMEM")
    mm = bench.session.world.process("a").mm
    vma = bench.m.find_vma(mm, bench.session.resolve_address("a", at))
    assert vma is not None and vma.locked


@both
def test_locked_pages_are_unevictable_until_unlocked(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=3)
    bench.do("write", task="a", at="m+0")
    bench.do("read", task="a", at="m+1")
    zero = bench.pfn("any:zero")
    bench.do("mlock", task="a", at="m+0", pages=3)
    assert all({"MLOCKED", "UNEVICTABLE"} <= bench.flags(bench.pfn(f"a:m+{page}")) for page in range(3))
    assert "MLOCKED" not in bench.flags(zero)
    bench.do("munlock", task="a", at="m+1", pages=1)
    locked = [{"MLOCKED", "UNEVICTABLE"} & bench.flags(bench.pfn(f"a:m+{page}")) for page in range(3)]
    assert [bool(flags) for flags in locked] == [True, False, True]
    bench.do("munmap", task="a", at="m+2", pages=1)
    invariants.check(bench.m)


def test_populating_leaves_what_is_there_as_it_is() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    bench.do("mprotect", task="a", at="m+0", prot="r")
    pfn = bench.pfn()
    bench.do("mlock", task="a", at="m+0", pages=1)
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    assert bench.pfn() == pfn and not bench.m.pte(mm, vpn) & ptes.RW
    assert bench.do("read", task="b", at="m+0").value == "x"


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


@pytest.mark.parametrize("profile, at, pages, errno", (
    ("v7", "h+0", 512, "EINVAL"), ("6.1", "h+0", 512, 0), ("6.1", "h+1", 511, "EINVAL"), ("6.1", "h+0", 511, 0),
))  # fmt: skip
def test_dontneed_of_hugetlb_takes_whole_huge_pages(profile: str, at: str, pages: int, errno: int | str) -> None:
    """madvise_dontneed_free_valid_vma(): the start must be aligned, the end is rounded down."""
    bench = Workbench(profile, huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+3", value="x")
    assert bench.do("madvise", task="a", at=at, pages=pages, advice="dontneed").errno == errno
    gone = errno == 0 and pages == 512
    assert bench.session.pte_state("a", "h+3") == ("none" if gone else "present")
    assert bench.do("read", task="a", at="h+3").value == "x", "the file has it still"


# -- Moving


@both
def test_entries_of_any_sort_move_along(profile: str) -> None:
    """move_page_tables(): present, swap and hwpoison entries keep what they say."""
    bench = Workbench(profile)
    bench.area(pages=4)
    for page in range(3):
        bench.do("write", task="a", at=f"m+{page}", value=f"v{page}")
    bench.do("madvise", task="a", at="m+1", advice="pageout")
    bench.do("poison", frame="a:m+2")
    rss = dict(bench.m.rss.view)
    bench.do("mremap", task="a", at="m+0", pages=4, name="n")
    assert [bench.session.pte_state("a", f"n+{page}") for page in range(4)] == ["present", "swap", "hwpoison", "none"]
    assert dict(bench.m.rss.view) == rss
    assert [bench.do("read", task="a", at=f"n+{page}").value for page in (0, 1)] == ["v0", "v1"]
    assert bench.do("read", task="a", at="n+2").signals[0].code == "BUS_MCEERR_AR"
    invariants.check(bench.m)


def test_huge_pages_move_to_an_aligned_address() -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=512, huge="thp")
    bench.do("write", task="a", at="t+3", value="x")
    bench.area("odd")
    bench.do("mremap", task="a", at="t+0", pages=512, name="n")
    assert bench.session.resolve_address("a", "n+0") % (2 << 20) == 0
    assert bench.do("read", task="a", at="n+3").value == "x"
    invariants.check(bench.m)


@both
def test_poison_is_not_locked(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=2)
    bench.do("write", task="a", at="m+0")
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0")
    bench.do("mlock", task="a", at="m+0", pages=2)
    assert not {"MLOCKED", "UNEVICTABLE"} & bench.flags(pfn)


@both
def test_what_has_moved_is_found_by_the_reverse_map(profile: str) -> None:
    bench = Workbench(profile, early_kill=1)
    bench.area(pages=2)
    bench.do("write", task="a", at="m+1")
    bench.do("mremap", task="a", at="m+1", pages=1, name="n")
    outcome = bench.do("poison", frame="a:n+0")
    assert outcome.signals[0].addr == bench.session.resolve_address("a", "n+0")
    assert bench.session.pte_state("a", "n+0") == "hwpoison"


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


def test_a_page_that_is_there_takes_no_fault_to_populate() -> None:
    """A shared file's page that is mapped read-only is locked as it is, clean."""
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    assert bench.do("mlock", task="a", at="m+0", pages=1).errno == 0
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    assert not bench.m.pte(mm, vpn) & (ptes.RW | ptes.DIRTY)
    assert "DIRTY" not in bench.flags(bench.pfn())


@both
def test_a_step_says_how_many_entries_were_cleared(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=4)
    for page in (0, 2):
        bench.do("write", task="a", at=f"m+{page}")
    start = bench.session.resolve_address("a", "m+0")
    bench.do("munmap", task="a", at="m+0", pages=4)
    assert bench.session.steps[-1].mark.args == (4, start, 2)


def test_locking_goes_on_behind_pages_of_hugetlb() -> None:
    """mlock_fixup(): a hugetlb VMA is passed by, the VMA behind it is locked."""
    bench = Workbench(huge_pages=2)
    bench.area("h", pages=1024, huge="hugetlb", shared=True)
    bench.area("n", pages=512, fixed="h+512")
    assert bench.do("mlock", task="a", at="h+0", pages=514).errno == 0
    vmas = bench.m.vmas_of(bench.session.world.process("a").mm)
    assert [(vma.huge, vma.locked) for vma in vmas][:2] == [("hugetlb", False), ("none", True)]


@pytest.mark.parametrize("huge", (False, True))
def test_what_moves_is_aligned_only_where_huge_pages_move_as_a_whole(huge: bool) -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=1536, huge="thp" if huge else "none")
    bench.area("odd", pages=3)
    start = bench.session.resolve_address("a", "t+0") >> PAGE_SHIFT
    aligned = -start % 512
    m, mm = bench.m, bench.session.world.process("a").mm
    following = m.mmap_base.view[mm]
    assert following % (2 << 20)
    bench.do("mremap", task="a", at=f"t+{aligned + 1}" if huge else f"t+{aligned}", pages=5, name="n")
    assert bench.session.resolve_address("a", "n+0") == following


# -- unmap_mapping_range()


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
