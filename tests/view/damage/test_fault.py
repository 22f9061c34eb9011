"""A fault of DRAM: its damage against the prediction of each frame, and the three courses against each other."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.dram.fault import fault_at, frames_of_fault
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.fault import MOVED, NO_HUGE_ROOM, NO_ROOM, assess_faults, fault_damage
from hwpoison_gui.view.damage.moved import NO_PAGE, offline
from hwpoison_gui.view.damage.offline_room import Room, with_room
from hwpoison_gui.view.damage.policy import early_kill
from hwpoison_gui.view.outcome.classes import CLASSES
from hwpoison_gui.view.outcome.impact import is_free
from hwpoison_gui.view.outcome.prediction import predict
from tests.view.outcome.states import with_huge_pages


@pytest.fixture(scope="module")
def m() -> Machine:
    return Session.fresh(4096, 3, "desktop", profile="6.1").machine


@pytest.fixture(scope="module")
def damage(m: Machine) -> Damage:
    return Damage.of(m, 0)


@pytest.fixture(scope="module")
def geometry(m: Machine) -> Geometry:
    return shipped("haswell").fitted(m.frames)


@pytest.mark.parametrize("pfn", [0x300, 0x700, 0xC01])
def test_a_row_is_the_sum_of_its_frames(m: Machine, damage: Damage, geometry: Geometry, pfn: int) -> None:
    pfns = frames_of_fault(geometry, fault_at("row", geometry, pfn << 12), m.frames)
    found = fault_damage(damage, pfns)
    with early_kill(m, 0):
        ahead = {frame: predict(m, frame) for frame in pfns.tolist()}
    assert sum(found.nothing.frames) == len(pfns)
    for code, count in enumerate(found.nothing.frames):
        assert count == sum(one.code == code for one in ahead.values())
    hit = {tgid for one in ahead.values() for kind, tgids in one.hits.items() if kind != "safe" for tgid in tgids}
    assert set(found.nothing.hit) == hit
    moved = [frame for frame in ahead if offline(m, frame).result in MOVED]
    assert sum(found.by_page.frames) == len(pfns) - len(moved)
    assert found.first in moved if moved else found.first == -1


@pytest.mark.parametrize("mode", ["row", "bank", "dimm"])
def test_courses_are_ordered(m: Machine, damage: Damage, geometry: Geometry, mode: str) -> None:
    for address in (0, m.frames << 11, (m.frames << 12) - 1):
        (one,) = assess_faults([damage], geometry, [fault_at(mode, geometry, address)])
        found = one.damages[0]
        worst, part, page = (sum(toll.frames) for toll in (found.nothing, found.by_part, found.by_page))
        assert worst >= part >= page and part - page == (found.first >= 0)
        assert found.nothing.lost >= found.by_part.lost >= found.by_page.lost
        assert set(found.nothing.hit) >= set(found.by_part.hit) >= set(found.by_page.hit)
        holes = sum(offline(m, int(pfn)).result == NO_PAGE for pfn in one.pfns) if mode == "row" else 0
        assert sum(found.offlined.values()) == len(one.pfns) - holes or mode != "row"
        not_moved = sum(frames for _, _, frames in found.obstacles)
        assert not_moved == found.offlined.get("not moved", 0)


def test_disjoint_banks_sum_up_to_the_whole(m: Machine, damage: Damage, geometry: Geometry) -> None:
    left, total, lost = np.ones(m.frames, np.bool_), np.zeros(len(CLASSES), np.int64), 0
    while left.any():
        (one,) = assess_faults([damage], geometry, [fault_at("bank", geometry, int(np.flatnonzero(left)[0]) << 12)])
        left[one.pfns] = False
        total += one.damages[0].nothing.frames
        lost += one.damages[0].nothing.lost
    whole = damage.toll(np.arange(m.frames))
    assert total.tolist() == list(whole.frames) and lost == whole.lost


def test_what_is_migrated_has_room(m: Machine, damage: Damage, geometry: Geometry) -> None:
    (one,) = assess_faults([damage], geometry, [fault_at("dimm", geometry, 0)])
    found, pfns = one.damages[0], one.pfns
    alone = [offline(m, int(pfn)).result for pfn in pfns]
    assert found.offlined.get("migrated", 0) + found.no_room == alone.count("migrated")
    assert found.offlined.get("migrated", 0) <= found.room.frames + HPAGE_PMD_NR * found.room.pool
    assert sum(frames for _, why, frames in found.obstacles if why in (NO_ROOM, NO_HUGE_ROOM)) == found.no_room
    assert sum(found.by_page.frames) == len(pfns) - sum(found.offlined.get(result, 0) for result in MOVED)
    free = np.flatnonzero([is_free(m, pfn) for pfn in range(m.frames)])
    assert found.room.frames == len(np.setdiff1d(free, pfns)) - HPAGE_PMD_NR * found.room.pool


@pytest.mark.parametrize("frames", [0, 3, 100, 600, 2000, 9000])
def test_room_goes_to_those_that_come_first(frames: int) -> None:
    m = with_huge_pages("6.1", np.random.default_rng(1)).machine
    order = np.random.default_rng(frames).permutation(m.frames)
    huge = (m.flags.view[order] & np.uint64(pf.HUGE)) != 0
    found = with_room(m, order, Room(frames, frames // 1024, 1))
    heads, count = np.unique(order[huge & found] // HPAGE_PMD_NR, return_counts=True)
    assert len(heads) <= 1 + frames // 1024 and (count == HPAGE_PMD_NR).all()
    blocks = max(0, len(heads) - 1)
    assert int((~huge & found).sum()) == min(int((~huge).sum()), frames - HPAGE_PMD_NR * blocks)
    moved = np.flatnonzero(~huge & found)
    assert not len(moved) or (found | huge)[: moved[-1]].all()


def test_a_kernel_without_soft_offline_moves_nothing(geometry: Geometry) -> None:
    old = Session.fresh(4096, 3, "desktop", profile="v7").machine
    found = fault_damage(Damage.of(old, 0), frames_of_fault(geometry, fault_at("row", geometry, 0xC01000), old.frames))
    assert found.first == -1 and found.by_page == found.nothing
    assert {why for _, why, _ in found.obstacles} == {"this kernel has no soft offline"}
