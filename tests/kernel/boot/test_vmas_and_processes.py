"""VMAs, page tables, processes and settings of an image, each in small machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pytest

from hwpoison_gui.image import CachedPages, Capture, FileImage, ProcessImage, ThreadImage, VmaImage, ZoneImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.files import NEWER
from hwpoison_gui.kernel.filemap import DISK
from hwpoison_gui.kernel.mmzone import zones_by_address
from hwpoison_gui.kernel.records import HPAGE_RESV_OWNER, Task, Vma
from tests.kernel.boot.images import ANON, BASE, FILE, PAGE, PRESENT, SWAPPED, booted, folio, image, process, vma

START: Final = BASE * PAGE
HUGE: Final = {"path": "/anon_hugepage (deleted)", "device": "00:0f", "inode": 7}


def area(**of: Any) -> Vma:
    """The VMA of a machine in which nothing else is."""
    of = {"perms": "rw-p"} | of
    files = (
        FileImage("00:0f", 7, HUGE["path"], "hugetlbfs"),
        FileImage("00:01", 8, "/anon_hugepage (deleted)", "tmpfs"),
        FileImage("08:01", 9, "/f", "ext4"),
    )
    (made,) = booted(image({}, (process(10, vma(0, 4, **of)),), files=files)).vmas.view.values()
    return made


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({}, {"id": 1, "mm": 10, "start": START, "end": START + 4 * PAGE, "huge": "none", "folio": 1, "resv": 0}),
        ({"perms": "rwxp"}, {"prot": "rw", "shared": False, "execute": True}),
        ({"perms": "rw-s"}, {"prot": "rw", "shared": True, "execute": False}),
        ({"perms": "r--p"}, {"prot": "r"}),
        ({"perms": "r-xp"}, {"prot": "r", "execute": True}),
        ({"perms": "--xp"}, {"prot": "r", "execute": True}),
        ({"perms": "---p"}, {"prot": "none", "execute": False}),
        ({"perms": "---s"}, {"prot": "none", "shared": True}),
        ({"flags": ("rd", "lo")}, {"locked": True, "mergeable": False}),
        ({"flags": ("mg",)}, {"locked": False, "mergeable": True}),
        ({"flags": ("ht",)}, {"huge": "hugetlb", "mapping": 0, "resv": HPAGE_RESV_OWNER}),
        (HUGE, {"huge": "hugetlb", "mapping": 1, "resv": HPAGE_RESV_OWNER}),
        (HUGE | {"perms": "rw-s"}, {"huge": "hugetlb", "mapping": 1, "resv": 0}),
        (HUGE | {"device": "00:01", "inode": 8}, {"huge": "hugetlb", "mapping": 2}),
        ({"path": "/f", "device": "08:01", "inode": 9, "offset": 5 * PAGE}, {"huge": "none", "mapping": 3, "pgoff": 5}),
        ({"name": "buffer", "path": "[heap]"}, {"name": "buffer"}),
        ({"path": "[heap]"}, {"name": "[heap]"}),
        ({"path": "/f"}, {"name": ""}),
    ],
)
def test_a_vma_is_as_maps_and_smaps_say(of: Mapping[str, Any], expected: dict[str, Any]) -> None:
    made = area(**of)
    assert {name: getattr(made, name) for name in expected} == expected


def test_only_the_first_vma_of_a_name_has_it() -> None:
    heap = {"path": "[heap]"}
    m = booted(
        image(
            {},
            (process(10, vma(0, 1, **heap), vma(2, 1), vma(4, 1, **heap), vma(6, 1)), process(11, vma(0, 1, **heap))),
        )
    )
    assert [(one.mm, one.name) for one in m.vmas.view.values()] == [
        (10, "[heap]"), (10, ""), (10, ""), (10, ""), (11, "[heap]")
    ]  # fmt: skip


def test_vmas_are_in_their_address_spaces_and_reverse_maps() -> None:
    file = {"path": "/f", "device": "08:01", "inode": 9}
    processes = (process(10, vma(0, 2), vma(2, 2, **file)), process(11, vma(0, 2), vma(2, 2, **file), ppid=10))
    entries = {(10, 0): PRESENT | 5, (11, 0): PRESENT | 5, (11, 2): PRESENT | 6}
    m = booted(image({5: ANON, 6: ANON}, processes, entries, files=(FileImage("08:01", 9, "/f"),)))
    family, other = m.vmas.view[1].anon_vma, m.vmas.view[4].anon_vma
    for table, members in (
        (m.mm_vmas, {10: (1, 2), 11: (3, 4)}),
        (m.i_mmap, {1: (2, 4)}),
        (m.anon_vma_chain, {family: (1, 3), other: (4,)}),
        (m.vma_anon_vmas, {1: (family,), 3: (family,), 4: (other,)}),
    ):
        assert {key: dict(of) for key, of in table.view.items()} == {
            key: dict.fromkeys(of, True) for key, of in members.items()
        }


# The frames of some pages of a VMA of 1024 pages, and what the VMA says of huge pages and of folios below 2 MiB.
SMALL: Final = {8: 2, 16: 1, 32: 3}  # orders of folios by head


@pytest.mark.parametrize(
    ("pages", "huge", "size"),
    [
        ({0: 100}, "none", 1),
        ({0: 16, 1: 17}, "none", 2),
        ({0: 8, 1: 9, 4: 16, 5: 100}, "none", 4),
        ({0: 32, 8: 8}, "none", 8),
        ({0: 40}, "none", 1),
        (dict(enumerate(range(512, 1024))), "thp", 1),
        (dict(enumerate(range(512, 1023))), "none", 1),
        (dict(enumerate(range(512, 1024))) | {600: 8, 601: 9}, "thp", 4),
    ],
)  # fmt: skip
def test_a_vma_has_the_folios_that_it_maps(pages: dict[int, int], huge: str, size: int) -> None:
    """New ones are as large as the largest anonymous one there. Frame 40 is of a folio of a file."""
    words = {100: ANON} | dict(enumerate(folio(9, ANON), 512)) | dict(enumerate(folio(3, FILE), 40))
    for head, order in SMALL.items():
        words |= dict(enumerate(folio(order, ANON), head))
    entries = {(10, page): PRESENT | pfn for page, pfn in pages.items()} | {(10, 2000): PRESENT | 101}
    m = booted(image(words | {101: ANON}, (process(10, vma(0, 1024), vma(2000, 1)),), entries))
    assert [(one.huge, one.folio) for one in m.vmas.view.values()] == [(huge, size), ("none", 1)]


@pytest.mark.parametrize(
    ("child", "owners"),
    [
        (vma(0, 512, **HUGE), [10]),
        (vma(512, 512, **HUGE), [10, 11]),
        (vma(0, 512, "rw-s", **HUGE), [10]),
        (vma(0, 512, **HUGE | {"inode": 8}), [10, 11]),
        (vma(0, 512), [10]),
    ],
)
def test_a_private_hugetlb_mapping_belongs_to_whose_parent_has_it_not(child: VmaImage, owners: list[int]) -> None:
    """HPAGE_RESV_OWNER is not exported; fork clears it in the child."""
    files = tuple(FileImage("00:0f", inode, HUGE["path"], "hugetlbfs") for inode in (7, 8))
    m = booted(image({}, (process(11, child, ppid=10), process(10, vma(0, 512, **HUGE))), files=files))
    assert [one.mm for one in m.vmas.view.values() if one.resv == HPAGE_RESV_OWNER] == owners


# -- Page tables


def test_page_tables_are_dealt_out_in_order() -> None:
    """One for the address space, one for each 2 MiB of it that has an entry, until there are no more pages."""
    words = dict.fromkeys(range(300, 306), pf.PGTABLE) | dict.fromkeys(range(500, 510), ANON)
    low = VmaImage(0x200000, 0x600000, "rw-p")
    processes = (
        process(10, low, vma(0, 2048)), process(11), process(12, vma(0, 2048)), process(13, vma(0, 2048))
    )  # fmt: skip
    entries = {(10, (0x200 - BASE)): PRESENT | 500, (10, (0x400 - BASE)): PRESENT | 501}
    entries |= {(10, page): PRESENT | 502 + at for at, page in enumerate((0, 1, 513))}
    entries |= {(12, 600): PRESENT | 506, (13, 0): PRESENT | 507}
    m = booted(image(words, processes, entries))
    first = BASE >> 9
    assert {mm: dict(of) for mm, of in m.pgtables.view.items()} == {
        10: {-1: 300, 1: 301, 2: 302, first: 303, first + 1: 304}, 11: {-1: 305}
    }  # fmt: skip
    assert dict(m.rss.view) == {10: 5, 12: 1, 13: 1}


@pytest.mark.parametrize(
    ("of", "dirty", "content"),
    [
        ({"perms": "rw-s"}, True, NEWER),
        ({"perms": "rw-s"}, False, DISK),
        ({"perms": "rw-p"}, True, DISK),
    ],
)
def test_a_page_that_a_shared_mapping_has_written_is_newer_than_its_file(
    of: Mapping[str, Any], dirty: bool, content: str
) -> None:
    """Its dirty bit was recorded; the flag of the page follows when it is unmapped."""
    file = {"path": "/f", "device": "08:01", "inode": 9}
    made = image({5: FILE, 6: FILE}, (process(10, vma(0, 2, **file, **of)),), {(10, 0): PRESENT | 5},
                 hidden={"pte_dirty": {0: int(dirty)}}, files=(FileImage("08:01", 9, "/f", "ext4", 2),),
                 cached=CachedPages(np.array([5, 6]), np.array([0, 0]), np.array([0, 1])))  # fmt: skip
    assert dict(booted(made).content.view) == {5: content, 6: DISK}


def test_a_page_without_a_file_has_no_content_of_the_disk() -> None:
    shared = image({5: FILE | pf.SWAPBACKED}, (process(10, vma(0, 1, "rw-s")),), {(10, 0): PRESENT | 5},
                   hidden={"pte_dirty": {0: 1}})  # fmt: skip
    assert not booted(shared).content.view


# -- Processes


def test_threads_and_dispositions() -> None:
    """Recorded attributes of a thread take precedence; other threads have those of their process."""
    listed = (ThreadImage(20, "late"), ThreadImage(25, blocked=True))
    m = booted(
        image(
            {},
            (
                process(20, ppid=5, threads=4, sigbus="handler", sigsegv="ignored", mce_kill="early", blocked=True,
                        listed=listed, pid_ns=(7, 20)),
                process(1, ppid=0, stopped=True),
                process(7, pid_ns=(7, 20)),
            ),
        )
    )  # fmt: skip
    assert list(m.processes.view) == [1, 7, 20]
    one = m.processes.view[20]
    assert (one.tgid, one.ppid, one.comm, one.name, one.mm) == (20, 5, "p20", "p20:20", 20)
    assert (one.sigbus, one.sigsegv, one.pid_ns, one.threads) == ("handler", "ignored", (7, 20), (20, 25, 26, 27))
    assert {pid: process.unkillable for pid, process in m.processes.view.items()} == {1: True, 7: False, 20: True}
    assert list(m.tasks.view.values()) == [
        Task(1, 1, 0, "default", False, True),
        Task(7, 7, 0, "default", False, False),
        Task(20, 20, 0, "late", False, False),
        Task(25, 20, 1, "default", True, False),
        Task(26, 20, 2, "early", True, False),
        Task(27, 20, 3, "early", True, False),
    ]
    assert m.counter("next_pid") == 27


@pytest.mark.parametrize(
    ("processes", "threads"),
    [
        ((process(5, threads=3), process(6), process(8, listed=(ThreadImage(8), ThreadImage(9)))),
         {5: (5, 7, 10), 6: (6,), 8: (8, 9)}),
        ((process(4, threads=3), process(5, threads=2)), {4: (4, 6, 7), 5: (5, 8)}),
        ((process(9, listed=(ThreadImage(9),)), process(5, threads=2, listed=(ThreadImage(5), ThreadImage(9)))),
         {5: (5, 6), 9: (9,)}),
        ((process(9), process(5, threads=2, listed=(ThreadImage(5), ThreadImage(9)))), {5: (5, 6), 9: (9,)}),
    ],
)  # fmt: skip
def test_no_two_threads_have_a_number(processes: tuple[ProcessImage, ...], threads: dict[int, tuple[int, ...]]) -> None:
    """Those that are not listed get free ones; a number that is a process's is not another's thread."""
    m = booted(image({}, processes))
    assert {pid: one.threads for pid, one in m.processes.view.items()} == threads
    assert {task.tid: task.tgid for task in m.tasks.view.values()} == {
        tid: pid for pid, tids in threads.items() for tid in tids
    }


TIB: Final = 1 << 40


@pytest.mark.parametrize(
    ("areas", "base"),
    [
        ((), 1),
        (((0, 1),), 1),
        (((1, 2),), 2),
        (((1, 1.5),), 2),
        (((0.5, 1.5),), 2),
        (((2, 3),), 1),
        (((1.5, 2), (3, 4)), 2),
        (((1.5, 2), (2, 2.5)), 3),
        (((2.5, 3), (1.5, 2)), 3),
        (((1, 2), (2.5, 3), (4, 5)), 3),
    ],
)
def test_new_vmas_have_a_terabyte_of_free_addresses(areas: tuple[tuple[float, float], ...], base: int) -> None:
    vmas = tuple(VmaImage(int(start * TIB), int(end * TIB), "rw-p") for start, end in areas)
    m = booted(image({}, (process(10, *vmas),)))
    assert m.mmap_base.view[10] == base * TIB


# -- Settings and the kernel's own frames


def test_frames_of_the_kernel_s_own_kinds() -> None:
    words = {pfn: pf.SLAB for pfn in range(300, 400)} | dict(enumerate(folio(1, pf.SLAB, pf.SLAB), 400))
    words |= {402: pf.PGTABLE, 403: pf.RESERVED, 404: pf.RESERVED | pf.ZERO_PAGE, 405: pf.ZERO_PAGE, 406: pf.LOCKED}
    words |= dict(enumerate(folio(1, pf.ZERO_PAGE, pf.ZERO_PAGE), 408))
    m = booted(image(dict.fromkeys(range(2048), pf.LRU) | words | {7: 0, 9: 0}))
    assert dict(m.special.view) == {
        "zero": (404, 405), "reserved": (403,), "pgtable": (402,), "slab": tuple(range(300, 364)), "slab-tail": (401,),
        "kernel": (7, 9),
    }  # fmt: skip
    assert dict(booted(image(dict.fromkeys(range(300), pf.LRU), frames=300)).special.view) == {"zero": (299,)}


def test_what_a_source_says_of_the_whole_machine() -> None:
    zones = (ZoneImage(0, "DMA", 0, 100), ZoneImage(1, "Normal", 100, 300))
    poisoned = {5: pf.HWPOISON, 6: pf.HWPOISON}
    settings = {"memory_failure_early_kill": 1, "unknown": 7}
    capture = Capture(1.5, "boot", ())
    m = booted(image(poisoned, frames=300, zones=zones, sysctl=settings, hardware_corrupted_kb=12, capture=capture))
    assert m.zones == zones and m.capture == capture and m.uncaptured is None
    assert m.hardware_corrupted_kb == 12 and m.counter("num_poisoned_pages") == 3
    assert m.sysctl.view["memory_failure_early_kill"] == 1 and "unknown" not in m.sysctl.view
    bare = booted(image(poisoned, frames=300))
    assert bare.zones == zones_by_address(300) and bare.counter("num_poisoned_pages") == 2
    assert dict(booted(image({}, frames=300)).counters.view) == {}


def test_ids_go_on_behind_the_highest_in_use() -> None:
    words = {5: ANON, 6: ANON | pf.SWAPCACHE & ~pf.MMAP}
    m = booted(image(words, (process(10, vma(0, 2), threads=3),), {(10, 0): PRESENT | 5, (10, 1): SWAPPED | 40 << 5},
                     files=(FileImage("08:01", 9, "/f"),)))  # fmt: skip
    assert dict(m.counters.view) == {
        "next_vma": 1, "next_inode": 1, "next_anon_vma": 2, "next_pid": 12, "next_swap_entry": 41
    }  # fmt: skip


def test_mappings_that_no_captured_pte_explains() -> None:
    """The page tables of only some processes were read."""
    made = image({5: ANON, 6: ANON, 7: FILE}, (process(10, vma(0, 2)),), {(10, 0): PRESENT | 5, (10, 1): PRESENT | 6},
                 capture=Capture(pids=(10,)))  # fmt: skip
    made.kpagecount[[5, 7]] = (3, 2)
    uncaptured = booted(made).uncaptured
    assert uncaptured is not None and {pfn: uncaptured[pfn] for pfn in np.flatnonzero(uncaptured)} == {5: 2, 7: 2}
    assert uncaptured.dtype == np.int32


@pytest.mark.parametrize("frames", (3, 255, 256, 257))
def test_a_machine_has_at_least_256_frames(frames: int) -> None:
    hidden = {"refcount": {0: 1, 1: 7}, "mapping": {1: 17}, "index": {1: BASE}, "private": {1: 9}}
    made = image({1: ANON | pf.SWAPCACHE}, (process(10, vma(0, 1)),), {(10, 0): PRESENT | 1}, frames, hidden,
                 cgroup=np.full(frames, 4, np.uint64), capture=Capture(pids=(10,)))  # fmt: skip
    made.kpagecount[1] = 2
    m = booted(made)
    assert m.frames == max(frames, 256) and m.memcg is not None and m.uncaptured is not None
    assert [m.page(pfn) for pfn in range(frames, m.frames)] == [pf.NOPAGE] * (m.frames - frames)
    assert not m.refcount.view[frames:].any() and m.refcount.view[1] == 7 and m.uncaptured[1] == 1
    assert m.page_private.view[1] == 9
    inode = np.array(m.memcg.inodes)[m.memcg.of]
    assert inode.tolist() == [4] * frames + [0] * (m.frames - frames)


def test_a_machine_cannot_be_walked_back_into_its_boot() -> None:
    m = booted(image({5: ANON}))
    m.put(m.refcount, 5, 7)
    m.gate.backward(m.gate.take())
    assert m.refcount.view[5] == 1 and m.gate.digest() == booted(image({5: ANON})).gate.digest()
