"""The damage on many machines: a table with a line for each, and a Parquet file for programs that read columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from hwpoison_gui import atomic_file
from hwpoison_gui.export.assessment import COLUMNS, Left, csv_lines, fitted, left_lines, left_words
from hwpoison_gui.export.extras import required
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.report import MachineReport, PolicyReport, survival

_HEADS: Final = ("runs on", "in use", "panics", "kills")
_LEGEND: Final = (
    "In percent of errors: the machine runs on, or runs on with the broken page in use, or panics. "
    "Kills: processes that some error kills."
)
_WIDE: Final = (9, 8, 8, 7)  # columns of the terminal for each of the heads
_NARROW: Final = (8, 7, 7, 6)
_WIDE_TERMINAL: Final = 96
_SIZE: Final = 10
_TYPES: Final = {"early_kill": "int8", "frames": "int64", "bytes": "int64"}  # the other columns are texts


def as_table(machines: Sequence[MachineReport], left: Left, width: int) -> str:
    """A line for each machine, and the files that were not assessed.

    For each policy: the shares of errors after which the machine runs on, runs on with the broken page in use, or
    panics, in percent; and the number of processes that some error kills.
    """
    policies = machines[0].policies if machines else ()
    each = _WIDE if width >= _WIDE_TERMINAL else _NARROW
    label = width - _SIZE - sum(each) * len(policies)
    lines = [
        " " * (label + _SIZE) + "".join(KILL[one.early].rjust(sum(each)) for one in policies),
        "machine".ljust(label) + "memory".rjust(_SIZE) + _in_columns(_HEADS, each) * len(policies),
    ]
    for machine in machines:
        cells = "".join(_in_columns(_cells(machine, policy), each) for policy in machine.policies)
        lines.append(fitted(machine.name, label) + amount(machine.frames * FRAME_SIZE).rjust(_SIZE) + cells)
    return "\n".join((*lines, *left_words(left, width), "", *wrap(_LEGEND, width))) + "\n\n"


def _in_columns(cells: Iterable[str], each: Sequence[int]) -> str:
    return "".join(cell.rjust(size) for cell, size in zip(cells, each, strict=True))


def _cells(machine: MachineReport, policy: PolicyReport) -> Iterator[str]:
    found = survival(policy.table.whole.frames)
    for frames in (found.handled, found.in_use, found.panic_late + found.panic_now):
        yield f"{100 * found.share(frames):.1f}".replace("100.0", "100")
    yield f"{policy.killed:,}" if machine.owners else "–"


def write_parquet(machines: Sequence[MachineReport], left: Left, path: Path) -> None:
    """Write the lines of the CSV, those of files that were not assessed included, but without the sums, as Parquet.

    Raises
    ------
    MissingExtraError, OSError
        If PyArrow is not installed, or the file cannot be written.
    """
    arrow, parquet = required("--parquet", "pyarrow"), required("--parquet", "pyarrow", "parquet")
    lines = [*(line for machine in machines for line in csv_lines(machine)), *left_lines(left)]
    columns = zip(*lines, strict=True)
    values = dict(zip(COLUMNS, columns, strict=False))  # without a machine there are no columns
    types = {name: arrow.type_for_alias(_TYPES.get(name, "string")) for name in COLUMNS}
    arrays = [arrow.array(values.get(name, ()), types[name]) for name in COLUMNS]
    with atomic_file.writing(path) as file:
        parquet.write_table(arrow.Table.from_arrays(arrays, names=list(COLUMNS)), file)
