"""Page-table entries from pagemap words."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.image import MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES

START, PAGE, PID = 0x7F0000000000, 4096, 10
ANON = pf.ANON | pf.LRU | pf.UPTODATE | pf.SWAPBACKED | pf.MMAP
PRESENT, SWAPPED = 1 << 63, 1 << 62


def booted(perms: str, entries: dict[int, int], flags: dict[int, int]) -> Machine:
    """A machine with one process whose one VMA has these pagemap words by page, and frames with these flag words."""
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
