"""Durations: bearable in total, quick in runs, never nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.view.facts.pace import BASE_MS, LONGEST_MS, durations


def test_every_act_has_a_duration() -> None:
    assert set(BASE_MS) == set(Act)


@given(st.lists(st.sampled_from(Act), max_size=400))
def test_no_operation_takes_longer_than_is_bearable(acts: list[Act]) -> None:
    times = durations(acts)
    assert len(times) == len(acts)
    assert sum(times) <= LONGEST_MS + 1e-6
    assert all(time > 0 for time in times)


def test_a_step_that_moves_the_story_takes_longer_than_a_look() -> None:
    look, kill = durations([Act.ENTER, Act.DIE])
    assert look < kill


def test_runs_speed_up() -> None:
    times = durations([Act.VISIT] * 8)
    assert times[0] == times[1] and times[7] < times[3] < times[1]
