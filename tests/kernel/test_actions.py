"""The actions of the 2009 table: what leaves the page cache, who is told later, and what cannot be handled.

After the me_*() functions of mm/memory-failure.c (2.6.32). Those of 6.1 are in test_actions_6_1.py.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.actions import DIRTY_FILE
from hwpoison_gui.kernel.handler import Handler, matching_row
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_alloc import get_page
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench, run


def act(m: Machine, name: str, pfn: int) -> str:
    """Carry out one action on a frame, as if its row had been found."""
    result = run(m.profile.results.actions[name](Handler(m, pfn)))
    assert isinstance(result, str)
    return result


def of_file(filesystem: str, dirty: bool) -> tuple[Workbench, int]:
    """A page that is in the page cache of a file and mapped by nobody; a handler would hold a reference."""
    bench = Workbench("v7")
    bench.do("file", path="/f", pages=1, filesystem=filesystem)
    bench.do("open", task="a", path="/f", fd="f")
    bench.do("pwrite" if dirty else "pread", task="a", fd="f", page=0, **({"value": "A"} if dirty else {}))
    pfn = bench.pfn("/f@0")
    if not dirty:
        bench.m.clear_flags(pfn, pf.DIRTY)
    return bench, pfn


@pytest.mark.parametrize("name, result", (
    ("me_kernel_ignore", "Ignored"), ("me_kernel", "Delayed"), ("me_free", "Delayed"), ("me_huge_page", "Failed"),
    ("me_unknown", "Failed"),
))  # fmt: skip
def test_what_is_no_page_of_processes_is_left_as_it_is(name: str, result: str) -> None:
    m = Workbench("v7").m
    m.gate.take()
    digest = m.gate.digest()
    assert act(m, name, 9) == result
    changes = [store.name for store, _, _, _ in m.gate.recorded]
    assert changes == (["kernel_log"] if name == "me_unknown" else [])
    m.gate.backward(m.gate.take())
    assert m.gate.digest() == digest


@pytest.mark.parametrize("filesystem, dirty, result, cached", (
    ("ext4", False, "Recovered", False), ("ext4", True, "Recovered", False),
    ("tmpfs", False, "Recovered", False), ("tmpfs", True, "Recovered", False),
    ("nofs", False, "Recovered", False), ("nofs", True, "Failed", True),
    ("blockdev", False, "Recovered", False), ("blockdev", True, "Failed", True),
    ("directory", False, "Failed", True), ("directory", True, "Failed", True),
))  # fmt: skip
def test_by_file_system(filesystem: str, dirty: bool, result: str, cached: bool) -> None:
    """error_remove_page cuts a regular file's page out; others are invalidated, which a dirty page does not allow."""
    bench, pfn = of_file(filesystem, dirty)
    m = bench.m
    outcome = bench.do("poison", frame="/f@0")
    assert outcome.result == result and outcome.kind == ("LRU" if dirty else "clean LRU")
    assert (0 in m.page_cache.of(m.paths.view["/f"])) is cached
    assert (m.inode_of(pfn) is not None) is cached
    assert m.page(pfn) & pf.HWPOISON and not m.page(pfn) & pf.LOCKED
    invariants.check(m)


@pytest.mark.parametrize("filesystem, dirty, reported", (
    ("ext4", True, True), ("ext4", False, False), ("directory", True, True), ("nofs", True, True),
))  # fmt: skip
def test_what_was_written_and_lost_is_reported_by_fsync(filesystem: str, dirty: bool, reported: bool) -> None:
    """mapping_set_error(-EIO): AS_EIO is looked at while the mapping has pages, and told once."""
    bench, pfn = of_file(filesystem, dirty)
    m = bench.m
    get_page(m, pfn)  # the handler's
    act(m, "me_pagecache_dirty" if dirty else "me_pagecache_clean", pfn)
    inode = m.inodes.view[m.paths.view["/f"]]
    assert (inode.wb_err, inode.wb_seen) == ((1, False) if dirty else (0, True))
    assert bool(m.page(pfn) & pf.ERROR) is dirty
    bench.do("pread", task="a", fd="f", page=0)
    errors = [bench.do("fsync", task="a", fd="f").errno for _ in range(2)]
    assert errors == ["EIO" if reported else 0, 0]


def test_an_anonymous_page_is_lost_and_no_file_hears_of_it() -> None:
    bench = Workbench("v7")
    bench.area()
    bench.do("write", task="a", at="m+0")
    pfn, m = bench.pfn(), bench.m
    m.gate.take()
    assert act(m, "me_pagecache_dirty", pfn) == "Recovered"
    assert m.page(pfn) & pf.ERROR
    assert {store.name for store, _, _, _ in m.gate.take()} == {"flags"}


@pytest.mark.parametrize("flag", (True, False))
def test_a_page_is_anonymous_by_its_flag_or_by_its_mapping(flag: bool) -> None:
    m = Workbench("v7").m
    m.put(m.flags, 3000, pf.LRU | (pf.ANON if flag else 0))
    m.put(m.mapping, 3000, 0 if flag else 5 << 2 | 1)
    assert act(m, "me_pagecache_clean", 3000) == "Recovered"


def test_a_page_that_has_lost_its_mapping_fails() -> None:
    m = Workbench("v7").m
    m.put(m.flags, 3000, pf.LRU)
    assert act(m, "me_pagecache_clean", 3000) == "Failed"


def test_a_page_that_somebody_else_holds_is_not_invalidated() -> None:
    bench, pfn = of_file("nofs", dirty=False)
    bench.do("pin", frame="/f@0")
    outcome = bench.do("poison", frame="/f@0")
    assert outcome.result == "Failed" and bench.m.inode_of(pfn) is not None
    assert any("Failed to invalidate" in line for line in outcome.log)
    assert any("still referenced by 2 users" in line for line in outcome.log), "of the pin and the page cache"


# -- The swap cache


def in_swap_cache(profile: str) -> tuple[Workbench, int, int]:
    """A page in the swap cache that nobody maps, with `a`'s swap entry for it: its frame and the entry's offset."""
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("swapin", task="a", at="m+0")
    mm = bench.session.world.process("a").mm
    offset = ptes.value_of(bench.m.pte(mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT))
    return bench, bench.m.swap_cache.view[offset], offset


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_a_dirty_page_stays_in_the_swap_cache_for_who_comes(profile: str) -> None:
    """me_swapcache_dirty(): neither dirty nor uptodate any more, so it is never written and never read."""
    bench, pfn, offset = in_swap_cache(profile)
    m = bench.m
    m.set_flags(pfn, pf.DIRTY)
    outcome = bench.do("poison", frame=f"pfn:{pfn:#x}")
    assert outcome.result == "Delayed" and outcome.errno == ("EBUSY" if profile == "v7" else 0)
    assert m.swap_cache.view == {offset: pfn}
    assert not m.page(pfn) & (pf.DIRTY | pf.UPTODATE | pf.LOCKED) and m.page(pfn) & pf.SWAPCACHE
    seen = bench.do("read", task="a", at="m+0").signals[0]
    assert (seen.signal, seen.code) == ("SIGBUS", "BUS_MCEERR_AR")


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_a_clean_page_is_read_from_swap_again(profile: str) -> None:
    """me_swapcache_clean(): swap has the same, so the next fault reads it into another frame."""
    bench, pfn, _ = in_swap_cache(profile)
    m = bench.m
    assert bench.do("poison", frame=f"pfn:{pfn:#x}").result == "Recovered"
    assert not m.swap_cache.view and not m.page(pfn) & (pf.SWAPCACHE | pf.LOCKED)
    assert bench.do("read", task="a", at="m+0").value == "x"
    assert bench.pfn() != pfn
    invariants.check(m)


# -- The table


@pytest.mark.parametrize("profile", list(PROFILES))
def test_every_row_names_an_action_and_the_last_one_fits_all(profile: str) -> None:
    made = PROFILES[profile].results
    assert {row.action for row in made.states} <= set(made.actions)
    assert [row.mask for row in made.states if not row.mask] == [0] and made.states[-1].mask == 0
    assert matching_row(made.states, 0) is made.states[-1]
    for row in made.states:
        assert row.res & ~row.mask == 0, "a row that nothing fits"


@pytest.mark.parametrize("profile, word, kind", (
    ("v7", pf.LRU | pf.SWAPCACHE | pf.DIRTY, "swapcache"),
    ("v7", pf.LRU | pf.MLOCKED | pf.UNEVICTABLE, "unevictable LRU"),
    ("v7", pf.LRU | pf.DIRTY, "LRU"), ("v7", pf.LRU, "clean LRU"), ("v7", pf.SWAPBACKED, "anonymous"),
    ("6.1", pf.LRU | pf.SWAPCACHE | pf.DIRTY, "dirty LRU page"), ("6.1", pf.SWAPBACKED, "unknown page"),
    ("6.1", pf.LRU | pf.SWAPCACHE | pf.SWAPBACKED | pf.DIRTY, "dirty swapcache page"),
    ("6.1", pf.LRU | pf.MLOCKED | pf.UNEVICTABLE, "clean mlocked LRU page"),
    ("6.1", pf.LRU | pf.UNEVICTABLE | pf.DIRTY, "dirty unevictable LRU page"),
))  # fmt: skip
def test_the_first_row_that_fits_is_taken(profile: str, word: int, kind: str) -> None:
    assert matching_row(PROFILES[profile].results.states, word).kind == kind


@pytest.mark.parametrize("unlinked", (False, True))
def test_a_step_says_whether_somebody_can_learn_of_the_loss(unlinked: bool) -> None:
    """AS_EIO is for whoever calls fsync(): nobody can, where the file cannot be opened."""
    bench = Workbench("v7")
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("write", task="a", at="m+0")
    if unlinked:
        bench.do("unlink", path="/f")
    bench.do("poison", frame="a:m+0")
    assert [step.mark.args[1] for step in bench.session.steps if step.mark.site is DIRTY_FILE] == [not unlinked]


def test_a_segment_of_system_v_has_no_name_to_open() -> None:
    bench = Workbench("v7")
    bench.do("file", path="/SYSV00000000", pages=1, filesystem="tmpfs")
    number = bench.m.paths.view["/SYSV00000000"]
    bench.m.put(bench.m.inodes, number, bench.m.inodes.view[number]._replace(deleted=True))
    bench.area(file="/SYSV00000000", shared=True)
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert [step.mark.args[1] for step in bench.session.steps if step.mark.site is DIRTY_FILE] == [False]


def test_the_log_says_that_a_directory_cannot_be_punched() -> None:
    """generic_error_remove_page() refuses what is no regular file."""
    bench = Workbench("v7")
    bench.do("file", path="/d", pages=1, filesystem="directory")
    bench.do("open", task="a", path="/d", fd="d")
    bench.do("pread", task="a", fd="d", page=0)
    pfn = bench.pfn("/d@0")
    outcome = bench.do("poison", frame="/d@0")
    assert outcome.log[0] == f"MCE {pfn:#x}: Failed to punch page: -5" and outcome.result == "Failed"
