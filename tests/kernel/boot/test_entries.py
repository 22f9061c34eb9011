"""Page-table entries from pagemap words."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.boot.entries import HWPOISON_TYPE
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.image import HiddenState, MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES

START, PAGE, PID = 0x7F0000000000, 4096, 10
ANON = pf.ANON | pf.LRU | pf.UPTODATE | pf.SWAPBACKED | pf.MMAP
PRESENT, SWAPPED = 1 << 63, 1 << 62


def booted(
    perms: str, entries: dict[int, int], flags: dict[int, int], private: dict[int, int] | None = None
) -> Machine:
    """A machine with one process whose one VMA has these pagemap words by page, and frames with these flag words.

    `private`: page->private by frame, where it was recorded.
    """
    words, count = np.zeros(2048, np.uint64), np.zeros(2048, np.uint64)
    for pfn, word in flags.items():
        words[pfn] = word
    pages = max(entries) + 1
    image = MemoryImage(
        "",
        words,
        count,
        np.full(len(entries), PID, np.int64),
        np.array([START + page * PAGE for page in entries], np.uint64),
        np.array(list(entries.values()), np.uint64),
        (ProcessImage(PID, 1, "p", (VmaImage(START, START + pages * PAGE, perms),)),),
    )
    if private is not None:
        recorded = np.zeros(2048, np.uint64)
        recorded[list(private)] = np.array(list(private.values()), np.uint64)
        image = image._replace(hidden=HiddenState(private=recorded))
    return machine_from_image(image, PROFILES["6.1"])


def entry_of(m: Machine, page: int) -> int:
    return m.pte(PID, (START >> 12) + page)


def test_present_swapped_and_poisoned_entries_are_told_apart() -> None:
    offset = 77
    words = {0: PRESENT | 5, 1: SWAPPED | offset << 5, 2: SWAPPED | 6 << 5 | 26}
    m = booted("rw-p", words, {5: ANON, 6: ANON & ~pf.MMAP | pf.HWPOISON})
    assert entry_of(m, 0) & ptes.PRESENT and ptes.value_of(entry_of(m, 0)) == 5
    assert not entry_of(m, 1) & (ptes.PRESENT | ptes.HWPOISON) and ptes.value_of(entry_of(m, 1)) in m.swap_map.view
    assert entry_of(m, 2) & ptes.HWPOISON and ptes.value_of(entry_of(m, 2)) == 6
    assert not entry_of(m, 3)


def test_swap_entries_of_every_area_lead_to_their_pages() -> None:
    """A PTE holds 5 bits of type and 50 of offset in pagemap; page->private has the type in its bits 58 to 62."""
    slots = [(kind, offset) for kind in range(32) if kind != HWPOISON_TYPE for offset in (1, 77, (1 << 46) - 1)]
    cached = dict(enumerate(slots, 300))
    m = booted(
        "rw-p",
        {page: SWAPPED | offset << 5 | kind for page, (kind, offset) in enumerate(slots)},
        dict.fromkeys(cached, ANON & ~pf.MMAP | pf.SWAPCACHE),
        {pfn: kind << 58 | offset for pfn, (kind, offset) in cached.items()},
    )
    found = [entry_of(m, page) for page in range(len(slots))]
    assert {ptes.state_of(entry) for entry in found} == {"swap"}
    assert [m.swap_cache.view[ptes.value_of(entry)] for entry in found] == list(cached)
    assert [m.swap_map.view[ptes.value_of(entry)] for entry in found] == [1] * len(slots)


@pytest.mark.parametrize("perms, writable", (("rw-p", True), ("r--p", False)))
def test_only_entries_of_writable_vmas_are_writable(perms: str, writable: bool) -> None:
    m = booted(perms, {0: PRESENT | 5}, {5: ANON | pf.MAPPEDTODISK | pf.DIRTY})
    assert bool(entry_of(m, 0) & ptes.RW) is writable


@pytest.mark.parametrize("pages, huge", ((512, True), (511, False)))
def test_512_entries_on_one_compound_page_are_a_huge_mapping(pages: int, huge: bool) -> None:
    head, thp = 512, ANON | pf.THP
    flags = {head: thp | pf.COMPOUND_HEAD, **{head + n: pf.THP | pf.COMPOUND_TAIL for n in range(1, 512)}}
    m = booted("rw-p", {page: PRESENT | head + page for page in range(pages)}, flags)
    assert bool(entry_of(m, 0) & ptes.PSE) is huge
    assert (m.vmas.view[1].huge == "thp") is huge
