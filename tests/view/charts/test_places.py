"""Frames over physical memory: every frame is in one bin, and bins do not move with the axis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.sources.records.history import history_of
from hwpoison_gui.sources.records_file import read
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.charts.chart import Lying, Places
from hwpoison_gui.view.charts.found import found_places
from hwpoison_gui.view.charts.recorded import SORTS, recorded_over_time, recorded_places
from tests.session.test_many import busy

LOG = Path("tests/data/records/6.1/dmesg.txt")
FRAMES = 5000


@given(
    st.lists(st.integers(0, FRAMES - 1), max_size=40), st.integers(0, FRAMES - 1), st.integers(1, FRAMES),
    st.integers(1, 300),
)  # fmt: skip
def test_bins_have_each_frame_once(pfns: list[int], first: int, size: int, most: int) -> None:
    last = min(first + size, FRAMES)
    chart = Places("", "frame", FRAMES, (Lying("kind:anon", "anonymous", np.array(sorted(pfns), np.int64)),))
    edges, counts = chart.bins(first, last, most)
    width = int(edges[1] - edges[0])
    assert len(edges) - 1 <= most and edges[0] <= first and edges[-1] >= last
    assert width & (width - 1) == 0 and not (edges % width).any()
    assert counts.shape == (1, len(edges) - 1)
    assert counts.sum() == sum(edges[0] <= pfn < edges[-1] for pfn in pfns)


def test_a_chart_of_nothing_has_bins() -> None:
    edges, counts = Places("", "frame", 10, ()).bins(0, 10, 4)
    assert counts.shape == (0, len(edges) - 1) and Places("", "frame", 10, ()).rows == ()


def test_found_frames_are_counted_by_their_kind() -> None:
    m = busy().machine
    pfns = np.flatnonzero(m.mapcount.view > 0)
    chart = to_the_end(found_places(m, "mapcount>0", pfns))
    for part in chart.parts:
        assert {KINDS[kind_of(m.page(pfn))].name for pfn in part.pfns.tolist()} == {part.name}
    assert sorted(pfn for part in chart.parts for pfn in part.pfns.tolist()) == pfns.tolist()
    assert f"{len(pfns):,} frames" in chart.title
    assert sum(row[-1] for row in chart.rows) == len(pfns)


def test_recorded_errors_are_all_there_once() -> None:
    history = history_of([read(LOG)])
    over_time, places = recorded_over_time(history), recorded_places(history, 1 << 16)
    timed = sorted(key for curve in over_time.curves for key in curve.keys)
    assert timed == [number for number, record in enumerate(history.records) if record.time is not None]
    placed = sorted(key for part in places.parts if part.keys is not None for key in part.keys.tolist())
    assert placed == [number for number, record in enumerate(history.records) if record.pfn is not None]
    for part in places.parts:
        assert part.keys is not None
        assert [history.records[key].pfn for key in part.keys.tolist()] == part.pfns.tolist()
        sort = next(sort for sort in SORTS if sort.name == part.name)
        assert all(sort.holds(history.records[key]) for key in part.keys.tolist())
    for curve in over_time.curves:
        assert (np.diff(curve.x) >= 0).all() and (np.diff(curve.y) > 0).all()
    assert len(over_time.rows) == len(timed) and over_time.rows[0][1].startswith("20")


def test_what_is_beyond_the_machine_is_said() -> None:
    history = history_of([read(LOG)])
    places = recorded_places(history, 0x8000)
    outside = sum(record.pfn is not None and record.pfn >= 0x8000 for record in history.records)
    assert f"{outside} records beyond this machine left out" in places.note
