"""Huge pages of hugetlb in files and mappings."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests.workbench import Workbench


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_shared_by_two_through_a_file(profile: str) -> None:
    bench = Workbench(profile, huge_pages=2)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=512, file="/huge/f", shared=True)
    bench.do("write", task="a", at="m+7", value="A")
    assert bench.do("read", task="b", at="m+7").value == "A"
    assert bench.do("read", task="b", at="m+8").value == "zero"
    assert bench.pfn("a:m+7") == bench.pfn("b:m+7") == bench.pfn("a:m+0") + 7
    assert bench.session.mapcount(bench.pfn("a:m+7")) == 2


def test_stores_of_one_value_to_successive_pages_fill_a_huge_page() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=1024, huge="hugetlb")
    stores = ((9, "old"), (5, "new"), (6, "new"), (7, "other"), (8, "new"))
    for page, value in stores:
        bench.do("write", task="a", at=f"m+{page}", value=value)
    values = [bench.do("read", task="a", at=f"m+{page}").value for page in (0, 5, 6, 7, 8, 9, 511, 512)]
    assert values == ["new", "new", "new", "other", "new", "old", "new", "zero"]


def test_a_store_after_a_gap_fills_nothing() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    for page in (5, 7):
        bench.do("write", task="a", at=f"m+{page}", value="new")
    assert [bench.do("read", task="a", at=f"m+{page}").value for page in (6, 511)] == ["zero", "zero"]


def test_a_private_page_is_copied_whole() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    bench.do("write", task="a", at="m+2", value="B")
    assert bench.pfn("a:m+1") != bench.pfn("b:m+1")
    assert bench.do("read", task="a", at="m+1").value == "A"
    assert bench.do("read", task="b", at="m+2").value == "zero"


def test_too_few_pages_are_refused_at_once() -> None:
    bench = Workbench(huge_pages=1)
    assert bench.do("mmap", task="a", name="m", pages=1024, huge="hugetlb").errno == "ENOMEM"


def test_a_promise_ends_with_the_mapping() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    bench.do("exit", task="a")
    bench.do("task", name="b")
    bench.area(task="b", pages=512, huge="hugetlb")


@pytest.mark.parametrize("closed", ("below", "m", "above"))
def test_a_promise_of_another_mapping_stays(closed: str) -> None:
    bench = Workbench(huge_pages=3)
    names = {"below", "m", "above"}
    for name in ("below", "m", "above"):
        bench.area(name, pages=512, huge="hugetlb")
    bench.do("munmap", task="a", at=f"{closed}+0", pages=512)
    m, mm = bench.m, bench.session.world.process("a").mm
    left = {bench.session.resolve_address("a", f"{name}+0") >> PAGE_SHIFT for name in names - {closed}}
    assert set(m.huge_resv.of(-mm)) == left and m.counter("resv_huge_pages") == 2


def test_a_shared_promise_stays_with_the_file() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("munmap", task="a", at="m+0", pages=512)
    assert bench.do("mmap", task="a", name="n", pages=512, huge="hugetlb").errno == "ENOMEM"
    bench.do("truncate", path="/huge/f", pages=0)
    bench.area("o", pages=512, huge="hugetlb")


def test_a_file_has_its_pages_unless_it_is_a_hole() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs")
    bench.do("open", task="a", path="/huge/f", fd="f")
    assert bench.do("pread", task="a", fd="f", page=5).value == "disk"
    assert bench.do("pwrite", task="a", fd="f", page=5, value="A").errno == "EINVAL"
    assert not bench.m.huge_free.of(0)
    bench.do("punch_hole", path="/huge/f", page=5)
    assert bench.do("pread", task="a", fd="f", page=5).value == "zero"
    assert len(bench.m.huge_free.of(0)) == 1


@pytest.mark.parametrize("op, keys", (("munmap", {}), ("mprotect", {"prot": "r"}), ("mremap", {"name": "n"})))
def test_areas_are_cut_between_huge_pages_only(op: str, keys: dict[str, str]) -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    assert bench.do(op, task="a", at="m+1", pages=2, **keys).errno == "EINVAL"


def test_a_range_may_end_anywhere_in_small_pages_behind_huge_ones() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=1024, huge="hugetlb")
    bench.area("n", pages=512, fixed="m+512")
    assert bench.do("munmap", task="a", at="m+0", pages=515).errno == 0


@pytest.mark.parametrize("profile, dirty", (("v7", False), ("6.1", True)))
def test_a_page_of_a_file_is_dirty_at_once_since(profile: str, dirty: bool) -> None:
    """hugetlb_add_to_page_cache(), 4.20."""
    bench = Workbench(profile, huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("read", task="a", at="m+7")
    assert ("DIRTY" in bench.flags(bench.pfn("a:m+0"))) is dirty


@pytest.mark.parametrize("shared, prot, bits", (
    (True, "rw", ptes.RW | ptes.DIRTY), (True, "r", 0), (False, "rw", 0), (False, "r", 0),
))  # fmt: skip
def test_a_read_maps_writable_what_is_shared_and_may_be_written(shared: bool, prot: str, bits: int) -> None:
    """make_huge_pte() for a fault that is no write."""
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb", shared=shared, prot=prot)
    bench.do("read", task="a", at="m+7")
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    assert bench.m.pte(mm, vpn) & (ptes.RW | ptes.DIRTY) == bits


def test_who_maps_a_poisoned_page_later_meets_the_poison() -> None:
    """hugetlb_no_page(): folio_test_hwpoison() of a page in the page cache."""
    bench = Workbench(huge_pages=2)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("write", task="a", at="m+7")
    bench.do("poison", frame="a:m+7")
    bench.do("task", name="b", sigbus="handler")
    bench.area(task="b", pages=512, file="/huge/f", shared=True)
    (seen,) = bench.do("read", task="b", at="m+9").signals
    assert (seen.code, seen.lsb) == ("BUS_MCEERR_AR", 21)


def test_a_copy_belongs_to_the_writer_and_the_old_page_loses_him() -> None:
    """hugetlb_wp(): the new page is anonymous, with one mapping, and is written to at once."""
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    old, m = bench.pfn("a:m+0"), bench.m
    bench.do("write", task="a", at="m+2", value="B")
    new = bench.pfn("a:m+0")
    assert new != old and all(m.page(pfn) & pf.ANON for pfn in (new, new + 511))
    assert m.anon_vma_of(new) and m.refcount.get(new) == m.mapcount.get(new) == 1
    assert m.refcount.get(old) == m.mapcount.get(old) == m.mapcount.get(old + 511) == 1
    bench.do("munmap", task="a", at="m+0", pages=512)
    assert not m.refcount.get(new) and new in m.huge_free.of(0)


def test_a_first_write_to_private_memory_takes_one_fault() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+7")
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    assert bench.m.pte(mm, vpn) & ptes.RW
    assert bench.functions().count("hugetlb_no_page") <= 1 and len(bench.functions()) == 3, "map, reuse, access"


INADEQUATE = "PID {} killed due to inadequate hugepage pool"


def forked(profile: str, pages: int = 512, huge_pages: int = 1) -> Workbench:
    """`a` has written to private huge pages that it shares with its child `b`; the pool has none to spare."""
    bench = Workbench(profile, huge_pages=huge_pages)
    bench.area(pages=pages, huge="hugetlb")
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    return bench


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_the_owner_takes_the_page_it_cannot_copy(profile: str) -> None:
    bench = forked(profile)
    page = bench.pfn("a:m+1")
    bench.do("fork", task="b", child="c")
    assert not bench.do("write", task="a", at="m+1", value="B").signals
    assert bench.pfn("a:m+1") == page and bench.session.mapcount(page) == 1
    assert bench.do("read", task="a", at="m+1").value == "B"
    for task in "bc":
        touched = bench.do("read", task=task, at="m+1", thread=0)
        assert [(seen.task, seen.code) for seen in touched.signals] == [(task, "BUS_ADRERR")]
        assert touched.log == (INADEQUATE.format(bench.session.world.task_names.view[task]),)


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_what_lost_a_page_gets_none_elsewhere_in_the_mapping(profile: str) -> None:
    bench = forked(profile, pages=1024, huge_pages=2)
    bench.do("write", task="a", at="m+1", value="B")
    assert [seen.code for seen in bench.do("read", task="b", at="m+512").signals] == ["BUS_ADRERR"]
    assert not bench.do("write", task="a", at="m+512", value="B").signals


def test_the_thread_that_misses_the_page_is_named() -> None:
    bench = forked("6.1")
    bench.do("fork", task="b", child="c", threads=2)
    bench.do("write", task="a", at="m+1", value="B")
    second = bench.session.world.process("c").threads[1]
    assert bench.do("read", task="c", at="m+1", thread=1).log == (INADEQUATE.format(second),)


def test_a_fork_clears_the_mark_of_a_lost_page() -> None:
    bench = forked("6.1")
    bench.do("write", task="a", at="m+1", value="B")
    bench.do("fork", task="b", child="c")
    bench.do("exit", task="a")
    assert bench.do("read", task="c", at="m+1").value == "zero"


@pytest.mark.parametrize("profile, errno, codes", (("v7", "ENOMEM", []), ("6.1", 0, ["BUS_ADRERR"])))
def test_a_child_gets_no_copy(profile: str, errno: int | str, codes: list[str]) -> None:
    bench = forked(profile)
    outcome = bench.do("write", task="b", at="m+1", value="B")
    assert outcome.errno == errno and [seen.code for seen in outcome.signals] == codes
    assert not bench.do("write", task="a", at="m+1", value="B").signals


def test_the_owner_keeps_its_reservation_for_first_accesses() -> None:
    bench = forked("6.1", pages=1024, huge_pages=2)
    bench.do("write", task="a", at="m+1", value="B")
    assert bench.m.counter("resv_huge_pages") == 1
    assert not bench.do("write", task="a", at="m+512", value="C").signals


@pytest.mark.parametrize("used, reserved", ((0, 512), (512, 0)))
def test_a_reservation_moves_with_its_mapping(used: int, reserved: int) -> None:
    bench = Workbench(huge_pages=4)
    bench.area("below", pages=512, huge="hugetlb")
    bench.area(pages=1024, huge="hugetlb")
    bench.area("above", pages=512, huge="hugetlb")
    bench.do("write", task="a", at=f"m+{used}", value="A")
    assert bench.do("mremap", task="a", at="m+0", pages=1024, name="n").errno == 0
    assert bench.do("mmap", task="a", name="o", pages=512, huge="hugetlb").errno == "ENOMEM"
    for at in (f"n+{reserved}", "above+0", "below+0"):
        assert not bench.do("write", task="a", at=at, value="A").signals
    assert bench.do("read", task="a", at=f"n+{used}").value == "A"


def test_early_kernels_do_not_move_hugetlb_mappings() -> None:
    bench = Workbench("v7", huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    assert bench.do("mremap", task="a", at="m+0", pages=512, name="n").errno == "EINVAL"


def test_a_sharer_at_another_address_keeps_the_owner_from_its_page() -> None:
    """unmap_ref_private() looks at the owner's address in every address space."""
    bench = forked("6.1")
    bench.do("mremap", task="b", at="m+0", pages=512, name="n")
    assert [seen.code for seen in bench.do("write", task="a", at="m+1", value="B").signals] == ["BUS_ADRERR"]
    assert bench.do("read", task="b", at="n+1").value == "A"


@pytest.mark.parametrize("profile, copied", (("v7", True), ("6.1", False)))
def test_a_reference_from_elsewhere_has_only_early_kernels_copy(profile: str, copied: bool) -> None:
    bench = Workbench(profile, huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    bench.do("exit", task="b")
    page = bench.pfn("a:m+0")
    bench.do("pin", frame="a:m+0")
    bench.do("write", task="a", at="m+1", value="B")
    assert (bench.pfn("a:m+0") != page) == copied
