"""Pixels and positions of the timeline."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.view.facts.timeline_marks import (
    LOUDNESS,
    ActCodes,
    boundaries,
    codes_of,
    cuts,
    position_at,
    ticks,
    x_of,
)
from tests.workbench import Workbench


def test_every_act_has_a_loudness_of_its_own() -> None:
    assert set(LOUDNESS) == set(Act) and len(set(LOUDNESS.values())) == len(Act)


@given(st.integers(1, 5000), st.integers(1, 2000))
def test_where_there_is_a_pixel_for_each_step_every_step_can_be_pointed_at(total: int, width: int) -> None:
    for position in {0, 1, total // 2, total}:
        found = position_at(x_of(position, total, width), total, width)
        assert abs(found - position) <= max(0, total / width / 2)


def test_outside_the_track_is_its_end() -> None:
    assert position_at(-50, 10, 100) == 0
    assert position_at(1000, 10, 100) == 10
    assert position_at(10, 0, 100) == 0


def test_a_kill_among_thousands_of_looks_is_seen() -> None:
    acts = [Act.DECIDE] * 5000
    acts[2500] = Act.DIE
    found = ticks(codes_of(acts), 300)
    assert len(found) <= 301
    assert [tick.position for tick in found if tick.act is Act.DIE] == [2501]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(20, 400))
def test_operations_begin_where_they_are_drawn_as_far_as_there_is_room(lengths: list[int], width: int) -> None:
    ends = list(accumulate(lengths))
    found = cuts(np.array([0, *ends[:-1]]), ends[-1], width)
    assert all(after - before >= 3 for before, after in pairwise(found))
    for first in (0, *ends[:-1]):  # each is drawn, or one just left of it is
        assert any(0 <= round(x_of(first, ends[-1], width)) - x < 3 for x in found)


def test_operations_begin_at_their_first_step_also_on_many_frames_and_without_marks() -> None:
    bench = Workbench()
    bench.area()
    bench.do("check")
    bench.do("poison", frames=["any:free", "any:slab"])
    assert boundaries(bench.session).tolist() == [one.first for one in bench.session.operations]
    bench.session.seek(bench.session.operations[1].first)
    bench.do("check")
    assert boundaries(bench.session).tolist() == [one.first for one in bench.session.operations]


def test_another_session_of_the_same_length_has_its_own_acts() -> None:
    """Sessions follow one another in a window: one is opened, work left by a crash is recovered over it."""
    acts = ActCodes()
    for frame in ("a:m+0", "any:free"):
        bench = Workbench()
        bench.area()
        bench.do("read", task="a", at="m+0")
        bench.do("poison", frame=frame)
        acts.read(bench.session)
        assert acts.codes.tolist() == codes_of([mark.site.act for mark in bench.session.steps.marks]).tolist()
