"""The actions of the 6.1 table: what leaves the page cache, what stays, and who else has the page."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import actions_6_1
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import Handler
from hwpoison_gui.kernel.machine import Machine
from tests import invariants
from tests.workbench import Workbench, run


def of_file(filesystem: str, dirty: bool) -> Workbench:
    bench = Workbench()
    bench.do("file", path="/srv/f", pages=1, filesystem=filesystem)
    bench.do("open", task="a", path="/srv/f", fd="f")
    if dirty:
        bench.do("pwrite", task="a", fd="f", page=0, value="A")
    else:
        bench.do("pread", task="a", fd="f", page=0)
    bench.do("remember", name="it", frame="/srv/f@0")
    return bench


@pytest.mark.parametrize(
    "filesystem, dirty, result",
    (("ext4", False, "Recovered"), ("ext4", True, "Recovered"), ("tmpfs", True, "Recovered"),
     ("nofs", False, "Recovered"), ("nofs", True, "Failed"), ("blockdev", False, "Recovered"),
     ("blockdev", True, "Failed"), ("directory", False, "Failed"), ("directory", True, "Failed")),
)  # fmt: skip
def test_by_file_system(filesystem: str, dirty: bool, result: str) -> None:
    outcome = of_file(filesystem, dirty).do("poison", frame="@it")
    assert (outcome.result, outcome.errno) == (result, 0 if result == "Recovered" else "EBUSY")


@pytest.mark.parametrize("filesystem, kept", (("ext4", False), ("tmpfs", True)))
def test_shared_memory_keeps_its_page(filesystem: str, kept: bool) -> None:
    bench = of_file(filesystem, dirty=True)
    pfn = bench.pfn("@it")
    bench.do("poison", frame="@it")
    assert (bench.m.inode_of(pfn) is not None) is kept
    assert ("DIRTY" in bench.flags(pfn)) is kept
    assert not bench.flags(pfn) & {"LRU", "ACTIVE", "UNEVICTABLE", "LOCKED"}


def test_a_reference_of_somebody_else_fails() -> None:
    bench = of_file("ext4", dirty=True)
    bench.do("pin", frame="@it")
    outcome = bench.do("poison", frame="@it")
    assert outcome.result == "Failed"
    assert any(line.endswith("dirty LRU page still referenced by 1 users") for line in outcome.log)


def test_an_anonymous_page_may_be_held() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("pin", frame="a:m+0")
    assert bench.do("poison", frame="a:m+0").result == "Recovered"


@pytest.mark.parametrize("written, kind, result", ((False, "clean", "Recovered"), (True, "dirty", "Delayed")))
def test_the_swap_cache(written: bool, kind: str, result: str) -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("read", task="a", at="m+0")
    if written:
        bench.do("write", task="a", at="m+0", value="B")
    outcome = bench.do("poison", frame="a:m+0")
    assert (outcome.kind, outcome.result, outcome.errno) == (f"{kind} swapcache page", result, 0)
    again = bench.do("read", task="a", at="m+0")
    assert again.value == (None if written else "A")


# -- One action at a time


def act(m: Machine, name: str, pfn: int) -> str:
    """Carry out one action on a locked frame, as if its row had been found."""
    m.set_flags(pfn, pf.LOCKED)
    result = run(m.profile.results.actions[name](Handler(m, pfn, kind="it")))
    assert isinstance(result, str)
    assert not m.page(pfn) & pf.LOCKED, "each action unlocks the page"
    return result


@pytest.mark.parametrize("name, result, lines", (("me_kernel", "Ignored", 0), ("me_unknown", "Failed", 1)))
def test_what_is_no_page_of_processes_is_unlocked_and_left(name: str, result: str, lines: int) -> None:
    m = Workbench().m
    words, log = m.flags.view.tolist(), len(m.log.view)
    assert act(m, name, 9) == result
    assert m.flags.view.tolist() == words and len(m.log.view) - log == lines


def test_a_page_that_has_lost_its_mapping_fails() -> None:
    m = Workbench().m
    m.put(m.flags, 3000, pf.LRU | pf.ACTIVE | pf.UNEVICTABLE | pf.REFERENCED)
    m.put(m.refcount, 3000, 1)
    assert act(m, "me_pagecache_clean", 3000) == "Failed"
    assert m.page(3000) == pf.REFERENCED, "it is off the LRU"


def test_an_anonymous_page_is_unlocked() -> None:
    m = Workbench().m
    m.put(m.flags, 3000, pf.ACTIVE)
    m.put(m.mapping, 3000, 5 << 2 | 1)
    assert act(m, "me_pagecache_clean", 3000) == "Recovered"
    assert m.page(3000) == pf.ACTIVE, "it was on no LRU list"


@pytest.mark.parametrize("filesystem, held, result", (("ext4", 0, "Recovered"), ("ext4", 1, "Failed"),
                                                      ("tmpfs", 0, "Recovered"), ("tmpfs", 1, "Failed")))  # fmt: skip
def test_who_else_holds_the_page_decides(filesystem: str, held: int, result: str) -> None:
    """has_extra_refcount(): shared memory keeps its page, so the page cache's reference is expected there."""
    bench = of_file(filesystem, dirty=True)
    for _ in range(held):
        bench.do("pin", frame="@it")
    outcome = bench.do("poison", frame="@it")
    assert outcome.result == result
    assert sum("still referenced by 1 users" in line for line in outcome.log) == held


def test_what_was_written_is_reported_by_fsync() -> None:
    bench = of_file("ext4", dirty=True)
    pfn = bench.pfn("@it")
    bench.do("poison", frame="@it")
    assert "ERROR" in bench.flags(pfn)
    assert [bench.do("fsync", task="a", fd="f").errno for _ in range(2)] == ["EIO", 0]


@pytest.mark.parametrize("filesystem, dirty, line", (
    ("nofs", True, "Failed to invalidate"), ("directory", True, "Failed to punch page: -5"),
))  # fmt: skip
def test_a_refusal_is_logged(filesystem: str, dirty: bool, line: str) -> None:
    outcome = of_file(filesystem, dirty).do("poison", frame="@it")
    assert any(line in one for one in outcome.log)


@pytest.mark.parametrize("name, refs, lru, result, users", (
    ("me_swapcache_dirty", 2, True, "Delayed", 0), ("me_swapcache_dirty", 3, True, "Failed", 1),
    ("me_swapcache_dirty", 2, False, "Failed", 1), ("me_swapcache_dirty", 1, False, "Failed", 0),
    ("me_swapcache_clean", 2, True, "Recovered", 0), ("me_swapcache_clean", 3, True, "Failed", 1),
    ("me_swapcache_clean", 2, False, "Failed", 0),
))  # fmt: skip
def test_the_swap_cache_by_references(name: str, refs: int, lru: bool, result: str, users: int) -> None:
    """delete_from_lru_cache() must have found it on a list, and nobody else may hold it."""
    m = Workbench().m
    m.put(m.flags, 3000, pf.SWAPCACHE | pf.SWAPBACKED | pf.UPTODATE | (pf.LRU if lru else 0))
    m.put(m.refcount, 3000, refs)
    m.put(m.swap_cache, 7, 3000)
    m.put(m.swap_map, 7, 1)
    m.put(m.page_private, 3000, 7)
    log = len(m.log.view)
    assert act(m, name, 3000) == result
    lines = list(m.log.view.values())[log:]
    assert [line.text.endswith(f"still referenced by {users} users") for line in lines] == [True] * bool(users)
    assert (7 in m.swap_cache.view) is (name == "me_swapcache_dirty")
    assert not m.page(3000) & pf.LRU


# -- Huge pages


def huge(shared: bool, written: bool = True) -> tuple[Workbench, int]:
    bench = Workbench(huge_pages=2)
    bench.area("h", pages=512, huge="hugetlb", shared=shared)
    bench.do("write", task="a", at="h+3", value="x")
    return bench, bench.pfn("a:h+3")


@pytest.mark.parametrize("pinned, result", ((False, "Recovered"), (True, "Failed")))
def test_a_file_keeps_its_huge_page(pinned: bool, result: str) -> None:
    """hugetlbfs_error_remove_page() does nothing; whoever comes for the page finds HWPOISON."""
    bench, pfn = huge(shared=True)
    m, head = bench.m, bench.m.compound_head(pfn)
    if pinned:
        bench.do("pin", frame="a:h+3")
    outcome = bench.do("poison", frame="a:h+3")
    assert outcome.result == result
    assert m.inode_of(head) is not None and m.page(head) & (pf.LOCKED | pf.HWPOISON) == pf.HWPOISON
    assert bench.do("read", task="a", at="h+0").signals[0].code == "BUS_MCEERR_AR"
    invariants.check(m)


def test_a_huge_page_without_a_file_is_dissolved() -> None:
    """page_handle_poison(): 511 frames go to the allocator, the bad one to nobody."""
    bench, pfn = huge(shared=False)
    m, head = bench.m, bench.m.compound_head(pfn)
    outcome = bench.do("poison", frame="a:h+3")
    assert outcome.result == "Recovered"
    assert [
        frame for frame in range(head, head + 512) if not m.page(frame) & pf.BUDDY and frame not in m.pcp.of(0)
    ] == [pfn]
    assert m.page(pfn) == pf.HWPOISON
    invariants.check(m)


@pytest.mark.parametrize("holders", (1, 2))
def test_a_huge_page_that_somebody_holds_is_not_dissolved(holders: int) -> None:
    bench, pfn = huge(shared=False)
    m, head = bench.m, bench.m.compound_head(pfn)
    for _ in range(holders):
        bench.do("pin", frame="a:h+3")
    outcome = bench.do("poison", frame="a:h+3")
    assert outcome.result == "Failed"
    assert sum("still referenced by 1 users" in line for line in outcome.log) == holders - 1, "one takes the handler's"
    assert m.page(head) & (pf.HUGE | pf.COMPOUND_HEAD | pf.LOCKED) == pf.HUGE | pf.COMPOUND_HEAD
    invariants.check(m)


def test_a_step_says_that_no_reference_is_the_swap_caches() -> None:
    bench = Workbench("6.1")
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    seen = [step.mark.args for step in bench.session.steps if step.mark.site in actions_6_1.NO_EXTRA.values()]
    assert seen and not any(swapcache for _, _, swapcache in seen)
