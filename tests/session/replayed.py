"""What comes of each recorded case: several tests ask, and one replay in a worker answers all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from hwpoison_gui.session.scenario.check import Checked, Report, check_file
from hwpoison_gui.session.scenario.replay import Story, story
from hwpoison_gui.session.scenario.scenario import Scenario


class Replayed(NamedTuple):
    """The report on a case, and the case as it was read."""

    report: Report
    scenario: Scenario


def in_groups(paths: Iterable[Path], folder: Path) -> list[object]:
    """Return the paths as parameters, each some files of a folder whose names begin alike: a test of each file alone
    would take the test runner longer than the replay takes."""

    def group(path: Path) -> str:
        return f"{path.relative_to(folder).parent}/{path.stem[:2]}"

    return [pytest.param(list(alike), id=name) for name, alike in groupby(sorted(paths, key=group), group)]


def those_that_fail(paths: Iterable[Path]) -> dict[str, str]:
    """Return what is wrong with the cases that do not hold, by file."""
    found = {}
    for path in paths:
        report, scenario = replayed(path)
        assert scenario.steps, path
        if report.result is not Checked.HOLDS or report.differences:
            found[f"{path.parent.name}/{path.name}"] = report.message
    return found


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
