"""The columns of frames: counts, mappings, the swap cache, and the pool of hugetlb pages."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from hwpoison_gui.image import CachedPages, FileImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot import scan
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM
from tests.kernel.boot.images import ANON, FILE, PRESENT, SWAPPED, booted, folio, image, process, vma

LRU: Final = pf.LRU | pf.UPTODATE
SWAP_CACHE: Final = ANON | pf.SWAPCACHE

# The flag words of a frame and the tails behind it, the pages that a PTE maps, by place, the recorded count of
# references (-1: none), and the count that is derived.
COUNTS: Final[dict[str, tuple[list[int], tuple[int, ...], int, int]]] = {
    "anonymous": ([ANON], (0,), -1, 1),
    "anonymous, mapped twice": ([ANON], (0, 0), -1, 2),
    "anonymous, not mapped": ([LRU | pf.ANON], (), -1, 1),
    "merged": ([ANON | pf.KSM], (0, 0, 0), -1, 3),
    "in the swap cache": ([SWAP_CACHE], (0,), -1, 2),
    "in the swap cache, not mapped": ([LRU | pf.ANON | pf.SWAPCACHE], (), -1, 1),
    "in the swap cache, with buffers": ([SWAP_CACHE | pf.PRIVATE], (0,), -1, 2),
    "of a file": ([FILE], (0, 0), -1, 3),
    "of a file, not mapped": ([LRU], (), -1, 1),
    "of a file, with buffers": ([FILE | pf.PRIVATE], (0,), -1, 3),
    "of a block device": ([pf.LRU | pf.PRIVATE], (), -1, 2),
    "anonymous folio": (folio(2, ANON), (0, 1, 3), -1, 3),
    "folio in the swap cache": (folio(2, SWAP_CACHE), (0, 1), -1, 6),
    "folio of a file": (folio(2, FILE), (1,), -1, 5),
    "folio of a file, with buffers": (folio(3, FILE | pf.PRIVATE), (), -1, 9),
    "slab": (folio(1, pf.SLAB, pf.SLAB), (), -1, 1),
    "of the kernel": ([0], (), -1, 1),
    "reserved": ([pf.RESERVED], (), -1, 1),
    "the zero page": ([pf.ZERO_PAGE], (0, 0), -1, 1),
    "free": ([pf.BUDDY], (), -1, 0),
    "no memory": ([pf.NOPAGE], (), -1, 0),
    "held by somebody": ([ANON], (0,), 5, 5),
    "recorded before it was mapped": ([FILE], (0, 0), 1, 3),
    "recorded without references": ([pf.UPTODATE], (), 0, 0),
    "recorded without references, mapped": ([pf.MMAP | pf.ANON], (0,), 0, 1),
    "recorded without references, on the LRU list": ([LRU | pf.ANON], (), 0, 1),
    "recorded, of the kernel": ([0], (), 1, 1),
    "recorded before it was freed": ([pf.BUDDY], (), 3, 0),
}


@pytest.mark.parametrize("piece", (16, 1 << 20))
def test_reference_counts(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each PTE, for each page in the page or swap cache, for buffers of a file; else one, if it is in use."""
    monkeypatch.setattr(scan, "_PIECE", piece)
    at = {name: 304 + 16 * number for number, name in enumerate(COUNTS)}
    words: dict[int, int] = {}
    entries: dict[tuple[int, int], int] = {}
    for name, (some, mapped, _, _) in COUNTS.items():
        words |= dict(enumerate(some, at[name]))
        entries |= {(10 + nth, at[name] + page): PRESENT | at[name] + page for nth, page in enumerate(mapped)}
    processes = tuple(process(pid, vma(0, 2048), ppid=pid - 1) for pid in (10, 11, 12))
    recorded = {at[name]: count for name, (_, _, count, _) in COUNTS.items() if count >= 0}
    m = booted(image(words, processes, entries, hidden={"refcount": recorded}))
    assert {name: int(m.refcount.view[pfn]) for name, pfn in at.items()} == {
        name: count for name, (*_, count) in COUNTS.items()
    }
    tails = [pfn for pfn, word in words.items() if word & pf.COMPOUND_TAIL]
    assert [int(m.mapping.view[pfn]) for pfn in tails] == [
        max(head for head in at.values() if head < pfn) for pfn in tails
    ]
    assert not m.refcount.view[tails].any()
    mapped_by = {pfn: sum(entry == PRESENT | pfn for entry in entries.values()) for pfn in words}
    mapped_by[at["the zero page"]] = 0
    assert {pfn: int(m.mapcount.view[pfn]) for pfn in words} == mapped_by
    assert dict(m.compound_order.view) == {at[name]: len(some).bit_length() - 1
                                           for name, (some, *_) in COUNTS.items() if len(some) > 1}  # fmt: skip


def test_a_huge_pmd_maps_each_of_its_pages_and_is_one_reference() -> None:
    words = dict(enumerate(folio(9, ANON), 512))
    entries = {(pid, page): PRESENT | 512 + page for pid in (10, 11) for page in range(512)}
    entries |= {(12, page): PRESENT | 512 + page for page in (0, 3)}
    processes = (process(10, vma(0, 512)), process(11, vma(0, 512), ppid=10), process(12, vma(0, 512), ppid=11))
    m = booted(image(words, processes, entries))
    assert m.mapcount.view[510:1026].tolist() == [0, 0, 3, 2, 2, 3, *[2] * 508, 0, 0]
    assert np.flatnonzero(m.refcount.view[512:1024]).tolist() == [0] and m.refcount.view[512] == 4


def test_hugetlb_pages_without_users_are_in_the_pool() -> None:
    """One is mapped, one in the page cache, one in neither; a folio of a file is no such page."""
    words = {}
    for pfn, word, flags in (
        (512, pf.MMAP | pf.ANON, pf.HUGE), (1024, LRU, pf.HUGE), (1536, 0, pf.HUGE), (2048, LRU, pf.THP)
    ):  # fmt: skip
        words |= dict(enumerate(folio(9, word, flags), pfn))
    entries = {(10, page): PRESENT | 512 + page for page in range(512)}
    m = booted(
        image(
            words,
            (process(10, vma(0, 512)),),
            entries,
            frames=4096,
            files=(FileImage("00:0f", 5, "/huge", "hugetlbfs", 512), FileImage("08:01", 5, "/f", "ext4", 512)),
            cached=CachedPages(np.array([1024, 2048]), np.array([0, 1]), np.array([0, 0])),
        )
    )
    assert m.refcount.view[[512, 1024, 1536, 2048]].tolist() == [1, 1, 0, 512]
    assert list(m.huge_free.of(0)) == [1536] and m.counter("nr_huge_pages") == 3
    bare = booted(image({5: ANON}))
    assert not bare.huge_free.of(0) and "nr_huge_pages" not in bare.counters.view


@pytest.mark.parametrize("piece", (2, 1 << 20))
def test_mapping_and_index_of_anonymous_pages(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_PIECE", piece)
    words = {300: ANON, 301: ANON | pf.KSM, 302: LRU | pf.ANON} | dict(enumerate(folio(1, ANON, pf.THP | pf.ANON), 304))
    entries = {(10, page): PRESENT | pfn for page, pfn in enumerate((300, 301, 305))}
    m = booted(image(words, (process(10, vma(0, 4)),), entries))
    mapping = {300: 1 << 2 | MAPPING_ANON, 301: 2 << 2 | MAPPING_KSM, 302: 2 << 2 | MAPPING_ANON}
    mapping |= {304: 1 << 2 | MAPPING_ANON, 305: 304}
    assert {pfn: int(m.mapping.view[pfn]) for pfn in words} == mapping
    (area,) = m.vmas.view.values()
    assert m.index.view[[300, 301, 302, 304, 305]].tolist() == [area.pgoff, 0, 0, area.pgoff + 1, 0]


EXCLUSIVE: Final = pf.ANON | pf.MAPPEDTODISK


@pytest.mark.parametrize(
    ("order", "word", "exclusive"),
    [
        (1, EXCLUSIVE, True),
        (8, EXCLUSIVE, True),
        (9, EXCLUSIVE, False),
        (1, pf.ANON, False),
        (1, pf.MAPPEDTODISK, False),
    ],
)
def test_ptes_of_a_small_folio_have_exclusive_pages_as_its_head_is(order: int, word: int, exclusive: bool) -> None:
    """PG_anon_exclusive is of each page; kpageflags shows that of the head in all or in none of the later kernels."""
    size = 1 << order
    m = booted(image(dict(enumerate(folio(order, word), 512)) | {512 + size: pf.SLAB}))
    flagged = m.flags.view[510 : 513 + size] & np.uint64(pf.MAPPEDTODISK) != 0
    assert flagged.tolist() == [False, False, bool(word & pf.MAPPEDTODISK), *[exclusive] * (size - 1), False]


def test_only_folios_that_can_be_split_have_exclusive_pages() -> None:
    m = booted(image(dict(enumerate(folio(1, EXCLUSIVE, pf.HUGE), 512))))
    assert m.page(513) == pf.HUGE | pf.COMPOUND_TAIL


# Offsets of swap entries in page tables, page->private of frames 5, 6, 8 and 20, which are in the swap cache (None:
# nothing was recorded), and the slot of each.
@pytest.mark.parametrize(
    ("swapped", "private", "slots"),
    [
        ((), None, {1: 5, 2: 6, 3: 8, 4: 20}),
        ((7, 9, 9, 4), None, {10: 5, 11: 6, 12: 8, 13: 20}),
        ((7,), {5: 7, 6: 3, 8: 20, 20: 40}, {7: 5, 3: 6, 20: 8, 40: 20}),
        ((7,), {5: 3, 8: 4}, {3: 5, 4: 8, 8: 6, 9: 20}),
        ((7,), {5: 30, 8: 9}, {30: 5, 9: 8, 31: 6, 32: 20}),
        ((7,), {5: 30, 8: 30}, {30: 5, 31: 6, 32: 8, 33: 20}),
        ((), {}, {1: 5, 2: 6, 3: 8, 4: 20}),
    ],
)
def test_slots_of_the_swap_cache(
    swapped: tuple[int, ...], private: dict[int, int] | None, slots: dict[int, int]
) -> None:
    """A slot that was not recorded, or that another page has, is one above all others."""
    cached = pf.ANON | pf.LRU | pf.SWAPCACHE
    words = {5: cached, 6: cached, 20: cached} | dict(enumerate(folio(1, cached, pf.THP | pf.SWAPCACHE), 8))
    entries = {(10, page): SWAPPED | offset << 5 for page, offset in enumerate(swapped)}
    hidden = {} if private is None else {"private": private}
    m = booted(image(words, (process(10, vma(0, 8)),), entries, hidden=hidden))
    assert dict(m.swap_cache.view) == slots
    assert dict(m.page_private.view) == {pfn: slot for slot, pfn in slots.items()}
    assert dict(m.swap_map.view) == {offset: swapped.count(offset) for offset in swapped}
    assert m.counter("next_swap_entry") == max(slots | dict.fromkeys(swapped))


def test_free_frames_are_in_blocks() -> None:
    m = booted(image(dict.fromkeys((3, *range(8, 15)), pf.BUDDY)))
    assert [list(m.free_area.of(order)) for order in range(4)] == [[3, 14], [12], [8], []]
