"""Charts as values: their sums are those of the tables, and their files read back."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.charts.chart import Bars, Part, as_csv, shortened
from hwpoison_gui.view.charts.damage import damage_bars
from hwpoison_gui.view.charts.distribution import distribution
from hwpoison_gui.view.charts.timeline import timeline_curves
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.tables import find_table
from tests.session.test_many import busy
from tests.workbench import do


@pytest.mark.parametrize("by", ["kind", "process", "file", "zone"])
def test_bars_sum_up_to_the_table(by: str) -> None:
    m = busy().machine
    tables = {early: to_the_end(find_table(Damage.of(m, early), by)) for early in (0, 1)}
    chart = damage_bars(tables)
    for stack, early in enumerate((0, 1)):
        counted = {row.name: sum(row.frames) for row in tables[early].rows}
        for group, name in enumerate(chart.groups):
            drawn = sum(float(part.sizes[stack, group]) for part in chart.parts) * 256
            assert round(drawn) == counted[name]
    assert len(chart.terms) == len(chart.groups)


def test_the_largest_groups_are_shown() -> None:
    session = busy()
    for number in range(20):
        do(session, "fork", task="a", child=f"c{number}")
    tables = {early: to_the_end(find_table(Damage.of(session.machine, early), "process")) for early in (0, 1)}
    chart = damage_bars(tables)
    sizes = [sum(row.frames) for row in tables[0].rows]
    drawn = sum(part.sizes[0] for part in chart.parts) * 256
    assert [round(size) for size in drawn.tolist()] == sizes[:14] and len(chart.groups) == 14
    assert chart.note.startswith(f"{len(sizes) - 14} more are not drawn; the table has all.")


@pytest.mark.parametrize("by", ["kind", "process"])
def test_the_file_of_damage_has_all_groups_and_whole_numbers_of_frames(by: str) -> None:
    session = busy()
    for number in range(20):
        do(session, "fork", task="a", child=f"c{number}")
    tables = {early: to_the_end(find_table(Damage.of(session.machine, early), by)) for early in (0, 1)}
    chart = damage_bars(tables)
    rows = list(csv.DictReader(io.StringIO(as_csv(chart))))
    assert len(rows) == len(chart.rows)
    names = [row.name for row in tables[0].rows if sum(row.frames)]
    total = "total, each frame once"
    assert [row["group"] for row in rows[::2]] == [*(one for one in names if one in {r["group"] for r in rows}), total]
    assert by == "kind" or len(rows) // 2 > len(chart.groups) + 1
    for row in rows:
        parts = [int(row[f"{part.name} (frames)"]) for part in chart.parts]
        assert sum(parts) == int(row["all (frames)"]) and float(row["all (MiB)"]) * 256 == sum(parts)
        assert all(
            float(row[f"{part.name} (MiB)"]) * 256 == size for part, size in zip(chart.parts, parts, strict=True)
        )
    if by == "kind":  # each frame is of one kind
        for policy in (0, 1):
            listed = [int(row["all (frames)"]) for row in rows[policy::2]]
            assert sum(listed[:-1]) == listed[-1]


def test_a_distribution_has_each_frame_once() -> None:
    m = busy().machine
    chart = distribution(m, "mapcount")
    (curve,) = chart.curves
    assert curve.y.sum() == np.count_nonzero(m.mapcount.view) and (np.diff(curve.x) > 0).all()
    assert f"{int((m.mapcount.view == 0).sum()):,} frames" in chart.note


def test_the_timeline_ends_with_the_machine_as_it_is() -> None:
    session = busy(memory_failure_early_kill=1)
    do(session, "poison", frames=["a:m+0", "a:s+1", "any:free"])
    corrupted, signals, killed = timeline_curves(session).curves
    assert corrupted.y[-1] * 4 == session.corrupted_kb() and corrupted.y[0] == 0
    acts = [mark.site.act for mark in session.steps.marks]
    assert signals.y[-1] == acts.count(Act.SIGNAL) and killed.y[-1] == acts.count(Act.DIE)
    for position in (1, len(session.steps) // 2, len(session.steps)):
        session.seek(position)
        at = int(np.searchsorted(corrupted.x, position, side="right")) - 1
        assert corrupted.y[at] * 4 == session.corrupted_kb(), position


def test_a_machine_without_steps() -> None:
    chart = timeline_curves(Session.fresh(4096))
    assert all(curve.y.tolist() == [0.0] for curve in chart.curves)


def test_the_file_has_the_numbers_bare() -> None:
    chart = distribution(busy().machine, "refcount")
    rows = list(csv.reader(io.StringIO(as_csv(chart))))
    assert tuple(rows[0]) == chart.heads
    assert [float(row[2]) for row in rows[1:]] == chart.curves[0].y.tolist()


def test_a_name_of_digits_and_commas_is_no_number() -> None:
    parts = (Part("kind:file", "file", np.array([[1234.5]])),)
    chart = Bars("", "MiB", ("1,234",), ((),), ("early",), parts, "policy")
    assert chart.rows == (("1,234", "early", 1234.5, 1234.5),)
    assert list(csv.reader(io.StringIO(as_csv(chart))))[1] == ["1,234", "early", "1234.50", "1234.50"]


def test_long_names_keep_their_end() -> None:
    assert shortened(["/usr/lib/libc.so.6", "short"], 10) == ("…libc.so.6", "short")
