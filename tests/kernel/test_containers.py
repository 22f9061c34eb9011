"""A large made-up machine: containers side by side share nothing but the machine."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.presets import containers as module
from hwpoison_gui.kernel.presets.desktop import desktop

EACH = 4096


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> MemoryImage:
    monkeypatch.setattr(module, "EACH", EACH)
    return module.containers(3 * EACH + 100, 5)


def test_each_container_is_a_desktop(made: MemoryImage) -> None:
    second = desktop(EACH, 6)
    at = slice(EACH, 2 * EACH)
    assert np.array_equal(made.kpageflags[at] & ~np.uint64(pf.ZERO_PAGE), second.kpageflags & ~np.uint64(pf.ZERO_PAGE))
    assert np.array_equal(made.kpagecount[at], second.kpagecount)
    assert len(made.kpageflags) == 3 * EACH + 100
    assert np.count_nonzero(made.kpageflags & np.uint64(pf.ZERO_PAGE)) == 1


def test_mappings_and_counts_agree(made: MemoryImage) -> None:
    present = made.pagemap_entry >> np.uint64(63) != 0
    pfns = (made.pagemap_entry[present] & np.uint64((1 << 55) - 1)).astype(np.int64)
    assert np.array_equal(np.bincount(pfns, minlength=len(made.kpagecount)), made.kpagecount)
    owners = made.pagemap_pid[present] // 5000
    assert np.array_equal(owners, pfns // EACH), "a process has frames of its own container only"


def test_nothing_has_two_meanings(made: MemoryImage) -> None:
    pids = [process.pid for process in made.processes]
    assert len(set(pids)) == len(pids) and set(made.pagemap_pid.tolist()) <= set(pids)
    assert {process.ppid for process in made.processes} <= {0, *pids}
    assert [process.pid for process in made.processes if not process.ppid] == [1]
    files = [(file.device, file.inode) for file in made.files]
    assert len(set(files)) == len(files)
    mapped = {(vma.device, vma.inode) for process in made.processes for vma in process.vmas if vma.inode}
    assert mapped <= set(files)
    swapped = made.pagemap_entry[made.pagemap_entry >> np.uint64(63) == 0]
    places = {int(entry): set[int]() for entry in np.unique(swapped)}
    for entry, pid in zip(swapped.tolist(), made.pagemap_pid[made.pagemap_entry >> np.uint64(63) == 0], strict=True):
        places[entry].add(int(pid) // 5000)
    assert len(places) and all(len(of) == 1 for of in places.values())
