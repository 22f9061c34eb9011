"""Machines booted from images: consistent, like what was recorded, and poisoned as a real kernel was."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hwpoison_gui import resources
from hwpoison_gui.image import HiddenState, MemoryImage, ProcessImage, ThreadImage, VmaImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.boot.frames import free_blocks
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.exit import do_exit
from hwpoison_gui.kernel.exit_mmap import exit_mmap
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmap import do_mprotect
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.rmap import page_mapped_in_vma, rmap_vmas, rmap_walk_ksm
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording, read_recording
from hwpoison_gui.sources.recording_writer import save_snapshot
from tests.paths import DATA

V7 = PROFILES["v7"]
RECORDINGS = {
    "victim_before": resources.path("machines/victim_before.npz"),
    "victim_after": DATA / "snapshot" / "victim_after.npz",
    "before": DATA / "snapshot" / "before.npz",
    "server": resources.path("machines/server.npz"),
}
PRESENT = np.uint64(1 << 63)
PFN = np.uint64((1 << 55) - 1)
NPTE = 512


@cache
def recorded(name: str) -> MemoryImage:
    return open_recording(RECORDINGS[name])


@cache
def booted(name: str) -> Machine:
    """The machine of a recording, for tests that only read it."""
    return machine_from_image(recorded(name), V7)


@pytest.fixture(params=RECORDINGS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _counted(m: Machine) -> Counter[int]:
    """Count the entries that map each frame; a huge one maps 512."""
    return Counter(
        ptes.value_of(entry) + page
        for entries in m.ptes.view.values()
        for entry in entries.values()
        if entry & ptes.PRESENT and not entry & ptes.SPECIAL
        for page in range(NPTE if entry & ptes.PSE else 1)
    )


def _references(m: Machine) -> Counter[int]:
    """Count the entries that refer to each page, of compound pages to the head."""
    return Counter(
        m.compound_head(ptes.value_of(entry))
        for entries in m.ptes.view.values()
        for entry in entries.values()
        if entry & ptes.PRESENT and not entry & ptes.SPECIAL
    )


def test_flags_are_the_recorded_ones(name: str) -> None:
    image, m = recorded(name), booted(name)
    assert m.frames == len(image.kpageflags)
    assert (m.flags.view == image.kpageflags).all()
    assert m.hardware_corrupted_kb == image.hardware_corrupted_kb


def test_counts_agree_with_the_page_tables(name: str) -> None:
    m = booted(name)
    counted = _counted(m)
    mapcount = m.mapcount.view
    assert {pfn: int(mapcount[pfn]) for pfn in np.nonzero(mapcount)[0].tolist()} == dict(counted)
    assert all(m.refcount.view[pfn] >= times for pfn, times in _references(m).items())
    rss = {mm: sum(ptes.rss_of(entry) for entry in entries.values()) for mm, entries in m.ptes.view.items()}
    assert {mm: pages for mm, pages in rss.items() if pages} == dict(m.rss.view)


def test_mapcounts_are_what_the_kernel_counted(name: str) -> None:
    image, m = recorded(name), booted(name)
    same = m.mapcount.view == image.kpagecount.astype(np.int64)
    assert same.mean() > 0.999  # memory was changing while it was read


def test_every_page_is_found_by_the_reverse_map(name: str) -> None:
    m = booted(name)
    counted = _counted(m)
    missed = 0
    for pfn in list(counted)[:: max(1, len(counted) // 3000)]:
        word = m.page(pfn)
        if word & (pf.KSM | pf.RESERVED):
            continue
        vmas = [vma for vma in rmap_vmas(m, pfn) if page_mapped_in_vma(m, pfn, vma) >= 0]
        missed += len(vmas) != counted[pfn]
    assert missed <= len(counted) // 3000  # pages out of step


def test_frames_are_in_one_place(name: str) -> None:
    image, m = recorded(name), booted(name)
    free = np.zeros(m.frames, int)
    for order in range(11):
        for head in m.free_area.of(order):
            assert head % (1 << order) == 0
            free[head : head + (1 << order)] += 1
    assert (free == ((image.kpageflags & np.uint64(pf.BUDDY)) != 0)).all()
    assert (m.refcount.view[free > 0] == 0).all()
    cached = Counter(pfn for pages in m.page_cache.view.values() for pfn in pages.values())
    assert max(cached.values(), default=1) == 1
    for number, pages in m.page_cache.view.items():
        for index, pfn in pages.items():
            inode = m.inode_of(pfn)
            assert inode is not None and (inode.id, int(m.index.view[pfn])) == (number, index)
            assert index < inode.pages and free[pfn] == 0
    swapped = [
        pfn for pfn in np.nonzero(m.flags.view & np.uint64(pf.SWAPCACHE))[0].tolist() if m.compound_head(pfn) == pfn
    ]
    assert sorted(m.swap_cache.view.values()) == swapped
    assert all(m.swap_cache.view[m.page_private.view[pfn]] == pfn for pfn in swapped)


@pytest.mark.parametrize("name", ["victim_before", "server"])
def test_free_lists_are_those_of_buddyinfo(name: str) -> None:
    m = booted(name)
    lines = json.loads(RECORDINGS[name].with_suffix(".json").read_text())["buddyinfo"].splitlines()
    said = [[int(word) for word in line.split()[4:]] for line in lines if " zone " in line]
    first = [sum(head < 4096 for head in m.free_area.of(order)) for order in range(11)]
    rest = [len(m.free_area.of(order)) - first[order] for order in range(11)]
    assert first == said[0]
    assert sum(abs(mine - theirs) for mine, theirs in zip(rest, said[1], strict=True)) <= 10  # it was changing


@pytest.mark.parametrize("name", ["victim_before", "server"])
def test_areas_may_be_used_as_maps_says(name: str) -> None:
    image = recorded(name)
    m = machine_from_image(image, V7)
    said = {(one.pid, area.start): area.perms for one in image.processes for area in one.vmas}
    assert {(vma.mm, vma.start): vma.perms for vma in m.vmas.view.values()} == said
    assert {"r-xp", "rw-p", "r--p"} <= set(said.values())
    text = next(vma for vma in m.vmas.view.values() if vma.execute)
    assert do_mprotect(m, text.mm, text.start, text.end, "r") == 0
    assert next(vma for vma in m.vmas_of(text.mm) if vma.start == text.start).perms == "r--p"


def test_free_blocks_are_the_largest_aligned() -> None:
    free = np.zeros(3000, bool)
    free[5:1030] = True
    free[2048:2052] = True
    blocks = free_blocks(np.where(free, np.uint64(pf.BUDDY), np.uint64(pf.LRU)))
    assert [(order, head) for order, heads in enumerate(blocks) for head in heads] == [
        (0, 5), (1, 6), (1, 1028), (2, 1024), (2, 2048), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (8, 256),
        (9, 512),
    ]  # fmt: skip


def _pte_bits(m: Machine, image: MemoryImage) -> npt.NDArray[np.int64]:
    found = [
        m.pte(int(pid), int(va) >> 12)
        for pid, va in zip(image.pagemap_pid[::7], image.pagemap_va[::7], strict=True)
    ]  # fmt: skip
    return np.array(found, np.int64)


def test_derived_dirty_bits_are_as_the_recorded_ones() -> None:
    """By the stated rule, on a server: anonymous pages as good as all, the swap cache in part."""
    image = recorded("server")
    dirty = image.hidden.pte_dirty
    assert dirty is not None
    m = machine_from_image(image._replace(hidden=HiddenState(pte_pmd=image.hidden.pte_pmd)), V7)
    derived = (_pte_bits(m, image) & ptes.DIRTY) != 0
    entry, recorded_dirty = image.pagemap_entry[::7], dirty[::7]
    present = (entry & PRESENT) != 0
    words = image.kpageflags[(entry[present] & PFN).astype(np.int64)]
    same = derived[present] == recorded_dirty[present]
    anon = (words & np.uint64(pf.ANON)) != 0
    swap_cache = (words & np.uint64(pf.SWAPCACHE)) != 0
    clean_file = ~anon & ((words & np.uint64(pf.DIRTY)) == 0)
    assert same[anon & ~swap_cache].mean() > 0.999
    assert same[clean_file].mean() > 0.97
    assert same[swap_cache].mean() > 0.6


def test_derived_reference_counts_are_as_the_recorded_ones() -> None:
    image = recorded("server")
    counts = image.hidden.refcount
    assert counts is not None
    m = machine_from_image(image._replace(hidden=HiddenState()), V7)
    lru = ((image.kpageflags & np.uint64(pf.LRU)) != 0) & (counts >= 0)
    assert lru.sum() > 190_000
    assert (m.refcount.view[lru] == counts[lru]).mean() > 0.999


def test_recorded_references_beyond_the_derived_ones_are_believed() -> None:
    image = recorded("server")
    counts = image.hidden.refcount
    assert counts is not None
    m = booted("server")
    lru = ((image.kpageflags & np.uint64(pf.LRU)) != 0) & (counts >= 0)
    assert (m.refcount.view[lru] >= counts[lru]).all()
    without = machine_from_image(image._replace(hidden=replace(image.hidden, refcount=None)), V7)
    held = lru & (m.refcount.view > without.refcount.view)
    assert 10 < held.sum() < 100  # spliced into pipes, or being looked at


@pytest.mark.parametrize("captured", [False, True], ids=["as recorded", "through the format of capture"])
def test_the_victim_is_poisoned_as_the_real_kernel_did(captured: bool, tmp_path: Path) -> None:
    """Before, poison with early kill, after: flags, page tables, HardwareCorrupted of a real 6.1 kernel.

    The recording has no signal masks, but the three are known to handle SIGBUS. Of what is compared the
    two profiles do not differ: nothing is masked.
    """
    before, after = recorded("victim_before"), recorded("victim_after")
    if captured:
        save_snapshot(read_recording(resources.path("machines/victim_before.npz"), hidden=False), tmp_path / "it.npz")
        before = open_recording(tmp_path / "it.npz")
    victim = int(np.nonzero(after.kpageflags & np.uint64(pf.HWPOISON))[0][0])
    session = Session(machine_from_image(before, V7))
    m = session.machine
    users = [process for process in m.living() if process.tgid in (156, 157, 158)]
    assert [process.comm for process in users] == ["w0", "w1", "w2"]
    for process in users:
        session.act("sigaction", {"task": process.name, "thread": 0, "sigbus": "handler"})
    session.act("sysctl", {"name": "memory_failure_early_kill", "value": 1})
    start = session.position
    outcome = session.act("poison", {"frame": f"pfn:{victim:#x}", "via": "corrupt-pfn"})
    assert outcome.result == "Recovered" and outcome.errno == 0
    assert [(s.signal, s.code, s.lsb, s.effect) for s in outcome.signals] == [
        ("SIGBUS", "BUS_MCEERR_AO", 12, "handled")
    ] * 3

    assert m.page(victim) == int(after.kpageflags[victim]), pf.names_of(m.page(victim) ^ int(after.kpageflags[victim]))
    assert int(m.mapcount.view[victim]) == int(after.kpagecount[victim]) == 0
    assert m.hardware_corrupted_kb == after.hardware_corrupted_kb == 4
    for process in users:
        assert _entries(m, process.tgid) == _entries_of_image(after, process.tgid)
    changed = np.nonzero(m.flags.view != before.kpageflags)[0]
    assert changed.tolist() == [victim]

    session.seek(start)
    assert m.page(victim) == int(before.kpageflags[victim])
    for process in users:
        assert _entries(m, process.tgid) == _entries_of_image(before, process.tgid)


def _entries(m: Machine, mm: int) -> dict[int, tuple[str, int]]:
    """State and frame of each page-table entry of a process, huge ones page by page."""
    found = {}
    for vpn, entry in m.ptes.of(mm).items():
        for page in range(NPTE if entry & ptes.PSE else 1):
            found[vpn + page] = (ptes.state_of(entry), ptes.value_of(entry) + page)
    return found


def _entries_of_image(image: MemoryImage, pid: int) -> dict[int, tuple[str, int]]:
    found = {}
    mine = image.pagemap_pid == pid
    for va, entry in zip(image.pagemap_va[mine].tolist(), image.pagemap_entry[mine].tolist(), strict=True):
        if entry >> 63:
            found[va >> 12] = ("present", entry & (1 << 55) - 1)
        else:
            offset = (entry & (1 << 55) - 1) >> 5
            found[va >> 12] = ("hwpoison" if entry & 31 == 26 else "swap", offset)
    return found


def test_sampled_frames_of_the_server_can_all_be_poisoned() -> None:
    """Where the two profiles agree the outcome is the real kernel's; nothing is left over after walking back."""
    session = Session(machine_from_image(recorded("server"), V7))
    session.machine.sysctl.load({"memory_failure_early_kill": 0})
    like = {
        ("clean LRU page", "Recovered"), ("clean swapcache page", "Recovered"), ("dirty swapcache page", "Delayed"),
        ("unknown page", "Ignored"),
    }  # fmt: skip
    agreed = compared = 0
    for row in map(json.loads, (DATA / "server" / "server_poison.ek1.jsonl").read_text().splitlines()):
        verdict = row.get("verdict")
        if not verdict or row.get("skipped") or row.get("flags_changed_since_snapshot"):
            continue
        outcome = session.act("poison", {"frame": f"pfn:{row['pfn']}", "via": "corrupt-pfn"})
        session.seek(0)
        if (verdict["page"], verdict["result"]) in like:
            compared += 1
            agreed += outcome.result == verdict["result"]
    assert (session.machine.flags.view == recorded("server").kpageflags).all()
    assert compared > 120
    assert agreed == compared


def test_every_vma_with_a_merged_page_has_an_anon_vma() -> None:
    """KSM merges anonymous pages only, so anon_vma_prepare() has run for the VMA."""
    m = booted("server")
    merged = np.nonzero(m.flags.view & np.uint64(pf.KSM))[0].tolist()
    vmas = [vma for pfn in merged[::100] for vma, _ in rmap_walk_ksm(m, pfn)]
    assert len(merged) > 1000 and vmas
    assert all(vma.anon_vma for vma in vmas)


def test_who_shares_a_merged_page_of_the_server_is_signalled() -> None:
    session = Session(machine_from_image(recorded("server"), PROFILES["6.12"]))
    session.machine.sysctl.load({"memory_failure_early_kill": 1})
    outcome = session.act("poison", {"frame": "pfn:0x12ccb", "via": "corrupt-pfn"})
    assert [seen.task for seen in outcome.signals] == ["python3:158", "python3:159"]


@pytest.mark.parametrize("name", ["victim_before", "server"])
def test_when_everybody_ends_nothing_is_mapped(name: str) -> None:
    m = machine_from_image(recorded(name), V7)
    for process in reversed(list(m.living())):  # init, whose end stops the machine, comes last
        assert not m.panicked
        list(do_exit(m, process.tgid))
    assert m.panicked
    exit_mmap(m, 1)
    assert not m.ptes.view
    assert not m.mapcount.view.any()
    assert (m.refcount.view >= 0).all()


def test_a_small_image_is_padded() -> None:
    process = ProcessImage(5, 1, "a b", (VmaImage(0x1000, 0x3000, "rw-p"),), threads=3, sigbus="handler", blocked=True)
    empty = np.empty(0, np.uint64)
    flags = np.array([pf.RESERVED, pf.LRU | pf.ANON | pf.MMAP, pf.LRU | pf.ANON | pf.MMAP | pf.SWAPCACHE], np.uint64)
    entries = np.array([1 << 63 | 1, 1 << 63 | 2], np.uint64)
    image = MemoryImage(
        title="small",
        kpageflags=flags,
        kpagecount=np.array([0, 1, 1], np.uint64),
        pagemap_pid=np.array([5, 5]),
        pagemap_va=np.array([0x1000, 0x2000], np.uint64),
        pagemap_entry=entries,
        processes=(process,),
        sysctl={"memory_failure_recovery": 0},
        hidden=HiddenState(refcount=np.array([1, 3, 2], np.int32)),
    )
    m = machine_from_image(image, V7)
    assert m.frames == 256 and m.page(200) == pf.NOPAGE
    assert m.refcount.view[:3].tolist() == [1, 3, 2]
    assert m.processes.view[5].threads == (5, 6, 7) and m.processes.view[5].sigbus == "handler"
    assert m.tasks.view[5].blocked
    assert m.sysctl.view["memory_failure_recovery"] == 0
    assert m.pte(5, 1) & ptes.DIRTY and not m.pte(5, 2) & ptes.DIRTY
    raw = image._replace(pagemap_pid=np.empty(0, np.int64), pagemap_va=empty, pagemap_entry=empty, processes=())
    assert machine_from_image(raw, V7).ptes.view == {}


def test_a_thread_number_that_was_given_again() -> None:
    """While the machine was being read, threads ended and others got their numbers."""
    area = (VmaImage(0x1000, 0x3000, "rw-p"),)
    first = ProcessImage(5, 1, "a", area, threads=3, listed=(ThreadImage(5), ThreadImage(9, "early"), ThreadImage(7)))
    second = ProcessImage(9, 1, "b", area, threads=2, listed=(ThreadImage(9), ThreadImage(7, "late")))
    empty = np.empty(0, np.uint64)
    image = MemoryImage(
        "x", np.zeros(300, np.uint64), np.zeros(300, np.uint64), np.empty(0, np.int64), empty, empty, (first, second)
    )
    m = machine_from_image(image, V7)
    assert {pid: m.processes.view[pid].threads for pid in (5, 9)} == {5: (5, 6, 8), 9: (9, 7)}
    assert {task.tid: task.tgid for task in m.tasks.view.values()} == {5: 5, 6: 5, 8: 5, 9: 9, 7: 9}
