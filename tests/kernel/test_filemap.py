"""The page cache: where a page is found, what it is filled with, how it is written and dropped.

After mm/filemap.c, mm/page-writeback.c and mm/truncate.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import (
    FILESYSTEMS,
    cached_pages,
    can,
    content_of,
    create_buffers,
    disk_content,
    find_get_page,
    has_blocks,
    read_page,
    writepage,
)
from hwpoison_gui.kernel.folio import folio_nr_pages
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Inode
from hwpoison_gui.kernel.truncate import truncate_page
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", ("v7", "6.1"))


def file(filesystem: str = "ext4", pages: int = 4, profile: str = "6.1", **args: object) -> tuple[Machine, Inode]:
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=pages, filesystem=filesystem, **args)
    return bench.m, bench.m.inodes.view[bench.m.paths.view["/f"]]


# -- Finding and filling


@both
def test_a_page_is_read_once(profile: str) -> None:
    m, inode = file(profile=profile)
    assert find_get_page(m, inode.id, 2) is None
    pfn = read_page(m, inode, 2)
    assert pfn is not None and read_page(m, inode, 2) == pfn == find_get_page(m, inode.id, 2)
    assert m.refcount.get(pfn) == 1 and content_of(m, pfn) == "disk"
    assert m.page(pfn) == pf.UPTODATE | pf.LRU | pf.MAPPEDTODISK
    assert m.inode_of(pfn) == inode and m.index.get(pfn) == 2
    other = read_page(m, inode, 0)
    assert other is not None and cached_pages(m, inode.id) == [other, pfn], "in order of the index"


def test_a_huge_page_is_found_at_each_of_its_indexes() -> None:
    bench = Workbench(huge_pages=2)
    bench.do("file", path="/h", pages=1024, filesystem="hugetlbfs")
    m, number = bench.m, bench.m.paths.view["/h"]
    heads = cached_pages(m, number)
    assert len(heads) == 2
    for index in (0, 1, 511, 512, 513, 1023):
        assert find_get_page(m, number, index) == heads[index // 512] + index % 512
    assert find_get_page(m, number, 1024) is None


def test_a_small_page_is_at_its_own_index_alone() -> None:
    m, inode = file(pages=600)
    read_page(m, inode, 0)
    read_page(m, inode, 512)
    assert find_get_page(m, inode.id, 1) is None and find_get_page(m, inode.id, 513) is None


@pytest.mark.parametrize("filesystem, blocks", (("ext4", True), ("blockdev", True), ("nofs", False), ("tmpfs", False)))
def test_what_a_disk_holds(filesystem: str, blocks: bool) -> None:
    m, inode = file(filesystem, pages=2)
    assert [disk_content(m, inode, index) for index in (0, 1, 2)] == ["disk", "disk", "zero"]
    assert [has_blocks(m, inode, index) for index in (0, 1, 2)] == [blocks, blocks, False]
    m.put(m.disk, (inode.id, 2), "written")
    assert disk_content(m, inode, 2) == "written" and has_blocks(m, inode, 2) is blocks


def test_a_hole_reads_as_zeros_and_has_no_blocks() -> None:
    m, inode = file(hole=True)
    pfn = read_page(m, inode, 0)
    assert pfn is not None and content_of(m, pfn) == "zero" and not m.page(pfn) & pf.MAPPEDTODISK


def test_shared_memory_comes_back_from_swap_and_is_dirty_then() -> None:
    m, inode = file("tmpfs", hole=True)
    m.put(m.shmem_swap, (inode.id, 1), 9)
    m.put(m.swap_map, 9, 1)
    m.put(m.swap_content, 9, "x")
    empty, back = read_page(m, inode, 0), read_page(m, inode, 1)
    assert empty is not None and back is not None
    assert (content_of(m, empty), content_of(m, back)) == ("zero", "x")
    assert not m.page(empty) & pf.DIRTY and m.page(back) & pf.DIRTY
    assert m.page(empty) & m.page(back) & pf.SWAPBACKED
    assert not (m.shmem_swap.view or m.swap_map.view or m.swap_content.view)


@pytest.mark.parametrize("profile, at_once", (("v7", True), ("6.1", False)))
def test_buffers_of_a_block_device_hold_its_pages(profile: str, at_once: bool) -> None:
    """block_read_full_page() attaches buffers as it reads; mpage_readahead() leaves that to the first write."""
    m, inode = file("blockdev", profile=profile)
    pfn = read_page(m, inode, 0)
    assert pfn is not None
    assert (bool(m.page(pfn) & pf.PRIVATE), m.refcount.get(pfn)) == (at_once, 1 + at_once)
    for _ in range(2):
        create_buffers(m, pfn, inode)
        assert m.page(pfn) & pf.PRIVATE and m.refcount.get(pfn) == 2
    truncate_page(m, pfn)
    assert not m.page(pfn) & pf.PRIVATE and m.refcount.get(pfn) == 0


def test_file_systems_differ_in_what_they_can() -> None:
    inodes = {name: Inode(1, "/f", name, 1) for name in FILESYSTEMS}

    def able(ability: str) -> set[str]:
        return {name for name, inode in inodes.items() if can(inode, ability)}

    assert able("writeback") == {"ext4", "blockdev", "nofs", "directory"}
    assert able("drops") == {"ext4", "tmpfs", "directory"}
    assert able("swapbacked") == {"tmpfs"} and able("huge") == {"hugetlbfs"} and able("private") == {"blockdev"}


# -- Writing


@pytest.mark.parametrize("filesystem, written", (("ext4", True), ("nofs", True), ("tmpfs", False)))
def test_writing_makes_page_and_entries_clean(filesystem: str, written: bool) -> None:
    bench = Workbench()
    bench.do("file", path="/f", pages=2, filesystem=filesystem)
    bench.area(file="/f", pages=2, shared=True)
    bench.do("write", task="a", at="m+1", value="x")
    pfn, m = bench.pfn("a:m+1"), bench.m
    m.set_flags(pfn, pf.DIRTY)
    writepage(m, pfn)
    entry = m.pte(bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+1") >> PAGE_SHIFT)
    assert not m.page(pfn) & pf.DIRTY
    assert bool(entry & (ptes.DIRTY | ptes.RW)) is not written
    assert dict(m.disk.of(m.paths.view["/f"])) == ({1: "x"} if written else {})


def test_a_device_gets_its_buffers_when_it_is_written_to() -> None:
    m, inode = file("blockdev")
    pfn = read_page(m, inode, 0)
    assert pfn is not None and not m.page(pfn) & pf.PRIVATE
    m.set_flags(pfn, pf.DIRTY)
    writepage(m, pfn)
    assert m.page(pfn) & (pf.PRIVATE | pf.DIRTY) == pf.PRIVATE and m.refcount.get(pfn) == 2


# -- Dropping


def cached_in_folios(profile: str = "7.2", filesystem: str = "ext4", pages: int = 40) -> Workbench:
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=pages, folio=16, filesystem=filesystem)
    bench.do("open", task="a", path="/f", fd="f")
    return bench


def sizes(bench: Workbench) -> dict[int, int]:
    """The folios of the first file: index and frames of each."""
    return {index: folio_nr_pages(bench.m, head) for index, head in sorted(bench.m.page_cache.of(1).items())}


def test_a_page_is_read_in_with_its_whole_folio() -> None:
    bench = cached_in_folios()
    assert bench.do("pread", task="a", fd="f", page=21).value == "disk"
    assert sizes(bench) == {16: 16}
    head = bench.pfn("head:/f@21")
    assert bench.pfn("/f@21") == head + 5 and bench.m.refcount.view[head] == 16
    invariants.check(bench.m)


def test_no_folio_reaches_behind_the_end_of_its_file() -> None:
    bench = cached_in_folios(pages=39)
    for page in (33, 36, 38):
        bench.do("pread", task="a", fd="f", page=page)
    assert sizes(bench) == {32: 4, 36: 2, 38: 1}
    cached = list(bench.m.page_cache.of(1).values())
    bench.do("drop_caches")
    assert not sizes(bench) and not bench.m.refcount.view[cached].any()


def test_a_page_is_read_alone_where_its_folio_finds_no_memory() -> None:
    bench = cached_in_folios()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("alloc", frames=8192)
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert bench.do("pread", task="a", fd="f", page=21).value == "disk"
    assert sizes(bench) == {21: 1} and not bench.flags(bench.pfn("/f@21")) & {"COMPOUND_HEAD", "LOCKED"}
    assert bench.do("pread", task="a", fd="f", page=22).errno == "ENOMEM"
    invariants.check(bench.m)


def test_what_is_cached_already_keeps_a_new_folio_small() -> None:
    bench = cached_in_folios()
    bench.do("pread", task="a", fd="f", page=5)
    bench.do("poison", frame="/f@5")
    bench.do("pread", task="a", fd="f", page=5)
    assert sizes(bench) == dict.fromkeys(range(16), 1)


@pytest.mark.parametrize("profile, filesystem, large", (
    ("6.12", "ext4", False), ("6.12", "tmpfs", True), ("7.2", "ext4", True), ("7.2", "directory", False),
))  # fmt: skip
def test_file_systems_with_large_folios(profile: str, filesystem: str, large: bool) -> None:
    bench = cached_in_folios(profile, filesystem)
    bench.do("pread", task="a", fd="f", page=0)
    assert (sizes(bench)[0] == 16) is large


def test_what_is_in_swap_keeps_a_new_folio_small() -> None:
    """shmem_add_to_page_cache(): a folio cannot take the place of a swap entry."""
    m, inode = file("tmpfs", pages=16, profile="6.12", hole=True, folio=16)
    m.put(m.shmem_swap, (inode.id, 3), 9)
    m.put(m.swap_map, 9, 1)
    m.put(m.swap_content, 9, "x")
    pfn = read_page(m, inode, 5)
    assert pfn is not None and folio_nr_pages(m, m.compound_head(pfn)) == 4
    back = read_page(m, inode, 3)
    assert back is not None and content_of(m, back) == "x"


def test_a_folio_with_a_hole_in_it_has_not_all_its_blocks() -> None:
    """do_mpage_readpage(): folio_set_mappedtodisk() if it is fully mapped."""
    m, inode = file(pages=16, profile="7.2", hole=True, folio=16)
    m.put(m.disk, (inode.id, 0), "x")
    pfn = read_page(m, inode, 0)
    assert pfn is not None and folio_nr_pages(m, pfn) == 16 and not m.page(pfn) & pf.MAPPEDTODISK


def test_of_a_folio_that_the_file_ends_in_the_rest_is_not_written() -> None:
    bench = cached_in_folios()
    bench.do("pwrite", task="a", fd="f", page=5, value="A")
    bench.do("truncate", path="/f", pages=8)
    assert sizes(bench) == {0: 16}, "dirty, so it is not split"
    bench.do("fsync", task="a", fd="f")
    assert sorted(bench.m.disk.of(1)) == list(range(8))


def test_writing_back_one_page_writes_its_folio() -> None:
    bench = cached_in_folios()
    bench.area(pages=32, file="/f", shared=True)
    for page in (1, 2, 20):
        bench.do("write", task="a", at=f"m+{page}", value="A")
    bench.do("msync", task="a", at="m+1", pages=1)
    assert {index for index, content in bench.m.disk.of(1).items() if content == "A"} == {1, 2}
    assert [bool(bench.m.page(bench.pfn(f"head:/f@{page}")) & pf.DIRTY) for page in (1, 20)] == [False, True]
    mm = bench.session.tid_of("a")
    first = bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    assert not any(bench.m.pte(mm, first + page) & (ptes.DIRTY | ptes.RW) for page in range(16))


def test_a_folio_is_dropped_and_reclaimed_as_a_whole() -> None:
    bench = cached_in_folios()
    bench.do("pread", task="a", fd="f", page=5)
    bench.do("drop_caches")
    assert sizes(bench) == {}
    bench.area(pages=32, file="/f", shared=True)
    bench.do("read", task="a", at="m+5")  # maps what is around it
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("madvise", task="a", at="m+0", pages=16, advice="pageout")
    assert sizes(bench) == {} and bench.m.disk.of(1)[5] == "A"
    invariants.check(bench.m)


@pytest.mark.parametrize("first", (0, 12))
def test_a_folio_of_which_some_pages_are_paged_out_is_split(first: int) -> None:
    """unmap_folio() and remap_page(): no entry maps the small pages of a file, and none is reclaimed."""
    bench = cached_in_folios()
    bench.area(pages=32, file="/f", shared=True)
    bench.do("read", task="a", at="m+0")  # maps what is around it
    bench.do("madvise", task="a", at=f"m+{first}", pages=4, advice="pageout")
    assert sizes(bench) == dict.fromkeys(range(16), 1)
    assert {bench.session.pte_state("a", f"m+{page}") for page in range(16)} == {"none"}
    invariants.check(bench.m)
