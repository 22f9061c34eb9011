"""The window's size and place on screens of any size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMargins, QRect, QSize

from hwpoison_gui.gui.look.fitting import first_size, placed

FRAME = QMargins(1, 24, 1, 4)


@pytest.mark.parametrize("screen", [(1280, 800), (1366, 768), (1024, 700), (900, 640)])
def test_on_a_small_screen_the_window_takes_what_its_frame_leaves(screen: tuple[int, int]) -> None:
    size = first_size(QSize(*screen), FRAME)
    assert size.height() == screen[1] - 28
    assert size.width() == min(1280, screen[0] - 2)


def test_on_a_large_screen_it_takes_most() -> None:
    size = first_size(QSize(1920, 1080), FRAME)
    assert size.width() / 1918 == pytest.approx(0.92, abs=0.01)
    assert size.height() / 1052 == pytest.approx(0.92, abs=0.01)


@pytest.mark.parametrize("at", [QRect(-50, 0, 1280, 800), QRect(600, 400, 1000, 700), QRect(10, 40, 900, 600)])
def test_a_window_is_moved_and_shrunk_until_all_of_it_is_on_the_screen(at: QRect) -> None:
    screen = QRect(0, 0, 1280, 800)
    found = placed(at, FRAME, screen)
    assert screen.contains(found.marginsAdded(FRAME))
    if screen.contains(at.marginsAdded(FRAME)):
        assert found == at
