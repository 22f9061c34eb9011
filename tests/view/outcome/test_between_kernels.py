"""Frames whose outcome differs between two kernels: as the handler treats them, and for the reason that is named."""

from __future__ import annotations

from contextlib import contextmanager
from functools import reduce
from itertools import combinations, cycle, islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.presets.containers import containers
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, Profile
from hwpoison_gui.opening.opening import from_image
from hwpoison_gui.session.fidelity.differences import differences
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import between_kernels
from hwpoison_gui.view.outcome.between_kernels import (
    Between,
    Outcome,
    decide,
    find_between,
    outcome_of,
)
from hwpoison_gui.view.outcome.classes import CLASSES, FILTERED, POISONED
from hwpoison_gui.view.outcome.prediction import Prediction, predict
from tests.truth import kinds_of_frames
from tests.view.outcome.states import with_huge_pages
from tests.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = image_of(resources.path("machines/victim_before.npz"))
PAIRS = [("v7", "6.1"), ("6.1", "6.12"), ("6.12", "7.2"), ("7.2", "v7")]


def machine(kernel: str) -> Machine:
    m = from_image(IMAGE, profile=kernel).session.machine
    m.sysctl.load({SYSCTL_EARLY_KILL: 0})
    return m


def found_between(m: Machine, other: str) -> Between:
    return to_the_end(find_between(m, PROFILES[other]))


@contextmanager
def under(m: Machine, profile: Profile) -> Iterator[None]:
    own, m.profile = m.profile, profile
    yield
    m.profile = own


def outcome(m: Machine, pfn: int, profile: Profile) -> Outcome:
    with under(m, profile):
        return outcome_of(predict(m, pfn))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_groups_are_those_of_the_handler_and_leave_out_what_is_equal(one: str, other: str) -> None:
    m, booted = machine(one), machine(other)
    between = found_between(m, other)
    assert [group.frames for group in between.groups] == sorted((g.frames for g in between.groups), reverse=True)
    chance = np.random.default_rng(7)
    for number, group in enumerate(between.groups, 1):
        pfns = np.flatnonzero(between.numbers == number)
        assert (group.number, group.frames, group.first) == (number, len(pfns), pfns[0])
        for pfn in chance.choice(pfns, 3).tolist():
            assert outcome_of(predict(m, pfn)) == group.before != group.after == outcome(m, pfn, PROFILES[other])
            assert outcome_of(predict(booted, pfn)) == group.after  # the memory is the same under any kernel
    for pfn in chance.choice(np.flatnonzero(between.numbers == 0), 60).tolist():
        assert outcome_of(predict(m, pfn)) == outcome(m, pfn, PROFILES[other])


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_without_what_decides_it_is_as_before_and_without_less_it_is_not(one: str, other: str) -> None:
    m = machine(one)
    between, (older, newer) = found_between(m, other), sorted((one, other), key=list(PROFILES).index)
    known = {difference.name for difference in differences(PROFILES[older], PROFILES[newer])}
    for group in between.groups:
        wanted, theirs = (group.before, group.after) if older == one else (group.after, group.before)
        assert group.decided_by
        decided = tuple(decider.difference for decider in group.decided_by)
        assert {difference.name for difference in decided} <= known
        for left_out in (decided, *(decided[:number] + decided[number + 1 :] for number in range(len(decided)))):
            profile = PROFILES[newer]
            for difference in left_out:
                profile = difference.undo(profile)
            assert (outcome(m, group.first, profile) == wanted) == (left_out == decided)
            alone = [decider.alone for decider in group.decided_by if decider.difference not in left_out]
            assert alone in ([], [outcome(m, group.first, profile)])
        enough, rest = between.deciding(group)
        assert {one.alone == theirs for one in enough} <= {True} and {one.alone == theirs for one in rest} <= {False}
        assert {*enough, *rest} == {*group.decided_by}


@pytest.mark.parametrize(("older", "newer"), list(combinations(PROFILES, 2)))
def test_the_parts_of_two_kernels_fit_together(older: str, newer: str) -> None:
    """No outcome under a mixture of two kernels is an exception: each difference is left out alone, and kept alone."""
    m = with_huge_pages(newer, np.random.default_rng(5)).machine
    frames = cycle(kinds_of_frames(m, 1))
    between = list(differences(PROFILES[older], PROFILES[newer]))
    for difference in between:
        for left_out in ([difference], [one for one in between if one is not difference]):
            profile = reduce(lambda profile, one: one.undo(profile), left_out, PROFILES[newer])
            for pfn in islice(frames, 2):
                outcome(m, pfn, profile)


def test_a_fault_of_the_model_is_not_taken_for_a_difference_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    m = machine("v7")
    group = found_between(m, "6.1").groups[0]
    between = [decider.difference for decider in group.decided_by]

    def fails(m: Machine, pfn: int) -> Prediction:
        raise KeyError(pfn)

    monkeypatch.setattr(between_kernels, "predict", fails)
    with pytest.raises(KeyError):
        to_the_end(decide(m, group.first, PROFILES["6.1"], group.before, between))


def test_the_machine_has_its_own_profile_between_two_slices_and_stays_as_it_is() -> None:
    bench = Workbench("6.1")
    bench.area(pages=4)
    bench.do("write", task="a", at="m+0", value="A")
    m, digest = bench.m, bench.m.gate.digest()
    for _ in find_between(m, PROFILES["7.2"]):
        assert m.profile is PROFILES["6.1"]
    assert bench.m.gate.digest() == digest


def test_the_share_that_is_done_grows_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(between_kernels, "_CHUNK", 1024)
    shares = list(find_between(machine("v7"), PROFILES["6.1"]))
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1


def test_a_machine_after_errors_and_a_panic() -> None:
    bench = Workbench("7.2")
    bench.area(pages=4)
    bench.do("write", task="a", at="m+0", value="A")
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0")
    assert not found_between(bench.m, "6.1").numbers[pfn]
    bench.do("sysctl", name="memory_failure_recovery", value=0)
    bench.do("write", task="a", at="m+1", value="A")
    bench.do("poison", frame="a:m+1")
    assert bench.m.panicked
    assert all("panic" in group.after.words for group in found_between(bench.m, "6.12").groups)


def test_filters_that_the_older_kernel_has_not_decide() -> None:
    bench = Workbench("6.1")
    bench.area(pages=4, populate=True)
    bench.do("debugfs", name="corrupt-filter-dev-major", value=99)
    bench.do("debugfs", name="corrupt-filter-enable", value=1)
    between = found_between(bench.m, "v7")
    group = next(group for group in between.groups if group.number == between.numbers[bench.pfn()])
    assert group.before.code == FILTERED != group.after.code
    assert [one.difference.name for one in group.decided_by] == ["features.injection_filters"]


def test_holes_are_no_difference() -> None:
    """A machine check in one ends differently, but no injector gets as far as memory_failure() there."""
    m = from_image(containers(1 << 16, 1), profile="7.2").session.machine
    holes = np.flatnonzero(m.flags.view & np.uint64(pf.NOPAGE))
    assert len(holes) and not found_between(m, "6.12").numbers[holes].any()


@pytest.mark.parametrize(
    "one, other, words",
    (
        (Outcome(FILTERED, "Ignored", False), Outcome(POISONED, "Ignored", False), CLASSES[FILTERED].name),
        (Outcome(FILTERED, "Ignored", False), Outcome(FILTERED, "Delayed", True), "Ignored"),
        (Outcome(FILTERED, "Ignored", True), Outcome(FILTERED, "Ignored", False), "data lost"),
        (Outcome(FILTERED, "Ignored", False), Outcome(FILTERED, "Ignored", True), "no data lost"),
    ),
)
def test_an_outcome_is_called_by_the_first_part_that_differs(one: Outcome, other: Outcome, words: str) -> None:
    assert one.beside(other) == words


@pytest.mark.parametrize(("one", "other", "back"), [("v7", "6.1", False), ("7.2", "6.12", True)])
def test_back_is_to_an_older_kernel(one: str, other: str, back: bool) -> None:
    assert Between(one, other, [], np.zeros(0, np.uint8)).back is back
