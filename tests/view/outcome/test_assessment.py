"""The outcomes of all frames together; that frames of one class are alike is held by test_signature.py."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from tests.workbench import do


@pytest.mark.parametrize("profile", PROFILES)
def test_recovery_switched_off_is_panic_everywhere(profile: str) -> None:
    session = Session.fresh(4096, 3, "desktop", profile=profile)
    do(session, "poison", frame="any:anon")
    poisoned = session.operations[-1].outcome.pfn
    do(session, "sysctl", name="memory_failure_recovery", value=0)
    classes = Assessment.of(session.machine).classes()
    holes = (session.machine.flags.view & np.uint64(pf.NOPAGE)) != 0
    assert classes[poisoned] == outcomes.POISONED
    assert set(classes[~holes & (np.arange(4096) != poisoned)].tolist()) == {outcomes.PANICS}
    assert set(classes[holes].tolist()) <= {outcomes.HOLE}


def test_the_handler_runs_on_the_frame_of_a_class_that_has_the_fewest_mappers() -> None:
    session = Session.fresh(4096)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=3)
        for page in range(3):
            do(session, "write", task=name, at=f"m+{page}")
    for number in range(3):
        do(session, "fork", task="a", child=f"c{number}")
    assessment = Assessment.of(session.machine)
    shared, own = session.resolve_frame("a:m+0"), session.resolve_frame("b:m+0")
    assert assessment.class_of[shared] == assessment.class_of[own]
    assert session.machine.mapcount.view[assessment.members[assessment.class_of[shared]]] == 1


def test_the_machine_is_as_before() -> None:
    session = Session.fresh(4096, 3, "desktop", profile="6.1")
    digest = session.machine.gate.digest()
    Assessment.of(session.machine)
    assert session.machine.gate.digest() == digest and not session.machine.gate.changed


def test_classes_are_numbered_by_severity_and_have_words() -> None:
    assert [one.id for one in outcomes.CLASSES] == list(range(len(outcomes.CLASSES)))
    assert len({one.key for one in outcomes.CLASSES}) == len(outcomes.CLASSES)
    assert outcomes.CLASSES[-1].id == outcomes.POISONED
