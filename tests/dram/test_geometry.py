"""Geometries are bijections, back and forth, with a hole and without, on machines of any size."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import FIELDS, Function, Geometry, Hole, check, hole_of, in_order
from hwpoison_gui.dram.shipped import keys, shipped

GIB = 1 << 30


def _addresses(geometry: Geometry, count: int = 2000) -> np.ndarray:
    dram = np.random.default_rng(7).integers(0, geometry.size, count)
    return dram if geometry.hole is None else geometry.hole.physical_of(dram)


@pytest.mark.parametrize("key", keys())
def test_shipped_geometries_are_bijections(key: str) -> None:
    geometry = shipped(key)
    addresses = _addresses(geometry)
    coordinates = geometry.coordinates(addresses)
    assert (geometry.addresses(coordinates) == addresses).all()
    assert all((values < geometry.count(field)).all() for field, values in coordinates.items())


def test_every_byte_has_coordinates_of_its_own() -> None:
    functions = [Function("row", 0, 0b1_0000_0000_0000), Function("bank", 0, 0b1_0000_0000_0100)]
    functions += [Function("column", number, 1 << number) for number in (0, 1, *range(3, 12))]
    functions = [one._replace(number=place) if one.field == "column" else one for place, one in enumerate(functions)]
    check(functions, 13)
    geometry = Geometry("tiny", in_order(functions), 1 << 13)
    packed = geometry.packed(np.arange(1 << 13))
    assert len(np.unique(packed)) == 1 << 13


@pytest.mark.parametrize("moved_to", [None, 16 * GIB])
def test_the_hole_is_where_no_dram_is(moved_to: int | None) -> None:
    hole = Hole(3 * GIB, 4 * GIB, moved_to)
    geometry = shipped("skylake-1ch").fitted(17 << 18, hole)
    assert geometry.dram_of([3 * GIB - 1, 3 * GIB, 4 * GIB - 1, 4 * GIB]).tolist() == [
        3 * GIB - 1, -1, -1, 4 * GIB if moved_to else 3 * GIB
    ]  # fmt: skip
    assert geometry.dram_of([16 * GIB]).tolist() == [3 * GIB if moved_to else 15 * GIB]
    addresses = _addresses(geometry)
    assert (geometry.addresses(geometry.coordinates(addresses)) == addresses).all()
    with pytest.raises(DramError, match="address 0xc0000000 lies in the hole below 4 GiB"):
        geometry.coordinates([0, 3 * GIB])


def test_a_geometry_grows_by_row_bits() -> None:
    small = shipped("plain")
    large = small.fitted(1 << 24)
    assert (large.size, large.bits("row")) == (64 * GIB, small.bits("row") + 8)
    assert {field: large.bits(field) for field in FIELDS if field != "row"} == {
        field: small.bits(field) for field in FIELDS if field != "row"
    }
    addresses = np.arange(0, small.size, 4099)
    assert large.coordinates(addresses)["row"].tolist() == small.coordinates(addresses)["row"].tolist()
    assert small.fitted(1000) == small


def test_memory_beyond_a_geometry_is_refused() -> None:
    skylake = shipped("skylake-1ch")
    with pytest.raises(DramError, match=re.escape("up to 0x7ffffffff, beyond the 16 GiB")):
        skylake.fitted(1 << 23)
    with pytest.raises(DramError, match=re.escape("address 0x400000000 is beyond the 16 GiB")):
        skylake.coordinates([0x4_0000_0000])
    # with a hole of 1 GiB the last address is that much higher
    skylake.fitted(17 << 18, Hole(3 * GIB, 4 * GIB))


def test_values_beyond_a_field_are_refused() -> None:
    with pytest.raises(DramError, match="bank 0 to 31, not 32"):
        shipped("skylake-1ch").addresses({"bank": 32})


def test_masks_that_are_no_bijection_are_named() -> None:
    functions = [Function("bank", 0, 0b0110), Function("row", 0, 0b0100), Function("column", 0, 0b0010)]
    with pytest.raises(DramError) as refused:
        check(functions, 4)
    assert str(refused.value) == (
        "bits: the masks are no bijection: rank 2 of 4 address bits by 3 functions; "
        "no function uses address bits 0, 3; "
        "these depend on each other, their XOR is 0: bank bit 0 (1⊕2), row bit 0 (2), column bit 0 (1)"
    )
    with pytest.raises(DramError, match="differ in just the bits 1, 2 have the same coordinates"):
        check([Function("bank", 0, 0b110), Function("row", 0, 1)], 3)


def test_the_hole_of_a_machine_is_found_in_its_pages() -> None:
    is_page = np.zeros(4 << 18, np.bool_)
    is_page[: 3 << 18] = True
    assert hole_of(is_page) == Hole(3 * GIB, 4 * GIB)
    assert hole_of(np.ones(4 << 18, np.bool_)) is None
