"""Frames that come out differently under two kernels: as the handler treats them, and for the reason that is named."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening import from_image, image_of
from hwpoison_gui.session.fidelity.differences import differences
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.facts.between_kernels import Group, find_between, outcome_of
from hwpoison_gui.view.outcome.prediction import predict

IMAGE = image_of(resources.path("machines/victim_before.npz"))
PAIRS = [("v7", "6.1"), ("6.1", "6.12"), ("6.12", "7.2")]


def machine(kernel: str) -> Machine:
    return from_image(IMAGE, profile=kernel).session.machine


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_groups_are_those_of_the_handler_and_leave_out_what_is_equal(old: str, new: str) -> None:
    one, other = machine(old), machine(new)
    groups = to_the_end(find_between(one, other))
    assert [len(group.pfns) for group in groups] == sorted((len(group.pfns) for group in groups), reverse=True)
    differing = np.concatenate([group.pfns for group in groups]) if groups else np.zeros(0, np.int64)
    assert len(np.unique(differing)) == len(differing)
    chance = np.random.default_rng(7)
    for group in groups:
        for pfn in chance.choice(group.pfns, 3).tolist():
            assert outcome_of(predict(one, pfn)) == group.before != group.after == outcome_of(predict(other, pfn))
    for pfn in np.setdiff1d(chance.integers(0, one.frames, 60), differing).tolist():
        assert outcome_of(predict(one, pfn)) == outcome_of(predict(other, pfn))


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_without_what_decides_it_is_as_before_and_without_less_it_is_not(old: str, new: str) -> None:
    other = machine(new)
    groups: list[Group] = to_the_end(find_between(machine(old), other))
    known = {difference.name for difference in differences(PROFILES[old], PROFILES[new])}
    for group in groups:
        pfn, decided = int(group.pfns[0]), group.decided_by
        assert {difference.name for difference in decided} <= known
        for left_out in (decided, *(decided[:number] + decided[number + 1 :] for number in range(len(decided)))):
            profile = PROFILES[new]
            for difference in left_out:
                profile = difference.undo(profile)
            other.profile = profile
            assert (outcome_of(predict(other, pfn)) == group.before) == (left_out == decided and bool(decided))
            other.profile = PROFILES[new]
