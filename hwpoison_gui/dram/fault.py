"""Faults of DRAM: a part of memory that fails as a whole, named as in `row:channel0/rank1/bg2/bank3/row0x1a3`.

A frame is broken by a fault if any of its bytes lies in the part. Two parts of the same mode have either the same
frames or none in common: the conditions on the bits of the frame number are the same for all, and only their values
differ. Rows of two banks have the same frames where a low bit of the address alternates between the banks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram import gf2
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import ABOVE_ROW, FIELDS, PAGE_SHIFT, SHORT, Geometry, bits_of
from hwpoison_gui.record import Record

I64 = npt.NDArray[np.int64]

# The fields that a fault of each mode has a fixed value of; of the others, all values fail.
MODES: Final[dict[str, tuple[str, ...]]] = {
    "cell": FIELDS,
    "row": (*ABOVE_ROW, "row"),
    "column": (*ABOVE_ROW, "column"),
    "bank": ABOVE_ROW,
    "rank": ABOVE_ROW[:4],
    "dimm": ABOVE_ROW[:2],
    "channel": ABOVE_ROW[:1],
}
ALL: Final = "all"
_OF, _AT = "of:", "at:"  # a frame, a physical address
_NUMBER: Final = r"(?:0[xX][0-9a-fA-F]{1,13}|[0-9]{1,16})"
_PART: Final = re.compile(rf"([a-z][a-z_-]*?)[-_ ]?({_NUMBER})")
_FRAME: Final = re.compile(rf"({_NUMBER})(?:\+({_NUMBER}))?")
_ADDRESS: Final = re.compile(_NUMBER)
_HEX: Final = ("row", "column")
_BY_NAME: Final = {
    name: field for field in FIELDS for name in (field.replace("_", "-"), field, SHORT.get(field, field))
}
EXAMPLE: Final = "row:of:0x2416, or the part by name"


class Fault(Record):
    """A part that fails: its mode (of MODES), and the values of the fields that the mode fixes."""

    mode: str
    place: dict[str, int]

    def name(self, geometry: Geometry) -> str:
        """Return its written form: `row:channel0/rank1/bg2/bank3/row0x1a3`, without fields that have no bits."""
        return f"{self.mode}:{place_name(geometry, self.place)}"


def place_name(geometry: Geometry, place: dict[str, int]) -> str:
    """A place as it is written; `all` where the geometry has no bits of any of its fields."""
    parts = [
        f"{SHORT.get(field, field)}{place[field]:#x}" if field in _HEX else f"{SHORT.get(field, field)}{place[field]}"
        for field in FIELDS
        if field in place and geometry.bits(field)
    ]
    return "/".join(parts) or ALL


def parse_fault(text: str, geometry: Geometry, frames: int) -> Fault:
    """The fault that a text means, on a machine with so many frames.

    Parameters
    ----------
    text
        `MODE:PLACE`; or `MODE:of:FRAME`, the part in which the first byte of a frame lies, `FRAME+BYTE` another byte;
        or `MODE:at:ADDRESS`, that of a physical address (bytes).

    Raises
    ------
    DramError
        For an unknown mode, a part that the geometry does not have, or a frame beyond it.
    """
    mode, colon, rest = text.partition(":")
    if mode not in MODES:
        wrong = (
            f"no such fault mode: {mode!r}" if colon else f"neither a frame, a physical address nor a fault: {text!r}"
        )
        raise DramError(f"{wrong}; fault modes are {', '.join(MODES)}, as in {EXAMPLE}")
    check_known(mode, geometry)
    if not colon or not rest:
        raise DramError(f"which {mode}? As in {mode}:of:0x2416, or {mode}:{place_name(geometry, _first(mode))}")
    if rest.startswith(_OF):
        return fault_at(mode, geometry, _of_frame(rest.removeprefix(_OF), mode, frames))
    if rest.startswith(_AT):
        return fault_at(mode, geometry, _at_address(rest.removeprefix(_AT), frames))
    return Fault(mode, _place(mode, rest, geometry))


def check_known(mode: str, geometry: Geometry) -> None:
    """Raise DramError if the source of a geometry does not tell the parts of a mode apart."""
    field = mode if mode in FIELDS else ""
    if field in geometry.merged:
        raise DramError(
            f"the source of {geometry.name} does not say which bits are the {field}: they are part of its bank numbers"
        )


def _first(mode: str) -> dict[str, int]:
    return dict.fromkeys(MODES[mode], 0)


def fault_at(mode: str, geometry: Geometry, address: int) -> Fault:
    """The part of a mode in which a physical address (bytes) lies. Raises DramError."""
    found = geometry.coordinates(np.array([address], np.int64))
    return Fault(mode, {field: int(found[field][0]) for field in MODES[mode]})


def _of_frame(text: str, mode: str, frames: int) -> int:
    """The physical address (bytes) of a frame, or of a byte of it."""
    given = _FRAME.fullmatch(text)
    if given is None:
        raise DramError(f"not a frame: {text!r}; expected 0x2416, or 0x2416+0x40 for a byte in it")
    number, byte = _value(given[1]), _value(given[2] or "0")
    if number >= frames:
        last = f"the last frame is {frames - 1:#x}"
        raise DramError(f"no such frame: {given[1]}; {last}, and a physical address is written {mode}:at:{given[1]}")
    if byte >> PAGE_SHIFT:
        raise DramError(f"byte {byte:#x} is not in the frame, which has {1 << PAGE_SHIFT:#x}")
    return (number << PAGE_SHIFT) + byte


def _at_address(text: str, frames: int) -> int:
    if not _ADDRESS.fullmatch(text):
        raise DramError(f"not a physical address: {text!r}; expected one as 0x2416040")
    address = _value(text)
    if address >> PAGE_SHIFT >= frames:
        last = (frames << PAGE_SHIFT) - 1
        raise DramError(f"no such physical address: {text}; the last byte of memory is {last:#x}")
    return address


def _place(mode: str, text: str, geometry: Geometry) -> dict[str, int]:
    place: dict[str, int] = {}
    for part in text.split("/") if text != ALL else ():
        given = _PART.fullmatch(part)
        field = _BY_NAME.get(given[1]) if given is not None else None
        if given is None or field is None:
            raise DramError(f"not a part of DRAM: {part!r}; expected {place_name(geometry, _first(mode))}")
        if field not in MODES[mode]:
            raise DramError(f"a {mode} is not named by its {field}; expected {place_name(geometry, _first(mode))}")
        if field in place:
            raise DramError(f"{field} is given twice in {text}")
        place[field] = _value(given[2])
        if place[field] >= geometry.count(field):
            raise DramError(f"{geometry.name} has no {part}: {_range(geometry, field)}")
    missing = [field for field in MODES[mode] if geometry.bits(field) and field not in place]
    if missing:
        raise DramError(f"{missing[0]} is missing in {text}; expected {place_name(geometry, _first(mode))}")
    return {field: place.get(field, 0) for field in MODES[mode]}


def _range(geometry: Geometry, field: str) -> str:
    last = geometry.count(field) - 1
    return f"only {field} 0" if not last else f"{field} 0 to {last:#x}" if field in _HEX else f"{field} 0 to {last}"


def _value(number: str) -> int:
    return int(number, 16 if number[:2].lower() == "0x" else 10)


# -- frames


def frames_of_fault(geometry: Geometry, fault: Fault, frames: int) -> I64:
    """The frames (int64, ascending) of a machine that have a byte in a part; `geometry` is fitted to the machine."""
    masks, values = _conditions(geometry, fault)
    bits = geometry.address_bits - PAGE_SHIFT
    basis = gf2.reduced(gf2.kernel(masks, bits))[0]
    first = gf2.solution(masks, values)
    assert first is not None  # the conditions are independent
    for vector in sorted(basis, reverse=True):
        first = min(first, first ^ vector)
    found = (gf2.sums(basis) ^ np.uint64(first)).view(np.int64)
    return geometry.frames_of_dram(found, frames)


def frame_functions(geometry: Geometry, fields: Sequence[str]) -> list[int]:
    """Masks of bits of a frame number of DRAM: the sums of bits of fields that are the same for all bytes of a frame.

    They are independent, those of the lowest fields and bits first.
    """
    rows = geometry.masks_of(fields)
    sums = sorted(gf2.without_low_bits(rows, PAGE_SHIFT), key=int.bit_length)
    return [_frame_mask(rows, one) for one in sums]


def _frame_mask(rows: Sequence[int], combined: int) -> int:
    """The bits of a frame number in a sum of rows, bit i of `combined` for `rows[i]`."""
    return reduce(xor, (rows[number] for number in bits_of(combined))) >> PAGE_SHIFT


def _conditions(geometry: Geometry, fault: Fault) -> tuple[list[int], int]:
    """Masks of bits of a frame number of DRAM, and the parities that frames of the part have (bit i for mask i)."""
    fields = MODES[fault.mode]
    rows = geometry.masks_of(fields)
    at, value = 0, 0
    for field in reversed(FIELDS):
        if field in fields:
            value |= fault.place[field] << at
            at += geometry.bits(field)
    masks, values = [], 0
    for place, combined in enumerate(gf2.without_low_bits(rows, PAGE_SHIFT)):
        masks.append(_frame_mask(rows, combined))
        values |= ((combined & value).bit_count() & 1) << place
    return masks, values
