"""Sheets: the bytes that lenses look at, whole and patched."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map import lens_sheets
from hwpoison_gui.view.map.lens_sheets import SHEETS, OwnerSheet, made
from hwpoison_gui.view.map.lenses import BY_KEY, COUNT_BOUNDS, LENSES, MAPCOUNT, OUTCOME, OWNER, REFCOUNT, Lens
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.outcome.prediction import predict
from tests.view.map.plain import levels_of


@pytest.fixture(scope="module", name="session")
def _session() -> Session:
    return Session.fresh(8192, 2, "desktop")


def plane_of(m: Machine) -> FramePlane:
    return FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)


def codes(plane: FramePlane) -> np.ndarray:
    x, y = plane.layout.positions(np.arange(plane.frames))
    return plane.codes.at(x, y)


@pytest.mark.parametrize("name", SHEETS)
def test_some_frames_are_told_as_all_are(session: Session, name: str) -> None:
    sheet = made(name, session.machine, 9000)
    pfns = np.arange(0, 8192, 137)
    assert np.array_equal(sheet.some(pfns), sheet.held.values[pfns])
    assert not sheet.held.values[8192:].any()


@pytest.mark.parametrize("lens", [MAPCOUNT, REFCOUNT], ids=["mapcount", "refcount"])
def test_counts_fall_into_their_classes(session: Session, lens: Lens) -> None:
    m = session.machine
    plane = plane_of(m)
    plane.set_lens(lens, made("counts", m, plane.room))
    column = (m.mapcount if lens is MAPCOUNT else m.refcount).view
    expected = 1 + np.searchsorted(COUNT_BOUNDS, column, "right")
    expected[(m.flags.view & np.uint64(pf.NOPAGE)) != 0] = lens.id_of("hole")
    assert np.array_equal(codes(plane), expected)
    assert plane.class_counts().tolist() == np.bincount(expected, minlength=len(lens.classes)).tolist()


def test_owners_have_names_and_their_frames_one_class(session: Session) -> None:
    m = session.machine
    sheet = made("owner", m, 9000)
    assert isinstance(sheet, OwnerSheet)
    names = {one.name for one in sheet.lens.classes}
    assert names & {inode.path for inode in m.inodes.view.values()}
    assert names & {process.name for process in m.processes.view.values()}
    sizes = np.bincount(sheet.held.values[:8192], minlength=len(OWNER.classes))[OWNER.id_of("owner0") : -1]
    assert sizes.tolist() == sorted(sizes.tolist())
    file = next(one for one in reversed(sheet.lens.classes) if one.name.startswith("/"))
    number = m.paths.view[file.name]
    cached = list(m.page_cache.of(number).values())
    assert set(sheet.held.values[cached].tolist()) <= {file.id}


def test_the_outcome_is_that_of_the_assessment(session: Session) -> None:
    sheet = made("outcome", session.machine, 9000)
    for pfn in range(0, 8192, 211):
        assert sheet.held.values[pfn] == predict(session.machine, pfn).code


def test_poison_is_seen_through_every_lens(session: Session) -> None:
    m = session.machine
    start = session.position
    session.act("poison", {"frame": "pfn:0x40", "via": "corrupt-pfn", "thread": 0, "rip_valid": True})
    plane = plane_of(m)
    for lens in LENSES:
        plane.set_lens(lens, made(lens.sheet, m, plane.room) if lens.sheet else None)
        assert codes(plane)[0x40] == lens.poison
        assert levels_of(plane)[-1][0, 0] == lens.poison
    session.seek(start)


# What differs between two kernels stays until it is found again.
@pytest.mark.parametrize("key", [key for key in BY_KEY if key != "kernels"])
def test_a_patch_equals_a_new_plane_under_every_lens(
    session: Session, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lens_sheets, "_FEW", 1 << 20)
    m, lens = session.machine, BY_KEY[key]
    start = session.position
    plane = plane_of(m)
    plane.set_lens(lens, made(lens.sheet, m, plane.room) if lens.sheet else None)
    plane.class_counts()
    levels_of(plane)
    heard: list[np.ndarray] = []
    unsubscribe = session.subscribe(lambda notice: heard.append(notice.pfns))
    session.act("poison", {"frame": "any:anon", "via": "corrupt-pfn", "thread": 0, "rip_valid": True})
    unsubscribe()
    touched = np.unique(np.concatenate(heard))
    plane.patch(touched)
    fresh = plane_of(m)
    fresh.set_lens(lens, made(lens.sheet, m, fresh.room) if lens.sheet else None)
    assert np.array_equal(codes(plane)[touched], codes(fresh)[touched])
    if not lens.sheet or key in ("mapcount", "refcount", "zone"):
        assert all(np.array_equal(a, b) for a, b in zip(levels_of(plane), levels_of(fresh), strict=True))
        assert plane.class_counts().tolist() == fresh.class_counts().tolist()
    session.seek(start)


def test_an_overlay_lies_over_the_lens_and_under_poison(session: Session) -> None:
    m, lens = session.machine, BY_KEY["changed"]
    plane = plane_of(m)
    plane.set_lens(lens)
    touched, just = lens.id_of("touched"), lens.id_of("just")
    plane.set_overlay([(np.array([5, 6]), touched), (np.array([6]), just)])
    assert codes(plane)[[5, 6]].tolist() == [touched, just]
    assert plane.class_counts()[[touched, just]].tolist() == [1, 1]
    plane.set_overlay([(np.array([7]), just)])
    assert codes(plane)[[5, 6, 7]].tolist() == [lens.id_of("unchanged")] * 2 + [just]
    assert OUTCOME.poison > max(touched, just)
