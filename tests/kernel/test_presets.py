"""The made-up machines: the same everywhere, and consistent as a real one is."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.frames import free_blocks
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.filemap import FILESYSTEMS
from hwpoison_gui.kernel.presets import PRESETS, desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.grammar import is_name, is_path

NORMAL = 65_536
SIZES = (4096, 16_384, NORMAL, 1 << 20)
GOLDEN = "bdb457dfd77cea8b2b84c1714683de1a864d426f98ec82cbc5991da713a2f0c3"

PRESENT, SWAPPED, FILE, EXCLUSIVE = (np.uint64(1 << bit) for bit in (63, 62, 61, 56))
PFN = np.uint64((1 << 55) - 1)


@cache
def image_of(frames: int, seed: int = 1) -> MemoryImage:
    return desktop(frames, seed)


@pytest.fixture(params=SIZES)
def image(request: pytest.FixtureRequest) -> MemoryImage:
    return image_of(request.param)


def digest(image: MemoryImage) -> str:
    hasher = hashlib.sha256()
    hidden, cached = image.hidden, image.cached
    assert cached is not None
    arrays = (image.kpageflags, image.kpagecount, image.pagemap_pid, image.pagemap_va, image.pagemap_entry)
    known = (hidden.refcount, hidden.pte_dirty, hidden.mapping, hidden.index, hidden.private)
    for array in (*arrays, *known, cached.pfn, cached.file, cached.index):
        assert array is not None
        hasher.update(f"{array.dtype.str} {array.shape}".encode())
        hasher.update(np.ascontiguousarray(array).tobytes())
    for process in image.processes:
        sigbus = "blocked" if process.blocked else process.sigbus
        who = (process.pid, process.ppid, process.comm, process.threads, sigbus, process.mce_kill)
        hasher.update(repr(who).encode())
        for vma in process.vmas:
            file = (vma.offset, vma.device, vma.inode, vma.path)
            hasher.update(repr((vma.start, vma.end, vma.perms, *file, vma.flags, vma.name)).encode())
    for known_file in image.files:
        what = (known_file.device, known_file.inode, known_file.path, known_file.filesystem, known_file.pages)
        hasher.update(repr(what).encode())
    return hasher.hexdigest()


def has(image: MemoryImage, *masks: int) -> npt.NDArray[np.bool_]:
    """Frames that have all of the flags."""
    mask = np.uint64(sum(masks))
    return (image.kpageflags & mask) == mask


def frames_mapped(image: MemoryImage) -> npt.NDArray[np.int64]:
    """The frame of each entry, -1 for a swapped one."""
    present = (image.pagemap_entry & PRESENT) != 0
    return np.where(present, (image.pagemap_entry & PFN).astype(np.int64), -1)


def refcount(image: MemoryImage) -> npt.NDArray[np.int32]:
    assert image.hidden.refcount is not None
    return image.hidden.refcount


def test_the_same_size_and_seed_give_the_same_machine() -> None:
    assert digest(desktop(NORMAL, 1)) == digest(image_of(NORMAL)) == GOLDEN


def test_another_seed_gives_another_machine() -> None:
    other = image_of(NORMAL, 2)
    assert not np.array_equal(other.kpageflags, image_of(NORMAL).kpageflags)
    assert [process.comm for process in other.processes] == [process.comm for process in image_of(NORMAL).processes]


def test_too_small_a_machine_is_refused_in_plain_words() -> None:
    with pytest.raises(ValueError, match="4096 frames .* not 4095"):
        PRESETS["desktop"](4095, 0)


@pytest.mark.parametrize("frames", [4096, 4097, 5089, 7864, 8178, 12_287, 12_288, 13_033, 15_350, 19_456, 65_535])
@pytest.mark.parametrize("seed", [0, 7, 1 << 70])
def test_free_blocks_of_every_order_at_any_size(frames: int, seed: int) -> None:
    image = desktop(frames, seed)
    assert len(image.kpageflags) == frames
    assert all(free_blocks(image.kpageflags))


def test_free_blocks_of_every_order(image: MemoryImage) -> None:
    blocks = free_blocks(image.kpageflags)
    assert len(blocks) == 11 and all(blocks)
    assert 0.05 < has(image, pf.BUDDY).mean() < 0.65


def test_counts_are_those_of_the_page_tables(image: MemoryImage) -> None:
    frame = frames_mapped(image)
    count = np.bincount(frame[frame >= 0], minlength=len(image.kpageflags))
    assert np.array_equal(image.kpagecount, count.astype(np.uint64))
    assert np.array_equal(has(image, pf.MMAP), count > 0)
    alone = (frame >= 0) & (count[frame] == 1)
    assert np.array_equal((image.pagemap_entry & EXCLUSIVE) != 0, alone)


def test_references_are_mappings_caches_and_buffers(image: MemoryImage) -> None:
    lru = has(image, pf.LRU)
    in_file = lru & ~has(image, pf.ANON)
    expected = image.kpagecount.astype(np.int64) + in_file + has(image, pf.SWAPCACHE) + has(image, pf.PRIVATE)
    assert np.array_equal(refcount(image)[lru], expected[lru])
    assert not refcount(image)[has(image, pf.BUDDY) | has(image, pf.COMPOUND_TAIL) | has(image, pf.NOPAGE)].any()
    kernel = has(image, pf.RESERVED) | has(image, pf.PGTABLE) | (has(image, pf.SLAB) & ~has(image, pf.COMPOUND_TAIL))
    assert (refcount(image)[kernel | has(image, pf.COMPOUND_HEAD)] == 1).all()


def test_flags_go_together_as_in_the_kernel(image: MemoryImage) -> None:
    words, lru, anon = image.kpageflags, has(image, pf.LRU), has(image, pf.ANON)
    assert (words[has(image, pf.BUDDY)] == pf.BUDDY).all()
    assert (words[has(image, pf.NOPAGE)] == pf.NOPAGE).all()
    assert (words[has(image, pf.PGTABLE)] == pf.PGTABLE).all()
    of_disk = has(image, pf.MAPPEDTODISK) | has(image, pf.PRIVATE)
    assert not (anon & of_disk).any() and not (has(image, pf.SWAPBACKED) & of_disk).any()
    assert (has(image, pf.SWAPBACKED) & has(image, pf.LRU))[anon].all()
    assert has(image, pf.UPTODATE)[lru].all() and not (has(image, pf.SLAB) & lru).any()
    assert np.array_equal(has(image, pf.MLOCKED), has(image, pf.UNEVICTABLE)) and has(image, pf.MLOCKED).any()
    assert not (has(image, pf.MLOCKED) & has(image, pf.ACTIVE)).any()
    swap_cache = has(image, pf.SWAPCACHE)
    assert anon[swap_cache].all() and not has(image, pf.DIRTY)[swap_cache].any()
    assert has(image, pf.ZERO_PAGE, pf.RESERVED).sum() == 1
    assert not any(has(image, flag).any() for flag in (pf.HWPOISON, pf.LOCKED, pf.WRITEBACK, pf.ERROR, pf.THP, pf.HUGE))


def test_every_frame_is_in_one_place(image: MemoryImage) -> None:
    assert image.cached is not None
    cached = np.bincount(image.cached.pfn, minlength=len(image.kpageflags))
    assert np.array_equal(cached == 1, has(image, pf.LRU) & ~has(image, pf.ANON)) and cached.max() == 1
    kinds = (pf.BUDDY, pf.NOPAGE, pf.RESERVED, pf.SLAB, pf.PGTABLE, pf.LRU)
    assert (sum(has(image, kind).astype(int) for kind in kinds) <= 1).all()
    places = image.cached.file << 40 | image.cached.index
    assert len(np.unique(places)) == len(places)
    sizes = np.array([file.pages for file in image.files])
    assert (image.cached.index < sizes[image.cached.file]).all()


def test_compound_pages_and_large_allocations_are_aligned(image: MemoryImage) -> None:
    # Of a large allocation without COMPOUND flags the first frame alone is in use; a frame on a per-CPU list
    # never lies behind one, so that the two can be told apart.
    words, used = image.kpageflags, refcount(image) > 0
    tail = has(image, pf.COMPOUND_TAIL) | ((words == 0) & ~used)
    lead = (words == 0) & used | has(image, pf.COMPOUND_HEAD)
    edges = np.flatnonzero(~tail)
    for head, following in zip(edges, np.append(edges[1:], len(words)), strict=True):
        size = int(following - head)
        if size > 1 and lead[head]:
            assert size & (size - 1) == 0 and head % size == 0, f"{head:#x}: {size} frames"
    assert (tail & ~has(image, pf.COMPOUND_TAIL)).any()


def test_swap_entries_have_no_frames_but_in_the_swap_cache(image: MemoryImage) -> None:
    assert image.hidden.private is not None
    swapped = (image.pagemap_entry & SWAPPED) != 0
    entry = image.pagemap_entry[swapped]
    assert swapped.any() and not (entry & (PRESENT | FILE | EXCLUSIVE)).any() and not (entry & np.uint64(31)).any()
    offsets = (entry & PFN) >> np.uint64(5)
    assert offsets.min() >= 1
    cached = has(image, pf.SWAPCACHE)
    slots = image.hidden.private[cached]
    assert len(np.unique(slots)) == len(slots) == cached.sum() > 0 and (slots > 0).all()
    assert not image.hidden.private[~cached].any()
    unmapped = cached & (image.kpagecount == 0)
    assert np.isin(image.hidden.private[unmapped], offsets).all()
    assert not np.isin(image.hidden.private[cached & ~unmapped], offsets).any()


def test_areas_do_not_overlap_and_hold_all_entries(image: MemoryImage) -> None:
    for process in image.processes:
        vmas = process.vmas
        for vma, after in pairwise(vmas):
            assert vma.end <= after.start, f"{process.name}: {vma.name} and {after.name}"
        starts = np.array([vma.start for vma in vmas], np.uint64)
        ends = np.array([vma.end for vma in vmas], np.uint64)
        addresses = image.pagemap_va[image.pagemap_pid == process.pid]
        at = np.searchsorted(starts, addresses, side="right") - 1
        assert (at >= 0).all() and (addresses < ends[at]).all() and len(np.unique(addresses)) == len(addresses)


def test_what_an_area_maps_fits_it(image: MemoryImage) -> None:
    assert image.cached is not None and image.hidden.pte_dirty is not None
    inode = {(file.device, file.inode): number for number, file in enumerate(image.files)}
    file_of, index_of = (np.full(len(image.kpageflags), -1) for _ in range(2))
    file_of[image.cached.pfn], index_of[image.cached.pfn] = image.cached.file, image.cached.index
    frame = frames_mapped(image)
    for process in image.processes:
        own = image.pagemap_pid == process.pid
        for vma in process.vmas:
            there = own & (image.pagemap_va >= vma.start) & (image.pagemap_va < vma.end)
            at, mapped = np.flatnonzero(there & (frame >= 0)), frame[there & (frame >= 0)]
            of_file = file_of[mapped] >= 0
            if vma.inode:
                page = ((image.pagemap_va[at] - np.uint64(vma.start)) // 4096).astype(int) + vma.offset // 4096
                assert (file_of[mapped][of_file] == inode[vma.device, vma.inode]).all()
                assert (index_of[mapped][of_file] == page[of_file]).all()
            assert np.array_equal((image.pagemap_entry[at] & FILE) != 0, of_file)
            if vma.perms != "rw-p":
                assert of_file.all()
            elif not vma.inode:
                assert not of_file.any()
            if vma.perms[1] != "w":
                assert not image.hidden.pte_dirty[at].any()
            if "lo" in vma.flags:
                assert has(image, pf.MLOCKED)[mapped].all()


def test_its_kernel_was_built_with_the_handler(image: MemoryImage) -> None:
    assert not image.no_handler


def test_names_can_be_written_in_scenarios(image: MemoryImage) -> None:
    assert all(is_name(process.comm) for process in image.processes)
    for process in image.processes:
        areas = [vma.name for vma in process.vmas]
        assert len(set(areas)) == len(areas) and all(map(is_name, areas)), process.comm
        assert len(process.comm.encode()) < 16
    assert all(is_path(file.path) and file.filesystem in FILESYSTEMS for file in image.files)
    assert len({(file.device, file.inode) for file in image.files}) == len(image.files)


def test_processes_form_a_tree_in_order_of_creation(image: MemoryImage) -> None:
    seen: set[int] = {0}
    for process in image.processes:
        assert process.ppid in seen and process.pid > max(seen)
        seen.add(process.pid)
    assert image.processes[0].pid == 1


def test_the_content_a_desktop_should_have() -> None:
    image = image_of(NORMAL)
    by = {(process.comm, process.pid): process for process in image.processes}
    often = Counter(process.comm for process in image.processes)
    assert {
        "systemd": 1,
        "gnome-shell": 1,
        "postgres": 5,
        "nginx": 4,
        "Web Content": 3,
        "python3": 4,
    }.items() <= often.items()
    assert all(len(process.comm) <= 15 for process in image.processes), "TASK_COMM_LEN"
    firefox = next(process for process in image.processes if "firefox" in process.comm)
    assert {process.sigbus for process in image.processes} == {"default", "handler", "ignored"}
    assert any(process.blocked for process in image.processes)
    assert {process.mce_kill for process in image.processes} == {"default", "early", "late"}
    assert next(one for one in image.processes if one.comm == "Web Content").ppid == firefox.pid and firefox.threads > 1
    assert by["postgres", 538].vmas == by["postgres", 530].vmas
    shared_file = has(image, pf.LRU, pf.MAPPEDTODISK, pf.MMAP) & (image.kpagecount >= 3)
    assert (shared_file & ~has(image, pf.DIRTY)).any() and (shared_file & has(image, pf.DIRTY)).any()
    assert (has(image, pf.ANON) & (image.kpagecount >= 3)).sum() > 1000
    assert (has(image, pf.SWAPBACKED) & ~has(image, pf.ANON) & (image.kpagecount >= 3)).sum() > 500
    unmapped = has(image, pf.LRU, pf.MAPPEDTODISK) & (image.kpagecount == 0)
    assert (unmapped & has(image, pf.DIRTY)).any() and (unmapped & ~has(image, pf.DIRTY)).any()
    assert 300 < has(image, pf.PGTABLE).sum() < 1000 and has(image, pf.NOPAGE).any()
    assert {file.filesystem for file in image.files} >= {"ext4", "tmpfs", "blockdev", "nofs", "directory"}


def test_entries_alone_are_dirty_only_where_they_can_be() -> None:
    image = image_of(NORMAL)
    assert image.hidden.pte_dirty is not None
    frame = frames_mapped(image)
    dirty = frame[image.hidden.pte_dirty]
    assert (dirty >= 0).all()
    alone = ~has(image, pf.DIRTY)[dirty]
    assert has(image, pf.SWAPBACKED)[dirty[alone]].all()
    assert (alone & ~has(image, pf.ANON)[dirty]).any()
    assert not has(image, pf.SWAPCACHE)[dirty].any()


@pytest.mark.parametrize("frames", [4096, NORMAL])
def test_it_boots_to_just_that_machine(frames: int) -> None:
    image = image_of(frames)
    machine = machine_from_image(image, PROFILES["v7"])
    assert np.array_equal(machine.flags.view, image.kpageflags)
    assert np.array_equal(machine.mapcount.view, image.kpagecount.astype(np.int32))
    assert np.array_equal(machine.refcount.view, refcount(image))
    assert sum(map(len, machine.ptes.view.values())) == len(image.pagemap_entry)
