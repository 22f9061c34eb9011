"""Place of a frame in DRAM, as a fact beside the others of a frame."""

from __future__ import annotations

from collections.abc import Sequence

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.fault import place_name
from hwpoison_gui.dram.frame_place import rows_of_frame, values_in_frame
from hwpoison_gui.dram.geometry import FRAME_BYTES, SHORT, Geometry
from hwpoison_gui.view.base.units import amount
from hwpoison_gui.view.facts.frame_facts import Fact


def place_in_dram(geometry: Geometry, pfn: int) -> Fact:
    """The coordinates of the bytes of a frame, and which geometry says so."""
    by = "made up" if geometry.made_up else f"by the geometry {geometry.key}"
    try:
        rows = rows_of_frame(geometry, pfn)
    except DramError:
        return Fact("DRAM", "none", "it lies in the hole below 4 GiB")
    if len(rows) == 1:
        return Fact("DRAM", place_name(geometry, rows[0]), by)
    values = values_in_frame(geometry, pfn)
    said = [f"{SHORT.get(field, field)}{shown(field, values[field])}" for field in values if field != "column"]
    share = amount(FRAME_BYTES // len(rows))
    return Fact("DRAM", "/".join(said), f"{len(rows)} rows have {share} of it each; {by}")


def shown(field: str, values: Sequence[int]) -> str:
    """The values of a field in a place: `3`, `0+1`, `0-7`; rows in hexadecimal."""
    text = "{:#x}" if field == "row" else "{}"
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{text.format(values[0])}-{text.format(values[-1])}"
    return "+".join(map(text.format, values))
