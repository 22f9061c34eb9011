"""The reverse map laid out in four columns: frame, mapping, VMAs, tasks; a row for each VMA or group of VMAs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from hwpoison_gui.view.reverse_map import Mapper, ReverseMap

GROUP_FROM: Final = 25  # as many mappers are grouped by the name of their tasks
_LEAST_GROUP: Final = 4
_NUMBER: Final = re.compile(r"[-:#_. ]*\d+(:\d+)?$")


class Box(NamedTuple):
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


class Row(NamedTuple):
    """One VMA, or several under one `label`; a group is folded, or the head of what follows it."""

    mappers: tuple[Mapper, ...]
    label: str = ""
    folded: bool = False
    inside: bool = False  # belongs to the unfolded group above

    @property
    def is_group(self) -> bool:
        return bool(self.label)


class Columns(NamedTuple):
    """Left edges and widths of the four columns."""

    frame: tuple[float, float]
    mapping: tuple[float, float]
    vma: tuple[float, float]
    task: tuple[float, float]


class Layout(NamedTuple):
    """Where everything is. Boxes of rows are in the coordinates of the scrolled content."""

    columns: Columns
    rows: tuple[Row, ...]
    tops: tuple[float, ...]
    row_height: float
    roomy: bool
    height: float
    top: float


class Metrics(NamedTuple):
    """Heights of lines in pixels, and the least width of the gap in which entries are named."""

    line: float
    small: float
    entry: float


def base_name(name: str) -> str:
    """A task's name without the number that tells it from its siblings."""
    return _NUMBER.sub("", name) or name


def rows_of(graph: ReverseMap, unfolded: Collection[str] = ()) -> list[Row]:
    """A row for each mapper; where there are many, those of equally named tasks share one."""
    if len(graph.mappers) < GROUP_FROM:
        return [Row((mapper,)) for mapper in graph.mappers]
    groups: dict[str, list[Mapper]] = {}
    for mapper in graph.mappers:
        groups.setdefault(base_name(mapper.task), []).append(mapper)
    rows = []
    for label, mappers in groups.items():
        if len(mappers) < _LEAST_GROUP:
            rows += [Row((mapper,)) for mapper in mappers]
            continue
        folded = label not in unfolded
        rows.append(Row(tuple(mappers), label, folded))
        if not folded:
            rows += [Row((mapper,), inside=True) for mapper in mappers]
    return rows


def lay_out(rows: Sequence[Row], width: float, height: float, metrics: Metrics) -> Layout:
    """Rows get two lines each while there is room for all of them, else one."""
    top = metrics.small + 10
    room = height - top - 8
    roomy_height, roomy_gap = metrics.line + metrics.small + 8, 7.0
    close_height, close_gap = metrics.line + 5, 3.0
    roomy = len(rows) * (roomy_height + roomy_gap) <= room
    row_height, gap = (roomy_height, roomy_gap) if roomy else (close_height, close_gap)
    total = len(rows) * (row_height + gap) - gap
    first = top + max(0.0, (room - total) / 2)
    tops = tuple(first + number * (row_height + gap) for number in range(len(rows)))
    content = max(height, (tops[-1] + row_height + 8) if tops else 0.0)
    return Layout(columns_of(width, metrics), tuple(rows), tops, row_height, roomy, content, top)


def columns_of(width: float, metrics: Metrics) -> Columns:
    """The width shared out: boxes get most of it, the gap with the entries what their names need."""
    edge = 10.0
    gaps = (max(14.0, width * 0.03), max(metrics.entry + 20, width * 0.13), max(12.0, width * 0.025))
    room = max(200.0, width - 2 * edge - sum(gaps))
    shares = (0.22, 0.22, 0.26, 0.30)
    widths = [room * share for share in shares]
    lefts = [edge]
    for number, gap in enumerate(gaps):
        lefts.append(lefts[-1] + widths[number] + gap)
    pairs = list(zip(lefts, widths, strict=True))
    return Columns(pairs[0], pairs[1], pairs[2], pairs[3])
