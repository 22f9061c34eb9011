"""Geometries, the place of a frame in DRAM, and the frames of a fault, as text for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.fault import Fault, fault_at, frames_of_fault, place_name
from hwpoison_gui.dram.frame_place import rows_of_frame, values_in_frame
from hwpoison_gui.dram.geometry import FIELDS, FRAME_BYTES, PAGE_SHIFT, Geometry, bits_of, in_units
from hwpoison_gui.view.base.frame_number import TakenFrame
from hwpoison_gui.view.base.units import amount
from hwpoison_gui.view.words.words import counted

_MOST_SHOWN = 12  # runs of frames in text; JSON has all


def geometries_as_text(geometries: Sequence[Geometry], width: int) -> str:
    """One geometry after the other: its name, its parts, where it is published, and what is not."""
    lines = []
    for one in geometries:
        lines += [f"{one.key}: {one.name}", f"  {_parts(one)}"]
        for head, texts in (("source: ", one.sources), ("not published: ", one.unpublished)):
            for text in texts:
                lines += wrap(f"{head}{text}", width, initial_indent="  ", subsequent_indent="      ")
        lines.append("")
    return "\n".join(lines)


def geometries_as_json(geometries: Sequence[Geometry]) -> str:
    """A list of geometries with their functions, each a list of address bits, lowest bit of the coordinate first."""
    return _dumped(list(map(_as_dict, geometries)))


def frame_as_text(geometry: Geometry, taken: TakenFrame) -> str:
    """The coordinates of the bytes of a frame, and the rows that they lie in; of an address, its own place as well."""
    rows = rows_of_frame(geometry, taken.pfn)
    lines = [f"{taken.words}, in {geometry.key or geometry.name}", ""]
    for field, values in values_in_frame(geometry, taken.pfn).items():
        lines.append(f"{field.replace('_', ' '):<12} {shown_values(field, values)}")
    share = FRAME_BYTES // len(rows)
    lines += ["", f"{counted(len(rows), 'row')} with {amount(share)} of the frame{' each' if len(rows) > 1 else ''}:"]
    lines += [f"  row:{place_name(geometry, row)}" for row in rows]
    if taken.address is not None:
        lines.append(f"The address itself: {_cell(geometry, taken.address)}")
    return "\n".join(lines) + "\n"


def frame_as_json(geometry: Geometry, taken: TakenFrame) -> str:
    """Return the same as one object; columns as runs, [first, number of bytes]."""
    values: dict[str, Any] = values_in_frame(geometry, taken.pfn)
    values["column"] = runs_of(np.array(values["column"]))
    return _dumped({
        "geometry": geometry.key or geometry.name,
        "frame": taken.pfn,
        "address": taken.pfn << PAGE_SHIFT if taken.address is None else taken.address,
        "coordinates": values,
        "rows": [f"row:{place_name(geometry, row)}" for row in rows_of_frame(geometry, taken.pfn)],
        **({} if taken.address is None else {"cell": _cell(geometry, taken.address)}),
    })  # fmt: skip


def _cell(geometry: Geometry, address: int) -> str:
    return fault_at("cell", geometry, address).name(geometry)


def fault_as_text(geometry: Geometry, fault: Fault, frames: int) -> str:
    """The frames that a fault breaks, on a machine with so many frames, as runs."""
    found = frames_of_fault(geometry, fault, frames)
    runs = runs_of(found)
    size = amount(len(found) * FRAME_BYTES)
    lines = [fault.name(geometry), f"{counted(len(found), 'frame')}, {size}, in {counted(len(runs), 'run')}:"]
    lines += [f"  {run_name(*run)}" for run in runs[:_MOST_SHOWN]]
    if len(runs) > _MOST_SHOWN:
        lines.append(f"  and {counted(len(runs) - _MOST_SHOWN, 'run')} more, up to {int(found[-1]):#x}; --json has all")
    return "\n".join(lines) + "\n"


def fault_as_json(geometry: Geometry, fault: Fault, frames: int) -> str:
    """Return the same as one object; `runs`: first frame and number of frames."""
    found = frames_of_fault(geometry, fault, frames)
    return _dumped({
        "geometry": geometry.key or geometry.name,
        "fault": fault.name(geometry),
        "frames": len(found),
        "runs": runs_of(found),
    })  # fmt: skip


def runs_of(frames: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Consecutive frames as (first, number of frames); `frames` ascending."""
    if not len(frames):
        return []
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(frames) != 1) + 1, [len(frames)])).tolist()
    return [(int(frames[start]), end - start) for start, end in pairwise(cuts)]


def run_name(first: int, count: int) -> str:
    """Consecutive frames as they are written: `0x2416+0x10`."""
    return f"{first:#x}+{count:#x}" if count > 1 else f"{first:#x}"


def shown_values(field: str, values: Sequence[int]) -> str:
    """The values of a field: one, a few, or the first and the last."""
    text = "{:#x}" if field in ("row", "column") else "{}"
    if len(values) <= 4:
        return ", ".join(map(text.format, values))
    gaps = len(values) != values[-1] - values[0] + 1
    return f"{text.format(values[0])} to {text.format(values[-1])}" + (f", {len(values):,} of them" if gaps else "")


def _parts(geometry: Geometry) -> str:
    names = (field for field in FIELDS if geometry.bits(field))
    parts = [counted(geometry.count(field), "byte in a row", "bytes in a row") if field == "column" else
             counted(geometry.count(field), field.replace("_", " ")) for field in names]  # fmt: skip
    more = ", and further rows on machines with more memory" if geometry.grows else ""
    return f"{in_units(geometry.size)}: {', '.join(parts)}{more}"


def _as_dict(geometry: Geometry) -> dict[str, Any]:
    return {
        "key": geometry.key,
        "name": geometry.name,
        "size": geometry.size,
        "grows": geometry.grows,
        "made_up": geometry.made_up,
        "merged": list(geometry.merged),
        "sources": list(geometry.sources),
        "unpublished": list(geometry.unpublished),
        "bits": {
            field: [bits_of(mask) for mask in geometry.masks_of((field,))] for field in FIELDS if geometry.bits(field)
        },
    }


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
