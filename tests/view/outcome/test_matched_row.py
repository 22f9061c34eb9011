"""The flags with which the state table would be asked are those with which it then is, for any page."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import matched_by, step_of_table
from hwpoison_gui.view.outcome.prediction import predict
from tests.programs import Kind, prepared, run
from tests.session.test_properties import PROGRAMS
from tests.truth import kinds_of_frames
from tests.workbench import do

few = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def assert_predicted(session: Session, pfn: int) -> None:
    start = session.position
    ahead = predict(session.machine, pfn).matched
    outcome = do(session, "poison", frame=f"pfn:{pfn:#x}")
    number = step_of_table(session, session.operations[-1])
    found = matched_by(session.steps.marks[number], pfn) if number is not None else None
    session.seek(start)
    if found is None:
        assert ahead.word is None and ahead.stops
        assert outcome.kind is None or outcome.kind in ahead.stops
    else:
        assert ahead == found, hex(pfn)


@pytest.mark.parametrize("kind", sorted(PROGRAMS), ids=lambda kind: f"{kind[0]}-{kind[1]}")
@few
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    for pfn in kinds_of_frames(session.machine, 1):
        assert_predicted(session, pfn)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_on_a_booted_machine(profile: str) -> None:
    session = Session.fresh(4096, 3, "desktop", 0, profile)
    for pfn in kinds_of_frames(session.machine, 1)[::2]:
        assert_predicted(session, pfn)


def test_why_the_handler_stops_before_the_table() -> None:
    session = Session.fresh(512, profile="6.1")
    do(session, "debugfs", name="corrupt-filter-memcg", value=99)
    slab = session.resolve_frame("any:slab")
    unfiltered = predict(session.machine, slab).matched.stops
    do(session, "debugfs", name="corrupt-filter-enable", value=1)
    assert predict(session.machine, slab).matched.stops == "a filter of the injector refuses it" != unfiltered
