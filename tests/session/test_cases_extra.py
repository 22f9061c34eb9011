"""Cases beyond the recorded ones, whose outcome the kernel's source settles: each file names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session.check import Verdict, check_file

FILES = sorted((Path(__file__).parents[1] / "data" / "cases-extra").glob("*/*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_holds(path: Path) -> None:
    report = check_file(path)
    assert report.verdict is Verdict.HOLDS, report.message
