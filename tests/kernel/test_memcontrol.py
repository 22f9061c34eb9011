"""To which memory cgroup a frame is charged, as it was recorded and as it changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import memcontrol
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.memcontrol import charge_as, page_cgroup_ino, page_cgroup_inos, page_memcg, uncharge
from tests.kernel.boot.images import booted, column, folio, image


@pytest.mark.parametrize("at_once", (1, 7, 1 << 16))
@pytest.mark.parametrize("inodes", ((4,), (0, 4, 900, 1 << 40), tuple(range(0, 600, 2))))
def test_each_frame_has_the_cgroup_that_kpagecgroup_says(
    inodes: tuple[int, ...], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as few bytes a frame as the number of cgroups needs; runs of frames are looked at once."""
    monkeypatch.setattr(memcontrol, "_AT_ONCE", at_once)
    column = np.repeat(np.random.default_rng(1).permutation(np.array(inodes * 2, np.uint64)), 3)
    found = page_memcg(column, {4: "/a", 900: "", 2: "/b"})
    assert found.inodes == inodes
    assert [found.inodes[place] for place in found.of] == column.tolist()
    named = {0: "", 4: "/a", 2: "/b"}
    assert found.names == tuple(named.get(inode, f"inode {inode}") for inode in inodes)
    assert found.of.itemsize == (1 if len(inodes) < 256 else 2)


LRU: Final = pf.LRU
ROOT: Final = 1  # the inode number of /sys/fs/cgroup

# The words of a frame and of those behind it, what was recorded of it, and the cgroup of it and of a tail behind it:
# before 6.4, and since.
CHARGES: Final = {
    "of a file": ([LRU], 7, 7, None, None),
    "not charged when it was recorded": ([LRU], 0, ROOT, None, None),
    "anonymous, not on the LRU list": ([pf.ANON], 0, ROOT, None, None),
    "in the swap cache alone": ([pf.SWAPCACHE], 0, ROOT, None, None),
    "of the kernel": ([0], 0, 0, None, None),
    "of the kernel, charged": ([pf.SLAB], 9, 9, None, None),
    "of hugetlb": ([LRU | pf.HUGE], 7, 0, None, None),
    "folio": (folio(1, LRU), 7, 7, 0, 7),
    "folio of nobody": (folio(1, LRU), 0, ROOT, 0, ROOT),
    "hugetlb page": (folio(1, LRU, pf.HUGE), 7, 0, 0, 0),
}
AT: Final = {name: 300 + 4 * number for number, name in enumerate(CHARGES)}


def machine(profile: str = "6.1", recorded: bool = True) -> Machine:
    words = {AT[name] + page: word for name, (some, *_) in CHARGES.items() for page, word in enumerate(some)}
    cgroup = column({AT[name]: inode for name, (_, inode, *_) in CHARGES.items()}, 2048)
    return booted(image(words, cgroup=cgroup if recorded else None), profile)


@pytest.mark.parametrize(("profile", "tails"), [("6.1", 3), ("6.12", 4)])
def test_the_cgroup_of_a_frame(profile: str, tails: int) -> None:
    m = machine(profile)
    assert {name: page_cgroup_ino(m, pfn) for name, pfn in AT.items()} == {name: of[2] for name, of in CHARGES.items()}
    large = {name: of for name, of in CHARGES.items() if len(of[0]) > 1}
    assert {name: page_cgroup_ino(m, AT[name] + 1) for name in large} == {name: of[tails] for name, of in large.items()}


def test_without_a_record_everything_is_charged_to_the_root() -> None:
    m = machine(recorded=False)
    charged = {
        name: of[0][0] & (LRU | pf.ANON | pf.SWAPCACHE) and not of[0][0] & pf.HUGE for name, of in CHARGES.items()
    }
    assert {name: page_cgroup_ino(m, pfn) for name, pfn in AT.items()} == {
        name: ROOT if of else 0 for name, of in charged.items()
    }
    pfns = np.array(list(AT.values()))
    assert page_cgroup_inos(m, pfns).tolist() == [page_cgroup_ino(m, pfn) for pfn in AT.values()]
    uncharge(m, AT["of a file"])
    charge_as(m, range(300, 310), AT["of the kernel, charged"])
    assert not m.charged.view


# Frames that are charged anew, with the inode number of their cgroup then.
@pytest.mark.parametrize("changed", ({}, {300: 9}, {332: 9, 324: 9}, {332: 3, 300: 0, 320: 0, 316: 8, 304: 5}))
def test_the_cgroups_of_many_frames_are_those_of_each(changed: dict[int, int]) -> None:
    m = machine()
    for pfn, inode in changed.items():
        m.put(m.charged, pfn, inode)
    pfns = np.array(list(AT.values()))
    found = page_cgroup_inos(m, pfns)
    assert found.dtype == np.uint64 and found.tolist() == [page_cgroup_ino(m, pfn) for pfn in pfns.tolist()]
    for name, pfn in AT.items():
        if pfn in changed and not CHARGES[name][0][0] & pf.HUGE:
            assert page_cgroup_ino(m, pfn) == (changed[pfn] or (ROOT if m.page(pfn) & LRU else 0))


def test_a_frame_that_is_free_is_charged_to_nobody() -> None:
    m = machine()
    for pfn in AT.values():
        uncharge(m, pfn)
    recorded = {AT[name] for name, of in CHARGES.items() if of[1]}
    assert dict(m.charged.view) == dict.fromkeys(recorded, 0)
    m.put(m.charged, AT["of the kernel"], 9)
    m.gate.take()
    uncharge(m, AT["of the kernel"])
    assert m.charged.view[AT["of the kernel"]] == 0
    for pfn in AT.values():
        m.gate.take()
        uncharge(m, pfn)
        assert not m.gate.take(), "nothing changes twice"


def test_what_a_page_is_split_into_is_charged_as_it_was() -> None:
    m = machine()
    charge_as(m, range(400, 403), AT["of a file"])
    assert dict(m.charged.view) == {400: 7, 401: 7, 402: 7}
    charge_as(m, range(400, 401), AT["not charged when it was recorded"])
    assert m.charged.view[400] == ROOT
