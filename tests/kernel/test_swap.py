"""Swap: what was written comes back, an entry is free with its last user, and no frame or slot is lost.

After mm/swapfile.c (swap_free(), reuse_swap_page()), mm/swap_state.c and shrink_page_list() of mm/vmscan.c.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel import swap
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench, run

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def free_frames(m: Machine) -> list[int]:
    return sorted(int(pfn) for pfn in (*np.flatnonzero(m.flags.view & np.uint64(pf.BUDDY)), *m.pcp.of(0)))


def swap_is_empty(m: Machine) -> bool:
    return not (m.swap_map.view or m.swap_cache.view or m.swap_content.view or m.page_private.view)


def entry(bench: Workbench, at: str = "m+0", task: str = "a") -> int:
    mm = bench.session.world.process(task).mm
    return bench.m.pte(mm, bench.session.resolve_address(task, at) >> PAGE_SHIFT)


def paged_out(profile: str = "6.1", readers: str = "") -> tuple[Workbench, int]:
    """A page that `a` has written and that is in swap, with its entry; `readers` are forked before that."""
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    for task in readers:
        bench.do("fork", task="a", child=task)
    assert run(swap.pageout(bench.m, bench.pfn())) is True
    return bench, ptes.value_of(entry(bench))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("write", "write", "read", "pageout", "pageout", "swapin", "fork", "exit", "dontneed")),
        st.sampled_from("abc"),
        st.sampled_from(("m", "m", "s")),
        st.integers(0, 2),
    ),
    max_size=30,
)


@both
@settings(max_examples=40)
@given(acts=ACTS)
def test_memory_holds_what_was_written_and_nothing_is_lost(profile: str, acts: list[tuple[str, str, str, int]]) -> None:
    """Private and shared pages of three processes go to swap and come back: each reads what is its own."""
    bench = Workbench(profile, frames=512)
    m = bench.m
    bench.do("exit", task="a")
    free = free_frames(m)
    bench.do("task", name="a2")
    alive: dict[str, str] = {"a": "a2"}
    written: dict[Any, str] = {}
    for name in "ms":
        bench.area(name, task="a2", pages=3, shared=name == "s")
    for number, (act, task, area, page) in enumerate(acts):
        if task not in alive:
            continue
        name, key = alive[task], ("s", page) if area == "s" else (task, page)
        where = {"task": name, "at": f"{area}+{page}"}
        if act == "write":
            bench.do("write", **where, value=f"v{number}")
            written[key] = f"v{number}"
        elif act == "read":
            assert bench.do("read", **where).value == written.get(key, "zero")
        elif act in ("pageout", "dontneed"):
            bench.do("madvise", **where, advice=act)
            if act == "dontneed" and area == "m":
                written.pop(key, None)
        elif act == "swapin":
            bench.do("swapin", **where)
        elif act == "fork":
            child = next((one for one in "abc" if one not in alive), None)
            if child:
                alive[child] = f"{child}{number}"
                bench.do("fork", task=name, child=alive[child])
                written |= {(child, at): written[task, at] for at in range(3) if (task, at) in written}
        elif act == "exit" and len(alive) > 1:
            bench.do("exit", task=alive.pop(task))
            written = {at: value for at, value in written.items() if at[0] != task}
    invariants.check(m)
    for name in alive.values():
        bench.do("exit", task=name)
    assert swap_is_empty(m) and not m.shmem_swap.view and not m.page_cache.view and not m.content.view
    assert free_frames(m) == free
    bench.session.seek(0)
    bench.session.seek(len(bench.session.steps))


# -- Paging out


@both
def test_a_page_goes_to_swap_and_its_frame_is_free(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    pfn, m = bench.pfn(), bench.m
    assert run(swap.pageout(m, pfn)) is True
    offset = ptes.value_of(entry(bench))
    assert entry(bench) & ptes.SWAP and swap.swap_count(m, offset) == 1
    assert m.swap_content.view[offset] == "x" and not m.swap_cache.view
    assert not m.refcount.get(pfn) and not m.page(pfn) & (pf.SWAPCACHE | pf.ANON | pf.LRU)
    assert bench.do("read", task="a", at="m+0").value == "x"


@pytest.mark.parametrize("flag", (pf.LOCKED, pf.UNEVICTABLE, pf.HWPOISON))
def test_reclaim_leaves_alone_what_it_must_not_touch(flag: int) -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    pfn, m = bench.pfn(), bench.m
    m.set_flags(pfn, flag)
    assert run(swap.pageout(m, pfn)) is False and m.mapcount.get(pfn) == 1
    m.clear_flags(pfn, flag | pf.LRU)
    assert run(swap.pageout(m, pfn)) is False and m.mapcount.get(pfn) == 1, "on no LRU list"
    assert swap_is_empty(m)
    m.set_flags(pfn, pf.LRU)
    assert run(swap.pageout(m, pfn)) is True


@both
def test_a_page_that_somebody_holds_is_unmapped_and_stays_in_the_swap_cache(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    pfn, m = bench.pfn(), bench.m
    bench.do("pin", frame="a:m+0")
    assert run(swap.pageout(m, pfn)) is False
    offset = ptes.value_of(entry(bench))
    assert m.swap_cache.view == {offset: pfn} and m.page_private.get(pfn) == offset
    assert m.page(pfn) & (pf.SWAPCACHE | pf.DIRTY) == pf.SWAPCACHE | pf.DIRTY, "it was not written"
    assert m.refcount.get(pfn) == 2 and not m.mapcount.get(pfn) and not m.swap_content.view
    bench.do("read", task="a", at="m+0")
    assert bench.pfn() == pfn, "found there again"


@both
def test_a_clean_page_of_the_swap_cache_is_not_written_again(profile: str) -> None:
    bench, offset = paged_out(profile, readers="b")
    m = bench.m
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn()
    assert m.page(pfn) & (pf.SWAPCACHE | pf.DIRTY) == pf.SWAPCACHE and m.swap_content.view == {offset: "x"}
    m.put(m.content, pfn, "seen if it were written")
    assert run(swap.pageout(m, pfn)) is True
    assert m.swap_content.view == {offset: "x"} and swap.swap_count(m, offset) == 2


@pytest.mark.parametrize("filesystem, buffers", (("ext4", 0), ("blockdev", 1)))
@pytest.mark.parametrize("dirty", (True, False))
def test_a_page_of_a_file_is_written_where_dirty_and_freed(filesystem: str, buffers: int, dirty: bool) -> None:
    bench = Workbench("v7")
    bench.do("file", path="/f", pages=2, filesystem=filesystem)
    bench.area(file="/f", pages=2, shared=True)
    bench.do("read", task="a", at="m+1")
    pfn, m = bench.pfn("a:m+1"), bench.m
    assert m.refcount.get(pfn) == 2 + buffers
    if dirty:
        bench.do("write", task="a", at="m+1", value="x")
    else:
        m.put(m.content, pfn, "lost")
    assert run(swap.pageout(m, pfn)) is True
    assert entry(bench, "m+1") == 0 and not m.page_cache.view and not m.refcount.get(pfn)
    assert bench.do("read", task="a", at="m+1").value == ("x" if dirty else "disk")


def test_a_page_of_a_file_stays_where_it_is_locked_or_held() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    for name in "mn":
        bench.area(name, file="/f", shared=True)
        bench.do("read", task="a", at=f"{name}+0")
    pfn, m = bench.pfn(), bench.m
    vma = m.vmas_of(bench.session.world.process("a").mm)[1]
    m.put(m.vmas, vma.id, vma._replace(locked=True))
    assert run(swap.pageout(m, pfn)) is False and m.mapcount.get(pfn) == 2
    m.put(m.vmas, vma.id, vma)
    bench.do("pin", frame="a:m+0")
    assert run(swap.pageout(m, pfn)) is False
    assert m.refcount.get(pfn) == 2 and bench.session.resolve_frame("/f@0") == pfn, "unmapped, but cached"
    bench.do("unpin", frame="/f@0")
    assert run(swap.pageout(m, pfn)) is True


def test_a_vma_that_does_not_map_a_page_locks_it_not() -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    pfn, m = bench.pfn(), bench.m
    bench.area("n", file="/f", shared=True, locked=True)
    bench.do("munlock", task="a", at="n+0")
    vma = m.vmas_of(bench.session.world.process("a").mm)[1]
    bench.do("madvise", task="a", at="n+0", advice="dontneed")
    m.put(m.vmas, vma.id, m.vmas.view[vma.id]._replace(locked=True))
    assert run(swap.pageout(m, pfn)) is True


def test_a_page_of_shared_memory_becomes_a_swap_entry_of_its_file() -> None:
    """shmem_writepage(): the slot of the file holds the entry, the page tables hold nothing."""
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=3, filesystem="tmpfs")
    bench.area(file="/dev/shm/g", pages=3, shared=True)
    bench.do("write", task="a", at="m+2", value="x")
    pfn, m = bench.pfn("a:m+2"), bench.m
    inode = m.inode_of(pfn)
    assert inode is not None and run(swap.pageout(m, pfn)) is True
    offset = m.shmem_swap.of(inode.id)[2]
    assert swap.swap_count(m, offset) == 1 and m.swap_content.view[offset] == "x"
    assert entry(bench, "m+2") == 0 and 2 not in m.page_cache.of(inode.id)
    invariants.check(m)
    assert bench.do("read", task="a", at="m+2").value == "x"
    assert swap_is_empty(m) and bench.m.page(bench.pfn("a:m+2")) & pf.DIRTY


def test_a_page_that_is_neither_anonymous_nor_a_files_stays() -> None:
    m = Workbench().m
    m.put(m.flags, 3000, pf.LRU)
    assert run(swap.pageout(m, 3000)) is False


# -- Entries


def test_a_slot_that_is_in_no_cache_is_free_with_its_last_user() -> None:
    bench, offset = paged_out(readers="b")
    bench.do("munmap", task="b", at="m+0", pages=1)
    assert bench.m.swap_content.view == {offset: "x"}
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert swap_is_empty(bench.m)


def test_an_entry_is_free_with_its_last_user() -> None:
    bench, offset = paged_out(readers="bc")
    m = bench.m
    assert swap.swap_count(m, offset) == 3
    for left, task in ((2, "a"), (1, "b")):
        bench.do("munmap", task=task, at="m+0", pages=1)
        assert swap.swap_count(m, offset) == left and m.swap_content.view == {offset: "x"}
    assert bench.do("read", task="c", at="m+0").value == "x"
    bench.do("munmap", task="c", at="m+0", pages=1)
    assert swap_is_empty(m)


@pytest.mark.parametrize("flag, stays", ((0, False), (pf.WRITEBACK, True), (pf.LOCKED, True)))
def test_the_last_user_takes_the_page_out_of_the_swap_cache_unless_it_is_busy(flag: int, stays: bool) -> None:
    """free_swap_and_cache(): trylock_page() and PageWriteback()."""
    bench, offset = paged_out()
    m = bench.m
    bench.do("swapin", task="a", at="m+0")
    pfn = m.swap_cache.view[offset]
    m.set_flags(pfn, flag)
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert (offset in m.swap_cache.view) is stays
    assert (m.refcount.get(pfn) > 0) is stays and (offset in m.swap_content.view) is stays


def test_a_page_that_is_mapped_stays_in_the_swap_cache_when_an_entry_goes() -> None:
    bench, offset = paged_out("v7", readers="b")
    m = bench.m
    bench.do("read", task="a", at="m+0")
    bench.do("munmap", task="b", at="m+0", pages=1)
    assert not swap.swap_count(m, offset) and m.page(bench.pfn()) & pf.SWAPCACHE


def test_a_page_that_leaves_the_swap_cache_is_dirty() -> None:
    """try_to_free_swap(): nothing else holds its content from then on."""
    bench, _ = paged_out(readers="b")
    m = bench.m
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn()
    swap.try_to_free_swap(m, pfn)
    assert m.page(pfn) & pf.SWAPCACHE, "b's entry needs it"
    bench.do("munmap", task="b", at="m+0", pages=1)
    m.clear_flags(pfn, pf.DIRTY)
    swap.try_to_free_swap(m, pfn)
    assert m.page(pfn) & (pf.DIRTY | pf.SWAPCACHE) == pf.DIRTY and swap_is_empty(m)
    assert bench.do("read", task="a", at="m+0").value == "x"


def test_swap_without_memory_to_read_into() -> None:
    bench, offset = paged_out()
    bench.do("alloc", frames=8192)
    assert swap.read_swap_cache(bench.m, offset) is None
    assert swap.swap_count(bench.m, offset) == 1


@both
def test_reading_in_puts_a_page_into_the_cache_that_is_given_to_all(profile: str) -> None:
    bench, offset = paged_out(profile, readers="b")
    m = bench.m
    pfn = swap.read_swap_cache(m, offset)
    assert pfn is not None
    assert m.page(pfn) & (pf.UPTODATE | pf.LRU | pf.SWAPCACHE | pf.SWAPBACKED | pf.DIRTY) == (
        pf.UPTODATE | pf.LRU | pf.SWAPCACHE | pf.SWAPBACKED
    )
    assert m.refcount.get(pfn) == 1 and swap.read_swap_cache(m, offset) == pfn
    for task in "ab":
        bench.do("read", task=task, at="m+0")
        assert bench.pfn(f"{task}:m+0") == pfn
    invariants.check(m)


# -- Writing to a page that is in swap as well


@pytest.mark.parametrize("others, copied", (("", False), ("b", True)))
def test_a_page_that_one_alone_has_leaves_the_cache_when_it_is_written_to(others: str, copied: bool) -> None:
    """reuse_swap_page() of 2.6.32: mappings and swap entries together are at most one."""
    bench, _ = paged_out("v7", readers=others)
    m = bench.m
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn()
    assert m.page(pfn) & pf.SWAPCACHE
    bench.do("write", task="a", at="m+0", value="y")
    assert (bench.pfn() != pfn) is copied
    assert bool(m.page(pfn) & pf.SWAPCACHE) is copied
    for task in others:
        assert bench.do("read", task=task, at="m+0").value == "x"


def test_a_page_under_write_back_is_taken_over_in_the_cache() -> None:
    """reuse_swap_page(): PageWriteback() keeps it in the swap cache, it may be written to all the same."""
    bench, offset = paged_out("v7")
    m = bench.m
    bench.do("swapin", task="a", at="m+0")
    pfn = m.swap_cache.view[offset]
    bench.do("read", task="a", at="m+0")
    m.set_flags(pfn, pf.WRITEBACK)
    assert swap.reuse_swap_page(m, pfn) is True
    assert m.page(pfn) & pf.SWAPCACHE
    m.clear_flags(pfn, pf.WRITEBACK | pf.DIRTY)
    assert swap.reuse_swap_page(m, pfn) is True
    assert m.page(pfn) & (pf.SWAPCACHE | pf.DIRTY) == pf.DIRTY


def test_a_page_of_two_mappings_is_copied() -> None:
    bench = Workbench("v7")
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    assert swap.reuse_swap_page(bench.m, bench.pfn()) is False
    bench.do("munmap", task="b", at="m+0", pages=1)
    assert swap.reuse_swap_page(bench.m, bench.pfn()) is True


@pytest.mark.parametrize("locked", (False, True))
def test_a_mapping_that_is_not_the_last_leaves_the_swap_cache_alone(locked: bool) -> None:
    """free_page_and_swap_cache(): only of a page that nobody maps and nobody has locked."""
    bench, _ = paged_out("v7", readers="b")
    m = bench.m
    for task in "ab":
        bench.do("read", task=task, at="m+0")
    pfn = bench.pfn()
    assert m.page(pfn) & pf.SWAPCACHE
    m.set_flags(pfn, pf.LOCKED if locked else 0)
    bench.do("munmap", task="b", at="m+0", pages=1)
    assert m.page(pfn) & pf.SWAPCACHE


def test_a_page_that_goes_with_the_last_reference_of_the_swap_cache_leaves_a_frame_without_flags() -> None:
    """try_to_free_swap() sets PG_dirty while the page still has a reference: a free frame would keep the flag."""
    bench, offset = paged_out("v7", readers="b")
    bench.do("read", task="a", at="m+0")
    pfn = bench.m.swap_cache.view[offset]
    for task in "ab":
        bench.do("munmap", task=task, at="m+0", pages=1)
    assert swap_is_empty(bench.m) and pfn in bench.m.pcp.of(0)
    assert bench.m.page(pfn) == 0
    invariants.check(bench.m)


@both
def test_swap_is_read_ahead_into_the_cache_alone(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=2)
    for page in range(2):
        bench.do("write", task="a", at=f"m+{page}")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    assert bench.do("swapin", task="a", at="m+0").errno == 0
    m = bench.m
    found = entry(bench)
    pfn = m.swap_cache.view[ptes.value_of(found)]
    assert found & ptes.SWAP and not m.mapcount.get(pfn)
    assert bench.do("swapin", task="a", at="m+1").errno == 0 and len(m.swap_cache.view) == 1
    bench.do("madvise", task="a", at="m+1", advice="pageout")
    bench.do("alloc", frames=9000)
    assert bench.do("swapin", task="a", at="m+1").errno == "ENOMEM"


@pytest.mark.parametrize("offset", (0, 12))
def test_a_folio_of_which_a_part_is_locked_stays(offset: int) -> None:
    """try_to_unmap_one(): a page in a VM_LOCKED VMA, be it the first of its folio or the last."""
    bench = Workbench("7.2")
    bench.do("file", path="/f", pages=16, folio=16)
    bench.area(file="/f", offset=offset, pages=4, shared=True, locked=True)
    head = bench.pfn("head:a:m+0")
    assert run(swap.pageout(bench.m, head)) is False
    assert {bench.session.pte_state("a", f"m+{page}") for page in range(4)} == {"present"}
    assert bench.pfn("head:/f@0") == head
    invariants.check(bench.m)
