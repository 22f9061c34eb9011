"""A geometry: which bytes of DRAM physical addresses reach, and back.

The memory controller is modelled as a matrix over GF(2): each bit of a coordinate is the XOR of some bits of the DRAM
address. The DRAM address is the physical address, but for the hole that firmware leaves below 4 GiB for devices: the
DRAM behind it appears elsewhere.

A row of a bank is 8 KiB or so, and the low bits of an address choose channels and banks as well, so that a frame of
4 KiB may have bytes in several rows, and a row has bytes of several frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram import gf2
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.record import Record

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PAGE_SHIFT: Final = 12
FRAME_BYTES: Final = 1 << PAGE_SHIFT
FOUR_GIB: Final = 1 << 32

# The coordinates, from the largest part of memory to the smallest. A bank belongs to a bank group (DDR4 and later), a
# sub-channel to a DIMM (DDR5). The column is a byte within the row.
FIELDS: Final = ("channel", "dimm", "subchannel", "rank", "bank_group", "bank", "row", "column")
ABOVE_ROW: Final = FIELDS[:6]  # the fields that name a bank
SHORT: Final = {"bank_group": "bg", "subchannel": "sub", "column": "col"}  # as places are written


class Hole(Record):
    """Physical addresses from `start` to `end` (bytes, whole frames) that reach no DRAM.

    The DRAM at these addresses appears at `moved_to`, where other DRAM ends; None: all DRAM from `start` on appears
    from `end` on.
    """

    start: int
    end: int
    moved_to: int | None = None

    @property
    def size(self) -> int:
        return self.end - self.start

    def dram_below(self, end: int) -> int:
        """The end of the DRAM that physical addresses below `end` reach (bytes)."""
        if self.moved_to is None:
            return end - self.size if end > self.end else min(end, self.start)
        return end if end > self.moved_to + self.size else min(end, self.moved_to)

    def dram_of(self, addresses: I64) -> I64:
        """DRAM addresses of physical ones (bytes); -1 in the hole."""
        inside = (addresses >= self.start) & (addresses < self.end)
        if self.moved_to is None:
            found = np.where(addresses >= self.end, addresses - self.size, addresses)
        else:
            moved = (addresses >= self.moved_to) & (addresses < self.moved_to + self.size)
            found = np.where(moved, addresses - self.moved_to + self.start, addresses)
        return np.where(inside, -1, found)

    def physical_of(self, addresses: I64) -> I64:
        """Physical addresses of DRAM addresses (bytes), the inverse of `dram_of`; -1 where DRAM is out of reach."""
        if self.moved_to is None:
            return np.where(addresses >= self.start, addresses + self.size, addresses)
        inside = (addresses >= self.start) & (addresses < self.end)
        moved = np.where(inside, addresses - self.start + self.moved_to, addresses)
        return np.where(~inside & (addresses >= self.moved_to), -1, moved)


class Function(Record):
    """One bit of a coordinate: the parity of the bits of the DRAM address that `mask` selects."""

    field: str
    number: int
    mask: int

    @property
    def name(self) -> str:
        """Name of the function, such as `bank bit 1 (15⊕19)`."""
        return f"{self.field.replace('_', ' ')} bit {self.number} ({'⊕'.join(map(str, bits_of(self.mask)))})"


def bits_of(mask: int) -> list[int]:
    """The numbers of the bits that are set, ascending."""
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


@dataclass(frozen=True)
class Geometry:
    """A checked geometry, of `check()`; see docs/geometry.md for the file.

    Attributes
    ----------
    name : str
        What it describes; `file` is where it was read.
    functions : tuple of Function
        Of all fields in the order of FIELDS reversed, low bits first: bit i of a packed coordinate is `functions[i]`.
    size : int
        Bytes of DRAM that it covers, a power of two.
    grows : bool
        Whether address bits above `size` are further row bits, so that it fits a larger machine.
    hole : Hole or None
        Of the file, or of the machine (`fitted`).
    merged : tuple of str
        Fields whose bits the source does not tell from those of the bank; they have none of their own.
    sources, unpublished : tuple of str
        Where the functions are published, and what is not.
    made_up : bool
        Whether no controller is known to work like this.
    """

    name: str
    functions: tuple[Function, ...]
    size: int
    grows: bool = False
    hole: Hole | None = None
    merged: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    made_up: bool = False
    key: str = ""
    file: str = ""

    # -- the parts

    @property
    def address_bits(self) -> int:
        return self.size.bit_length() - 1

    @cached_property
    def rows(self) -> list[int]:
        """The matrix: the mask of each bit of a packed coordinate."""
        return [function.mask for function in self.functions]

    @cached_property
    def shift(self) -> dict[str, int]:
        """The bit at which each field begins in a packed coordinate, by field."""
        starts, at = {}, 0
        for field in reversed(FIELDS):
            starts[field] = at
            at += self.bits(field)
        return starts

    def bits(self, field: str) -> int:
        """Return the number of bits of a field; a field without bits is always 0."""
        return sum(function.field == field for function in self.functions)

    def count(self, field: str) -> int:
        """Return the number of values of a field."""
        return 1 << self.bits(field)

    def masks_of(self, fields: Sequence[str]) -> list[int]:
        """The masks of the bits of fields, low fields and bits first."""
        return [function.mask for function in self.functions if function.field in fields]

    # -- addresses and coordinates

    @cached_property
    def _forward(self) -> gf2.LinearMap:
        return gf2.LinearMap(self.rows, self.address_bits)

    @cached_property
    def _backward(self) -> gf2.LinearMap:
        return gf2.LinearMap(gf2.inverse(self.rows), self.address_bits)

    def dram_of(self, addresses: npt.ArrayLike) -> I64:
        """DRAM addresses (int64, bytes) of physical addresses; -1 in the hole. Raises DramError beyond the geometry."""
        given = np.asarray(addresses, np.int64)
        found = given if self.hole is None else self.hole.dram_of(given)
        beyond = np.flatnonzero((found >= self.size).reshape(-1))
        if len(beyond) or (given < 0).any():
            address = int(given.reshape(-1)[beyond[0]]) if len(beyond) else int(given.min())
            raise DramError(f"address {address:#x} is beyond the {in_units(self.size)} that {self.name} covers")
        return found

    def packed(self, addresses: npt.ArrayLike) -> U64:
        """Packed coordinates of physical addresses (bytes), of the same shape. Raises DramError in the hole, too."""
        dram = self.dram_of(addresses)
        if (dram < 0).any():
            where = int(np.asarray(addresses, np.int64).reshape(-1)[np.flatnonzero(dram.reshape(-1) < 0)[0]])
            raise DramError(f"address {where:#x} lies in the hole below 4 GiB, where no DRAM is")
        return self._forward(dram.astype(np.uint64))

    def coordinates(self, addresses: npt.ArrayLike) -> dict[str, U64]:
        """Return the FIELDS of physical addresses (bytes), each uint64 of the same shape. Raises DramError."""
        return self.unpacked(self.packed(addresses))

    def unpacked(self, packed: U64) -> dict[str, U64]:
        """The fields of packed coordinates."""
        last = {field: np.uint64(self.count(field) - 1) for field in FIELDS}
        return {field: packed >> np.uint64(self.shift[field]) & last[field] for field in FIELDS}

    def addresses(self, coordinates: dict[str, npt.ArrayLike]) -> I64:
        """Physical addresses (int64, bytes) of coordinates; fields that are not given are 0.

        The inverse of `coordinates`. Raises DramError if a value is too large.
        """
        packed: U64 = np.zeros((), np.uint64)
        for field, values in coordinates.items():
            given = np.asarray(values, np.uint64)
            if (given >= self.count(field)).any():
                raise DramError(f"{self.name} has {field} 0 to {self.count(field) - 1}, not {int(given.max())}")
            packed = packed | given << np.uint64(self.shift[field])
        found = self._backward(np.asarray(packed)).astype(np.int64)
        return found if self.hole is None else self.hole.physical_of(found)

    # -- frames

    def frames_of_dram(self, frames: I64, machine_frames: int) -> I64:
        """Frame numbers of frames of DRAM, ascending, without those that a machine with so many frames lacks."""
        if self.hole is not None:
            frames = self.hole.physical_of(frames << PAGE_SHIFT) >> PAGE_SHIFT
            frames = np.sort(frames[frames >= 0])
        return frames[: np.searchsorted(frames, machine_frames)]

    def for_any_machine(self) -> tuple[Geometry, int]:
        """Return this geometry for an unknown machine, and the most frames that it may have: 1 TiB if it grows."""
        frames = (1 << 40 if self.grows else self.size) >> PAGE_SHIFT
        if self.hole is not None and not self.grows:
            frames += self.hole.size >> PAGE_SHIFT
        return self.fitted(frames), frames

    def fitted(self, frames: int, hole: Hole | None = None) -> Geometry:
        """Return this geometry for a machine with `frames` frames; `hole`: of the machine, if the file says none.

        Raises
        ------
        DramError
            If the machine has memory beyond the geometry, and it does not grow.
        """
        made = replace(self, hole=self.hole or hole)
        last, size = frames * FRAME_BYTES, self.size
        needed = last if made.hole is None else made.hole.dram_below(last)
        while self.grows and size < needed:
            size <<= 1
        if size < needed:
            raise DramError(
                f"the machine has memory up to {last - 1:#x}, beyond the {in_units(size)} that {self.name} covers",
                file=self.file,
            )
        return made if size == self.size else replace(made, size=size, functions=_with_rows(self, size))


def _with_rows(geometry: Geometry, size: int) -> tuple[Function, ...]:
    first = geometry.address_bits
    number = geometry.bits("row")
    more = [Function("row", number + bit - first, 1 << bit) for bit in range(first, size.bit_length() - 1)]
    at = geometry.shift["row"] + number
    return (*geometry.functions[:at], *more, *geometry.functions[at:])


def in_order(functions: Sequence[Function]) -> tuple[Function, ...]:
    """The functions of a Geometry: low fields and low bits first."""
    return tuple(sorted(functions, key=lambda one: (-FIELDS.index(one.field), one.number)))


def check(functions: Sequence[Function], address_bits: int) -> None:
    """Check that the functions are a bijection between addresses of so many bits and coordinates.

    Raises
    ------
    DramError
        Says the rank of the matrix, and names the bits and functions that are unused or dependent.
    """
    for function in functions:
        if function.mask >> address_bits:
            high = bits_of(function.mask)[-1]
            raise DramError(
                f"{function.name} uses address bit {high}; the size has bits 0 to {address_bits - 1}",
                where=f"bits.{function.field}",
            )
    masks = [function.mask for function in functions]
    _, _, dependent = gf2.reduced(masks)
    rank = len(masks) - len(dependent)
    if rank == len(masks) == address_bits:
        return
    said = [f"the masks are no bijection: rank {rank} of {address_bits} address bits by {len(masks)} functions"]
    used = sum({bit: 1 << bit for mask in masks for bit in bits_of(mask)}.values())
    unused = bits_of((1 << address_bits) - 1 & ~used)
    if unused:
        said.append(f"no function uses address {'bit' if len(unused) == 1 else 'bits'} {_listed(unused)}")
    for made in dependent:
        names = ", ".join(functions[place].name for place in bits_of(made))
        said.append(f"these depend on each other, their XOR is 0: {names}")
    for alike in gf2.kernel(masks, address_bits):
        bits = bits_of(alike)
        if len(bits) > 1 and not alike & ~used:
            said.append(f"addresses that differ in just the bits {_listed(bits)} have the same coordinates")
    raise DramError("; ".join(said), where="bits")


def _listed(bits: Sequence[int]) -> str:
    return ", ".join(map(str, bits))


def in_units(size: int) -> str:
    """Bytes in the largest unit that divides them: `16 GiB`."""
    for unit, factor in reversed(UNITS.items()):
        if size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


UNITS: Final = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def hole_of(is_page: Bools) -> Hole | None:
    """The hole of a machine with memory above 4 GiB: from the last page below to 4 GiB; None where a page is there.

    `is_page`: of each frame below 4 GiB.
    """
    pages = np.flatnonzero(is_page)
    start = int(pages[-1]) + 1 if len(pages) else 0
    return Hole(start << PAGE_SHIFT, FOUR_GIB) if 0 < start < FOUR_GIB >> PAGE_SHIFT else None
