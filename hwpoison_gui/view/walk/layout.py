"""Layout of the reverse map in four columns (frame, mapping, VMAs, tasks), one row per VMA or group of VMAs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.rmap.groups import Group, Mapper

_NARROW: Final = 460
_LEAST_MAPPING: Final = 0.75  # share of the width that the mapping's name needs
_EDGE: Final = 6.0  # pixels around the boxes in a narrow view
_STEP: Final = 8.0  # pixels between frame and mapping
_BESIDE_ENTRY: Final = 16  # pixels beside the name of an entry, for the strokes of an unmapped one
_LEAST_GAP: Final = 3.0
_MOST_GAP: Final = 10.0
_ABOVE: Final = 10  # pixels above the rows, beside the names of the columns
_BELOW: Final = 8
_CLOSE: Final = 5  # pixels of a row of one line, beside the line
_ROOMY: Final = 7  # the same for a row of two lines
_STEADY: Final = (0.38, 0.20, 0.42)  # shares of frame and mapping, VMAs and tasks
_JOINT: Final = re.compile(r"(?<=.)(->|[_/.:,]|-(?!>))")  # signs after which a name is broken


Widths = tuple[float, ...]  # widths of mapping, VMAs and tasks


class _Row(Record):
    mappers: tuple[Mapper, ...]
    label: str = ""
    folded: bool = False
    inside: bool = False  # belongs to the unfolded group above
    group: Group | None = None


class Row(_Row):
    """One VMA, or several under one `label`; a group is folded, or the heading of the rows after it."""

    @property
    def is_group(self) -> bool:
        return bool(self.label)

    @cached_property
    def vmas(self) -> frozenset[int]:
        return self.group.vmas if self.group is not None else frozenset(mapper.vma for mapper in self.mappers)

    @cached_property
    def tasks(self) -> frozenset[int]:
        """Their tgids."""
        return self.group.tasks if self.group is not None else frozenset(mapper.tgid for mapper in self.mappers)


class Columns(Record):
    """Left edges and widths of the four columns; frame and mapping have the same where they are stacked."""

    frame: tuple[float, float]
    mapping: tuple[float, float]
    vma: tuple[float, float]
    task: tuple[float, float]


class Layout(Record):
    """Positions of all boxes. Those of rows are in coordinates of the scrolled content.

    `stacked`: the mapping is below the frame, not beside it, so that both are readable in a narrow view. In one that
    is low, too, the mapping is a line in the frame's box, and its width is 0.
    """

    columns: Columns
    rows: tuple[Row, ...]
    tops: tuple[float, ...]
    row_height: float
    roomy: bool
    height: float
    top: float
    stacked: bool = False


class Metrics(Record):
    """Heights of lines in pixels, the least widths of an entry's name and of the frame's box.

    `least`: widths in which mapping, VMAs and tasks show their names; `wanted`: all their words. `narrow`: width of
    the frame's box that says by its colour alone that the frame is poisoned.
    """

    line: float
    small: float
    entry: float
    frame: float
    least: Widths = (0.0, 0.0, 0.0)
    wanted: Widths = (0.0, 0.0, 0.0)
    narrow: float = 0.0


def rows_of(graph: ReverseMap, unfolded: Collection[str] = ()) -> list[Row]:
    """One row per mapper, and one for each group that has a label, above its mappers unless it is folded."""
    rows = []
    for group in graph.groups:
        folded, inside = group.label not in unfolded, bool(group.label)
        if inside:
            rows.append(Row(group.mappers, group.label, folded, group=group))
        if not inside or not folded:
            rows += [Row((mapper,), inside=inside) for mapper in group.mappers]
    return rows


def fits(rows: int, height: float, metrics: Metrics, roomy: bool = False) -> bool:
    """Return whether so many rows fit without scrolling, with one line each, or two (`roomy`)."""
    row = metrics.line + (metrics.small + _ROOMY if roomy else _CLOSE)
    return rows * (row + _LEAST_GAP) <= height - metrics.small - _ABOVE - _BELOW


def lay_out(rows: Sequence[Row], width: float, height: float, metrics: Metrics, steady: bool = False) -> Layout:
    """Give each row two lines if all rows fit that way, else one. `steady`: the columns do not depend on the words."""
    top = metrics.small + _ABOVE
    room = height - top - _BELOW
    roomy = fits(len(rows), height, metrics, roomy=True)
    row_height = metrics.line + (metrics.small + _ROOMY if roomy else _CLOSE)
    spare = (room - len(rows) * row_height) / max(1, len(rows))
    gap = min(_MOST_GAP, max(_LEAST_GAP, spare))
    total = len(rows) * (row_height + gap) - gap
    first = top + max(0.0, (room - total) / 2)
    tops = tuple(first + number * (row_height + gap) for number in range(len(rows)))
    content = max(height, (tops[-1] + row_height + _BELOW) if tops else 0.0)
    if steady:
        columns = _steady_columns(width, metrics)
        return Layout(columns, tuple(rows), tops, row_height, roomy, content, top, stacked=True)
    stacked = _is_stacked(width, height, metrics)
    is_narrow = stacked or width < _squeezed(metrics)
    columns = _three_columns(width, metrics, stacked, roomy) if is_narrow else columns_of(width, metrics, roomy)
    return Layout(columns, tuple(rows), tops, row_height, roomy, content, top, stacked)


def box_height(metrics: Metrics, lines: int = 3, titles: int = 1) -> float:
    """Height of the box of frame or mapping: its title, and at least three small lines."""
    return titles * metrics.line + max(3, lines) * metrics.small + 14


def frame_height(layout: Layout, height: float, metrics: Metrics) -> float:
    """Height of the frame's box in a view of this height; its fourth line is the mapping, where that has no box."""
    least = box_height(metrics)
    if layout.columns.mapping[1]:
        return least
    return max(least, min(box_height(metrics, 4), height - layout.top - 1))  # a low view has no margin below


def _side_by_side(metrics: Metrics, mapping: float) -> float:
    """Width with the frame's box beside one of the mapping that is `mapping` wide."""
    return 2 * _EDGE + _STEP + metrics.entry + _BESIDE_ENTRY + 6 + metrics.frame + mapping + sum(metrics.least[1:])


def _is_stacked(width: float, height: float, metrics: Metrics) -> bool:
    """Return whether the names need it, and the room allows it."""
    room = height - metrics.small - 10 - 8
    is_narrow = _bare(metrics, metrics.least[0]) <= width < _side_by_side(metrics, metrics.least[0])
    return is_narrow and room >= 2 * (box_height(metrics, titles=2) + _STEP)


def width_of(view: float, metrics: Metrics) -> float:
    """Width of the content in a view of this width: the view's, or what all names need, and then it scrolls."""
    return max(view, _bare(metrics._replace(frame=metrics.narrow)))


def _squeezed(metrics: Metrics) -> float:
    """Width in which all names but the mapping's are whole."""
    return _side_by_side(metrics, metrics.least[0] * _LEAST_MAPPING)


def _bare(metrics: Metrics, mapping: float = 0.0) -> float:
    """Width in which all names are whole with nothing beside the frame, or what is below it."""
    return 2 * _EDGE + metrics.entry + _BESIDE_ENTRY + 6 + max(metrics.frame, mapping) + sum(metrics.least[1:])


def _three_columns(width: float, metrics: Metrics, stacked: bool, roomy: bool) -> Columns:
    """Frame and mapping stacked, or the frame alone; VMAs; tasks."""
    least, wanted = metrics.least, metrics.wanted
    if stacked:
        least, wanted = ((max(metrics.frame, first), *rest) for first, *rest in (least, wanted))
    else:
        frame = metrics.frame if width >= _bare(metrics) else metrics.narrow
        least, wanted = (frame, *least[1:]), (metrics.frame, *wanted[1:])
    gaps = (metrics.entry + _BESIDE_ENTRY, 6.0)
    first, vma, task = _shared_out(width - 2 * _EDGE - sum(gaps), (0.2, 0.3, 0.5), least, wanted, roomy)
    left = _EDGE + first + gaps[0]
    mapping = (_EDGE, first) if stacked else (_EDGE + first, 0.0)
    return Columns((_EDGE, first), mapping, (left, vma), (left + vma + gaps[1], task))


def _steady_columns(width: float, metrics: Metrics) -> Columns:
    """Frame and mapping stacked, VMAs, tasks: by fixed shares; a longer name takes its room from frame and mapping."""
    gaps = (metrics.entry + _BESIDE_ENTRY, 6.0)
    room = width - 2 * _EDGE - sum(gaps)
    vma, task = (max(share * room, need) for share, need in zip(_STEADY[1:], metrics.least[1:], strict=True))
    first = max(room - vma - task, room * _STEADY[0] / 2)
    vma, task = (each * (room - first) / (vma + task) for each in (vma, task))
    left = _EDGE + first + gaps[0]
    return Columns((_EDGE, first), (_EDGE, first), (left, vma), (left + vma + gaps[1], task))


def columns_of(width: float, metrics: Metrics, roomy: bool = True) -> Columns:
    """Distribute the width: frame and PTEs get what they need, tasks most of the rest."""
    shares = (0.30, 0.29, 0.41) if roomy and width >= _NARROW else (0.30, 0.23, 0.47)
    edge, frame = 10.0, max(metrics.frame, width * 0.14)
    gaps = (max(12.0, width * 0.025), max(metrics.entry + _BESIDE_ENTRY, width * 0.12), max(10.0, width * 0.02))
    room = width - 2 * edge - sum(gaps) - frame
    if width < _NARROW or room < sum(_least_of(metrics.least, metrics.wanted, roomy)):  # what is between gives way
        edge, gaps, frame = _EDGE, (_STEP, metrics.entry + _BESIDE_ENTRY, 6.0), metrics.frame
        room = max(200.0, width - 2 * edge - sum(gaps) - frame)
    widths = [frame, *_shared_out(room, shares, metrics.least, metrics.wanted, roomy)]
    lefts = [edge]
    for number, gap in enumerate(gaps):
        lefts.append(lefts[-1] + widths[number] + gap)
    pairs = list(zip(lefts, widths, strict=True))
    return Columns(pairs[0], pairs[1], pairs[2], pairs[3])


def first_lines(lines: list[str], most: int) -> list[str]:
    """As many lines as fit, at least one; the last has an ellipsis if others are missing."""
    most = max(most, 1)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def broken(letters: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break the letters of flags, which have no order to keep together, into lines of at most `width` pixels."""
    most = next((n for n in range(len(letters), 1, -1) if measure(letters[:n]) <= width), 1)
    return [letters[start : start + most] for start in range(0, len(letters), most)]


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break a text into lines of at most `width` pixels: at spaces, and a longer word after a sign such as `_` or `/`.

    A part of a word without such a sign is never broken: its line may be longer, and is elided where it is drawn.
    """
    lines: list[str] = []
    for word in text.split():
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while measure(word) > width and (joints := _joints(word)):
            fits = max((n for n in joints if measure(word[:n]) <= width), default=joints[0])
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def _least_of(least: Widths, wanted: Widths, roomy: bool) -> Widths:
    """Widths of the names; in rows of one line also of what happened to a task, which stands beside its name."""
    return least if roomy else (*least[:-1], wanted[-1])


def _joints(word: str) -> list[int]:
    """Return the lengths of a word's beginnings after which it may be broken."""
    return [found.end() for found in _JOINT.finditer(word) if found.end() < len(word)]


def _shared_out(room: float, shares: Widths, least: Widths, wanted: Widths, roomy: bool) -> Widths:
    """Give each its wanted width and a share of the rest if all fit, else at least its least width."""
    if sum(wanted) <= room:
        return _between(wanted, shares, room - sum(wanted))
    if sum(_least_of(least, wanted, roomy)) <= room:
        least = _least_of(least, wanted, roomy)
    if sum(least) <= room:
        lacks = tuple(want - need for want, need in zip(wanted, least, strict=True))
        return _between(least, tuple(lack / sum(lacks) for lack in lacks), room - sum(least))
    # The mapping is named once, VMAs and tasks in every row: the mapping is cut first.
    least = (max(least[0] * _LEAST_MAPPING, least[0] - (sum(least) - room)), *least[1:])
    return tuple(need * room / sum(least) for need in least)


def _between(widths: Widths, shares: Widths, rest: float) -> Widths:
    return tuple(width + rest * share for width, share in zip(widths, shares, strict=True))
