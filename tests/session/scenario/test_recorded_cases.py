"""The recorded cases hold: what a real kernel did, and what the 2009 source says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.fidelity.report import alike
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from tests.paths import DATA
from tests.session.replayed import in_groups, those_that_fail

CASES = sorted((DATA / "cases").glob("*/*.toml"))
ALIKE = list(alike(DATA))


@pytest.mark.parametrize("paths", in_groups(CASES, DATA))
def test_cases_hold(paths: list[Path]) -> None:
    assert {path.parent.name for path in paths} <= set(PROFILES)
    assert those_that_fail(paths) == {}


def test_each_kernel_that_was_run_has_cases() -> None:
    """The cases of v7 were read from the source: a series of patches cannot be run."""
    run = {profile.name for profile in PROFILES.values() if profile.release}
    assert run <= {path.parent.name for path in CASES} <= set(PROFILES)


@pytest.mark.parametrize("paths", in_groups({path for _, path in ALIKE}, DATA))
def test_cases_of_the_kernel_before_hold(paths: list[Path]) -> None:
    for kernel, path in ALIKE:
        if path in paths:
            scenario = load(path)._replace(profile=kernel.name)
            session = replay.boot(scenario)
            assert [str(one) for done in replay.play(session, scenario) for one in done.differences] == [], path
