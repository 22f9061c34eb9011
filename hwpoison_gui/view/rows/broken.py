"""Rows of the table of frames that one operation broke, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.impacts import PANICS
from hwpoison_gui.view.base.naming import listed
from hwpoison_gui.view.outcome.many import Summary

BROKEN_COLUMNS: Final = (
    TextColumn("frame", "Frame", "Page frame number", "0x0000000"),
    TextColumn("killed", "Killed", "Processes that died of its signals", "nginx:1234 and 12 more", wide=True),
    TextColumn("signalled", "Signalled", "Processes that got a signal, and live", "qemu:1234 and 12 more"),
    TextColumn(
        "touched", "On touch", "What the next touch of it does to processes", "1 process panics the kernel on touch"
    ),
    TextColumn("lost", "Lost", "Whether content is gone, or the broken page stays in use", "stays in use"),
    TextColumn("result", "Result", "The result line: what the handler could do", "Recovered"),
    TextColumn("kind", "Page", "The page by the result line", "already truncated LRU page"),
)
_MOST_NAMES: Final = 3


class BrokenRow(Record):
    """One frame; `key` is the number of its part of the operation. `panics`: the kernel, when it is touched."""

    key: int
    frame: int
    result: str
    kind: str
    killed: tuple[str, ...]
    signalled: tuple[str, ...]
    touched: str
    lost: str
    panics: bool


def broken_rows(summary: Summary) -> list[BrokenRow]:
    """One row for each frame of the summary, the worst first."""
    return [
        BrokenRow(
            one.number,
            one.pfn,
            one.outcome.result or "",
            one.outcome.kind or "",
            one.killed,
            one.signalled,
            ", ".join(one.on_touch),
            "data lost" if one.gone else "stays in use" if one.in_use else "",
            PANICS in one.touches.values(),
        )
        for one in summary.frames
    ]


def broken_columns(rows: Sequence[BrokenRow]) -> tuple[TextColumn, ...]:
    """The columns that say something of any row; the frame always."""
    return tuple(one for one in BROKEN_COLUMNS if one.field == "frame" or any(getattr(row, one.field) for row in rows))


def broken_cells(row: BrokenRow, columns: Sequence[TextColumn] = BROKEN_COLUMNS) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of the columns."""
    values = row._asdict()
    values["frame"] = f"{row.frame:#x}"
    for field in ("killed", "signalled"):
        values[field] = listed(values[field], _MOST_NAMES)
    return tuple(values[column.field] for column in columns)
