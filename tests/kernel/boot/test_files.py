"""Inodes and the page cache of an image."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
import pytest

from hwpoison_gui.image import CachedPages, FileImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot import files, scan
from hwpoison_gui.kernel.boot.files import NEWER
from hwpoison_gui.kernel.filemap import DISK, find_get_page
from hwpoison_gui.kernel.hwpoison_filter import UNKNOWN_DEVICE
from hwpoison_gui.kernel.records import UNKNOWN_FILES
from tests.kernel.boot.images import booted, folio, image, process, vma

CLEAN, DIRTY = pf.LRU | pf.UPTODATE, pf.LRU | pf.UPTODATE | pf.DIRTY
END: Final = 1 << 32  # page->index has 32 bits


def cached(*pages: tuple[int, int, int]) -> CachedPages:
    """Cached pages as (pfn, number of the file, index)."""
    return CachedPages(*(np.array(some, np.int64) for some in zip(*pages, strict=True)))


# A file with a page in each of four frames: clean, dirty, the head of a clean folio and that of a dirty one.
# What is in the frames then, and how much of the file is on disk.
@pytest.mark.parametrize(
    ("filesystem", "flags", "clean", "on_disk"),
    [
        ("ext4", 0, DISK, 9),
        ("blockdev", 0, DISK, 9),
        ("tmpfs", pf.SWAPBACKED, None, 0),
        ("hugetlbfs", pf.HUGE, None, 0),
    ],
)
def test_a_cached_page_has_the_content_of_the_disk_or_a_newer_one(
    filesystem: str, flags: int, clean: str | None, on_disk: int
) -> None:
    """A file in memory is zero until it is written."""
    words = {5: CLEAN | flags, 6: DIRTY | flags}
    words |= dict(enumerate(folio(1, CLEAN | flags), 8)) | dict(enumerate(folio(1, DIRTY | flags), 10))
    pages = cached((5, 0, 3), (6, 0, 1), (8, 0, 4), (10, 0, 6))
    m = booted(image(words, files=(FileImage("08:01", 9, "/srv/f", filesystem, 9),), cached=pages))
    assert dict(m.page_cache.of(1)) == {3: 5, 1: 6, 4: 8, 6: 10}
    content = {5: clean, 6: NEWER, 8: clean, 9: clean, 10: NEWER, 11: NEWER}
    assert dict(m.content.view) == {pfn: what for pfn, what in content.items() if what}
    inode = m.inodes.view[1]
    assert (inode.path, inode.filesystem, inode.pages, inode.on_disk) == ("/srv/f", filesystem, 9, on_disk)
    assert m.paths.view["/srv/f"] == 1


def test_cached_pages_of_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file has the pages that a plain reader finds, whatever their order and the piece in which they are read."""
    monkeypatch.setattr(files, "_PAGES", 7)
    rng = np.random.default_rng(3)
    pages = [(int(pfn), int(rng.integers(3)), at) for at, pfn in enumerate(rng.permutation(np.arange(300, 400)))]
    words = {pfn: DIRTY if pfn % 3 else CLEAN for pfn, _, _ in pages}
    some = tuple(FileImage("08:01", 9 + at, f"/f{at}", "ext4", 100) for at in range(4))
    m = booted(image(words, files=some, cached=cached(*pages)))
    expected: dict[int, dict[int, int]] = defaultdict(dict)
    for pfn, number, index in pages:
        expected[number + 1][index] = pfn
    assert {number: dict(of) for number, of in m.page_cache.view.items()} == expected
    owners = {pfn: inode.id for pfn in words if (inode := m.inode_of(pfn)) is not None}
    assert owners == {pfn: number + 1 for pfn, number, _ in pages}
    assert {pfn: int(m.index.view[pfn]) for pfn in words} == {pfn: index for pfn, _, index in pages}
    assert dict(m.content.view) == {pfn: NEWER if word & pf.DIRTY else DISK for pfn, word in words.items()}


@pytest.mark.parametrize(
    ("path", "linked", "deleted"),
    [
        ("/tmp/x", True, False),
        ("/tmp/x (deleted)", False, True),
        ("/SYSV00000000 (deleted)", True, True),
        ("/memfd:x (deleted)", True, True),
        ("/memfd:x", True, False),
    ],
)
def test_a_deleted_file_cannot_be_opened_by_its_path(path: str, linked: bool, deleted: bool) -> None:
    """A segment of shared memory outlives its last mapping."""
    m = booted(image({}, files=(FileImage("00:01", 3, path, "tmpfs", 1), FileImage("00:01", 4, path, "tmpfs", 1))))
    inode, plain = m.inodes.view[1], path.removesuffix(" (deleted)")
    assert (inode.path, inode.linked, inode.deleted) == (plain, linked, deleted)
    assert m.paths.view.get(plain) == (1 if linked else None), "the first of a name"


# Devices as recorded; what a made machine has for the file system need not be kept.
@pytest.mark.parametrize(
    ("device", "filesystem", "kernel", "kept"),
    [
        ("08:02", "ext4", (6, 1), None),
        ("08:02", "ext4", None, None),
        ("fd:1a", "ext4", (6, 1), (0xFD, 0x1A)),
        ("fd:02", "ext4", None, (0xFD, 2)),
        ("08:01", "ext4", None, (8, 1)),
        ("", "ext4", (6, 1), UNKNOWN_DEVICE),
        ("", "ext4", None, None),
        ("00:01", "tmpfs", (6, 1), None),
    ],
)
def test_devices(device: str, filesystem: str, kernel: tuple[int, int] | None, kept: tuple[int, int] | None) -> None:
    """Pages of unknown files are on an unknown device, once a kernel has exported them."""
    some = (FileImage(device, 3, "/f", filesystem, 1), FileImage("fd:09", 4, "/g", "ext4", 1))
    m = booted(image({5: CLEAN}, files=some, kernel=kernel))
    unknown = {max(m.inodes.view): UNKNOWN_DEVICE} if kernel else {}
    assert m.devices == ({} if kept is None else {1: kept}) | {2: (0xFD, 9)} | unknown


UNKNOWN: Final[dict[int, str]] = {
    CLEAN: "ext4",
    pf.LRU: "ext4",
    CLEAN | pf.PRIVATE: "ext4",
    CLEAN | pf.SWAPBACKED: "tmpfs",
    pf.LRU | pf.SWAPBACKED | pf.PRIVATE: "tmpfs",
    pf.LRU | pf.PRIVATE: "blockdev",
    pf.LRU | pf.PRIVATE | pf.ACTIVE: "blockdev",
    pf.UPTODATE: "",
    **{CLEAN | flag: "" for flag in (pf.ANON, pf.SWAPCACHE, pf.BUDDY, pf.SLAB, pf.RESERVED, pf.COMPOUND_TAIL)},
}


@pytest.mark.parametrize("piece", (7, 1 << 20))
def test_pages_of_unknown_files_are_sorted_by_their_flags(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_PIECE", piece)
    words = dict(enumerate([*UNKNOWN] * 30, 300)) | {299: CLEAN}
    m = booted(image(words, files=(FileImage("", 3, "/f", "ext4", 1),), cached=cached((299, 0, 0))))
    owner = {pfn: inode for pfn in words if (inode := m.inode_of(pfn)) is not None and inode.id > 1}
    assert {pfn: inode.filesystem for pfn, inode in owner.items()} == {
        pfn: filesystem for pfn, word in words.items() if pfn >= 300 and (filesystem := UNKNOWN[word])
    }
    assert {inode.id: inode.filesystem for inode in owner.values()} == {2: "tmpfs", 3: "blockdev", 4: "ext4"}
    for inode in {one.id: one for one in owner.values()}.values():
        pages = sorted(pfn for pfn, other in owner.items() if other.id == inode.id)
        assert dict(m.page_cache.of(inode.id)) == dict(enumerate(pages))
        assert (inode.path, inode.pages) == (UNKNOWN_FILES[inode.filesystem], len(pages))
        assert inode.on_disk == (0 if inode.filesystem == "tmpfs" else len(pages))
        assert {m.content.view.get(pfn) for pfn in pages} == {None if inode.filesystem == "tmpfs" else DISK}
    assert m.counter("next_inode") == max(inode.id for inode in owner.values())


# What is known of a folio of four pages from frame 8 on: (pfn, index). Which page the cache has for each index.
@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([(10, 6), (11, 7)], {3: None, 4: 8, 5: 9, 6: 10, 7: 11, 8: None}),
        ([(8, 4)], {3: None, 4: 8, 7: 11, 8: None}),
        ([(11, 3)], {0: 8, 3: 11}),
        ([(11, 2)], {0: None, 2: None}),
        ([(9, 5), (10, 2)], {2: None, 4: 8, 5: 9}),
        ([(8, END - 4)], {END - 4: 8, END - 1: 11}),
        ([(8, END)], {0: None, END: None}),
        ([(11, END)], {END - 1: None}),
        ([(11, END - 1)], {END - 4: 8, END - 1: 11}),
    ],
)
def test_a_folio_is_known_by_any_of_its_pages(known: list[tuple[int, int]], found: dict[int, int | None]) -> None:
    """Only what is mapped is known of a file, and that need not be the head. What has no page->index is left out."""
    words = dict(enumerate(folio(2, CLEAN), 8))
    pages = cached(*((pfn, 0, index) for pfn, index in known))
    m = booted(image(words, files=(FileImage("08:01", 9, "/f", "ext4", 16),), cached=pages))
    assert {index: find_get_page(m, 1, index) for index in found} == found
    if any(found.values()):
        assert m.inodes.view[1].folio == 4 and m.refcount.view[8] == 4
        assert {m.content.view[pfn] for pfn in range(8, 12)} == {DISK}


def test_a_file_has_its_largest_folio() -> None:
    """A page of hugetlb is none, as those of its files are all alike."""
    words: dict[int, int] = {40: CLEAN}
    for pfn, order, flags in ((8, 2, pf.THP), (16, 1, pf.THP), (24, 1, pf.THP), (512, 9, pf.HUGE)):
        words |= dict(enumerate(folio(order, CLEAN if flags == pf.THP else 0, flags), pfn))
    some = tuple(FileImage("08:01", at, f"/{at}", "hugetlbfs" if at == 3 else "ext4", 600) for at in range(4))
    m = booted(image(words, files=some, cached=cached((8, 0, 0), (16, 0, 4), (24, 1, 0), (40, 2, 0), (512, 3, 0))))
    assert [inode.folio for inode in m.inodes.view.values()] == [4, 2, 1, 1]


def test_folios_of_unknown_files_do_not_overlap() -> None:
    """The largest come first, and those of a size in order."""
    single = [4, *range(20, 30), *range(100, 200)]
    words = dict.fromkeys(single, CLEAN)
    for pfn, order in ((8, 2), (32, 4), (64, 1), (80, 2)):
        words |= dict(enumerate(folio(order, CLEAN), pfn))
    m = booted(image(words))
    assert [dict(pages) for pages in m.page_cache.view.values()] == [
        {0: 32, 16: 8, 20: 80, 24: 64} | dict(enumerate(single, 26))
    ]
    (inode,) = m.inodes.view.values()
    pages = 26 + len(single)
    assert (inode.filesystem, inode.pages, inode.on_disk, inode.folio) == ("ext4", pages, pages, 16)
    assert inode.id == m.counter("next_inode")


# The inode that a VMA maps, of three files that are known, by device, inode number and path.
@pytest.mark.parametrize(
    ("area", "mapping"),
    [
        ({"device": "08:01", "inode": 5, "path": "/a"}, 1),
        ({"device": "08:01", "inode": 5, "path": "/b"}, 2),
        ({"device": "08:01", "inode": 5, "path": "/renamed"}, 2),
        ({"device": "08:02", "inode": 5, "path": "/a"}, 0),
        ({"device": "08:01", "inode": 6, "path": "/a"}, 0),
        ({"device": "00:00", "inode": 0, "path": "/c"}, 3),
        ({"device": "00:00", "inode": 0, "path": "[heap]"}, 0),
        ({}, 0),
    ],
)
def test_the_file_of_a_vma(area: dict[str, Any], mapping: int) -> None:
    """By the inode number alone where the path has changed; nothing without a name maps a file of number 0."""
    some = (FileImage("08:01", 5, "/a"), FileImage("08:01", 5, "/b"), FileImage("00:00", 0, "/c"))
    m = booted(image({}, (process(10, vma(0, 2, **area)),), files=some))
    assert m.vmas.view[1].mapping == mapping
    assert {inode: list(of) for inode, of in m.i_mmap.view.items()} == ({mapping: [1]} if mapping else {})
