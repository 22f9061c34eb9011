"""The recorded cases hold: what a real kernel did, and what the 2009 source says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.fidelity.report import alike
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.check import Checked
from hwpoison_gui.session.scenario.reader import load
from tests.paths import DATA
from tests.session.replayed import replayed

CASES = sorted((DATA / "cases").glob("*/*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_holds(path: Path) -> None:
    if path.parent.name not in PROFILES:
        pytest.skip(f"there is no profile {path.parent.name} yet")
    report, scenario = replayed(path)
    assert scenario.steps
    assert report.result is Checked.HOLDS and report.differences == (), report.message


@pytest.mark.parametrize(("kernel", "path"), list(alike(DATA)), ids=lambda part: part.name.removesuffix(".toml"))
def test_case_of_the_kernel_before_holds(kernel: Profile, path: Path) -> None:
    scenario = load(path)._replace(profile=kernel.name)
    session = replay.boot(scenario)
    assert [str(one) for done in replay.play(session, scenario) for one in done.differences] == []
