"""Files: whoever reads a page, by whatever way, gets what was stored last, and an error of write-back is told.

After fs/open.c, mm/filemap.c, mm/truncate.c, fs/sync.c and lib/errseq.c.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel import fs
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import mapping_set_error
from hwpoison_gui.kernel.profile.registry import PROFILES
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))
PAGES = 4

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ("pread", "pwrite", "read", "write", "read private", "write private", "truncate", "punch_hole", "sync",
             "fsync", "drop_caches", "pageout", "msync", "fork")
        ),
        st.integers(0, PAGES),
    ),
    max_size=30,
)  # fmt: skip


def opened(profile: str = "6.1", filesystem: str = "ext4", pages: int = PAGES, **args: Any) -> Workbench:
    """A file that `a` has open, and mapped shared as `s` and private as `p`, one page longer than it is."""
    bench = Workbench(profile)
    assert bench.do("file", path="/f", pages=pages, filesystem=filesystem, **args).errno == 0
    bench.do("open", task="a", path="/f", fd="f")
    bench.area("s", file="/f", pages=pages + 1, shared=True)
    bench.area("p", file="/f", pages=pages + 1)
    return bench


@both
@pytest.mark.parametrize("filesystem", ("ext4", "tmpfs", "nofs", "blockdev"))
@settings(max_examples=25)
@given(acts=ACTS)
def test_a_file_holds_what_was_stored(profile: str, filesystem: str, acts: list[tuple[str, int]]) -> None:
    """read(), write(), shared and private mappings, truncation and write-back against a list of values."""
    bench = opened(profile, filesystem)
    file = ["disk"] * PAGES
    private: dict[int, str] = {}
    for number, (act, page) in enumerate(acts):
        value, fd = f"v{number}", {"task": "a", "fd": "f", "page": page}
        inside = page < len(file)
        if act == "pread":
            assert bench.do("pread", **fd).value == (file[page] if inside else None)
        elif act == "pwrite":
            assert bench.do("pwrite", **fd, value=value).errno == 0
            file += ["zero"] * (page + 1 - len(file))
            file[page] = value
        elif act in ("read", "write", "read private", "write private"):
            op, own = act.split()[0], act.endswith("private")
            where = {"task": "a", "at": f"{'p' if own else 's'}+{page}"}
            outcome = bench.do(op, **where, **({"value": value} if op == "write" else {}))
            if inside and op == "read":
                assert outcome.value == (private.get(page, file[page]) if own else file[page])
            elif inside and own:
                private[page] = value
            elif inside:
                file[page] = value
            else:
                assert outcome.signals[0].code == "BUS_ADRERR"
        elif act == "truncate":
            assert bench.do("truncate", path="/f", pages=page).errno == 0
            file = [*file, *["zero"] * PAGES][:page]
            private = {at: kept for at, kept in private.items() if at < page}
        elif act == "punch_hole" and inside:
            assert bench.do("punch_hole", path="/f", page=page).errno == 0
            file[page] = "zero"
        elif act == "sync":
            assert bench.do("sync", path="/f").errno == 0
        elif act == "drop_caches":
            assert bench.do("drop_caches").errno == 0
        elif act == "fsync":
            assert bench.do("fsync", task="a", fd="f").errno == 0
        elif act == "pageout":
            assert bench.do("madvise", task="a", at=f"s+{page}", advice="pageout").errno == 0
        elif act == "msync":
            assert bench.do("msync", task="a", at=f"s+{page}").errno == 0
        elif act == "fork":
            bench.do("fork", task="a", child=f"c{number}")
            assert bench.do("read", task=f"c{number}", at="s+0").value == (file[0] if file else None)
            bench.do("exit", task=f"c{number}")
    invariants.check(bench.m)
    bench.do("munmap", task="a", at="s+0", pages=PAGES + 1)
    bench.do("munmap", task="a", at="p+0", pages=PAGES + 1)
    assert bench.do("unlink", path="/f").errno == 0
    bench.do("close", task="a", fd="f")
    m = bench.m
    assert not (m.page_cache.view or m.disk.view or m.shmem_swap.view or m.swap_map.view or m.content.view)
    bench.session.seek(0)
    bench.session.seek(len(bench.session.steps))


# -- Coming to be and going


@pytest.mark.parametrize("filesystem, hole, cached", (
    ("ext4", False, 0), ("tmpfs", False, 3), ("tmpfs", True, 0), ("nofs", False, 0),
))  # fmt: skip
def test_only_shared_memory_has_its_pages_in_memory_from_the_start(filesystem: str, hole: bool, cached: int) -> None:
    bench = opened("v7", filesystem, pages=3, hole=hole)
    m = bench.m
    pages = m.page_cache.of(m.paths.view["/f"])
    assert len(pages) == cached
    for pfn in pages.values():
        assert m.refcount.get(pfn) == 1
        assert m.page(pfn) == pf.UPTODATE | pf.DIRTY | pf.LRU | pf.SWAPBACKED
    assert bench.do("pread", task="a", fd="f", page=0).value == ("zero" if hole else "disk")


def test_without_memory_there_is_no_file_in_memory() -> None:
    bench = Workbench(frames=512)
    bench.do("alloc", frames=512)
    assert bench.do("file", path="/f", pages=1, filesystem="tmpfs").errno == "ENOMEM"


def test_a_name_goes_at_once_the_pages_with_the_last_user() -> None:
    """iput(): an open descriptor, and then a mapping, keep an unlinked file."""
    bench = opened()
    m, number = bench.m, bench.m.paths.view["/f"]
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    bench.do("munmap", task="a", at="p+0", pages=PAGES + 1)
    bench.do("open", task="a", path="/f", fd="g")
    bench.do("unlink", path="/f")
    assert not m.paths.view and not m.inodes.view[number].linked
    bench.do("munmap", task="a", at="s+0", pages=PAGES + 1)
    assert bench.do("pread", task="a", fd="f", page=0).value == "x"
    bench.do("close", task="a", fd="f")
    assert bench.do("pread", task="a", fd="g", page=0).value == "x"
    bench.do("close", task="a", fd="g")
    assert not m.page_cache.of(number) and not m.open_files.view


def test_a_mapping_keeps_a_file_that_is_neither_named_nor_open() -> None:
    bench = opened()
    m, number = bench.m, bench.m.paths.view["/f"]
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    bench.do("munmap", task="a", at="p+0", pages=PAGES + 1)
    bench.do("unlink", path="/f")
    bench.do("close", task="a", fd="f")
    assert bench.do("read", task="a", at="s+0").value == "x"
    bench.do("munmap", task="a", at="s+0", pages=PAGES + 1)
    assert not m.page_cache.of(number) and not m.open_files.view


def test_a_file_without_users_goes_with_its_name() -> None:
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=2, filesystem="tmpfs")
    number = bench.m.paths.view["/dev/shm/g"]
    bench.do("unlink", path="/dev/shm/g")
    assert not bench.m.page_cache.of(number)


@pytest.mark.parametrize("pool, errno", ((2, 0), (1, "ENOMEM")))
def test_a_file_of_hugetlbfs_has_its_pages_from_the_pool(pool: int, errno: int | str) -> None:
    bench = Workbench(huge_pages=pool)
    assert bench.do("file", path="/h", pages=1024, filesystem="hugetlbfs").errno == errno


# -- Reading and writing


def test_a_file_grows_when_it_is_written_to_behind_its_end() -> None:
    bench = opened(pages=2)
    m, number = bench.m, bench.m.paths.view["/f"]
    for page, pages in ((1, 2), (2, 3), (4, 5), (0, 5)):
        assert bench.do("pwrite", task="a", fd="f", page=page, value=f"v{page}").errno == 0
        assert m.inodes.view[number].pages == pages
    values = [bench.do("pread", task="a", fd="f", page=page).value for page in range(6)]
    assert values == ["v0", "v1", "v2", "zero", "v4", None]


@both
def test_hugetlbfs_is_read_and_never_written_to(profile: str) -> None:
    """hugetlbfs_file_operations has no write(); hugetlbfs_read_iter() gives EIO for poison: 6.1 for all of the page."""
    bench = Workbench(profile, huge_pages=2)
    bench.do("file", path="/h", pages=1024, filesystem="hugetlbfs")
    bench.do("open", task="a", path="/h", fd="f")
    bench.area(file="/h", pages=1024, shared=True)
    bench.do("write", task="a", at="m+3", value="x")
    for page, value in ((3, "x"), (4, "disk"), (1024, None)):
        outcome = bench.do("pread", task="a", fd="f", page=page)
        assert (outcome.value, outcome.errno) == (value, 0)
    assert bench.do("pwrite", task="a", fd="f", page=0, value="y").errno == "EINVAL"
    if profile != "v7":
        bench.do("poison", frame="/h@3")
        assert bench.do("pread", task="a", fd="f", page=3).errno == "EIO"
        outcome = bench.do("pread", task="a", fd="f", page=4)
        assert (outcome.value, outcome.errno) == ((None, "EIO") if profile == "6.1" else ("disk", 0))
        assert bench.do("pread", task="a", fd="f", page=600).errno == 0


@pytest.mark.parametrize("page, left", ((0, [512]), (511, [512]), (512, [0]), (700, [0])))
def test_a_hole_in_a_file_of_hugetlbfs_is_a_whole_huge_page(page: int, left: list[int]) -> None:
    bench = Workbench(huge_pages=2)
    bench.do("file", path="/h", pages=1024, filesystem="hugetlbfs")
    assert bench.do("punch_hole", path="/h", page=page).errno == 0
    assert sorted(bench.m.page_cache.of(bench.m.paths.view["/h"])) == left


def test_only_what_lies_on_a_disk_has_blocks() -> None:
    for filesystem, blocks in (("ext4", True), ("nofs", False), ("tmpfs", False)):
        bench = opened(filesystem=filesystem)
        bench.do("pwrite", task="a", fd="f", page=0, value="x")
        assert bool(bench.m.page(bench.pfn("/f@0")) & pf.MAPPEDTODISK) is blocks


def test_sync_waits_for_pages_that_are_being_written() -> None:
    bench = opened()
    bench.do("pread", task="a", fd="f", page=0)
    pfn = bench.pfn("/f@0")
    bench.m.set_flags(pfn, pf.WRITEBACK)
    bench.do("sync", path="/f")
    assert not bench.m.page(pfn) & pf.WRITEBACK


@both
def test_a_write_makes_the_cached_page_dirty_and_sync_writes_it(profile: str) -> None:
    bench = opened(profile)
    m = bench.m
    bench.do("pwrite", task="a", fd="f", page=1, value="x")
    pfn, number = bench.pfn("/f@1"), m.paths.view["/f"]
    assert m.page(pfn) & (pf.DIRTY | pf.UPTODATE | pf.MAPPEDTODISK) == pf.DIRTY | pf.UPTODATE | pf.MAPPEDTODISK
    assert not m.disk.of(number)
    bench.do("sync", path="/f")
    assert dict(m.disk.of(number)) == {1: "x"} and not m.page(pfn) & (pf.DIRTY | pf.WRITEBACK)


@pytest.mark.parametrize("filesystem", ("ext4", "tmpfs"))
def test_a_page_whose_content_is_lost_reads_as_eio(filesystem: str) -> None:
    bench = opened(filesystem=filesystem)
    bench.do("pread", task="a", fd="f", page=0)
    bench.m.clear_flags(bench.pfn("/f@0"), pf.UPTODATE)
    outcome = bench.do("pread", task="a", fd="f", page=0)
    assert (outcome.errno, outcome.value) == ("EIO", None)


@pytest.mark.parametrize("profile, filesystem, errno", (
    ("v7", "tmpfs", 0), ("v7", "ext4", 0), ("6.1", "ext4", 0), ("6.1", "tmpfs", "EIO"),
))  # fmt: skip
def test_poison_in_the_page_cache_is_refused_where_the_file_system_looks(
    profile: str, filesystem: str, errno: int | str
) -> None:
    """shmem_file_read_iter() and shmem_write_begin() of 6.1 look at PageHWPoison()."""
    bench = opened(profile, filesystem)
    bench.do("pread", task="a", fd="f", page=0)
    bench.m.set_flags(bench.pfn("/f@0"), pf.HWPOISON)
    assert bench.do("pread", task="a", fd="f", page=0).errno == errno
    assert bench.do("pwrite", task="a", fd="f", page=0, value="x").errno == errno


@both
def test_reading_without_memory(profile: str) -> None:
    bench = Workbench(profile, frames=512)
    bench.do("file", path="/f", pages=2)
    bench.do("open", task="a", path="/f", fd="f")
    bench.do("alloc", frames=512)
    assert bench.do("pread", task="a", fd="f", page=0).errno == "ENOMEM"
    assert bench.do("pwrite", task="a", fd="f", page=0, value="x").errno == "ENOMEM"


# -- Errors of write-back


def failing(profile: str, filesystem: str = "ext4") -> Workbench:
    """A file whose write-back has failed, which nobody has been told of."""
    bench = opened(profile, filesystem)
    bench.do("open", task="a", path="/f", fd="g")
    bench.do("pread", task="a", fd="f", page=0)
    m = bench.m
    mapping_set_error(m, m.inodes.view[m.paths.view["/f"]])
    return bench


@pytest.mark.parametrize("profile, told", (("v7", ["EIO", 0, 0]), ("6.1", ["EIO", 0, "EIO"])))
def test_an_error_is_told_once_to_each_mapping_or_to_each_description(profile: str, told: list[int | str]) -> None:
    """AS_EIO is a bit of the mapping; errseq_t (4.13) is compared with what each open file has seen."""
    bench = failing(profile)
    assert [bench.do("fsync", task="a", fd=fd).errno for fd in "ffg"] == told


def test_who_opens_later_hears_of_an_error_that_nobody_has_seen() -> None:
    """errseq_sample() gives 0 while the error is unseen, and the newest once somebody saw it."""
    bench = failing("6.1")
    bench.do("open", task="a", path="/f", fd="h")
    assert bench.do("fsync", task="a", fd="h").errno == "EIO"
    bench.do("open", task="a", path="/f", fd="i")
    assert bench.do("fsync", task="a", fd="i").errno == 0


def test_errors_that_nobody_saw_are_one() -> None:
    """errseq_set() counts on only when the last error was seen."""
    bench = failing("6.1")
    m, number = bench.m, bench.m.paths.view["/f"]
    for expected in (1, 1):
        mapping_set_error(m, m.inodes.view[number])
        assert m.inodes.view[number].wb_err == expected
    bench.do("fsync", task="a", fd="f")
    mapping_set_error(m, m.inodes.view[number])
    assert (m.inodes.view[number].wb_err, m.inodes.view[number].wb_seen) == (2, False)
    assert bench.do("fsync", task="a", fd="f").errno == "EIO"


@pytest.mark.parametrize("profile, left", (("v7", 0), ("6.1", "EIO")))
def test_sync_tells_nobody_but_takes_the_old_mark_along(profile: str, left: int | str) -> None:
    bench = failing(profile)
    assert bench.do("sync", path="/f").errno == 0
    assert bench.do("fsync", task="a", fd="f").errno == left


@pytest.mark.parametrize("profile, filesystem, told", (("v7", "tmpfs", "EIO"), ("6.1", "tmpfs", 0)))
def test_fsync_of_shared_memory_does_not_look_since(profile: str, filesystem: str, told: int | str) -> None:
    """noop_fsync()."""
    assert failing(profile, filesystem).do("fsync", task="a", fd="f").errno == told


# -- msync


def test_msync_reports_the_first_error_and_a_gap_at_the_end() -> None:
    bench = failing("6.1")
    everything = {"task": "a", "at": "s+0", "pages": PAGES + 1}
    assert bench.do("msync", **everything).errno == "EIO"
    assert bench.do("msync", **everything).errno == 0
    bench.do("munmap", task="a", at="s+1", pages=1)
    bench.do("write", task="a", at="s+3", value="x")
    assert bench.do("msync", **everything).errno == "ENOMEM"
    assert dict(bench.m.disk.of(bench.m.paths.view["/f"])) == {3: "x"}, "what is behind the gap is written"


@pytest.mark.parametrize("profile, written", (("v7", {0, 1, 2}), ("6.1", {1})))
def test_msync_writes_the_range_or_the_whole_file(profile: str, written: set[int]) -> None:
    """2.6.32 called vfs_fsync(), later kernels vfs_fsync_range()."""
    bench = opened(profile)
    for page in range(3):
        bench.do("write", task="a", at=f"s+{page}", value="x")
    bench.do("msync", task="a", at="s+1", pages=1)
    assert set(bench.m.disk.of(bench.m.paths.view["/f"])) == written


def test_msync_of_private_memory_writes_nothing() -> None:
    bench = opened()
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    assert bench.do("msync", task="a", at="p+0", pages=2).errno == 0
    assert not bench.m.disk.view


def test_msync_writes_no_page_before_those_that_are_mapped() -> None:
    """vfs_fsync_range(): the range may begin before the VMA, and then at its first page."""
    bench = opened()
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    bench.area(pages=3)
    bench.area("n", file="/f", offset=1, shared=True, fixed="m+1")
    bench.do("write", task="a", at="n+0", value="x")
    bench.do("msync", task="a", at="m+0", pages=2)
    assert dict(bench.m.disk.of(bench.m.paths.view["/f"])) == {1: "x"}


def test_msync_goes_on_behind_memory_that_is_no_files() -> None:
    bench = opened()
    bench.area(pages=3)
    bench.area("n", file="/f", shared=True, fixed="m+1")
    bench.do("write", task="a", at="n+0", value="x")
    assert bench.do("msync", task="a", at="m+0", pages=3).errno == 0
    assert dict(bench.m.disk.of(bench.m.paths.view["/f"])) == {0: "x"}


# -- Truncating and punching


@both
def test_a_cut_takes_private_copies_along_a_hole_does_not(profile: str) -> None:
    """unmap_mapping_range(): even_cows of truncate_pagecache(), not of truncate_pagecache_range()."""
    bench = opened(profile)
    for page in range(3):
        bench.do("write", task="a", at=f"p+{page}", value="mine")
        bench.do("read", task="a", at=f"s+{page}")
    bench.do("punch_hole", path="/f", page=1)
    assert bench.session.pte_state("a", "p+1") == "present" and bench.session.pte_state("a", "s+1") == "none"
    assert bench.do("read", task="a", at="p+1").value == "mine"
    assert bench.do("read", task="a", at="s+1").value == "zero"
    bench.do("truncate", path="/f", pages=1)
    states = [[bench.session.pte_state("a", f"{name}+{page}") for page in range(3)] for name in "ps"]
    assert states == [["present", "none", "none"]] * 2
    assert bench.do("read", task="a", at="p+0").value == "mine"
    invariants.check(bench.m)


def test_a_file_that_grows_keeps_its_pages() -> None:
    bench = opened()
    bench.do("write", task="a", at="s+0", value="x")
    bench.do("truncate", path="/f", pages=PAGES + 1)
    assert bench.session.pte_state("a", "s+0") == "present"
    assert bench.do("read", task="a", at=f"s+{PAGES}").value == "zero"
    bench.do("truncate", path="/f", pages=PAGES + 1)
    assert bench.session.pte_state("a", "s+0") == "present"


def test_a_hole_behind_what_the_disk_held_has_no_blocks() -> None:
    bench = opened()
    for page in (PAGES, PAGES + 1):
        bench.do("pwrite", task="a", fd="f", page=page, value="x")
    bench.do("fsync", task="a", fd="f")
    bench.do("punch_hole", path="/f", page=PAGES)
    assert dict(bench.m.disk.of(bench.m.paths.view["/f"])) == {PAGES + 1: "x"}


# -- drop_caches


def test_only_what_nobody_needs_is_dropped() -> None:
    """invalidate_mapping_pages(): clean, unmapped, unlocked, evictable, held by nobody."""
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=1, filesystem="tmpfs")
    bench.do("file", path="/f", pages=8)
    bench.do("open", task="a", path="/f", fd="f")
    for page in range(8):
        bench.do("pread", task="a", fd="f", page=page)
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    bench.area(file="/f", shared=True, offset=1)
    bench.do("write", task="a", at="m+0")
    bench.do("sync", path="/f")
    bench.do("pwrite", task="a", fd="f", page=2, value="x")
    m = bench.m
    for page, flag in ((3, pf.LOCKED), (4, pf.UNEVICTABLE), (5, pf.WRITEBACK)):
        m.set_flags(bench.pfn(f"/f@{page}"), flag)
    bench.do("pin", frame="/f@6")
    m.clear_flags(bench.pfn("/dev/shm/g@0"), pf.DIRTY)
    bench.do("drop_caches")
    assert sorted(m.page_cache.of(m.paths.view["/f"])) == [1, 2, 3, 4, 5, 6]
    assert [mark.args for mark in bench.session.steps.marks if mark.site is fs.CACHES_DROPPED] == [(2,)]
    assert len(m.page_cache.of(m.paths.view["/dev/shm/g"])) == 1
