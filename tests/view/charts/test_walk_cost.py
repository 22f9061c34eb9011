"""The cost of the walk: what the handler counts, on frames that the filter of each point finds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.dry_run import dry_run
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.charts import walk_cost
from hwpoison_gui.view.charts.chart import Curves
from hwpoison_gui.view.charts.walk_cost import class_of, cost_curves, find_classes
from hwpoison_gui.view.damage.policy import early_kill
from hwpoison_gui.view.filter.expression import parse
from tests.session.test_many import busy
from tests.workbench import crowd, do


def found_by(m: Machine, expression: str) -> list[int]:
    """The frames that a filter finds."""
    wanted = parse(expression)
    assert wanted is not None
    match = wanted.match(m, lambda lens: np.zeros(m.frames, np.uint8))
    assert match.frames is not None
    holds = [match.word(word) for word in m.flags.view.tolist()]
    return np.flatnonzero(match.frames & np.array(holds)).tolist()


def machine() -> Machine:
    """Pages of one, two and three mappers, anonymous and of a file."""
    session = busy()
    do(session, "fork", task="a", child="c")
    for page in range(4):
        do(session, "write", task="c", at=f"m+{page}")
    return session.machine


def points(chart: Curves) -> list[tuple[str, float, float]]:
    return [(str(key), x, y) for curve in chart.values for key, x, y in zip(curve.keys, curve.x, curve.y, strict=True)]


def test_each_point_is_what_the_handler_counts_for_its_frames() -> None:
    m = machine()
    chart = to_the_end(cost_curves(m))
    shown = points(chart)
    assert len(shown) >= 3
    for expression, found, pairs in shown:
        frames = found_by(m, expression)
        assert frames, expression
        for pfn in frames:
            before = m.counters.view.get("pairs_visited", 0)
            with early_kill(m, 1), dry_run(m, pfn):
                assert m.counters.view["pairs_visited"] - before == pairs, (expression, pfn)
            assert chart.finds[class_of(m, pfn)] == expression
        assert pairs >= found
    counted = sum(one.frames for one in to_the_end(find_classes(m)))
    assert counted == len([pfn for one, _, _ in shown for pfn in found_by(m, one)])


def test_a_ratio_has_no_decimals_that_are_made_up() -> None:
    chart = to_the_end(cost_curves(machine()))
    for curve in chart.values:
        for words, x, y in zip(curve.words, curve.x, curve.y, strict=True):
            each = re.search(r"mappers?, ([\d,.]+) each", words)
            assert each is not None and abs(float(each[1].replace(",", "")) - y / x) <= 0.005


def test_the_words_of_a_ratio() -> None:
    alike = walk_cost.Alike(vmas=5, mapcount=4, anon=True, frames=1, typical=0)
    point = walk_cost._Point(walk_cost.Cost(4, 427), [alike])
    assert walk_cost._words(point).startswith("427 pairs for 4 mappers, 106.75 each")


def test_the_cost_is_not_linear() -> None:
    m = crowd(9).machine
    ((_, found, pairs),) = points(to_the_end(cost_curves(m)))
    assert (found, pairs) == (10, 10 * 10)


def test_many_mappers_are_walked_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    m = crowd(9).machine
    m.profile = replace(m.profile, names={**m.profile.names, "collect_procs": "collect_tasks"})
    whole, digest = points(to_the_end(cost_curves(m))), m.gate.digest()
    monkeypatch.setattr(walk_cost, "_MANY", 3)
    work, slices = cost_curves(m), 0
    while True:
        try:
            next(work)
        except StopIteration as stop:
            chart = stop.value
            break
        slices += 1
        assert m.gate.digest() == digest, "the machine is at rest between slices"
    assert points(chart) == whole and slices > 2 and "VMAs collect_tasks() is run alone" in chart.note


def test_work_that_is_given_up_leaves_the_machine_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    m = crowd(9).machine
    digest = m.gate.digest()
    monkeypatch.setattr(walk_cost, "_MANY", 3)
    work = cost_curves(m)
    for _ in range(3):
        next(work)
    work.close()
    assert m.gate.digest() == digest and not m.gate.changed


def test_a_sample_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_cost, "_MOST", 2)
    m = machine()
    chart = to_the_end(cost_curves(m))
    assert f"on 2 of {len(to_the_end(find_classes(m)))} classes" in chart.note


def test_a_machine_without_mapped_frames() -> None:
    from hwpoison_gui.session.session import Session

    chart = to_the_end(cost_curves(Session.fresh(4096).machine))
    assert chart.rows == () and "0 mappers" in chart.title
