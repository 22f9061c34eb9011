"""The sorts of charts. Each has a table with the same numbers, which is also the file of comma-separated values.

Colours are keys of `colours.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.units import FRAME_SIZE
from hwpoison_gui.view.rows.error_records import time_words

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Cells = tuple[tuple[str | float, ...], ...]  # numbers as they are: table and file write them differently

MOST_BINS: Final = 256  # bins of physical memory
MIB: Final = FRAME_SIZE / (1 << 20)  # MiB of a frame


_ONE: Final = {"frames": "frame"}  # a unit whose plural differs


class Part(Record):
    """A part of all bars, in one colour.

    Attributes
    ----------
    key : str
        Its colour.
    name : str
        What it is.
    sizes : array of float64, shape (stacks, groups)
        Its size in each bar.
    """

    key: str
    name: str
    sizes: F64


class Counted(Record):
    """Frames of all groups, those that are not drawn too.

    Attributes
    ----------
    groups : tuple of str
        Their names, and last that of the total.
    frames : array of int64, shape (parts, stacks, groups)
        Frames by part of a bar. The total has each frame once, also where several groups count it.
    """

    groups: tuple[str, ...]
    frames: I64


class Bars(Record):
    """Stacked bars: in each group one bar for each stack.

    Attributes
    ----------
    title : str
        A sentence that says what is shown.
    unit : str
        In what it is measured.
    groups : tuple of str
        Names of the groups, from above.
    terms : tuple of (str, str)
        Sort and text of the filter term that finds each group; empty where none does.
    stacks : tuple of str
        Names of the bars in a group.
    parts : tuple of Part
        From the axis outward.
    stacked_by : str
        Head of the column of the table that names the stack.
    note : str
        What is left out, or how shared frames are counted.
    finds : mapping of (group, stack, part) to str
        Filter expressions of parts of bars that have one of their own.
    words : tuple of str
        For each stack what a part of a bar is, with {size}, {group} and {part}; empty: the usual words.
    counted : Counted or None
        The frames behind the sizes, in groups that are not drawn too; None where sizes are numbers of frames.
    """

    title: str
    unit: str
    groups: tuple[str, ...]
    terms: tuple[tuple[str, str] | tuple[()], ...]
    stacks: tuple[str, ...]
    parts: tuple[Part, ...]
    stacked_by: str
    note: str = ""
    finds: Mapping[tuple[int, int, int], str] = {}
    words: tuple[str, ...] = ()
    counted: Counted | None = None

    def words_of(self, group: int, stack: int, part: int) -> str:
        """Describe a part of a bar in one line."""
        amount = float(self.parts[part].sizes[stack, group])
        size = f"{as_text(amount)} {self.unit if amount != 1 else _ONE.get(self.unit, self.unit)}"
        words = self.words[stack] if self.words else f"{{size}} of {{group}}: {{part}} ({self.stacks[stack]})"
        return words.format(size=size, group=self.groups[group], part=self.parts[part].name)

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("group", self.stacked_by, *(f"{part.name} ({self.unit})" for part in self.parts), f"all ({self.unit})")

    @property
    def rows(self) -> Cells:
        """Rows of the table: one for each bar, for those that are not drawn too, and for the total."""
        if self.counted is not None:
            return self._rows_of(self.counted.groups, self.counted.frames.astype(np.float64) * MIB)
        return self._rows_of(self.groups, np.array([part.sizes for part in self.parts]))

    def _rows_of(self, groups: tuple[str, ...], sizes: F64) -> Cells:
        """Rows of sizes, shape (parts, stacks, groups)."""
        found = []
        for group, name in enumerate(groups):
            for stack, words in enumerate(self.stacks):
                row = sizes[:, stack, group].tolist()
                found.append((name, words, *row, sum(row)))
        return tuple(found)

    @property
    def file_heads(self) -> tuple[str, ...]:
        """Heads of the file: of the table, with the number of frames beside each amount of memory."""
        if self.counted is None:
            return self.heads
        names = (*(part.name for part in self.parts), "all")
        return ("group", self.stacked_by, *(f"{name} ({unit})" for name in names for unit in ("frames", self.unit)))

    @property
    def file_rows(self) -> Cells:
        """Rows of the file: those of the table, without rounding."""
        if self.counted is None:
            return self.rows
        found = []
        for group, name in enumerate(self.counted.groups):
            for stack, words in enumerate(self.stacks):
                row = self.counted.frames[:, stack, group].tolist()
                found.append((name, words, *(cell for size in (*row, sum(row)) for cell in (size, exact_mib(size)))))
        return tuple(found)


class Curve(Record):
    """Points in one colour, joined by lines or, with `steps`, level until the next one.

    Attributes
    ----------
    key : str
        The colour.
    name : str
        What it is.
    x, y : arrays of float64
        Ascending x; equal lengths.
    steps, joined : bool
        How the points are joined.
    keys : tuple
        What each point stands for, where its coordinates do not say it: a filter expression, or the number of a
        record.
    words : tuple of str
        What each point is, in words; empty where the coordinates and the name say it.
    is_line : bool
        A line to compare with: it has no values that could be chosen, and no rows in the table.
    """

    key: str
    name: str
    x: F64
    y: F64
    steps: bool = False
    joined: bool = True
    keys: tuple[str | int, ...] = ()
    words: tuple[str, ...] = ()
    is_line: bool = False


class Curves(Record):
    """Curves over one axis.

    `x_name`, `y_name`: names of the axes; `x_of`: the unit of the first, or what it counts; `log`: both axes are
    logarithmic. `quantity`: the number that the filter compares (view/filter/numbers.py) where the axis is one, else
    empty. `playhead`: the axis has a line for the present. `clock`: of an axis of time, how its seconds are written
    (sources/records/event.py). `finds`: of points that stand for classes of frames, the filter expression by class
    (walk_cost.class_of).
    """

    title: str
    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    log: bool = False
    quantity: str = ""
    playhead: bool = False
    clock: str | None = None
    note: str = ""
    finds: Mapping[tuple[int, int, bool], str] = {}
    x_of: str = ""

    @property
    def x_head(self) -> str:
        """The name of the first axis, and what it counts."""
        return f"{self.x_name} ({self.x_of})" if self.x_of else self.x_name

    @property
    def values(self) -> tuple[Curve, ...]:
        """The curves whose points are values."""
        return tuple(curve for curve in self.curves if not curve.is_line)

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("curve", self.x_head, self.y_name, *(("what",) if self._has_words else ()))

    @property
    def _has_words(self) -> bool:
        return any(curve.words for curve in self.values)

    @property
    def rows(self) -> Cells:
        """Rows of the table: one for each point."""
        found = []
        for curve in self.values:
            words = curve.words or ("",) * len(curve.x)
            for x, y, what in zip(curve.x.tolist(), curve.y.tolist(), words, strict=True):
                found.append((curve.name, self._x_cell(x), y, *((what,) if self._has_words else ())))
        return tuple(found)

    def x_words(self, x: float) -> str:
        """A coordinate of the axis as text."""
        return as_text(self._x_cell(x))

    def _x_cell(self, x: float) -> str | float:
        return x if self.clock is None else time_words(x, self.clock)


class Lying(Record):
    """Frames in one colour: `key`; `name`: what they are; `pfns`: int64, ascending, one more than once if it counts
    more than once; `keys`: of each, what it stands for besides its number, such as the number of a record."""

    key: str
    name: str
    pfns: I64
    keys: I64 | None = None


class Places(Record):
    """Frames over physical memory, counted in bins of equal width.

    Attributes
    ----------
    title : str
        A sentence that says what is shown.
    unit : str
        What is counted, in the singular.
    frames : int
        Of the machine: the axis.
    parts : tuple of Lying
        From the axis outward.
    note : str
        What is left out.
    """

    title: str
    unit: str
    frames: int
    parts: tuple[Lying, ...]
    note: str = ""

    def bins(self, first: int, last: int, most: int) -> tuple[I64, I64]:
        """Edges of the bins from frame `first` to before `last`, at most `most`; and counts, shape (parts, bins).

        The width is a power of two, and the edges are multiples of it, so that bins do not change as the axis moves.
        """
        width = 1
        while (last - 1) // width - first // width + 1 > most:
            width *= 2
        edges = np.arange(first // width, (last - 1) // width + 2) * width
        counts = [np.diff(np.searchsorted(part.pfns, edges)) for part in self.parts]
        return edges, np.array(counts, np.int64).reshape(len(self.parts), len(edges) - 1)

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the table."""
        return (
            "from frame",
            "to frame",
            *(f"{part.name} ({self.unit}s)" for part in self.parts),
            f"all ({self.unit}s)",
        )

    @property
    def rows(self) -> Cells:
        """Rows of the table: one for each bin of the whole axis that has any."""
        edges, counts = self.bins(0, self.frames, MOST_BINS)
        found = []
        for at in np.flatnonzero(counts.sum(0)).tolist():
            sizes = counts[:, at].tolist()
            span = f"{edges[at]:#x}", f"{min(edges[at + 1], self.frames) - 1:#x}"
            found.append((*span, *sizes, sum(sizes)))
        return tuple(found)


Chart = Bars | Curves | Places


def as_text(cell: str | float) -> str:
    """A cell as tables show it: text, or a number, whole or with two decimals."""
    return cell if isinstance(cell, str) else f"{cell:,.{_decimals(cell)}f}"


def _decimals(value: float) -> int:
    return 0 if value == int(value) else 2


def exact_mib(frames: int) -> str:
    """Frames as MiB, with as many decimals as that takes: 4 KiB are a binary fraction of a MiB."""
    return f"{frames * MIB:.8f}".rstrip("0").rstrip(".")


def as_csv(chart: Chart) -> str:
    """The table of a chart as comma-separated values, with a line of heads; amounts of memory are not rounded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads, rows = (chart.file_heads, chart.file_rows) if isinstance(chart, Bars) else (chart.heads, chart.rows)
    writer.writerow(heads)
    writer.writerows([cell if isinstance(cell, str) else f"{cell:.{_decimals(cell)}f}" for cell in row] for row in rows)
    return out.getvalue()


def shortened(names: Sequence[str], most: int) -> tuple[str, ...]:
    """Names of at most so many characters. The beginning of a longer one is left out: the end of a path says more."""
    return tuple(name if len(name) <= most else f"…{name[1 - most :]}" for name in names)
