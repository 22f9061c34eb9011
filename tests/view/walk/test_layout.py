"""The reverse map's layout: nothing overlaps, nothing is lost, whatever the number of users."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap
from hwpoison_gui.view.rmap.groups import GROUP_FROM, Mapper, base_name
from hwpoison_gui.view.walk.layout import (
    Layout,
    Metrics,
    broken,
    columns_of,
    first_lines,
    lay_out,
    rows_of,
    width_of,
    wrapped,
)

METRICS = Metrics(line=15, small=13, entry=66, frame=80)


def graph(count: int, name: str = "worker-{}") -> ReverseMap:
    mappers = tuple(Mapper(n, n, 16, n, name.format(n), "heap", "rw-p") for n in range(1, count + 1))
    return ReverseMap(7, kinds.KINDS[kinds.ANON], "UDl", Mapping("anon", "anon_vma 3", name="3"), mappers)


@pytest.mark.parametrize("count", [0, 1, 3, 5, 20, GROUP_FROM - 1, 300, 10_000])
def test_nothing_overlaps(count: int) -> None:
    for metrics in (METRICS, METRICS._replace(least=(200, 20, 100), wanted=(300, 20, 160))):
        for width, height in product((410, 520, 900), (140, 260, 700)):
            assert_apart(lay_out(rows_of(graph(count)), width, height, metrics), width)


def assert_apart(layout: Layout, width: int) -> None:
    for top, following in pairwise(layout.tops):
        assert top + layout.row_height < following
    if layout.tops:
        assert layout.tops[0] >= layout.top
        assert layout.tops[-1] + layout.row_height <= layout.height
    columns = layout.columns
    pairs = (columns.frame, columns.mapping, columns.vma, columns.task)[1 if layout.stacked else 0 :]
    pairs = tuple(pair for pair in pairs if pair[1])
    for (left, wide), (following, _) in pairwise(pairs):
        assert left + wide < following
    assert columns.task[0] + columns.task[1] <= width
    assert columns.vma[0] - sum(columns.mapping) >= METRICS.entry + 14, "its name, and the strokes before it"


def test_columns_get_what_their_words_need_where_there_is_room() -> None:
    metrics = METRICS._replace(least=(90, 60, 100), wanted=(90, 100, 160))
    roomy, tight, narrow = (columns_of(width, metrics) for width in (900, 530, 410))
    assert roomy.mapping[1] >= 90 and roomy.vma[1] >= 100 and roomy.task[1] >= 160
    assert tight.mapping[1] == pytest.approx(90) and 60 < tight.vma[1] < 100 and 100 < tight.task[1] < 160
    assert 50 < narrow.mapping[1] < 90 and narrow.vma[1] <= 60
    low = columns_of(530, metrics, roomy=False)
    assert low.task[1] >= 160 > tight.task[1], "in rows of one line what happened to a task stands beside its name"


@pytest.mark.parametrize("large", [1, 1.5, 2])
def test_a_narrow_view_shows_all_names_below_each_other_or_scrolls(large: float) -> None:
    for view, height in product(range(410, 700, 35), (100, 200, 300, 500)):
        assert_shown_or_scrolls(view, height, large)


def assert_shown_or_scrolls(view: int, height: int, large: float) -> None:
    least = (66 * large, 42 * large, 104 * large)
    metrics = Metrics(14 * large, 12 * large, 55 * large, 73 * large, least, least, narrow=53 * large)
    width = width_of(view, metrics)
    columns = lay_out(rows_of(graph(4)), width, height, metrics).columns
    assert all(wide >= need - 0.01 for (_, wide), need in zip(columns[2:], least[1:], strict=True))
    assert columns.frame[1] >= 53 * large - 0.01
    assert width == view or columns.task[0] - (width - view) >= 0, "at its right end the names of tasks are whole"
    if width == view and height >= 200 * large:
        needed = 12 + 55 * large + 16 + max(73 * large, least[0]) + sum(least[1:])
        assert (columns.mapping[1] >= least[0] - 0.01) is (view >= needed), "where there is height, nothing is squeezed"


@pytest.mark.parametrize("count", [0, 1, 24, 25, 300, 10_000])
def test_every_user_is_in_a_row(count: int) -> None:
    rows = rows_of(graph(count))
    assert sum(len(row.mappers) for row in rows) == count
    assert len(rows) == (count if count < GROUP_FROM else 1)


def test_an_unfolded_group_shows_its_members() -> None:
    rows = rows_of(graph(300), {"worker"})
    assert rows[0].is_group and not rows[0].folded
    assert len(rows) == 301 and all(row.inside for row in rows[1:])


def test_few_rows_have_two_lines_and_many_have_one() -> None:
    assert lay_out(rows_of(graph(3)), 520, 260, METRICS).roomy
    assert not lay_out(rows_of(graph(20)), 520, 260, METRICS).roomy


@pytest.mark.parametrize(
    ("name", "base"), [("postgres", "postgres"), ("postgres-5", "postgres"), ("nginx-worker-12", "nginx-worker"),
                       ("w3", "w"), ("kworker/0:1", "kworker/0"), ("7", "7")],
)  # fmt: skip
def test_siblings_share_a_name(name: str, base: str) -> None:
    assert base_name(name) == base


def test_small_print_is_wrapped_and_nothing_of_it_is_lost() -> None:
    detail = "deleted; page 3632 on hugetlbfs"
    for width in range(1, 40):
        lines = wrapped(detail, width, len)
        assert "".join(lines).replace(" ", "") == detail.replace(" ", "")
        for line in lines:
            assert len(line) <= width or line in (*detail.split(), "deleted;"), "no word is broken in its middle"
    assert wrapped(detail, 9, len) == ["deleted;", "page 3632", "on", "hugetlbfs"]
    assert wrapped("", 9, len) == []
    assert wrapped("anon_vma", 7, len) == ["anon_", "vma"]
    assert wrapped("libpython3.11.so.1.0", 14, len) == ["libpython3.11.", "so.1.0"]
    assert wrapped("page->mapping is", 8, len) == ["page->", "mapping", "is"]
    assert wrapped("page hugetlbfs", 5, len) == ["page", "hugetlbfs"], "it is elided where it is drawn"


def test_letters_of_flags_are_broken_not_cut() -> None:
    assert broken("ERUDAabX", 8 * 7, lambda text: len(text) * 7) == ["ERUDAabX"]
    assert broken("ERUDAabX", 5 * 7, lambda text: len(text) * 7) == ["ERUDA", "abX"]
    assert broken("RX", 3, lambda text: len(text) * 7) == ["R", "X"]


def test_lines_without_room_are_told_by_an_ellipsis() -> None:
    lines = ["locked, dirty,", "mapped, on the", "LRU"]
    assert first_lines(lines, 3) == lines and first_lines(lines, 2) == ["locked, dirty,", "mapped, on the …"]
    assert first_lines(lines, 0) == ["locked, dirty, …"] and first_lines([], 0) == []
