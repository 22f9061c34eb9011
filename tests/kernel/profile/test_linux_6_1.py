"""Differences between 6.1 and 2009 in the memory manager around the handler."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.profile.registry import PROFILES
from tests.workbench import Workbench


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_whole(name: str) -> None:
    profile = PROFILES[name]
    names = [phase.name for phase in profile.phases]
    assert len(set(names)) == len(names)
    assert {row.action for row in profile.results.states} <= set(profile.results.actions)
    assert profile.results.states[-1].mask == 0


def test_the_first_thread_that_wants_it_early_is_told() -> None:
    bench = Workbench()
    bench.do("task", name="b", sigbus="handler", threads=3)
    bench.area(task="b")
    bench.do("write", task="b", at="m+0")
    bench.do("prctl", task="b", thread=2, mce_kill="early")
    (signal,) = bench.do("poison", frame="b:m+0").signals
    assert signal.thread == 2


@pytest.mark.parametrize("profile, left", (("v7", False), ("6.1", True)))
def test_a_written_swapped_in_page_stays_in_the_swap_cache(profile: str, left: bool) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("read", task="a", at="m+0")
    bench.do("write", task="a", at="m+0", value="B")
    assert ("SWAPCACHE" in bench.flags(bench.pfn())) is left


@pytest.mark.parametrize("profile, told", (("v7", ["EIO", 0]), ("6.1", ["EIO", "EIO"])))
def test_who_is_told_of_a_lost_write(profile: str, told: list[int | str]) -> None:
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=2)
    for fd in "xy":
        bench.do("open", task="a", path="/srv/f", fd=fd)
    for page in (0, 1):
        bench.do("pwrite", task="a", fd="x", page=page, value="A")
    bench.do("poison", frame="/srv/f@0")
    assert [bench.do("fsync", task="a", fd=fd).errno for fd in "xy"] == told
    assert [bench.do("fsync", task="a", fd=fd).errno for fd in "xy"] == [0, 0]


@pytest.mark.parametrize("profile, value, errno", (("v7", "zero", 0), ("6.1", None, "EIO")))
def test_shared_memory_after_the_error(profile: str, value: str | None, errno: int | str) -> None:
    bench = Workbench(profile)
    bench.do("file", path="/dev/shm/f", pages=1, filesystem="tmpfs")
    bench.do("open", task="a", path="/dev/shm/f", fd="f")
    bench.do("poison", frame="/dev/shm/f@0")
    outcome = bench.do("pread", task="a", fd="f", page=0)
    assert (outcome.value, outcome.errno) == (value, errno)


@pytest.mark.parametrize("profile, mapped", (("v7", 1), ("6.1", 2)))
def test_a_read_fault_maps_cached_neighbours(profile: str, mapped: int) -> None:
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=2)
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=2, file="/srv/f", shared=True)
    for page in (0, 1):
        bench.do("read", task="a", at=f"m+{page}")
    bench.do("read", task="b", at="m+0")
    assert bench.session.mapcount(bench.pfn("a:m+1")) == mapped


@pytest.mark.parametrize(
    "word, asked",
    ((0, False), (pf.LRU, True), (pf.HUGE, True), (pf.ANON, False), *((pf.LRU | no, False) for no in (
        pf.RESERVED, pf.SLAB, pf.PGTABLE,
    ))),
)  # fmt: skip
def test_users_are_looked_for_by_the_flags_of_the_page(word: int, asked: bool) -> None:
    """hwpoison_user_mappings(): PageReserved, PageSlab and PageTable first, then PageLRU and PageHuge."""
    assert PROFILES["6.1"].users.has_users(word) is asked


@pytest.mark.parametrize(
    "word, kind",
    (
        (pf.RESERVED | pf.LRU, "reserved kernel page"),
        (pf.SLAB, "kernel slab page"),
        (pf.COMPOUND_HEAD | pf.LRU, "huge page"),
        (pf.SWAPCACHE | pf.SWAPBACKED | pf.DIRTY | pf.LRU, "dirty swapcache page"),
        (pf.SWAPCACHE | pf.SWAPBACKED | pf.MLOCKED, "clean swapcache page"),
        (pf.SWAPCACHE | pf.LRU, "clean LRU page"),
        (pf.MLOCKED | pf.UNEVICTABLE | pf.DIRTY, "dirty mlocked LRU page"),
        (pf.MLOCKED | pf.UNEVICTABLE, "clean mlocked LRU page"),
        (pf.UNEVICTABLE | pf.DIRTY | pf.LRU, "dirty unevictable LRU page"),
        (pf.UNEVICTABLE | pf.LRU, "clean unevictable LRU page"),
        (pf.LRU | pf.DIRTY, "dirty LRU page"),
        (pf.LRU, "clean LRU page"),
        (pf.LOCKED | pf.DIRTY, "unknown page"),
    ),
)
def test_the_first_row_of_error_states_that_matches(word: int, kind: str) -> None:
    assert matching_row(PROFILES["6.1"].results.states, word).kind == kind


def test_values_are_those_of_its_source() -> None:
    """mm/memory-failure.c, kernel/exit.c, mm/huge_memory.c and fs/file.c of 6.1."""
    profile = PROFILES["6.1"]
    log = profile.log
    assert log.panic == "Kernel panic - not syncing: Memory failure on page {pfn:x}"
    assert log.init_died == "Kernel panic - not syncing: Attempted to kill init! exitcode={code:#010x}"
    assert log.unmap_failed == "failed to unmap page (mapcount={left})"
    assert (log.no_page, log.unhandlable) == ("memory outside kernel control", "unhandlable page.")
    assert log.split_huge_zero_page == "huge_memory: Called split_huge_page for huge zero page"
    assert profile.users.unmap_tries == 1
    assert (PROFILES["v7"].called("sys_close"), profile.called("sys_close")) == ("sys_close", "close_fd")


def test_a_read_fault_maps_64_kib() -> None:
    """do_fault_around() of fault_around_bytes."""
    bench = Workbench()
    bench.do("file", path="/f", pages=64)
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=64, file="/f", shared=True)
    for page in range(64):
        bench.do("read", task="a", at=f"m+{page}")
    bench.do("read", task="b", at="m+32")
    assert [bench.session.pte_state("b", f"m+{page}") for page in range(64)].count("present") == 16
