"""Cases beyond the recorded ones, whose outcome the kernel's source settles: each file names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paths import DATA
from tests.session.replayed import in_groups, those_that_fail

FILES = sorted([*(DATA / "cases-extra").glob("*/*.toml"), *(DATA / "cases-public").glob("*.toml")])


@pytest.mark.parametrize("paths", in_groups(FILES, DATA))
def test_cases_hold(paths: list[Path]) -> None:
    assert those_that_fail(paths) == {}
