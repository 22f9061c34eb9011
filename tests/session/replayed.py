"""What comes of each recorded case: several tests ask, and one replay in a worker answers all of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from hwpoison_gui.session.scenario.check import Report, check_file
from hwpoison_gui.session.scenario.replay import Story, story
from hwpoison_gui.session.scenario.scenario import Scenario


class Replayed(NamedTuple):
    """The report on a case, and the case as it was read."""

    report: Report
    scenario: Scenario


@cache
def replayed(path: Path) -> Replayed:
    """Replay a recorded case, unless it was replayed before; its machine is not kept."""
    read: list[Scenario] = []

    def story_of(path: Path) -> Story:
        opened = story(path)
        read.append(opened.scenario)
        return opened

    report = check_file(path, story_of)
    return Replayed(report, *read)
