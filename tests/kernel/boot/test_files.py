"""Inodes and the page cache of an image."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.files import NEWER
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.filemap import DISK, find_get_page
from hwpoison_gui.kernel.image import CachedPages, FileImage, MemoryImage
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES

CLEAN, DIRTY = pf.LRU | pf.UPTODATE, pf.LRU | pf.UPTODATE | pf.DIRTY
EMPTY = np.empty(0, np.int64)


def image_of(words: dict[int, int], files: tuple[FileImage, ...] = (), **more: object) -> MemoryImage:
    """An image without processes, whose frames have these flag words."""
    flags = np.zeros(256, np.uint64)
    for pfn, word in words.items():
        flags[pfn] = word
    image = MemoryImage(
        "", flags, np.zeros(256, np.uint64), EMPTY, EMPTY.astype(np.uint64), EMPTY.astype(np.uint64), ()
    )
    return image._replace(files=files, **more)  # type: ignore[arg-type]


def booted(image: MemoryImage) -> Machine:
    return machine_from_image(image, PROFILES["6.1"])


def test_a_cached_page_has_the_content_of_the_disk_or_a_newer_one() -> None:
    cached = CachedPages(np.array([5, 6, 7]), np.array([0, 0, 1]), np.array([3, 1, 0]))
    files = (FileImage("08:01", 9, "/srv/f", "ext4", 4), FileImage("00:05", 2, "/dev/shm/g", "tmpfs", 1))
    m = booted(image_of({5: CLEAN, 6: DIRTY, 7: CLEAN | pf.SWAPBACKED}, files, cached=cached))
    assert dict(m.page_cache.of(1)) == {3: 5, 1: 6} and dict(m.page_cache.of(2)) == {0: 7}
    assert [m.content.view.get(pfn) for pfn in (5, 6, 7)] == [DISK, NEWER, None], "memory is zero until it is written"
    assert [m.inodes.view[number].on_disk for number in (1, 2)] == [4, 0]
    assert m.paths.view["/srv/f"] == 1


@pytest.mark.parametrize("path, found", (("/tmp/x (deleted)", False), ("/SYSV00000000 (deleted)", True)))
def test_a_deleted_file_cannot_be_opened_by_its_path(path: str, found: bool) -> None:
    m = booted(image_of({}, (FileImage("00:01", 3, path, "tmpfs", 1),)))
    assert (path.removesuffix(" (deleted)") in m.paths.view) is found is m.inodes.view[1].linked


def test_pages_of_unknown_files_are_sorted_by_their_flags() -> None:
    buffers = pf.LRU | pf.PRIVATE
    m = booted(image_of({5: CLEAN, 6: CLEAN | pf.SWAPBACKED, 7: buffers, 8: CLEAN | pf.ANON, 9: CLEAN | pf.BUDDY}))
    owner = {pfn: inode.filesystem for pfn in (5, 6, 7, 8, 9) if (inode := m.inode_of(pfn)) is not None}
    assert owner == {5: "ext4", 6: "tmpfs", 7: "blockdev"}


def folio(order: int, flags: int) -> list[int]:
    return [flags | pf.COMPOUND_HEAD | pf.THP, *[pf.COMPOUND_TAIL | pf.THP] * ((1 << order) - 1)]


def test_a_folio_is_known_by_any_of_its_pages() -> None:
    """Only what is mapped is known of a file, and that need not be the head."""
    words = dict(enumerate(folio(2, CLEAN), 8))
    m = booted(image_of(words, (FileImage("08:01", 9, "/f", "ext4", 16),), cached=CachedPages(
        np.array([10, 11]), np.array([0, 0]), np.array([6, 7])
    )))  # fmt: skip
    assert dict(m.page_cache.of(1)) == {4: 8} and m.inodes.view[1].folio == 4
    assert [find_get_page(m, 1, index) for index in (3, 4, 7, 8)] == [None, 8, 11, None]
    assert m.refcount.view[8] == 4 and {m.content.view[pfn] for pfn in range(8, 12)} == {DISK}


def test_folios_of_unknown_files_do_not_overlap() -> None:
    words = {4: CLEAN, **dict(enumerate(folio(2, CLEAN), 8)), 20: CLEAN, **dict(enumerate(folio(4, CLEAN), 32))}
    m = booted(image_of(words))
    assert [dict(pages) for pages in m.page_cache.view.values()] == [{0: 32, 16: 8, 20: 4, 21: 20}]
    assert next(inode.pages for inode in m.inodes.view.values() if inode.filesystem == "ext4") == 22
