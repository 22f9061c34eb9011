"""The net under the predictions for all of memory: frames of one class come to the same by the handler itself.

A class is predicted from one of its frames. Here others of it are taken at random, run, and compared, so a predicate
that is missing from the signature shows as a class of unlike frames.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import predict
from tests.paths import DATA
from tests.session.test_properties import EXAMPLES, PROGRAMS, Kind, prepared, run
from tests.workbench import do

nets = settings(
    max_examples=max(10, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RECORDINGS = {
    "server": (resources.path("machines/server.npz"), False),
    "server with hidden state": (resources.path("machines/server.npz"), True),
    "snapshot": (DATA / "snapshot" / "before.npz", False),
    "victim": (DATA / "snapshot" / "victim_after.npz", False),
}


@pytest.fixture(params=sorted(PROGRAMS), name="kind", ids=lambda kind: f"{kind[0]}-{kind[1]}", scope="module")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def outcome_of(m: Machine, pfn: int) -> dict[str, Any]:
    """What must be the same for all frames of a class."""
    one = predict(m, pfn)
    word = one.matched.word
    return {
        "code": one.code,
        "kind": one.kind,
        "result": one.result,
        "errno": one.errno,
        "lost": one.lost,
        "word": word,
    }


def two_of_each_class(assessment: Assessment, rng: np.random.Generator) -> dict[int, list[int]]:
    """Number of a class -> two of its frames, taken at random, where it has so many."""
    order = rng.permutation(assessment.m.frames)
    by_class = order[np.argsort(assessment.class_of[order], kind="stable")]
    numbers, first, counts = np.unique(assessment.class_of[by_class], return_index=True, return_counts=True)
    return {
        number: by_class[at : at + min(2, count)].tolist()
        for number, at, count in zip(numbers.tolist(), first.tolist(), counts.tolist(), strict=True)
    }


def assert_alike(m: Machine, rng: np.random.Generator) -> None:
    """Two random frames of each class, and the one that it was predicted from, come to the same."""
    assessment = Assessment.of(m)
    for number, pfns in two_of_each_class(assessment, rng).items():
        member = int(assessment.members[number])
        expected = outcome_of(m, member)
        assert assessment.codes[number] == expected["code"]
        for pfn in pfns:
            assert outcome_of(m, pfn) == expected, (hex(pfn), hex(member), pf.letters_of(m.page(pfn)))


@nets
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    assert_alike(session.machine, np.random.default_rng(data.draw(st.integers(0, 1 << 32))))


@pytest.mark.parametrize("early_kill", [0, 1])
@pytest.mark.parametrize("profile", PROFILES)
def test_on_the_desktop(profile: str, early_kill: int) -> None:
    session = Session.fresh(1 << 15, 3, "desktop", 2, profile, {"memory_failure_early_kill": early_kill})
    for seed in range(3):
        assert_alike(session.machine, np.random.default_rng(seed))


@pytest.mark.parametrize("early_kill", [0, 1])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("recording", RECORDINGS)
def test_on_a_recorded_machine(recording: str, profile: str, early_kill: int) -> None:
    path, hidden = RECORDINGS[recording]
    m = machine_from_image(open_recording(path, hidden=hidden), PROFILES[profile])
    m.gate.record()
    do(Session(m), "sysctl", name="memory_failure_early_kill", value=early_kill)
    assert_alike(m, np.random.default_rng(early_kill))
