"""Work under a progress dialog: what may follow it, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.session.errors import ScenarioError
from tests.gui.waiting import until


@pytest.fixture
def background(qtbot) -> Iterator[Background]:
    above = QWidget()
    qtbot.addWidget(above)
    background = Background(above)
    yield background
    background.stop()


def seven(progress: Progress, cancelled: Cancelled) -> int:
    return 7


def refuse(progress: Progress, cancelled: Cancelled) -> None:
    raise ScenarioError("no room")


def test_what_takes_the_result_may_start_other_work(background: Background) -> None:
    taken, ends = list[int](), list[None]()
    background.ended.connect(lambda: ends.append(None))

    def take(result: int) -> None:
        taken.append(result)
        if len(taken) < 3:
            background.run("again", seven, take)

    background.run("at first", seven, take)
    until(lambda: len(taken) == 3 and not background.busy)
    assert len(ends) == 1


def test_other_work_may_start_once_it_was_refused(background: Background) -> None:
    said, taken = list[tuple[str, str]](), list[int]()

    def again(*why: str) -> None:
        said.append(why)
        background.run("again", seven, taken.append)

    background.refused.connect(again)
    background.run("at first", refuse, taken.append)
    until(lambda: taken == [7])
    assert said == [("at first failed", "no room")]


def test_it_is_over_when_it_was_stopped(background: Background) -> None:
    def wait(progress: Progress, cancelled: Cancelled) -> int:
        while not cancelled():
            pass
        return 1

    taken, ends = list[int](), list[None]()
    background.ended.connect(lambda: ends.append(None))
    background.run("until stopped", wait, taken.append)
    background.stop()
    assert not background.busy and len(ends) == 1
    background.run("then", seven, taken.append)
    until(lambda: taken == [7] and not background.busy)
