"""Large folios of any size are split into single pages, unless something holds them together."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.kernel.memcontrol import page_cgroup_ino, page_memcg
from hwpoison_gui.kernel.page_alloc import get_page
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.split_folio import ENTRY_DROPPED, ENTRY_SPLIT, HELD, NOT_MIGRATED, UNDER_IO, splits
from tests import invariants
from tests.workbench import Workbench


def anonymous(profile: str = "6.12", folio: int = 16, **args: object) -> Workbench:
    bench = Workbench(profile, early_kill=1)
    bench.area(pages=2 * folio, folio=folio)
    bench.do("write", task="a", at="m+5", value="A")
    return bench


def cached(pages: int = 32, folio: int = 16, dirty: bool = False, filesystem: str = "ext4") -> Workbench:
    bench = Workbench("7.2", early_kill=1)
    bench.do("file", path="/f", pages=pages, folio=folio, filesystem=filesystem)
    bench.do("open", task="a", path="/f", fd="f")
    bench.area(pages=pages, file="/f", shared=True)
    bench.do("read", task="a", at="m+5")
    if dirty:
        bench.do("write", task="a", at="m+5", value="A")
    return bench


def state(bench: Workbench, at: str, task: str = "a") -> str:
    mm = bench.session.tid_of(task)
    assert mm is not None
    return ptes.state_of(bench.m.pte(mm, bench.session.resolve_address(task, at) >> PAGE_SHIFT))


@pytest.mark.parametrize("folio", (2, 16, 512))
def test_the_split_itself_leaves_the_hwpoison_entries_of_an_anonymous_page(folio: int) -> None:
    bench = Workbench("6.12", early_kill=1)
    bench.area(pages=folio, folio=folio)
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("fork", task="a", child="b")
    outcome = bench.do("poison", frame="a:m+1")
    assert (outcome.result, outcome.kind, outcome.signals) == ("Recovered", "dirty LRU page", ())
    assert [state(bench, "m+1", task) for task in "ab"] == ["hwpoison", "hwpoison"]
    marks = [mark for mark in bench.session.steps.marks if mark.site is NOT_MIGRATED]
    assert len(marks) == 2
    assert bench.do("read", task="b", at="m+0").value == "zero"
    assert not bench.m.page(bench.pfn("a:m+0")) & pf.THP
    invariants.check(bench.m)


def test_a_clean_folio_of_a_file_is_unmapped_and_split() -> None:
    bench = cached()
    head = bench.pfn("head:a:m+5")
    outcome = bench.do("poison", frame="a:m+5")
    assert (outcome.result, outcome.kind, outcome.signals) == ("Recovered", "clean LRU page", ())
    assert {state(bench, f"m+{page}") for page in range(16)} == {"none"}
    assert bench.do("read", task="a", at="m+5").value == "disk"
    assert bench.pfn("a:m+5") != head + 5 and bench.pfn("/f@4") == head + 4
    invariants.check(bench.m)


def test_a_dirty_folio_on_disk_keeps_its_buffers_and_so_stays_whole() -> None:
    bench = cached(dirty=True)
    outcome = bench.do("poison", frame="a:m+5")
    assert (outcome.result, outcome.kind, outcome.errno) == ("Failed", "unsplit thp", "EHWPOISON")
    assert [(signal.code, signal.lsb) for signal in outcome.signals] == [("BUS_MCEERR_AO", 16)]
    assert "filemap_release_folio" in bench.functions()
    assert bench.do("fsync", task="a", fd="f").errno == 0
    assert bench.do("read", task="a", at="m+5").value == "A"
    assert bench.m.disk.of(1)[5] == "A" and not bench.m.page(bench.pfn("head:/f@5")) & pf.DIRTY
    invariants.check(bench.m)


@pytest.mark.parametrize("filesystem", ("ext4", "tmpfs"))
def test_a_dirty_folio_of_shared_memory_is_split_and_kept(filesystem: str) -> None:
    bench = cached(dirty=True, filesystem=filesystem)
    outcome = bench.do("poison", frame="a:m+5")
    assert outcome.result == ("Recovered" if filesystem == "tmpfs" else "Failed")
    assert bench.do("pread", task="a", fd="f", page=5).errno == ("EIO" if filesystem == "tmpfs" else 0)
    assert bench.do("pread", task="a", fd="f", page=6).value == "disk"
    invariants.check(bench.m)


@pytest.mark.parametrize("what", ("pin", "writeback"))
def test_what_else_keeps_a_folio_whole(what: str) -> None:
    bench = anonymous()
    bench.do(what, frame="a:m+5")
    head, pfn = bench.pfn("head:a:m+5"), bench.pfn("a:m+5")
    assert bench.do("soft_offline", frame="a:m+5").errno == "EBUSY"
    marks = [mark for mark in bench.session.steps.marks if mark.site in (HELD, UNDER_IO)]
    assert marks and all(mark.frames == (head, pfn) for mark in marks)
    assert bench.m.page(bench.pfn("a:m+5")) & pf.COMPOUND_TAIL
    assert not splits(bench.m, head)


def test_a_folio_that_nothing_holds_could_be_split() -> None:
    bench = anonymous()
    assert splits(bench.m, bench.pfn("head:a:m+5"))


def test_a_locked_folio_is_locked_no_more_where_its_page_was_lost() -> None:
    bench = anonymous()
    bench.do("mlock", task="a", at="m+0", pages=16)
    pfn = bench.pfn("a:m+5")
    assert bench.m.page(bench.m.compound_head(pfn)) & pf.MLOCKED
    assert bench.do("poison", frame="a:m+5").kind == "dirty LRU page"
    assert bench.flags(pfn).isdisjoint({"MLOCKED", "UNEVICTABLE"})
    assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(bench.pfn("a:m+6"))


def test_soft_offline_moves_one_page_of_a_folio() -> None:
    bench = anonymous()
    old = bench.pfn("a:m+5")
    assert bench.do("soft_offline", frame="a:m+5").errno == 0
    assert bench.pfn("a:m+5") != old and bench.do("read", task="a", at="m+5").value == "A"
    invariants.check(bench.m)


def test_a_folio_that_was_cut_while_dirty_loses_what_is_behind_the_end_when_it_is_split() -> None:
    bench = cached(pages=16, dirty=True)
    head = bench.pfn("head:/f@5")
    bench.do("truncate", path="/f", pages=6)
    assert bench.m.page(head) & pf.COMPOUND_HEAD, "dirty: not split"
    bench.do("fsync", task="a", fd="f")
    assert bench.do("poison", frame=f"pfn:{head + 2:#x}").result == "Recovered"
    assert sorted(bench.m.page_cache.of(1)) == [0, 1, 3, 4, 5]
    invariants.check(bench.m)


@pytest.mark.parametrize("written_back", (False, True))
def test_a_fault_unmaps_a_poisoned_folio_and_drops_it_if_it_is_clean(written_back: bool) -> None:
    bench = cached(dirty=True)
    bench.do("poison", frame="a:m+5")
    if written_back:
        bench.do("fsync", task="a", fd="f")
    bench.area("n", pages=32, file="/f", shared=True)
    outcome = bench.do("read", task="a", at="n+5")
    assert (outcome.value, [signal.code for signal in outcome.signals]) == (
        ("A", []) if written_back else (None, ["BUS_MCEERR_AR"])
    )
    assert {state(bench, f"m+{page}") for page in range(16)} == {"none"}
    invariants.check(bench.m)


@pytest.mark.parametrize("shared, site", ((True, ENTRY_DROPPED), (False, ENTRY_SPLIT)))
def test_huge_entries_of_a_file_are_dropped_and_others_split(shared: bool, site: Site) -> None:
    bench = Workbench("6.12", early_kill=1)
    bench.area(pages=512, huge="thp", shared=shared)
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("poison", frame="a:m+1")
    assert {mark.site for mark in bench.session.steps.marks} & {ENTRY_DROPPED, ENTRY_SPLIT} == {site}


def test_frames_that_nobody_uses_are_free_after_the_split() -> None:
    bench = anonymous()
    head = bench.pfn("head:a:m+5")
    bench.do("munmap", task="a", at="m+8", pages=8)
    assert bench.do("poison", frame="a:m+5").result == "Recovered"
    assert bench.m.refcount.view[head : head + 16].tolist() == [1] * 8 + [0] * 8
    assert not any(bench.m.mapping.view[head + 8 : head + 16])
    invariants.check(bench.m)


def test_what_was_cut_off_a_clean_folio_is_free_and_the_rest_is_mapped_by_nobody() -> None:
    bench = cached(pages=16)
    head = bench.pfn("head:/f@5")
    bench.do("truncate", path="/f", pages=6)
    assert not bench.m.page(head) & pf.COMPOUND_HEAD
    assert {state(bench, f"m+{page}") for page in range(16)} == {"none"}
    assert bench.m.refcount.view[head : head + 16].tolist() == [1] * 6 + [0] * 10
    invariants.check(bench.m)


def test_a_broken_page_behind_the_end_belongs_to_no_file_after_the_split() -> None:
    bench = cached(pages=16, dirty=True)
    head = bench.pfn("head:/f@5")
    bench.do("truncate", path="/f", pages=6)
    bench.do("fsync", task="a", fd="f")
    outcome = bench.do("poison", frame=f"pfn:{head + 10:#x}")
    assert (outcome.kind, outcome.result) == ("already truncated LRU page", "Ignored")
    assert not bench.m.mapping.view[head + 10]
    invariants.check(bench.m)


def test_a_dirty_page_behind_the_end_is_clean_after_the_split() -> None:
    bench = cached(pages=16, dirty=True, filesystem="tmpfs")
    head = bench.pfn("head:/f@5")
    bench.do("pin", frame="/f@5")
    bench.do("truncate", path="/f", pages=6)
    bench.do("unpin", frame=f"pfn:{head + 5:#x}")
    assert bench.m.page(head) & pf.COMPOUND_HEAD and bench.m.page(head) & pf.DIRTY, "held: not split"
    outcome = bench.do("poison", frame=f"pfn:{head + 10:#x}")
    assert (outcome.kind, outcome.result) == ("already truncated LRU page", "Ignored")
    assert "DIRTY" not in bench.flags(head + 10)


@pytest.mark.parametrize("pinned", (False, True))
def test_clean_buffers_are_released_before_the_references_are_counted(pinned: bool) -> None:
    """filemap_release_folio() comes before can_split_folio(): buffers keep no clean folio in one piece."""
    bench = cached()
    head = bench.pfn("head:a:m+5")
    bench.m.set_flags(head, pf.PRIVATE)
    get_page(bench.m, head)
    assert splits(bench.m, head)
    if pinned:
        bench.do("pin", frame="a:m+5")
    outcome = bench.do("poison", frame="a:m+5")
    assert outcome.kind == ("unsplit thp" if pinned else "clean LRU page")
    assert not bench.m.page(head) & pf.PRIVATE
    assert bool(bench.m.page(head) & pf.THP) is pinned
    invariants.check(bench.m)


def test_a_file_cut_inside_a_folio_with_buffers_splits_it() -> None:
    bench = cached()
    head = bench.pfn("head:a:m+5")
    bench.m.set_flags(head, pf.PRIVATE)
    get_page(bench.m, head)
    bench.do("truncate", path="/f", pages=3)
    assert not bench.m.page(head) & (pf.THP | pf.PRIVATE)
    invariants.check(bench.m)


def test_the_pages_of_a_folio_stay_charged_to_its_cgroup_when_it_is_split() -> None:
    bench = anonymous()
    m, head = bench.m, bench.m.compound_head(bench.pfn("a:m+5"))
    inodes = np.zeros(m.frames, np.uint64)  # as before 6.4, /proc/kpagecgroup has 0 for a tail
    inodes[head] = 7
    m.memcg = page_memcg(inodes, {7: "/a"})
    bench.do("poison", frame="a:m+5")
    assert not m.page(head) & pf.COMPOUND_HEAD
    assert {page_cgroup_ino(m, pfn) for pfn in range(head, head + 16) if pfn != head + 5} == {7}
