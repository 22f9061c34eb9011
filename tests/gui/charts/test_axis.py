"""Axes write numbers in one style each: counts, decades, frames and times."""

from __future__ import annotations

import pytest

from hwpoison_gui.gui.charts.axis import Axis, count_words
from hwpoison_gui.sources.records import event as ev


@pytest.fixture
def axis(qapp) -> Axis:
    return Axis("bottom")


def words(axis: Axis, low: float, high: float, size: float = 900) -> list[str]:
    """The words of the first level of ticks."""
    spacing, values = axis.tickValues(low, high, size)[0]
    return axis.tickStrings(values, 1.0, spacing)


def test_counts(axis: Axis) -> None:
    assert words(axis, 0, 1008)[:3] == ["0", "200", "400"] or words(axis, 0, 1008)[1] == "100"
    assert words(axis, 0, 1008)[-1] == "1,000"
    assert words(axis, 0, 4)[-1] == "4"
    assert words(axis, 0, 90_000)[-1].endswith("k")
    assert axis.tickValues(1, 1, 100) == []


def test_what_is_counted_has_no_ticks_between_whole_numbers(axis: Axis) -> None:
    axis.show_counts(whole=True)
    ((step, values),) = axis.tickValues(0.0, 2.0, 1000)
    assert step == 1 and values == [0, 1, 2]


def test_decades_have_one_style(axis: Axis) -> None:
    axis.setLogMode(x=True, y=True)
    assert words(axis, 0, 6.1, 200) == ["1", "10", "100", "1k", "10k", "100k", "1M"]
    assert sorted(words(axis, 0, 1.2, 900), key=len)[:4] == ["1", "2", "5", "10"]


def test_frames_are_round_in_hexadecimal(axis: Axis) -> None:
    axis.show_frames()
    assert words(axis, 0, 0x40000, 500)[:3] == ["0x0", "0x10000", "0x20000"]
    assert words(axis, 0x100, 0x110, 5000)[:2] == ["0x100", "0x101"]


def test_times_say_no_more_than_tells_ticks_apart(axis: Axis) -> None:
    axis.show_times(ev.UTC)
    start = 1_764_313_200.0  # 2025-11-28 07:00 UTC
    assert words(axis, start, start + 40)[0] == "07:00:00"
    assert "07:30" in words(axis, start, start + 7200)
    assert words(axis, start, start + 40 * 86400)[0].startswith("2025-1")
    assert "." in words(axis, start, start + 0.5)[1]
    axis.show_times(ev.BOOT)
    assert words(axis, 0, 100)[-1].endswith("0 s")


@pytest.mark.parametrize(
    ("value", "step", "text"), [(0, 1, "0"), (1500, 100, "1,500"), (2e6, 2e6, "2M"), (0.25, 0.05, "0.25")]
)
def test_counts_are_short(value: float, step: float, text: str) -> None:
    assert count_words(value, step) == text


def test_a_low_axis_leaves_decades_out_evenly(axis: Axis) -> None:
    axis.setLogMode(x=True, y=True)
    assert words(axis, 0, 5.3, 120) == ["1", "100", "10k"]


def test_no_tick_between_whole_counts(axis: Axis) -> None:
    assert words(axis, 0, 3, 4000) == ["0", "1", "2", "3"]
    axis.show_counts("MiB", whole=False)
    assert words(axis, 0, 1, 400)[1] == "0.5 MiB"
