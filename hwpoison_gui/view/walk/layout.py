"""Layout of the reverse map in four columns (frame, mapping, VMAs, tasks), one row per VMA or group of VMAs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from hwpoison_gui.view.rmap.graph import Mapper, ReverseMap

GROUP_FROM: Final = 25  # as many mappers are grouped by the name of their tasks
_LEAST_GROUP: Final = 4
_NARROW: Final = 460
_LEAST_MAPPING: Final = 0.5  # of what the mapping's name needs
_LEAST_GAP: Final = 3.0
_MOST_GAP: Final = 10.0
_NUMBER: Final = re.compile(r"[-:#_. ]*\d+(:\d+)?$")


Widths = tuple[float, ...]  # of mapping, VMAs and tasks


class _Row(NamedTuple):
    mappers: tuple[Mapper, ...]
    label: str = ""
    folded: bool = False
    inside: bool = False  # belongs to the unfolded group above


class Row(_Row):
    """One VMA, or several under one `label`; a group is folded, or the heading of the rows after it."""

    @property
    def is_group(self) -> bool:
        return bool(self.label)

    @cached_property
    def vmas(self) -> frozenset[int]:
        return frozenset(mapper.vma for mapper in self.mappers)

    @cached_property
    def tasks(self) -> frozenset[int]:
        """Their tgids."""
        return frozenset(mapper.tgid for mapper in self.mappers)


class Columns(NamedTuple):
    """Left edges and widths of the four columns."""

    frame: tuple[float, float]
    mapping: tuple[float, float]
    vma: tuple[float, float]
    task: tuple[float, float]


class Layout(NamedTuple):
    """Positions of all boxes. Those of rows are in coordinates of the scrolled content."""

    columns: Columns
    rows: tuple[Row, ...]
    tops: tuple[float, ...]
    row_height: float
    roomy: bool
    height: float
    top: float


class Metrics(NamedTuple):
    """Heights of lines in pixels, the least widths of an entry's name and of the frame's box.

    `least`: widths in which mapping, VMAs and tasks show their names; `wanted`: all their words.
    """

    line: float
    small: float
    entry: float
    frame: float
    least: Widths = (0.0, 0.0, 0.0)
    wanted: Widths = (0.0, 0.0, 0.0)


@lru_cache(1 << 15)
def base_name(name: str) -> str:
    """Name of a task without the number that distinguishes it from its siblings."""
    return _NUMBER.sub("", name) or name


def rows_of(graph: ReverseMap, unfolded: Collection[str] = ()) -> list[Row]:
    """One row per mapper; if there are many, tasks of the same base name share one."""
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
    """Give each row two lines if all rows fit that way, else one."""
    top = metrics.small + 10
    room = height - top - 8
    roomy_height = metrics.line + metrics.small + 7
    close_height = metrics.line + 5
    roomy = len(rows) * (roomy_height + _LEAST_GAP) <= room
    row_height = roomy_height if roomy else close_height
    spare = (room - len(rows) * row_height) / max(1, len(rows))
    gap = min(_MOST_GAP, max(_LEAST_GAP, spare))
    total = len(rows) * (row_height + gap) - gap
    first = top + max(0.0, (room - total) / 2)
    tops = tuple(first + number * (row_height + gap) for number in range(len(rows)))
    content = max(height, (tops[-1] + row_height + 8) if tops else 0.0)
    return Layout(columns_of(width, metrics, roomy), tuple(rows), tops, row_height, roomy, content, top)


def least_width(metrics: Metrics) -> float:
    """Width in pixels in which the boxes show their names; a narrower view scrolls to the side."""
    edge, gaps = 6.0, (8.0, metrics.entry + 10, 6.0)
    mapping, vma, task = metrics.least
    return 2 * edge + sum(gaps) + metrics.frame + mapping * _LEAST_MAPPING + vma + task


def columns_of(width: float, metrics: Metrics, roomy: bool = True) -> Columns:
    """Distribute the width: frame and PTEs get what they need, tasks most of the rest."""
    shares = (0.30, 0.29, 0.41) if roomy and width >= _NARROW else (0.30, 0.23, 0.47)
    # Where names are short of room, what is between them gives way first.
    is_tight = width <= least_width(metrics) + 1
    if width >= _NARROW and not is_tight:
        edge, gaps = 10.0, (max(12.0, width * 0.025), max(metrics.entry + 10, width * 0.12), max(10.0, width * 0.02))
    else:
        edge, gaps = 6.0, (8.0, metrics.entry + 10, 6.0)
    frame = metrics.frame if is_tight else max(metrics.frame, width * 0.14)
    room = max(200.0, width - 2 * edge - sum(gaps) - frame)
    widths = [frame, *_shared_out(room, shares, metrics.least, metrics.wanted)]
    lefts = [edge]
    for number, gap in enumerate(gaps):
        lefts.append(lefts[-1] + widths[number] + gap)
    pairs = list(zip(lefts, widths, strict=True))
    return Columns(pairs[0], pairs[1], pairs[2], pairs[3])


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break a text at spaces into lines of at most `width` pixels; a longer word is broken within."""
    lines: list[str] = []
    for word in text.split():
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while measure(word) > width and len(word) > 1:
            fits = next((n for n in range(len(word) - 1, 1, -1) if measure(word[:n]) <= width), 1)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def _shared_out(room: float, shares: Widths, least: Widths, wanted: Widths) -> Widths:
    """Give each its wanted width and a share of the rest if all fit, else at least its least width."""
    if sum(wanted) <= room:
        return _between(wanted, shares, room - sum(wanted))
    if sum(least) <= room:
        lacks = tuple(want - need for want, need in zip(wanted, least, strict=True))
        return _between(least, tuple(lack / sum(lacks) for lack in lacks), room - sum(least))
    # The mapping is named once, VMAs and tasks in every row: the mapping is cut first.
    least = (max(least[0] * _LEAST_MAPPING, least[0] - (sum(least) - room)), *least[1:])
    return tuple(need * room / sum(least) for need in least)


def _between(widths: Widths, shares: Widths, rest: float) -> Widths:
    return tuple(width + rest * share for width, share in zip(widths, shares, strict=True))
