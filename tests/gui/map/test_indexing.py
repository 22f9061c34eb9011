"""A large map is indexed when nothing changes any more; what a lens then shows is tested without widgets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map import pyramid
from tests.gui.conftest import User
from tests.gui.waiting import until


def test_a_large_map_is_indexed_after_each_change(
    open_window: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyramid, "_WHOLE", 1 << 8)
    user = open_window(Session.fresh(65_536, 1, "desktop"))
    plane = user.window.map.plane
    assert plane is not None
    until(lambda: not plane.needs_index)
    assert plane.codes.maxima(plane.pyramid.base) is not None

    width = plane.layout.width
    user.window.map.fit()
    user.window.resize(900, 800)
    until(lambda: plane.layout.width != width)
    assert plane.needs_index
    until(lambda: not plane.needs_index)

    user.click_frame(20_000)
    user.key(Qt.Key.Key_End)
    until(lambda: plane.is_poisoned(20_000))
    assert plane.needs_index
    until(lambda: not plane.needs_index)


def test_a_map_of_few_frames_needs_no_index(user: User) -> None:
    plane = user.window.map.plane
    assert plane is not None
    assert not plane.needs_index
    assert np.array_equal(plane.pyramid.level(1), plane.pyramid.region(1, 0, 0, 1 << 20, 1 << 20))
