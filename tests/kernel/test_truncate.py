"""Pages leave the page cache: cut off, or invalidated; a large folio in the way is split."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import (
    create_buffers,
    find_get_page,
    read_page,
)
from hwpoison_gui.kernel.truncate import invalidate_inode_page, truncate_inode_pages, truncate_page
from tests import invariants
from tests.kernel.test_filemap import both, file
from tests.workbench import Workbench


def test_a_page_that_is_cut_off_is_neither_dirty_nor_locked() -> None:
    m, inode = file()
    pfn = read_page(m, inode, 0)
    assert pfn is not None
    m.add_to(m.refcount, pfn, 1)
    m.set_flags(pfn, pf.MLOCKED | pf.UNEVICTABLE | pf.DIRTY)
    truncate_page(m, pfn)
    assert m.page(pfn) == pf.UPTODATE | pf.LRU and m.inode_of(pfn) is None and m.refcount.get(pfn) == 1


@pytest.mark.parametrize("flag, extra, held, drops", (
    (0, 0, 0, True), (0, 1, 1, True), (0, 0, 1, False), (0, 1, 0, False), (pf.DIRTY, 0, 0, False),
    (pf.WRITEBACK, 0, 0, False), (pf.MLOCKED | pf.UNEVICTABLE, 0, 0, True),
    (pf.MLOCKED | pf.UNEVICTABLE, 1, 1, True),
))  # fmt: skip
@both
def test_a_page_is_invalidated_when_it_is_clean_and_nobody_else_has_it(
    profile: str, flag: int, extra: int, held: int, drops: bool
) -> None:
    """invalidate_inode_page()."""
    m, inode = file(profile=profile)
    pfn = read_page(m, inode, 0)
    assert pfn is not None
    m.set_flags(pfn, flag)
    m.add_to(m.refcount, pfn, held)
    assert invalidate_inode_page(m, pfn, extra) is drops
    assert (find_get_page(m, inode.id, 0) is None) is drops
    assert not drops or (m.inode_of(pfn) is None and not m.page(pfn) & (pf.MLOCKED | pf.UNEVICTABLE))


@both
def test_a_mapped_page_is_not_invalidated(profile: str) -> None:
    m, inode = file(profile=profile)
    pfn = read_page(m, inode, 0)
    assert pfn is not None
    m.put(m.mapcount, pfn, 1)
    assert not invalidate_inode_page(m, pfn, 0)


@pytest.mark.parametrize("profile, buffers", (("v7", False), ("6.1", True)))
def test_a_held_page_of_a_device_loses_its_buffers_where_users_are_counted_last(profile: str, buffers: bool) -> None:
    """invalidate_complete_page() releases first; mapping_evict_folio() counts first."""
    m, inode = file("blockdev", profile=profile)
    pfn = read_page(m, inode, 0)
    assert pfn is not None
    create_buffers(m, pfn, inode)
    m.add_to(m.refcount, pfn, 1)
    m.set_flags(pfn, pf.MLOCKED)
    assert not invalidate_inode_page(m, pfn, 0)
    assert bool(m.page(pfn) & pf.PRIVATE) is bool(m.page(pfn) & pf.MLOCKED) is buffers
    assert m.refcount.get(pfn) == 2 + buffers
    m.add_to(m.refcount, pfn, -1)
    assert invalidate_inode_page(m, pfn, 0)


@pytest.mark.parametrize(
    "first, last, kept", ((0, None, []), (2, None, [0, 1]), (1, 3, [0, 3, 4]), (4, 4, [0, 1, 2, 3, 4]))
)
def test_a_range_is_cut_out_of_cache_swap_and_disk(first: int, last: int | None, kept: list[int]) -> None:
    m, inode = file("tmpfs", pages=5)
    for index in (1, 2, 4):
        pfn = find_get_page(m, inode.id, index)
        assert pfn is not None
        truncate_page(m, pfn)
        m.put(m.shmem_swap, (inode.id, index), 10 + index)
        m.put(m.swap_map, 10 + index, 1)
        m.put(m.swap_content, 10 + index, "x")
    for index in range(5):
        m.put(m.disk, (inode.id, index), "y")
    truncate_inode_pages(m, inode, first, last)
    swapped = [index for index in kept if index in (1, 2, 4)]
    assert sorted(m.page_cache.of(inode.id)) == [index for index in kept if index not in swapped]
    assert sorted(m.shmem_swap.of(inode.id)) == swapped
    assert sorted(m.swap_map.view) == sorted(m.swap_content.view) == [10 + index for index in swapped]
    assert sorted(m.disk.of(inode.id)) == kept


# -- Transparent huge pages of shared memory


@pytest.mark.parametrize("pinned", (False, True))
@pytest.mark.parametrize("op, args, gone", (
    ("truncate", {"pages": 600}, range(600, 1536)), ("punch_hole", {"page": 700}, range(700, 701)),
    ("truncate", {"pages": 1100}, range(1100, 1536)), ("truncate", {"pages": 512}, range(512, 1536)),
    ("punch_hole", {"page": 512}, range(512, 513)),
))  # fmt: skip
def test_a_cut_inside_a_huge_page_splits_it_or_blanks_it(
    op: str, args: dict[str, int], gone: range, pinned: bool
) -> None:
    """truncate_inode_partial_folio(): what somebody holds cannot be split, so its part is zeroed."""
    bench = Workbench(frames=8192)
    bench.do("mmap", task="a", name="t", pages=1536, huge="thp", shared=True)
    for page in (0, 511, 512, 599, 600, 700, 701, 1023, 1099, 1100):
        bench.do("write", task="a", at=f"t+{page}", value=f"v{page}")
    m = bench.m
    (number,) = m.page_cache.view
    path = m.inodes.view[number].path
    m.put(m.paths, path, number)
    if pinned:
        bench.do("pin", frame="a:t+600")
    bench.do(op, path=path, **args)
    for page in (0, 511, 512, 599, 600, 700, 701, 1023, 1099, 1100):
        seen = bench.do("read", task="a", at=f"t+{page}")
        if page not in gone:
            assert seen.value == f"v{page}"
        elif op == "punch_hole":
            assert seen.value == "zero"
    if gone.start % 512 == 0 and op == "truncate":
        assert m.page(bench.pfn("a:t+0")) & pf.THP, "a cut between huge pages splits none"
    if not pinned:
        assert not any(index in gone for index in m.page_cache.of(number) if op == "truncate")
        invariants.check(m)


@pytest.mark.parametrize("dirty, kept", ((True, True), (False, False)))
def test_a_clean_huge_page_that_cannot_be_split_goes_as_a_whole(dirty: bool, kept: bool) -> None:
    bench = Workbench(frames=8192)
    bench.do("mmap", task="a", name="t", pages=512, huge="thp", shared=True)
    bench.do("write", task="a", at="t+3", value="x")
    pfn, m = bench.m.compound_head(bench.pfn("a:t+3")), bench.m
    (number,) = m.page_cache.view
    bench.do("pin", frame="a:t+3")
    (m.set_flags if dirty else m.clear_flags)(pfn, pf.DIRTY)
    truncate_inode_pages(m, m.inodes.view[number], 100)
    assert bool(m.page_cache.of(number)) is kept


def test_huge_pages_at_both_ends_of_a_range_are_split() -> None:
    bench = Workbench(frames=8192)
    bench.do("mmap", task="a", name="t", pages=1536, huge="thp", shared=True)
    for page in (0, 512, 1024):
        bench.do("write", task="a", at=f"t+{page}", value="x")
    m = bench.m
    bench.do("madvise", task="a", at="t+0", pages=1536, advice="dontneed")
    (number,) = m.page_cache.view
    truncate_inode_pages(m, m.inodes.view[number], 100, 1100)
    assert sorted(m.page_cache.of(number)) == [*range(100), *range(1100, 1536)]


def test_a_huge_page_of_a_file_gives_all_its_frames_back() -> None:
    """The page cache has a reference for each 4 KiB of it."""
    bench = Workbench(frames=8192)
    m = bench.m

    def free() -> set[int]:
        return {pfn for pfn in range(m.frames) if m.page(pfn) & pf.BUDDY} | set(m.pcp.of(0))

    bench.do("task", name="t")
    before = free()
    bench.do("mmap", task="t", name="t", pages=1024, huge="thp", shared=True)
    for page in (3, 600):
        bench.do("write", task="t", at=f"t+{page}", value="x")
    assert len(before - free()) >= 1024
    bench.do("munmap", task="t", at="t+0", pages=1024)
    tables = set(m.pgtables.of(bench.session.world.process("t").mm).values())
    assert before - free() <= tables
    invariants.check(m)


@pytest.mark.parametrize("dirty", (False, True))
def test_a_cut_inside_a_folio_on_disk(dirty: bool) -> None:
    """It is split, unless it is dirty: then what was cut off reads as zeros."""
    bench = Workbench("7.2")
    bench.do("file", path="/f", pages=16, folio=16)
    bench.do("open", task="a", path="/f", fd="f")
    bench.do("pwrite", task="a", fd="f", page=5, value="A")
    if not dirty:
        bench.do("fsync", task="a", fd="f")
    bench.do("punch_hole", path="/f", page=5)
    assert bool(bench.m.page(bench.pfn("/f@4")) & pf.THP) is dirty
    assert [bench.do("pread", task="a", fd="f", page=page).value for page in (4, 5, 6)] == ["disk", "zero", "disk"]
    invariants.check(bench.m)


def test_a_hole_returns_what_was_reserved_for_its_pages_alone() -> None:
    """hugetlb_unreserve_pages(): from the start of the hole to its end."""
    bench = Workbench(huge_pages=2)
    bench.do("file", path="/h", pages=1024, filesystem="hugetlbfs", hole=True)
    bench.area("h", pages=1024, huge="hugetlb", file="/h", shared=True)
    m, inode = bench.m, bench.m.paths.view["/h"]
    assert sorted(m.huge_resv.of(inode)) == [0, 512]
    bench.do("punch_hole", path="/h", page=0)
    assert sorted(m.huge_resv.of(inode)) == [512] and m.counter("resv_huge_pages") == 1
    invariants.check(m)
