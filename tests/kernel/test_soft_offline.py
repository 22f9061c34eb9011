"""Soft offline: the page goes, its content stays, nobody notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import MF_COUNT_INCREASED
from hwpoison_gui.kernel.page_alloc import get_page
from hwpoison_gui.kernel.soft_offline import INVALIDATED, WRITEBACK_WAITED, soft_offline_in_use_page, soft_offline_page
from hwpoison_gui.view.outcome.impact import is_free
from tests import invariants
from tests.workbench import Workbench, run


def anonymous(bench: Workbench) -> None:
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")


def of_file(bench: Workbench) -> None:
    bench.do("file", path="/srv/f", pages=1)
    bench.area(file="/srv/f", shared=True)
    bench.do("write", task="a", at="m+0", value="A")


def of_shared_memory(bench: Workbench) -> None:
    bench.area(shared=True)
    bench.do("write", task="a", at="m+0", value="A")


def swapped_in(bench: Workbench) -> None:
    anonymous(bench)
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("read", task="a", at="m+0")


def only_cached(bench: Workbench) -> None:
    bench.do("file", path="/srv/f", pages=1)
    bench.do("open", task="a", path="/srv/f", fd="f")
    bench.do("pread", task="a", fd="f", page=0)


@pytest.mark.parametrize("prepare", (anonymous, of_file, of_shared_memory, swapped_in))
@pytest.mark.parametrize("via", ("sysfs", "madvise"))
def test_content_survives(prepare: object, via: str) -> None:
    bench = Workbench(early_kill=1)
    assert callable(prepare)
    prepare(bench)
    pfn = bench.pfn()
    outcome = bench.do("soft_offline", frame="a:m+0", via=via, task="a")
    assert (outcome.errno, outcome.signals, outcome.log) == (0, (), ())
    assert "HWPOISON" in bench.flags(pfn)
    assert bench.pfn() != pfn
    assert bench.do("read", task="a", at="m+0").value == "A"
    assert bench.session.corrupted_kb() == 4
    invariants.check(bench.m)


def test_a_clean_unmapped_page_is_dropped() -> None:
    bench = Workbench()
    only_cached(bench)
    pfn = bench.pfn("/srv/f@0")
    outcome = bench.do("soft_offline", frame="/srv/f@0")
    assert outcome.log == (f"soft_offline: {pfn:#x}: invalidated",)
    assert bench.do("pread", task="a", fd="f", page=0).value == "disk"


def test_a_held_page_stays() -> None:
    bench = Workbench()
    anonymous(bench)
    bench.do("pin", frame="a:m+0")
    pfn = bench.pfn()
    assert bench.do("soft_offline", frame="a:m+0").errno == "EBUSY"
    assert bench.pfn() == pfn
    assert bench.session.corrupted_kb() == 0


@pytest.mark.parametrize("kind, errno", (("slab", "EIO"), ("reserved", "EIO"), ("out-of-range", "ENXIO"), ("free", 0)))
def test_pages_of_nobody(kind: str, errno: int | str) -> None:
    assert Workbench().do("soft_offline", frame=f"any:{kind}").errno == errno


def test_again_is_no_error() -> None:
    bench = Workbench()
    bench.do("remember", name="it", frame="any:free")
    assert bench.do("soft_offline", frame="@it").errno == 0
    again = bench.do("soft_offline", frame="@it")
    assert again.errno == 0
    assert again.log[0].startswith("soft_offline_page: ")


def test_poison_is_left_alone_and_the_callers_reference_dropped() -> None:
    """soft_offline_page(): put_ref_page() of a page that is poisoned already, where the caller holds one."""
    bench = Workbench()
    anonymous(bench)
    m, pfn = bench.m, bench.pfn()
    m.set_flags(pfn, pf.HWPOISON)
    for flags, held in ((MF_COUNT_INCREASED, 1), (0, 0)):
        count = m.refcount.get(pfn)
        if held:
            get_page(m, pfn)
        assert run(soft_offline_page(m, pfn, flags)) == 0
        assert m.refcount.get(pfn) == count


def test_a_huge_page_that_cannot_be_split_keeps_no_reference() -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=512, huge="thp")
    bench.do("write", task="a", at="t+3")
    bench.do("pin", frame="a:t+3")
    head = bench.m.compound_head(bench.pfn("a:t+3"))
    count = bench.m.refcount.get(head)
    outcome = bench.do("soft_offline", frame="a:t+3")
    assert outcome.errno == "EBUSY" and "thp split failed" in outcome.log[-1]
    assert bench.m.refcount.get(head) == count


@pytest.mark.parametrize("prepare, frame", ((anonymous, "a:m+0"), (only_cached, "/srv/f@0")))
def test_a_page_on_no_list_cannot_be_isolated(prepare: Callable[[Workbench], None], frame: str) -> None:
    """soft_offline_in_use_page(): isolate_page() failed; a clean page of a file stays cached.

    isolate_page() drops the reference of get_hwpoison_page() before the line is printed.
    """
    bench = Workbench()
    prepare(bench)
    m, pfn = bench.m, bench.pfn(frame)
    m.clear_flags(pfn, pf.LRU)
    get_page(m, pfn)
    count = m.refcount.get(pfn)
    assert run(soft_offline_in_use_page(m, pfn)) == "EBUSY"
    assert m.refcount.get(pfn) == count - 1
    assert f": page isolation failed, page count {count - 1}, type 0x" in list(m.log.view.values())[-1].text
    assert not m.page(pfn) & pf.HWPOISON
    assert bench.pfn(frame) == pfn


def test_a_page_of_a_file_is_dropped_once_it_is_written() -> None:
    """invalidate_inode_page() refuses a page under writeback, which is why soft offline waits first."""
    bench = Workbench()
    only_cached(bench)
    pfn = bench.pfn("/srv/f@0")
    bench.do("writeback", frame="/srv/f@0", state="start")
    assert bench.do("soft_offline", frame=f"pfn:{pfn:#x}").errno == 0
    operation = bench.session.operations[-1]
    marks = bench.session.steps.marks[operation.first : operation.last]
    assert any(mark.site is INVALIDATED for mark in marks) and bench.flags(pfn) == frozenset({"HWPOISON"})


@pytest.mark.parametrize("under_writeback", [False, True])
def test_it_waits_for_writeback_and_only_then(under_writeback: bool) -> None:
    bench = Workbench()
    of_file(bench)
    pfn = bench.pfn()
    if under_writeback:
        bench.do("writeback", frame="a:m+0", state="start")
    assert ("WRITEBACK" in bench.flags(pfn)) is under_writeback
    assert bench.do("soft_offline", frame=f"pfn:{pfn:#x}").errno == 0
    operation = bench.session.operations[-1]
    marks = bench.session.steps.marks[operation.first : operation.last]
    assert any(mark.site is WRITEBACK_WAITED for mark in marks) is under_writeback
    assert "WRITEBACK" not in bench.flags(pfn) | bench.flags(bench.pfn())
    invariants.check(bench.m)


def test_a_page_that_is_in_use_is_moved_not_dropped() -> None:
    """invalidate_inode_page() of a clean page of a file fails while a process maps it, and so does that of memory."""
    for prepare in (of_file, anonymous):
        bench = Workbench()
        prepare(bench)
        if prepare is of_file:
            bench.do("msync", task="a", at="m+0", pages=1)
        pfn = bench.pfn()
        bench.do("soft_offline", frame=f"pfn:{pfn:#x}")
        assert bench.pfn() != pfn and bench.do("read", task="a", at="m+0").value == "A"
        assert bench.session.corrupted_kb() == 4


def test_a_page_that_cannot_be_moved_keeps_the_references_of_its_users() -> None:
    bench = Workbench()
    anonymous(bench)
    pfn = bench.pfn()
    bench.do("pin", frame="a:m+0")
    before = int(bench.m.refcount.view[pfn])
    outcome = bench.do("soft_offline", frame=f"pfn:{pfn:#x}")
    assert outcome.errno == "EBUSY" and "page migration failed 1" in outcome.log[0]
    assert int(bench.m.refcount.view[pfn]) == before and "HWPOISON" not in bench.flags(pfn)
    invariants.check(bench.m)


@pytest.mark.parametrize("pages", [1, 2])
def test_a_huge_page_leaves_the_pool_and_a_fresh_one_stays_in_it(pages: int) -> None:
    """A page of the pool takes its place if one is free: then the pool is one smaller. Otherwise a fresh one does."""
    bench = Workbench(huge_pages=pages)
    bench.area("h", pages=512, huge="hugetlb")
    bench.do("write", task="a", at="h+0", value="A")
    pfn, m = bench.pfn("a:h+3"), bench.m
    assert bench.do("soft_offline", frame=f"pfn:{pfn:#x}").errno == 0
    assert m.counter("nr_huge_pages") == 1 and not len(m.huge_free.of(0))
    assert bench.flags(pfn) == {"HWPOISON"} and m.refcount.view[pfn] == 1
    assert "HUGE" not in bench.flags(pfn - 3) and bench.session.corrupted_kb() == 4
    assert bench.do("read", task="a", at="h+0").value == "A"
    invariants.check(m)


def test_a_held_huge_page_keeps_its_references() -> None:
    bench = Workbench(huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb")
    bench.do("write", task="a", at="h+0", value="A")
    bench.do("pin", frame="a:h+0")
    head = bench.pfn("a:h+0")
    count = int(bench.m.refcount.view[head])
    outcome = bench.do("soft_offline", frame=f"pfn:{head:#x}")
    assert outcome.errno == "EBUSY" and "hugepage migration failed 1" in outcome.log[0]
    assert int(bench.m.refcount.view[head]) == count and bench.pfn("a:h+0") == head


def test_memory_of_nobody_that_somebody_holds_is_in_no_page_cache() -> None:
    bench = Workbench()
    anonymous(bench)
    pfn = bench.pfn()
    get_page(bench.m, pfn)  # the kernel's own: a pin would go with the process
    bench.do("exit", task="a")
    bench.m.clear_flags(pfn, pf.DIRTY)
    assert bench.m.page(pfn) & pf.LRU and not bench.m.mapcount.view[pfn]
    assert bench.do("soft_offline", frame=f"pfn:{pfn:#x}").errno == "EBUSY"
    assert "HWPOISON" not in bench.flags(pfn)


@pytest.mark.parametrize(("prepare", "frame"), [(anonymous, "a:m+0"), (only_cached, "/srv/f@0")])
def test_a_frame_that_is_set_aside_has_one_reference_and_no_flag_but_its_own(
    prepare: Callable[[Workbench], None], frame: str
) -> None:
    bench = Workbench()
    prepare(bench)
    pfn = bench.pfn(frame)
    assert bench.do("soft_offline", frame=frame).errno == 0
    assert bench.m.refcount.view[pfn] == 1 and "HWPOISON" in bench.flags(pfn)
    assert bench.session.corrupted_kb() == 4 and not is_free(bench.m, pfn)


def test_a_free_frame_that_is_set_aside_is_in_no_list() -> None:
    bench = Workbench()
    pfn = bench.pfn("any:free")
    assert is_free(bench.m, pfn) and bench.do("soft_offline", frame=f"pfn:{pfn:#x}").errno == 0
    assert not is_free(bench.m, pfn) and bench.m.refcount.view[pfn] == 1
    invariants.check(bench.m)


def test_without_memory_a_page_stays_where_it_is() -> None:
    """migrate_pages() returns -ENOMEM."""
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    bench.do("alloc", frames=8192)
    pfn = bench.pfn()
    outcome = bench.do("soft_offline", frame="a:m+0")
    assert outcome.errno == "ENOMEM" and "page migration failed -12" in outcome.log[0]
    assert bench.pfn() == pfn and "HWPOISON" not in bench.flags(pfn) and bench.m.refcount.view[pfn] == 1


def test_a_page_that_a_filter_spares_stays_in_use() -> None:
    bench = Workbench()
    bench.area(populate=True)
    pfn, count = bench.pfn(), bench.m.refcount.get(bench.pfn())
    for name, value in (("dev-major", 99), ("enable", 1)):
        bench.do("debugfs", name=f"corrupt-filter-{name}", value=value)
    assert bench.do("soft_offline", frame="a:m+0").errno == "EOPNOTSUPP"
    assert bench.pfn() == pfn and bench.m.refcount.get(pfn) == count and "HWPOISON" not in bench.flags(pfn)
