"""The timeline: recorded steps held against a plain list of them, moves, looks at other positions, and notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hwpoison_gui.kernel.block_list import BlockList
from hwpoison_gui.kernel.gate import Cells, Column, Gate, Table
from hwpoison_gui.kernel.mark import Act, Mark, Run, Site
from hwpoison_gui.session import timeline as module
from hwpoison_gui.session.steps import RecordedSteps, RunOfFrames, SharedMarks, Step
from hwpoison_gui.session.timeline import News, Notice, Timeline

SITE: Final = Site("test", "test", Act.ENTER, "", ("number",), __name__)
STORE: Final = Table[int, int]("store")

# The number of changes of each step, recorded alone, in a run with its neighbours, or in one of several frames.
Plan = Sequence[int | list[int] | tuple[int, ...]]
runs = st.lists(st.integers(0, 3), min_size=1, max_size=4)
plans = st.lists(st.one_of(st.integers(0, 3), runs, runs.map(tuple)), max_size=12)


def shared(marks: list[Mark], ends: list[int]) -> tuple[list[Mark], list[int], list[tuple[int, int]]]:
    """Return the parts of a run of frames, for marks of one frame. A frame without a step precedes it."""
    pfn = marks[0].frames[0]
    return SharedMarks().of(marks, pfn), ends, [(0, pfn + 1), (0, pfn)]


def recorded(plan: Plan) -> tuple[RecordedSteps, list[Step]]:
    """Steps recorded by `add`, and the plain list that they stand for."""
    steps, model, made = RecordedSteps(), list[Step](), 0
    for operation, counts in enumerate(plan):
        group = list[Step]()
        for count in [counts] if isinstance(counts, int) else counts:
            changes = tuple((STORE, made + number, 0, made) for number in range(count))
            made += count
            frames = (len(model),) if isinstance(counts, tuple) else ()
            group.append(Step(Mark(SITE, (len(model) + len(group),), frames), changes, operation))
        changes = tuple(change for step in group for change in step.changes)
        if isinstance(counts, int):
            assert steps.add(group[0].mark, changes, operation) == 1
        else:
            ends = np.cumsum([len(step.changes) for step in group]).tolist()
            marks = [step.mark for step in group]
            run = Run(marks, ends) if isinstance(counts, list) else RunOfFrames(*shared(marks, ends))
            assert steps.add(run, changes, operation) == len(group)
        model += group
    return steps, model


@given(plan=plans, data=st.data())
def test_recorded_steps_read_as_a_list_of_steps(plan: Plan, data: st.DataObject) -> None:
    steps, model = recorded(plan)
    assert list(steps) == model and len(steps) == len(model)
    assert [steps[at] for at in range(-len(model), len(model))] == model + model
    for at in (len(model), -len(model) - 1):
        with pytest.raises(IndexError):
            steps[at]
    bounds = st.one_of(st.none(), st.integers(-15, 15))
    part = slice(data.draw(bounds), data.draw(bounds), data.draw(st.sampled_from((None, 1, 2, -1))))
    assert steps[part] == model[part]
    low = data.draw(st.integers(0, len(model)))
    high = data.draw(st.integers(low, len(model)))
    assert list(steps.each(low, high)) == model[low:high]
    assert steps.between(low, high) == [change for step in model[low:high] for change in step.changes]


@given(acts=st.lists(st.sampled_from((Act.ENTER, Act.UNMAP, Act.DECIDE)), max_size=12), data=st.data())
def test_marks_are_found_by_their_act_and_their_site(acts: list[Act], data: st.DataObject) -> None:
    marks = [Mark(Site(f"{act}-{number % 2}", "test", act, "", (), __name__)) for number, act in enumerate(acts)]
    sites = {mark.site.id: mark.site for mark in marks}
    marks = [Mark(sites[mark.site.id]) for mark in marks]
    steps = RecordedSteps()
    cut = data.draw(st.integers(0, len(marks)))
    for mark in marks[:cut]:
        steps.add(mark, [], 0)
    steps.add(Run(BlockList(marks[cut:]), [0] * (len(marks) - cut)), [], 0)
    low = data.draw(st.integers(0, len(marks)))
    high = data.draw(st.integers(low, len(marks)))
    for act in Act:
        assert steps.marks.of_act(act, low, high) == [at for at in range(low, high) if marks[at].act is act]
    for site in (*sites.values(), SITE):
        first = next((at for at in range(low, high) if marks[at].site is site), None)
        assert steps.marks.find(site, low, high) == first


@given(plan=plans)
def test_the_position_after_a_change_is_the_first_that_has_it_applied(plan: Plan) -> None:
    steps, model = recorded(plan)
    expected = [position for position, step in enumerate(model, start=1) for _ in step.changes]
    assert [steps.position_after(change) for change in range(len(steps.changes))] == expected


@given(plan=plans, data=st.data())
def test_cut_steps_can_be_put_back_or_replaced(plan: Plan, data: st.DataObject) -> None:
    steps, model = recorded(plan)
    at = data.draw(st.integers(0, len(model)))
    tail = steps.cut(at)
    assert list(tail) == model[at:] and list(steps) == model[:at]
    assert tail.between(0, len(tail)) == [change for step in model[at:] for change in step.changes]
    other, others = recorded(data.draw(plans))
    steps.extend(other)
    assert list(steps) == model[:at] + others
    steps.cut(at)
    steps.extend(tail)
    assert list(steps) == model
    assert steps.between(0, len(model)) == [change for step in model for change in step.changes]


def test_a_mark_is_kept_once_for_the_frames_that_have_it() -> None:
    keep = SharedMarks()
    marks = [Mark(SITE, args, (pfn,)) for pfn in (1, 2) for args in ((pfn,), (True,), (1,), (), ([],))]
    kept = [keep.of([mark], mark.frames[0])[0] for mark in marks]
    assert [one is other for one, other in zip(kept[:5], kept[5:], strict=True)] == [True, True, False, True, False]
    steps = RecordedSteps()
    steps.add(RunOfFrames(kept, [0] * 10, [(0, 1), (5, 2)]), [], 0)
    assert list(steps.marks) == marks
    assert [list(map(type, mark.args)) for mark in steps.marks] == [list(map(type, mark.args)) for mark in marks]


class Bench:
    """A gate with a column of eight frames and a table, a timeline on it, and the notices that it sent."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.column: Column = self.gate.add(Column("flags", np.zeros(8, np.uint64)))
        self.cells = Cells(self.column)
        self.table: Table[str, int] = self.gate.add(Table("tasks"))
        self.gate.record()
        self.timeline = Timeline(self.gate)
        self.notices: list[Notice] = []
        self.timeline.subscribe(self.notices.append)

    def set(self, *pfns: int) -> None:
        """Change these frames."""
        for pfn in pfns:
            self.gate.increase(self.column, pfn, 1)

    def step(self, *pfns: int) -> None:
        """Record a step that changes these frames."""
        self.set(*pfns)
        self.timeline.add(Mark(SITE, (0,)), 0)

    def digests(self) -> list[str]:
        """The digest at each position, read by `as_of`."""
        found = []
        for position in range(len(self.timeline.steps) + 1):
            with self.timeline.as_of(position):
                found.append(self.gate.digest())
        return found


def walked(pfns: Sequence[int]) -> Bench:
    """A bench with a step for each frame, announced."""
    bench = Bench()
    for pfn in pfns:
        bench.step(pfn)
    bench.timeline.announce(0)
    bench.notices.clear()
    return bench


def test_a_look_at_another_position_keeps_the_present_one() -> None:
    bench = walked(range(4))
    timeline, present = bench.timeline, bench.gate.digest()
    digests = bench.digests()
    assert len(set(digests)) == 5 and digests[4] == present
    with timeline.as_of(1):
        assert bench.gate.digest() == digests[1] and timeline.position == 4 and timeline.away
        for position in (3, 0, 1, 4):
            with timeline.as_of(position):
                assert bench.gate.digest() == digests[position] and timeline.position == 4 and timeline.away
            assert bench.gate.digest() == digests[1] and timeline.away
    assert bench.gate.digest() == present and timeline.position == 4 and not timeline.away
    with timeline.as_of(4):
        assert not timeline.away


def test_an_error_during_a_look_brings_the_machine_back() -> None:
    bench = walked(range(4))
    present = bench.gate.digest()
    with pytest.raises(KeyError), bench.timeline.as_of(2):
        raise KeyError
    assert bench.gate.digest() == present and bench.timeline.position == 4 and not bench.timeline.away


def test_a_look_is_no_news() -> None:
    bench = walked(range(4))
    bench.digests()
    bench.timeline.seek(3)
    (notice,) = bench.notices
    assert (notice.before, notice.after, notice.pfns.tolist(), notice.tables) == (4, 3, [3], frozenset())


def test_a_position_outside_is_refused_and_nothing_moves() -> None:
    bench = walked(range(3))
    for position in (-1, 4):
        with pytest.raises(ValueError, match="expected 0 to 3"):
            bench.timeline.seek(position)
    assert bench.timeline.position == 3 and not bench.notices


@settings(max_examples=30)
@given(start=st.integers(0, 7), end=st.integers(0, 7), slices=st.integers(0, 7))
def test_a_walk_may_be_left_at_any_yield(start: int, end: int, slices: int) -> None:
    """It then stands at a step on the way, with the machine of that step."""
    bench = walked(range(7))
    digests = bench.digests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STEPS_PER_SLICE", 2)
        bench.timeline.seek(start)
        walk = bench.timeline.walk(end)
        for _ in zip(range(slices), walk, strict=False):
            pass
    position = bench.timeline.position
    assert min(start, end) <= position <= max(start, end)
    assert bench.gate.digest() == digests[position]


@pytest.mark.parametrize(("start", "end"), [(0, 7), (7, 0)])
def test_a_long_walk_yields_after_each_slice(start: int, end: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = walked(range(7))
    monkeypatch.setattr(module, "STEPS_PER_SLICE", 2)
    bench.timeline.seek(start)
    assert len(list(bench.timeline.walk(end))) == 3 and bench.timeline.position == end


def test_a_notice_names_frames_of_columns_and_of_cells_and_other_stores_by_name() -> None:
    bench = Bench()
    bench.set(6)
    some = np.array([5, 1], np.int64)
    bench.gate.put(bench.cells, some, np.array([7, 7], np.uint64).tobytes())
    bench.gate.put(bench.table, "a", 1)
    bench.timeline.add(Mark(SITE, (0,)), 0)
    bench.timeline.announce(0)
    (notice,) = bench.notices
    assert notice.pfns.tolist() == [1, 5, 6] and notice.pfns.dtype == np.int64
    assert notice.tables == {"tasks"}


def test_news_of_nothing() -> None:
    news = News(set(), set())
    news.read(BlockList())
    assert news.frames().tolist() == [] and news.frames().dtype == np.int64 and news.tables() == frozenset()


def test_without_a_move_there_is_no_notice() -> None:
    bench = walked(range(2))
    bench.timeline.seek(2)
    bench.timeline.announce(2)
    assert not bench.notices


def test_a_listener_that_unsubscribed_hears_nothing_more() -> None:
    bench = walked(range(2))
    heard: list[Notice] = []
    stop = bench.timeline.subscribe(heard.append)
    bench.timeline.seek(1)
    stop()
    bench.timeline.seek(0)
    assert len(heard) == 1 and len(bench.notices) == 2


def test_what_is_taken_back_is_no_news() -> None:
    bench = walked((1, 2))
    before = bench.gate.digest()
    bench.step(5)
    bench.set(6)  # not recorded as a step yet
    assert bench.timeline.changed
    for _ in bench.timeline.taking_back(2):
        pass
    assert bench.gate.digest() == before and not bench.timeline.changed
    assert len(bench.timeline.steps) == bench.timeline.position == 2
    bench.timeline.seek(1)
    (notice,) = bench.notices
    assert notice.pfns.tolist() == [2]


def test_equal_stamps_are_equal_states() -> None:
    """Also when steps were cut and others took their place, and when the old ones came back."""
    bench = walked((1, 2))
    timeline = bench.timeline
    states = {timeline.stamp: bench.gate.digest()}

    def see() -> None:
        assert states.setdefault(timeline.stamp, bench.gate.digest()) == bench.gate.digest()

    timeline.seek(1)
    see()
    old = timeline.cut()
    see()
    bench.step(3)
    see()
    timeline.seek(1)
    new = timeline.cut()
    timeline.mend(old)
    timeline.seek(2)
    see()
    assert len(set(states.values())) == 3 and len(new) == 1


def test_timelines_share_no_stamp() -> None:
    assert walked((1, 2)).timeline.stamp != walked((3, 4)).timeline.stamp


def test_a_stamp_lasts_where_nothing_was_cut() -> None:
    bench = walked((1, 2))
    stamp = bench.timeline.stamp
    bench.timeline.mend(bench.timeline.cut())
    bench.timeline.seek(0)
    bench.timeline.seek(2)
    assert bench.timeline.stamp == stamp
