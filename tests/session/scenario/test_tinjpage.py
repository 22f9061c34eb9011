"""The cases of Andi Kleen's tinjpage hold under both profiles: late kill, late kill in a child that dies, early kill.

The files say what each must show; this also sees to it that none is missing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paths import DATA
from tests.session.replayed import in_groups, those_that_fail

FOLDER = DATA / "tinjpage"
FILES = sorted(FOLDER.glob("*/*.toml"))

CASES = (
    "dirty_anonymous",
    "dirty_anonymous_unmap",
    "mlocked_anonymous",
    "file_clean",
    "file_clean_mlocked",
    "file_dirty",
    "file_dirty_mlocked",
    "file_hole",
    "mmap_shared",
    "sysv_shared",
    "anonymous_hugepage",
    "file_backed_hugepage",
    "sysv_hugepage",
)
WAYS = ("late", "suicide", "early")


@pytest.mark.parametrize("paths", in_groups(FILES, DATA))
def test_cases_hold(paths: list[Path]) -> None:
    assert those_that_fail(paths) == {}


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_no_case_is_missing(profile: str) -> None:
    cases = CASES + (("nonlinear",) if profile == "v7" else ())
    wanted = {f"{case}_{way}" for case in cases for way in WAYS} | {"pr_mce_kill_late", "pr_mce_kill_early"}
    assert {path.stem for path in FILES if path.parent.name == profile} == wanted
