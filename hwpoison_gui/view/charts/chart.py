"""The two sorts of charts. Each has a table with the same numbers, which is also the file of comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

F64 = npt.NDArray[np.float64]
Cells = tuple[tuple[str, ...], ...]


class Part(Record):
    """A part of all bars, in one colour.

    Attributes
    ----------
    key : str
        Key of a class of the outcome lens, which has the colour.
    name : str
        The name of the class.
    sizes : array of float64, shape (stacks, groups)
        Its size in each bar.
    """

    key: str
    name: str
    sizes: F64


class Bars(Record):
    """Stacked bars: in each group one bar for each stack.

    Attributes
    ----------
    title, unit : str
        What is shown, and in what it is measured.
    groups : tuple of str
        Names of the groups, from above.
    terms : tuple of (str, str)
        Sort and text of the filter term that finds each group; empty where none does.
    stacks : tuple of str
        Names of the bars in a group.
    parts : tuple of Part
        From the axis outward.
    note : str
        What is left out, or how shared frames are counted.
    """

    title: str
    unit: str
    groups: tuple[str, ...]
    terms: tuple[tuple[str, str] | tuple[()], ...]
    stacks: tuple[str, ...]
    parts: tuple[Part, ...]
    note: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("group", "policy", *(f"{part.name} ({self.unit})" for part in self.parts), f"all ({self.unit})")

    @property
    def rows(self) -> Cells:
        """Rows of the table: one for each bar."""
        found = []
        for group, name in enumerate(self.groups):
            for stack, words in enumerate(self.stacks):
                sizes = [float(part.sizes[stack, group]) for part in self.parts]
                found.append((name, words, *(as_text(size) for size in sizes), as_text(sum(sizes))))
        return tuple(found)


class Curve(Record):
    """Points in one colour, joined by lines or, with `steps`, level until the next one.

    Attributes
    ----------
    key : str
        The colour: a field of Theme.
    name : str
        What it is.
    x, y : arrays of float64
        Ascending x; equal lengths.
    """

    key: str
    name: str
    x: F64
    y: F64
    steps: bool = False
    joined: bool = True


class Curves(Record):
    """Curves over one axis.

    `x_name`, `y_name`: names of the axes with their units; `log`: both axes are logarithmic. `quantity`: the number
    that the filter compares (view/filter/numbers.py) where the axis is one, else empty. `playhead`: the axis is the
    timeline.
    """

    title: str
    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    log: bool = False
    quantity: str = ""
    playhead: bool = False
    note: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("curve", self.x_name, self.y_name)

    @property
    def rows(self) -> Cells:
        """Rows of the table: one for each point."""
        return tuple(
            (curve.name, as_text(x), as_text(y))
            for curve in self.curves
            for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
        )


Chart = Bars | Curves


def as_text(value: float) -> str:
    """A number as tables show it: whole, or with two decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def as_csv(chart: Chart) -> str:
    """The table of a chart as comma-separated values, with a line of heads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(chart.heads)
    writer.writerows([_bare(cell) for cell in row] for row in chart.rows)
    return out.getvalue()


def _bare(cell: str) -> str:
    """A number without its thousands separators."""
    bare = cell.replace(",", "")
    return bare if bare.replace(".", "", 1).isdigit() else cell


def shortened(names: Sequence[str], most: int) -> tuple[str, ...]:
    """Names of at most so many characters. The beginning of a longer one is left out: the end of a path says more."""
    return tuple(name if len(name) <= most else f"…{name[1 - most :]}" for name in names)
