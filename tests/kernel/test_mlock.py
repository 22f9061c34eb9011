"""Populated and locked areas: which pages are made present, how, and what is said of those that cannot be had.

After mm/mlock.c and populate_vma_page_range() in mm/gup.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


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


@both
def test_poison_is_not_locked(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=2)
    bench.do("write", task="a", at="m+0")
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0")
    bench.do("mlock", task="a", at="m+0", pages=2)
    assert not {"MLOCKED", "UNEVICTABLE"} & bench.flags(pfn)


def test_locking_goes_on_behind_pages_of_hugetlb() -> None:
    """mlock_fixup(): a hugetlb VMA is passed by, the VMA behind it is locked."""
    bench = Workbench(huge_pages=2)
    bench.area("h", pages=1024, huge="hugetlb", shared=True)
    bench.area("n", pages=512, fixed="h+512")
    assert bench.do("mlock", task="a", at="h+0", pages=514).errno == 0
    vmas = bench.m.vmas_of(bench.session.world.process("a").mm)
    assert [(vma.huge, vma.locked) for vma in vmas][:2] == [("hugetlb", False), ("none", True)]
