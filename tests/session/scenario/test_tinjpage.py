"""The cases of Andi Kleen's tinjpage hold under both profiles: late kill, late kill in a child that dies, early kill.

The files say what each must show; this also sees to it that none is missing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.session.scenario.check import Checked, check_file
from tests.paths import DATA

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


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_holds(path: Path) -> None:
    report = check_file(path)
    assert report.result is Checked.HOLDS, report.message


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_no_case_is_missing(profile: str) -> None:
    cases = CASES + (("nonlinear",) if profile == "v7" else ())
    wanted = {f"{case}_{way}" for case in cases for way in WAYS} | {"pr_mce_kill_late", "pr_mce_kill_early"}
    assert {path.stem for path in FILES if path.parent.name == profile} == wanted
