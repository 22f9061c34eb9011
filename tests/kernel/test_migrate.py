"""A page moves: content, flags, caches and entries go along."""

from __future__ import annotations

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.migrate import extra_references, migrate_page
from hwpoison_gui.kernel.page_alloc import get_page, put_page
from tests import invariants
from tests.workbench import Workbench, run


def test_all_who_share_it_go_along() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    bench.do("fork", task="a", child="b")
    old = bench.pfn()
    get_page(bench.m, old)
    assert run(migrate_page(bench.m, old)) == 0
    assert not bench.flags(old) & {"ANON", "LRU", "DIRTY", "SWAPBACKED", "MMAP"}
    put_page(bench.m, old)
    assert bench.pfn("a:m+0") == bench.pfn("b:m+0") != old
    assert bench.m.refcount.get(bench.pfn()) == bench.m.mapcount.get(bench.pfn()) == 2
    assert bench.do("read", task="b", at="m+0").value == "A"
    assert bench.do("write", task="b", at="m+0", value="B").errno == 0
    assert bench.do("read", task="a", at="m+0").value == "A"
    invariants.check(bench.m)


def test_a_page_of_a_device_takes_its_buffers_along() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/sda", pages=1, filesystem="blockdev")
    bench.do("open", task="a", path="/dev/sda", fd="f")
    bench.do("pwrite", task="a", fd="f", page=0, value="A")
    old = bench.pfn("/dev/sda@0")
    assert bench.do("soft_offline", frame="/dev/sda@0").errno == 0
    new = bench.pfn("/dev/sda@0")
    assert new != old
    assert {"DIRTY", "PRIVATE", "LRU"} <= bench.flags(new)
    assert bench.do("pread", task="a", fd="f", page=0).value == "A"
    invariants.check(bench.m)


def test_a_holder_who_cannot_be_moved_is_seen() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    assert extra_references(bench.m, bench.pfn(), held=0) == 0
    bench.do("pin", frame="a:m+0")
    assert extra_references(bench.m, bench.pfn(), held=0) == 1


def test_the_dirty_bit_of_an_entry_is_not_lost() -> None:
    """try_to_migrate_one(): folio_mark_dirty() where the PTE was dirty."""
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    old = bench.pfn()
    bench.m.clear_flags(old, pf.DIRTY)
    get_page(bench.m, old)
    assert run(migrate_page(bench.m, old)) == 0
    assert "DIRTY" in bench.flags(bench.pfn())


def test_a_page_that_cannot_be_moved_leaves_no_new_one_behind() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("pin", frame="a:m+0")
    m, pfn = bench.m, bench.pfn()
    used = int((m.refcount.view > 0).sum())
    get_page(m, pfn)
    assert run(migrate_page(m, pfn)) == 1
    put_page(m, pfn)
    assert int((m.refcount.view > 0).sum()) == used


def test_a_clean_entry_makes_no_page_dirty() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1, filesystem="blockdev")
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    old = bench.pfn()
    get_page(bench.m, old)
    assert run(migrate_page(bench.m, old)) == 0
    assert "DIRTY" not in bench.flags(bench.pfn()) and "UPTODATE" in bench.flags(bench.pfn())


def test_a_huge_page_takes_the_content_of_all_its_frames_along() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    for page in (0, 3, 511):
        bench.do("write", task="a", at=f"m+{page}", value=str(page))
    head = bench.pfn("a:m+0")
    assert bench.do("soft_offline", frame="a:m+3").errno == 0
    moved = bench.pfn("a:m+0")
    assert moved != head and [bench.m.content.get(moved + page) for page in (0, 3, 511)] == ["0", "3", "511"]
    assert not any(head <= pfn < head + 512 for pfn in bench.m.content.view)


def test_the_reference_of_the_page_cache_goes_along() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    old = bench.pfn()
    get_page(bench.m, old)
    assert run(migrate_page(bench.m, old)) == 0
    assert bench.m.refcount.get(old) == 1 and not bench.m.mapping.get(old), "the caller's reference alone"
    put_page(bench.m, old)
    assert bench.m.refcount.get(bench.pfn()) == 2
    invariants.check(bench.m)


def test_the_last_free_page_of_the_pool_is_taken() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+0")
    (free,), old = bench.m.huge_free.of(0), bench.pfn()
    get_page(bench.m, old)
    assert run(migrate_page(bench.m, old)) == 0
    assert bench.pfn() == free
