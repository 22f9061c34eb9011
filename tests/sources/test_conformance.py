"""One test for every source of images: what may be relied on, wherever it came from."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.sources import live
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.maps import is_file
from hwpoison_gui.sources.raw import open_raw
from hwpoison_gui.sources.recording import open_recording
from tests.paths import DATA

PRESENT, SWAPPED = np.uint64(1 << 63), np.uint64(1 << 62)
PFN = np.uint64((1 << 55) - 1)
SNAPSHOT = DATA / "snapshot"
RECORDINGS = {
    "victim_before": resources.path("machines/victim_before.npz"),
    "victim_after": SNAPSHOT / "victim_after.npz",
    "before": SNAPSHOT / "before.npz",
    "server": resources.path("machines/server.npz"),
}
# Of a machine that goes on running while it is read, some pages change in between: those of the reader, too. Whole
# processes come and go on a live one: only the private pages of the reader itself are looked at there.
AGREE = {"live": 0.9, "victim_before": 0.99, "victim_after": 0.99, "before": 0.99}


@pytest.fixture(
    params=[*RECORDINGS, "small", "raw", "fake", pytest.param("live", marks=pytest.mark.live)], scope="module"
)
def source(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def image(source: str, recording: Callable[[], Path], fake_proc: Path, tmp_path: Path) -> MemoryImage:
    if source == "small":
        return open_recording(recording())
    if source == "raw":
        (tmp_path / "flags").write_bytes(open_recording(RECORDINGS["before"]).kpageflags.tobytes())
        return open_raw(tmp_path / "flags")
    if source == "fake":
        return live.capture(proc=fake_proc)
    if source == "live":
        try:
            return this_machine()
        except SourceError as error:
            pytest.skip(f"this machine's memory cannot be read: {error}")
    return open_recording(RECORDINGS[source])


@cache
def this_machine() -> MemoryImage:
    return live.capture()


def test_it_holds_what_every_image_promises(source: str, image: MemoryImage) -> None:
    _arrays(image)
    _entries(image)
    _processes(image)
    _files(image)
    _counts(image, AGREE.get(source, 0.999), os.getpid() if source == "live" else None)
    _notes(image)


def test_a_machine_boots_from_it(image: MemoryImage) -> None:
    m = machine_from_image(image, PROFILES["v7"])
    frames = len(image.kpageflags)
    assert (m.flags.view[:frames] == image.kpageflags).all()
    assert len(m.processes.view) == len(image.processes)
    assert (m.refcount.view >= 0).all()


def _arrays(image: MemoryImage) -> None:
    assert image.kpageflags.dtype == image.kpagecount.dtype == np.uint64
    assert len(image.kpageflags) == len(image.kpagecount) > 0
    entries = len(image.pagemap_entry)
    assert len(image.pagemap_pid) == len(image.pagemap_va) == entries
    assert (image.pagemap_pid.dtype, image.pagemap_va.dtype, image.pagemap_entry.dtype) == (
        np.int64, np.uint64, np.uint64,
    )  # fmt: skip
    hidden = image.hidden
    for column in (hidden.refcount, hidden.mapping, hidden.index, hidden.private):
        assert column is None or len(column) == len(image.kpageflags)
    for bits in (hidden.pte_dirty, hidden.pte_pmd):
        assert bits is None or (len(bits) == entries and bits.dtype == bool)


def _entries(image: MemoryImage) -> None:
    entry = image.pagemap_entry
    present, swapped = (entry & PRESENT) != 0, (entry & SWAPPED) != 0
    assert (present ^ swapped).all()
    assert ((entry[present] & PFN) < len(image.kpageflags)).all()
    poison = swapped & ((entry & np.uint64(31)) == 26)
    offset = (entry[poison] & PFN) >> np.uint64(5)
    assert (image.kpageflags[offset.astype(np.int64)] & np.uint64(pf.HWPOISON)).all()
    assert not (image.pagemap_va & np.uint64(4095)).any()
    places = set(zip(image.pagemap_pid.tolist(), image.pagemap_va.tolist(), strict=True))
    assert len(places) == len(entry)


def _processes(image: MemoryImage) -> None:
    by_pid = {process.pid: process for process in image.processes}
    assert len(by_pid) == len(image.processes)
    assert set(image.pagemap_pid.tolist()) <= set(by_pid)
    for process in image.processes:
        assert process.vmas and process.threads >= 1
        assert process.sigbus in ("default", "handler", "ignored", "blocked")
        edges = [edge for vma in process.vmas for edge in (vma.start, vma.end)]
        assert edges == sorted(edges)
        mine = image.pagemap_va[image.pagemap_pid == process.pid]
        starts = np.array(edges[::2], np.uint64)
        at = np.searchsorted(starts, mine, side="right") - 1
        assert (at >= 0).all() and (mine < np.array(edges[1::2], np.uint64)[at]).all()


def _files(image: MemoryImage) -> None:
    cached = image.cached
    assert cached is not None
    assert len(np.unique(cached.pfn)) == len(cached.pfn)
    assert ((cached.file >= 0) & (cached.file < len(image.files))).all()
    assert len(set(zip(cached.file.tolist(), cached.index.tolist(), strict=True))) == len(cached.pfn)
    sizes = np.array([file.pages for file in image.files], np.int64)
    assert (cached.index < sizes[cached.file]).all() if len(cached.pfn) else True
    assert not (image.kpageflags[cached.pfn] & np.uint64(pf.ANON | pf.BUDDY | pf.SLAB)).any()
    known = {(file.device, file.inode) for file in image.files}
    assert {(v.device, v.inode) for p in image.processes for v in p.vmas if is_file(v)} <= known
    assert {file.filesystem for file in image.files} <= {"ext4", "tmpfs", "hugetlbfs", "blockdev", "nofs"}


def _counts(image: MemoryImage, least: float, pid: int | None) -> None:
    """Of the frames that somebody maps, how many are mapped as often as the kernel counted; `pid`: its private ones."""
    entry = image.pagemap_entry
    present = (entry & PRESENT) != 0
    pfn = (entry[present] & PFN).astype(np.int64)
    if not len(pfn):
        return
    times = np.bincount(pfn, minlength=len(image.kpageflags))
    plain = (times > 0) & ((image.kpageflags & np.uint64(pf.RESERVED | pf.ZERO_PAGE | pf.NOPAGE)) == 0)
    if pid is not None:
        own = np.bincount(pfn[image.pagemap_pid[present] == pid], minlength=len(times)) == times
        plain &= own & ((image.kpageflags & np.uint64(pf.ANON)) != 0)
        assert plain.any()
    assert (times[plain] == image.kpagecount[plain].astype(np.int64)).mean() >= least


def _notes(image: MemoryImage) -> None:
    assert image.title and image.notes
    assert all(note.endswith(".") for note in image.notes)
    assert any("no flag at all" in note for note in image.notes) == bool((image.kpageflags == 0).any())
    assert image.kernel is None or len(image.kernel) == 2
    assert set(image.sysctl) <= {"memory_failure_early_kill", "memory_failure_recovery"}
    assert image.hardware_corrupted_kb is None or image.hardware_corrupted_kb >= 0
