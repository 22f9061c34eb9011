"""Cases beyond the recorded ones, whose outcome the kernel's source settles: each file names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session.scenario.check import Checked
from tests.paths import DATA
from tests.session.replayed import replayed

FILES = sorted([*(DATA / "cases-extra").glob("*/*.toml"), *(DATA / "cases-public").glob("*.toml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_holds(path: Path) -> None:
    report = replayed(path).report
    assert report.result is Checked.HOLDS, report.message
