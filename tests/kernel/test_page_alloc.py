"""The page allocator: free lists that are always merged, frames that are in one place, poison that is refused.

After mm/page_alloc.c: rmqueue(), __free_one_page(), free_unref_page(), check_new_page(), take_page_off_buddy().
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.fresh import fresh_machine
from hwpoison_gui.kernel.gate import ABSENT
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.memcontrol import PageMemcg
from hwpoison_gui.kernel.page_alloc import (
    MAGIC_HWPOISON,
    PCP_BATCH,
    PCP_HIGH,
    alloc_page,
    alloc_pages,
    drain_pcp,
    free_block_of,
    free_many,
    free_page,
    free_pages,
    get_page,
    is_free_head,
    put_page,
    put_page_back_buddy,
    take_page_off_buddy,
)
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import MAX_ORDER
from tests import invariants


def machine(profile: str = "6.1", frames: int = 512, drained: bool = True) -> Machine:
    m = fresh_machine(frames, PROFILES[profile])
    if drained:
        drain_pcp(m)
    return m


def free_frames(m: Machine) -> list[int]:
    return [int(pfn) for pfn in np.flatnonzero(m.flags.view & np.uint64(pf.BUDDY))]


def free_lists(m: Machine) -> list[list[int]]:
    return [list(m.free_area.of(order)) for order in range(MAX_ORDER + 1)]


def merged(free: set[int]) -> list[list[int]]:
    """The only free lists that a set of free frames may have: no two of their blocks are buddies."""
    lists: list[list[int]] = [[] for _ in range(MAX_ORDER + 1)]
    for order in range(MAX_ORDER, -1, -1):
        size = 1 << order
        for head in sorted(pfn for pfn in free if pfn % size == 0):
            if free >= set(range(head, head + size)):
                lists[order].append(head)
                free -= set(range(head, head + size))
    return lists


@settings(max_examples=60)
@given(
    acts=st.lists(st.tuples(st.sampled_from(("alloc", "free", "take", "back")), st.integers(0, 500)), max_size=40),
    seed=st.integers(0, 15),
)
def test_free_lists_are_merged_and_no_frame_is_in_two_places(acts: list[tuple[str, int]], seed: int) -> None:
    m = fresh_machine(512, PROFILES["6.1"], seed)
    m.gate.take()
    digest = m.gate.digest()
    blocks: list[tuple[int, int]] = []
    taken: list[int] = []
    for act, number in acts:
        if act == "alloc":
            order = number % 5
            pfn = alloc_pages(m, order) if order else alloc_page(m)
            if pfn is not None:
                assert pfn % (1 << order) == 0
                assert m.refcount.get(pfn) == 1
                blocks.append((pfn, order))
        elif act == "free" and blocks:
            pfn, order = blocks.pop(number % len(blocks))
            m.put(m.refcount, pfn, 0)
            if order:
                free_pages(m, pfn, order)
            else:
                free_page(m, pfn)
        elif act == "take":
            was_free = bool(m.page(number) & pf.BUDDY)
            assert take_page_off_buddy(m, number) is was_free
            taken += [number] if was_free else []
        elif act == "back" and taken:
            put_page_back_buddy(m, taken.pop(number % len(taken)))
        invariants.check(m)
        assert free_lists(m) == merged(set(free_frames(m)))
        used = [pfn + at for pfn, order in blocks for at in range(1 << order)] + taken
        assert len(set(used)) == len(used)
        assert not set(used) & {*free_frames(m), *m.pcp.of(0)}
    m.gate.backward(m.gate.take())
    assert m.gate.digest() == digest


# -- Taking


def test_a_page_comes_from_the_per_cpu_list_lowest_first() -> None:
    m = machine()
    first = free_frames(m)
    assert alloc_page(m) == first[0]
    assert list(m.pcp.of(0)) == first[1:PCP_BATCH], "refilled by a batch"
    assert alloc_page(m) == first[1]
    assert m.refcount.get(first[1]) == 1 and not m.page(first[1]) & pf.BUDDY


def test_a_block_comes_from_the_smallest_that_is_large_enough() -> None:
    m = machine()
    lists = free_lists(m)
    order = next(order for order in range(2, MAX_ORDER) if not lists[order] and any(lists[order + 1 :]))
    larger = next(heads[0] for heads in lists[order + 1 :] if heads)
    pfn = alloc_pages(m, order)
    assert pfn == larger
    assert not any(m.page(frame) & pf.BUDDY for frame in range(larger, larger + (1 << order)))
    assert m.page(larger + (1 << order)) & pf.BUDDY, "the other half stays free"


def test_memory_runs_out() -> None:
    m = machine()
    m.gate.take()
    count, digest = len(free_frames(m)), m.gate.digest()
    assert [alloc_page(m) is None for _ in range(count + 1)] == [False] * count + [True]
    assert alloc_pages(m, 0) is None and alloc_pages(m, 3) is None
    assert not free_frames(m) and not m.pcp.of(0)
    m.gate.backward(m.gate.take())
    assert m.gate.digest() == digest


def test_poison_on_a_free_list_is_dropped_and_the_next_page_given() -> None:
    """check_new_page(): whatever the profile, a HWPOISON page is given to nobody."""
    m = machine()
    first, second, third = free_frames(m)[:3]
    for pfn in (first, third):
        m.set_flags(pfn, pf.HWPOISON)
    assert alloc_page(m) == second
    rest = [alloc_page(m) for _ in range(20)]
    assert third not in rest and first not in rest


def test_a_block_with_poison_in_it_is_dropped_whole() -> None:
    m = machine()
    clean = machine()
    first = alloc_pages(clean, 2)
    assert first is not None
    m.set_flags(first + 3, pf.HWPOISON)
    second = alloc_pages(m, 2)
    assert second is not None and second != first
    assert second == alloc_pages(clean, 2)
    assert not m.page(first) & pf.BUDDY and not m.refcount.get(first)
    m.set_flags(second + 8, pf.HWPOISON)
    assert alloc_pages(m, 2) == second + 4, "poison right behind a block is not in it"


# -- Where a free page is


def test_the_block_around_a_frame() -> None:
    m = machine()
    for order in range(MAX_ORDER + 1):
        for head in m.free_area.of(order):
            for pfn in (head, head + (1 << order) - 1):
                assert free_block_of(m, pfn) == (head, order)
                assert is_free_head(m, pfn) is (pfn == head)
    used = alloc_page(m)
    assert used is not None
    assert free_block_of(m, used) is None and not is_free_head(m, used)
    waiting = m.pcp.of(0)[0]
    assert free_block_of(m, waiting) is None, "a per-CPU list is no free block"


# -- Giving back


def test_a_page_goes_to_the_per_cpu_list_and_from_a_full_one_to_the_blocks() -> None:
    m = machine()
    pages = [pfn for _ in range(PCP_HIGH + 1) if (pfn := alloc_page(m)) is not None]
    drain_pcp(m)
    for pfn in pages[:PCP_HIGH]:
        put_page(m, pfn)
    assert list(m.pcp.of(0)) == pages[:PCP_HIGH]
    put_page(m, pages[PCP_HIGH])
    assert list(m.pcp.of(0)) == pages[: PCP_HIGH // 2], "the highest go, half of a full list stays"
    assert free_lists(m) == merged(set(free_frames(m)))
    drain_pcp(m, keep=3)
    assert list(m.pcp.of(0)) == pages[:3]


def test_a_block_is_given_back_alone() -> None:
    m = machine()
    blocks = [pfn for _ in range(3) if (pfn := alloc_pages(m, 2)) is not None]
    for frame in range(blocks[1], blocks[1] + 4):
        m.set_flags(frame, pf.SLAB)
    m.put(m.refcount, blocks[1], 0)
    free_pages(m, blocks[1], 2)
    words = {pfn: {m.page(frame) for frame in range(pfn, pfn + 4)} for pfn in blocks}
    assert words == {blocks[0]: {0}, blocks[1]: {pf.BUDDY}, blocks[2]: {0}}
    assert free_lists(m) == merged(set(free_frames(m)))


def test_the_largest_blocks_are_not_merged() -> None:
    m = machine(frames=8192)
    largest = list(m.free_area.of(MAX_ORDER))
    first, pfn = alloc_pages(m, MAX_ORDER), alloc_pages(m, MAX_ORDER)
    assert [first, pfn] == largest[:2]
    assert pfn is not None and pfn ^ 1 << MAX_ORDER in largest[2:], "its buddy is free"
    m.put(m.refcount, pfn, 0)
    free_pages(m, pfn, MAX_ORDER)
    assert list(m.free_area.of(MAX_ORDER)) == largest[1:]


def used_page(m: Machine, **flags: int) -> int:
    pfn = alloc_page(m)
    assert pfn is not None
    m.set_flags(pfn, pf.ANON | pf.UPTODATE | pf.DIRTY | pf.LRU | pf.ARCH_2)
    for column in (m.mapcount, m.mapping, m.index):
        m.put(column, pfn, 5)
    m.put(m.content, pfn, "x")
    m.put(m.page_private, pfn, 7)
    return pfn


def is_blank(m: Machine, pfn: int) -> bool:
    columns = (m.refcount, m.mapcount, m.mapping, m.index)
    return not any(column.get(pfn) for column in columns) and m.content.get(pfn) is ABSENT


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_a_page_is_blank_when_it_is_free(profile: str) -> None:
    m = machine(profile)
    pfn = used_page(m)
    put_page(m, pfn)
    assert m.page(pfn) == 0 and is_blank(m, pfn) and m.page_private.get(pfn) is ABSENT
    assert pfn in m.pcp.of(0)


@pytest.mark.parametrize("profile, listed", (("v7", True), ("6.1", False)))
def test_poison_is_kept_when_a_page_is_freed_and_on_which_list(profile: str, listed: bool) -> None:
    """free_pages_prepare() of 6.1 refuses to free a HWPOISON page; 2009 met it when it was to be given out."""
    m = machine(profile)
    pfn = used_page(m)
    m.set_flags(pfn, pf.HWPOISON)
    put_page(m, pfn)
    assert m.page(pfn) == pf.HWPOISON and is_blank(m, pfn)
    assert (pfn in m.pcp.of(0)) is listed
    assert pfn not in [alloc_page(m) for _ in range(PCP_BATCH)]


def test_poison_on_the_per_cpu_list_is_kept_when_the_list_is_drained() -> None:
    """free_pcppages_bulk() of 2009 gives it to a free list, where the next check_new_page() finds the flag."""
    m = machine("v7")
    pfn = used_page(m)
    m.set_flags(pfn, pf.HWPOISON)
    put_page(m, pfn)
    drain_pcp(m)
    assert m.page(pfn) == pf.HWPOISON | pf.BUDDY and free_block_of(m, pfn) is not None
    assert pfn not in iter(lambda: alloc_page(m), None), "all that is free is given out, but for this one"
    assert pfn not in free_frames(m) and pfn not in m.pcp.of(0)


def test_references_are_counted_on_the_head() -> None:
    m = machine()
    head = alloc_pages(m, 2)
    assert head is not None
    m.put(m.compound_order, head, 2)
    m.set_flags(head, pf.COMPOUND_HEAD)
    for tail in range(head + 1, head + 4):
        m.set_flags(tail, pf.COMPOUND_TAIL)
        m.put(m.mapping, tail, head)
    get_page(m, head + 3)
    assert m.refcount.get(head) == 2 and not m.refcount.get(head + 3)
    put_page(m, head + 1)
    assert m.refcount.get(head) == 1 and m.compound_order.get(head) == 2
    put_page(m, head)
    assert m.compound_order.get(head) is ABSENT
    assert all(m.page(pfn) == pf.BUDDY and is_blank(m, pfn) for pfn in range(head, head + 4))
    assert free_lists(m) == merged(set(free_frames(m)))


@pytest.mark.parametrize("poisoned", (False, True))
def test_a_page_of_hugetlb_goes_back_to_its_pool(poisoned: bool) -> None:
    """free_huge_page(): it stays in one piece and keeps what makes it a huge page."""
    m = machine(frames=2048)
    head = alloc_pages(m, 9)
    assert head is not None
    m.put(m.compound_order, head, 9)
    m.set_flags(head, pf.COMPOUND_HEAD | pf.HUGE | pf.DIRTY | pf.ANON)
    m.put(m.mapping, head, 4)
    m.put(m.index, head, 4)
    for tail in range(head + 1, head + 512):
        m.set_flags(tail, pf.COMPOUND_TAIL | pf.HUGE | pf.ANON)
        m.put(m.mapping, tail, head)
    m.put(m.content, head, "a")
    m.put(m.content, head + 511, "z")
    m.put(m.content, head + 512, "of another page")
    if poisoned:
        m.set_flags(head, pf.HWPOISON)
    m.gate.take()
    digest = m.gate.digest()
    put_page(m, head + 9)
    assert m.huge_free.get((0, head)) is True
    assert m.page(head) == pf.COMPOUND_HEAD | pf.HUGE | (pf.HWPOISON if poisoned else 0)
    assert m.page(head + 511) == pf.COMPOUND_TAIL | pf.HUGE
    assert m.compound_order.get(head) == 9 and m.compound_head(head + 511) == head
    assert not m.mapping.get(head) and not m.index.get(head)
    assert m.content.get(head) is m.content.get(head + 511) is ABSENT
    assert m.content.get(head + 512) == "of another page"
    m.gate.backward(m.gate.take())
    assert m.gate.digest() == digest


@settings(max_examples=25)
@given(chosen=st.sets(st.integers(0, 60)))
def test_many_pages_at_once_go_where_they_go_one_by_one(chosen: set[int]) -> None:
    """exit_mmap() frees in bulk: the free lists and the frames are as if each page had been freed."""

    def freed(free: Callable[[Machine, list[int]], None]) -> tuple[Any, ...]:
        m = machine()
        m.memcg = PageMemcg(np.ones(m.frames, np.int32), ("", "/a"), (0, 7))
        pages = [used_page(m) for _ in range(61)]
        drain_pcp(m)
        wanted = [pages[at] for at in sorted(chosen)]
        for pfn in wanted:
            m.put(m.refcount, pfn, 0)
            m.delete(m.page_private, pfn)
        free(m, wanted)
        columns = (m.flags, m.refcount, m.mapcount, m.mapping, m.index)
        return free_lists(m), dict(m.content.view), dict(m.charged.view), [column.view.tolist() for column in columns]

    def one_by_one(m: Machine, pfns: list[int]) -> None:
        for pfn in pfns:
            free_page(m, pfn)
        drain_pcp(m)

    assert freed(lambda m, pfns: free_many(m, np.array(pfns, np.int64))) == freed(one_by_one)


# -- Poisoned free pages


@settings(max_examples=60)
@given(at=st.integers(0, 10_000))
def test_a_frame_leaves_its_free_block_and_comes_back(at: int) -> None:
    """take_page_off_buddy() and put_page_back_buddy(): the rest of the block stays free, and merges again."""
    m = machine(frames=2048)
    free = free_frames(m)
    pfn, lists, words = free[at % len(free)], free_lists(m), m.flags.view.tolist()
    m.set_flags(pfn, pf.HWPOISON)
    assert take_page_off_buddy(m, pfn)
    assert free_lists(m) == merged(set(free) - {pfn})
    assert m.page(pfn) == pf.HWPOISON and m.refcount.get(pfn) == 1 and m.page_private.get(pfn) == MAGIC_HWPOISON
    assert not take_page_off_buddy(m, pfn), "it is not free any more"
    m.put(m.refcount, pfn, 0)
    put_page_back_buddy(m, pfn)
    assert free_lists(m) == lists and m.flags.view.tolist() == words
    assert m.page_private.get(pfn) is ABSENT


def test_a_page_of_a_per_cpu_list_is_in_no_free_block() -> None:
    m = machine()
    assert alloc_page(m) is not None
    assert not take_page_off_buddy(m, m.pcp.of(0)[0])


def test_each_frame_of_a_free_block_leads_to_its_head() -> None:
    m = fresh_machine(2048, PROFILES["6.1"])
    blocks = [(head, order) for order in range(MAX_ORDER + 1) for head in m.free_area.of(order)]
    assert len({order for _, order in blocks}) > 1
    for head, order in blocks:
        assert {free_block_of(m, pfn) for pfn in range(head, head + (1 << order))} == {(head, order)}
