"""Page-table entries from pagemap words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.entries import HWPOISON_TYPE
from hwpoison_gui.kernel.pte import ACCESSED, DIRTY, HWPOISON, PSE, RW, SPECIAL, SWAP
from hwpoison_gui.kernel.pte import PRESENT as P
from tests.kernel.boot.images import ANON, FILE, PRESENT, SWAPPED, bits_of, booted, folio, image, process, vma

PID: Final = 10
EXCLUSIVE: Final = pf.MAPPEDTODISK  # PG_anon_exclusive, on an anonymous page
SWAP_CACHE: Final = ANON | pf.SWAPCACHE
TMPFS: Final = FILE | pf.SWAPBACKED
SHARED: Final = {"perms": "rw-s", "path": "/f", "inode": 9}

# The VMA, the flag word of the frame that is mapped there once, and the bits of the PTE.
DERIVED: Final[dict[str, tuple[Mapping[str, Any], int, int]]] = {
    "anonymous": ({}, ANON, P | DIRTY | RW),
    "anonymous, read-only": ({"perms": "r--p"}, ANON, P | DIRTY),
    "anonymous, referenced": ({}, ANON | pf.REFERENCED, P | DIRTY | RW | ACCESSED),
    "anonymous, active": ({}, ANON | pf.ACTIVE, P | DIRTY | RW | ACCESSED),
    "merged": ({}, ANON | pf.KSM, P),
    "in the swap cache": ({}, SWAP_CACHE, P),
    "in the swap cache, exclusive": ({}, SWAP_CACHE | EXCLUSIVE, P | DIRTY | RW),
    "in the swap cache, exclusive, looked at": ({}, SWAP_CACHE | EXCLUSIVE | pf.REFERENCED, P | ACCESSED),
    "in the swap cache, exclusive, read-only": ({"perms": "r--p"}, SWAP_CACHE | EXCLUSIVE, P),
    "of a file": (SHARED, FILE, P),
    "of a file, dirty": (SHARED, FILE | pf.DIRTY, P | DIRTY | RW),
    "of a file, dirty, read-only": (SHARED | {"perms": "r--s"}, FILE | pf.DIRTY, P),
    "of a file, dirty, private": (SHARED | {"perms": "rw-p"}, FILE | pf.DIRTY, P),
    "of tmpfs": (SHARED, TMPFS, P | RW),
    "of tmpfs, dirty": (SHARED, TMPFS | pf.DIRTY, P | DIRTY | RW),
    "of tmpfs, private": (SHARED | {"perms": "rw-p"}, TMPFS, P),
    "the zero page": ({}, pf.ZERO_PAGE | pf.REFERENCED, P | SPECIAL | ACCESSED),
    "the zero page, as mapped": ({}, pf.ZERO_PAGE | pf.MMAP, P | SPECIAL),
    "reserved": (SHARED, pf.RESERVED | pf.DIRTY, P | SPECIAL),
    "reserved and mapped": (SHARED, pf.RESERVED | pf.MMAP | pf.DIRTY, P | DIRTY | RW),
    "of the kernel": ({"perms": "r--p", "path": "[vvar]"}, 0, P | SPECIAL),
    "of the kernel, mapped": ({"perms": "r-xp", "path": "[vdso]"}, pf.MMAP, P),
}


def test_bits_of_ptes_are_derived_from_the_page_and_its_vma() -> None:
    """Each case at a page of its own, with one between that nobody maps."""
    pages, frames = (
        dict(zip(DERIVED, range(0, 200, 2), strict=False)),
        dict(zip(DERIVED, range(300, 400), strict=False)),
    )
    m = booted(
        image(
            {frames[name]: word for name, (_, word, _) in DERIVED.items()},
            (process(PID, *(vma(pages[name], 1, **of) for name, (of, _, _) in DERIVED.items())),),
            {(PID, pages[name]): PRESENT | frames[name] for name in DERIVED},
        )
    )
    found = bits_of(m, PID)
    expected = {name: (frames[name], bits) for name, (_, _, bits) in DERIVED.items()}
    assert {name: found[pages[name]] for name in DERIVED} == expected
    counted = {name: int(m.mapcount.view[frames[name]]) for name in DERIVED}
    assert counted == {name: int(not bits & SPECIAL) for name, (_, _, bits) in DERIVED.items()}
    assert m.rss.view[PID] == sum(counted.values())


def test_present_swapped_and_poisoned_entries_are_told_apart() -> None:
    entries = {(PID, 0): PRESENT | 1 << 55 | 1 << 56 | 5, (PID, 1): SWAPPED | 77 << 5, (PID, 2): SWAPPED | 6 << 5 | 26}
    m = booted(image({5: ANON, 6: ANON & ~pf.MMAP | pf.HWPOISON}, (process(PID, vma(0, 4)),), entries))
    assert bits_of(m, PID) == {0: (5, P | DIRTY | RW), 1: (77, SWAP), 2: (6, HWPOISON)}
    assert dict(m.swap_map.view) == {77: 1}


def test_swap_entries_of_every_area_lead_to_their_pages() -> None:
    """A pagemap word has 5 bits of type and 50 of offset, page->private the type in its bits 58 to 62.

    The last offset does not fit into a PTE of the machine: what is cut off touches no other area.
    """
    slots = [
        (kind, offset) for kind in range(32) if kind != HWPOISON_TYPE for offset in (1, 1 | 1 << 45, (1 << 50) - 1)
    ]
    cached = dict(enumerate(slots, 300))
    m = booted(
        image(
            dict.fromkeys(cached, SWAP_CACHE & ~pf.MMAP),
            (process(PID, vma(0, len(slots))),),
            {(PID, page): SWAPPED | offset << 5 | kind for page, (kind, offset) in enumerate(slots)},
            hidden={"private": {pfn: kind << 58 | offset for pfn, (kind, offset) in cached.items()}},
        )
    )
    found = bits_of(m, PID)
    assert {bits for _, bits in found.values()} == {SWAP}
    assert [m.swap_cache.view[found[page][0]] for page in range(len(slots))] == list(cached)
    assert [m.swap_map.view[found[page][0]] for page in range(len(slots))] == [1] * len(slots)


def test_a_page_that_several_ptes_map_is_read_only_in_all() -> None:
    """Of a folio below 2 MiB each page counts for itself."""
    words = dict(enumerate(folio(2, ANON), 8)) | {5: ANON, 6: ANON}
    pages = {0: 5, 1: 6, 4: 8, 5: 9, 6: 10}
    entries = {(PID, page): PRESENT | pfn for page, pfn in pages.items()}
    entries |= {(11, page): PRESENT | pages[page] for page in (1, 5)}
    m = booted(image(words, (process(PID, vma(0, 8)), process(11, vma(0, 8), ppid=PID)), entries))
    alone = {page: bool(bits & RW) for page, (_, bits) in bits_of(m, PID).items()}
    assert alone == {0: True, 1: False, 4: True, 5: False, 6: True}
    assert not any(bits & RW for _, bits in bits_of(m, 11).values())


def test_recorded_dirty_bits_are_those_of_the_entries() -> None:
    """Whatever the rules say, in which order the entries may be, and which of them are left out."""
    words = {5: ANON, 6: ANON, 7: SWAP_CACHE, 8: FILE, 9: ANON}
    entries = {(PID, 3): PRESENT | 8, (PID, 9): PRESENT | 9, (PID, 2): PRESENT | 7, (PID, 1): PRESENT | 6,
               (PID, 0): PRESENT | 5}  # fmt: skip
    m = booted(image(words, (process(PID, vma(0, 4)),), entries, hidden={"pte_dirty": {0: 1, 1: 1, 2: 1, 3: 1}}))
    assert bits_of(m, PID) == {0: (5, P | RW), 1: (6, P | RW | DIRTY), 2: (7, P | RW | DIRTY), 3: (8, P | DIRTY)}


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(order, id=" ".join(f"{pid}:{page}" for pid, page in order))
        for order in (
            ((7, 0), (7, 1), (9, 0), (12, 2)),
            ((12, 0), (9, 1), (7, 2)),
            ((7, 0), (12, 1), (7, 2), (9, 3)),
            ((7, 0), (12, 0), (9, 0)),
            ((7, 1), (7, 0)),
            ((7, 0), (7, 2), (7, 1)),
        )
    ],
)
def test_the_order_of_entries_processes_and_vmas_does_not_matter(order: tuple[tuple[int, int], ...]) -> None:
    """Most sources have them in order of pid and address."""
    words, frame = (
        dict.fromkeys(range(300, 300 + len(order)), ANON),
        dict(zip(sorted(order), range(300, 320), strict=False)),
    )
    processes = [process(pid, vma(0, 2), vma(2, 2)) for pid in (7, 9, 12)]
    turned = [process(pid, vma(2, 2), vma(0, 2)) for pid in (12, 7, 9)]
    m, same = (
        booted(image(words, tuple(some), {place: PRESENT | frame[place] for place in places}))
        for some, places in ((processes, sorted(order)), (turned, order))
    )
    assert {(pid, page): bits_of(m, pid)[page][0] for pid, page in order} == frame
    assert same.gate.digest() == m.gate.digest()
    assert [(one.mm, one.start) for one in same.vmas.view.values()] == [
        (one.pid, area.start) for one in processes for area in one.vmas
    ]


def test_a_vma_whose_pages_are_all_locked_is_locked() -> None:
    """VM_LOCKED itself need not be known."""
    locked = ANON | pf.MLOCKED | pf.UNEVICTABLE
    areas = {"all": (locked, locked), "one": (locked,), "some": (locked, ANON), "none": (ANON, ANON), "no page": ()}
    words = dict(enumerate((word for some in areas.values() for word in some), 300))
    entries, at = {}, iter(words)
    for number, some in enumerate(areas.values()):
        entries |= {(PID, 4 * number + page): PRESENT | next(at) for page in range(len(some))}
    known = vma(4 * len(areas), 2, flags=("lo",))
    m = booted(image(words, (process(PID, *(vma(4 * number, 2) for number in range(len(areas))), known),), entries))
    found = dict(zip((*areas, "known"), (one.locked for one in m.vmas.view.values()), strict=True))
    assert found == {"all": True, "one": True, "some": False, "none": False, "no page": False, "known": True}


def test_a_reserved_page_is_counted_where_its_head_is_mapped() -> None:
    """As a driver's memory is; kpageflags shows MMAP at the head, or at the page itself."""
    words = dict(enumerate(folio(1, pf.RESERVED | pf.MMAP, pf.RESERVED), 8)) | {20: pf.RESERVED}
    m = booted(image(words, (process(PID, vma(0, 2, "r--s")),), {(PID, 0): PRESENT | 9, (PID, 1): PRESENT | 20}))
    assert bits_of(m, PID) == {0: (9, P), 1: (20, P | SPECIAL)} and m.mapcount.view[9] == 1


# The word of the frame that page 1 of a VMA of two pages maps, by (pid, page) of the entry, and whether it is kept.
@pytest.mark.parametrize(
    ("place", "word", "kept"),
    [
        ((PID, 1), ANON, True),
        ((PID, 2), ANON, False),
        ((PID, -1), ANON, False),
        ((PID, 3), ANON, True),
        ((PID, 4), ANON, False),
        ((11, 1), ANON, True),
        ((11, 0), ANON, False),
        ((11, 3), ANON, False),
        ((9, 1), ANON, False),
        ((12, 1), ANON, False),
        ((PID, 1), ANON | pf.BUDDY, False),
        ((PID, 1), pf.NOPAGE | pf.MMAP, False),
        ((PID, 1), ANON & ~pf.MMAP, False),
        ((PID, 1), pf.HUGE, True),
        ((PID, 1), pf.RESERVED, True),
        ((PID, 1), pf.BUDDY | pf.RESERVED, False),
    ],
)  # fmt: skip
def test_only_entries_of_vmas_on_frames_in_use_are_kept(place: tuple[int, int], word: int, kept: bool) -> None:
    """The others were read while memory changed."""
    processes = (process(PID, vma(0, 2), vma(3, 1)), process(11, vma(1, 1)))
    m = booted(image({5: word}, processes, {place: PRESENT | 5}))
    assert {pid: len(m.ptes.of(pid)) for pid in (9, PID, 11, 12)} == dict.fromkeys((9, PID, 11, 12), 0) | {
        place[0]: int(kept)
    }


def test_without_processes_no_entry_is_kept() -> None:
    assert not booted(image({5: ANON}, (), {(PID, 0): PRESENT | 5})).ptes.view


HUGE_PAGES: Final = dict(enumerate(folio(9, ANON), 512)) | dict(enumerate(folio(9, ANON), 1024))
OF_TMPFS: Final = dict(enumerate(folio(9, TMPFS), 512))
SINGLE: Final = dict(enumerate([ANON] * 512, 512))


# Frames of the flag words, the first page, and the frame of each page from there on; whether one huge PMD maps them.
@pytest.mark.parametrize(
    ("words", "first", "frames", "huge"),
    [
        pytest.param(HUGE_PAGES, 0, range(512, 1024), True, id="a huge page"),
        pytest.param(HUGE_PAGES, 512, range(1024, 1536), True, id="a huge page at another place"),
        pytest.param(HUGE_PAGES, 0, range(512, 1023), False, id="the last page is missing"),
        pytest.param(HUGE_PAGES, 1, range(513, 1024), False, id="the first page is missing"),
        pytest.param(HUGE_PAGES, 1, range(512, 1024), False, id="across two PMDs"),
        pytest.param(HUGE_PAGES, 0, [*range(512, 768), *range(1280, 1536)], False, id="halves of two pages"),
        pytest.param(OF_TMPFS, 0, [513, 512, *range(514, 1024)], False, id="two pages in each other's place"),
        pytest.param(SINGLE, 0, range(512, 1024), False, id="single pages"),
    ],
)
def test_512_entries_on_one_compound_page_are_a_huge_mapping(
    words: dict[int, int], first: int, frames: range | list[int], huge: bool
) -> None:
    entries = {(PID, page): PRESENT | pfn for page, pfn in enumerate(frames, first)}
    m = booted(image(words, (process(PID, vma(0, 1536)),), entries))
    found = bits_of(m, PID)
    if huge:
        assert found == {first: (frames[0], P | PSE | DIRTY | RW)} and m.rss.view[PID] == 512
    else:
        assert {page: pfn for page, (pfn, _) in found.items()} == dict(enumerate(frames, first))
        assert not any(bits & PSE for _, bits in found.values())
    assert (m.vmas.view[1].huge == "thp") is huge


@pytest.mark.parametrize(
    ("pmd", "flag", "huge"), [(True, pf.THP, True), (False, pf.THP, False), (False, pf.HUGE, True)]
)
def test_where_huge_pmds_were_recorded_only_those_are_huge(pmd: bool, flag: int, huge: bool) -> None:
    """Of hugetlb there are no other ones."""
    words = dict(enumerate(folio(9, pf.MMAP if flag == pf.HUGE else ANON, flag), 512))
    entries = {(PID, page): PRESENT | 512 + page for page in reversed(range(512))}
    hidden = {"pte_pmd": dict.fromkeys(range(512), int(pmd))}
    m = booted(image(words, (process(PID, vma(0, 512)),), entries, hidden=hidden))
    assert {bool(bits & PSE) for _, bits in bits_of(m, PID).values()} == {huge}
    assert len(m.ptes.of(PID)) == (1 if huge else 512)


def test_entries_of_two_huge_pages_in_turn_are_two_huge_mappings() -> None:
    places = [(page + first, 512 + page + first) for page in range(512) for first in (0, 512)]
    m = booted(image(HUGE_PAGES, (process(PID, vma(0, 1024)),), {(PID, page): PRESENT | pfn for page, pfn in places}))
    assert bits_of(m, PID) == {page: (512 + page, P | PSE | DIRTY | RW) for page in (0, 512)}


def test_entries_of_two_processes_are_no_huge_mapping() -> None:
    """Each maps one half, at the same addresses as in the other; whatever their pids have in common."""
    entries = {(1 << 10, page): PRESENT | 512 + page for page in range(256)}
    entries |= {(1 << 11, page): PRESENT | 512 + page for page in range(256, 512)}
    m = booted(image(HUGE_PAGES, (process(1 << 10, vma(0, 512)), process(1 << 11, vma(0, 512))), entries))
    assert [len(m.ptes.of(pid)) for pid in (1 << 10, 1 << 11)] == [256, 256]


def test_a_huge_page_that_is_mapped_page_by_page_is_clean() -> None:
    """It was split from a huge PMD whose dirty bit went to the page."""
    entries = {(PID, page): PRESENT | 512 + page for page in range(511)}
    m = booted(image(HUGE_PAGES, (process(PID, vma(0, 512)),), entries))
    assert {bits for _, bits in bits_of(m, PID).values()} == {P}
