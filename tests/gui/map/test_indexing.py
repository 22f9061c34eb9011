"""A large map is indexed when nothing changes any more; what a lens then shows is tested without widgets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.map.indexing import Indexing
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.map.pyramid import level_for
from tests.gui.conftest import User
from tests.gui.waiting import until

FRAMES = 1 << 22  # a view of 900 by 600 pixels shows them by level 2


def is_known(plane: FramePlane) -> bool:
    return plane.codes.maxima(plane.pyramid.base) is not None


def test_a_large_map_is_indexed_after_each_change(qtbot: QtBot) -> None:
    shown = FrameMapWidget()
    qtbot.addWidget(shown)
    Indexing(shown, list)
    shown.resize(900, 600)
    shown.show()
    flags, counts = np.resize(np.array([0x868, 0x400, 0x5828], np.uint64), FRAMES), np.zeros(FRAMES, np.int32)
    shown.set_source(flags, counts, counts)
    plane = shown.plane
    assert plane is not None
    assert not is_known(plane)
    until(lambda: not plane.needs_index())
    assert is_known(plane)

    flags[::2] = 0x28
    shown.frames_changed(np.arange(0, FRAMES, 2))
    assert plane.needs_index()
    until(lambda: not plane.needs_index())
    assert is_known(plane)

    width = plane.layout.width
    shown.resize(700, 600)
    until(lambda: plane.layout.width != width)
    assert not is_known(plane)
    until(lambda: not plane.needs_index())
    assert is_known(plane)


@pytest.mark.parametrize(("width", "height"), [(900, 600), (400, 300), (1900, 1000)])
def test_the_level_that_shows_all_frames_is_the_one_that_is_painted(qtbot: QtBot, width: int, height: int) -> None:
    shown = FrameMapWidget()
    qtbot.addWidget(shown)
    shown.resize(640, 480)
    shown.show()
    counts = np.zeros(FRAMES, np.int32)
    shown.set_source(np.zeros(FRAMES, np.uint64), counts, counts)
    shown.resize(width, height)
    plane = shown.plane
    assert plane is not None
    until(lambda: shown.view.camera.is_fit and shown.view.viewport().height() > height - 40)
    assert plane.pyramid.base == max(1, level_for(shown.view.camera.cell * shown.devicePixelRatioF()))


def test_sheets_of_lenses_are_indexed_before_they_are_chosen_again(open_window: Callable[..., User]) -> None:
    user = open_window(Session.fresh(FRAMES, 1, "desktop"))
    lenses, plane = user.window.lenses, user.window.map.plane
    assert plane is not None
    lenses.choose("mapcount")
    until(lambda: lenses.lens.key == "mapcount")
    lenses.choose("kind")
    until(lambda: not plane.needs_index(lenses.sheets()))
    lenses.choose("mapcount")
    assert is_known(plane)
    lenses.choose("kind")
    assert is_known(plane)


def test_a_map_of_few_frames_needs_no_index(user: User) -> None:
    plane = user.window.map.plane
    assert plane is not None
    assert not plane.needs_index()
