"""Bad geometry files are refused with one message that names the file, the place and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import Hole
from hwpoison_gui.dram.geometry_file import read_geometry
from hwpoison_gui.dram.shipped import geometry_named, keys, shipped

GOOD = """geometry = 1
name = "tiny"
size = "64 KiB"
sources = ["a paper"]
[bits]
bank = [[13, 15]]
row = ["14-15"]
column = ["0-12"]
"""


def _read(folder: Path, text: str) -> object:
    path = folder / "g.toml"
    path.write_text(text)
    return read_geometry(path)


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text(
        GOOD.replace("[[13, 15]]", '["0xa000"]').replace("[bits]", '[hole]\nstart = "16 KiB"\nend = "0x8000"\n[bits]')
    )
    geometry = read_geometry(path)
    assert geometry.name, geometry.key == ("tiny", "g")
    assert geometry.hole == Hole(0x4000, 0x8000)
    assert geometry.masks_of(("bank",)) == [0xA000]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[13, 15]]", "[[14, 15]]", "bits: the masks are no bijection: rank 15 of 16"),
        ("[[13, 15]]", "[[13, 16]]", "bits.bank: bank bit 0 (13⊕16) uses address bit 16"),
        ("[[13, 15]]", "[[13, 13]]", "bits.bank[0]: expected different numbers"),
        ("[[13, 15]]", "[[13, -1]]", "bits.bank[0]: -1 is not the number of an address bit"),
        ("[[13, 15]]", '["13 - 15"]', "bits.bank[0]: expected the number of an address bit"),
        ("[[13, 15]]", "13", "bits.bank: expected a list"),
        ("bank =", "banks =", "bits.banks: unknown key; did you mean bank?"),
        ("name =", "nme =", "nme: unknown key; did you mean name?"),
        ('name = "tiny"', "", "name: missing; expected a text"),
        ('"64 KiB"', "65536", "size: a unit is missing; expected one of KiB, MiB, GiB and TiB"),
        ('"64 KiB"', '"65536"', "size: a unit is missing"),
        ('"64 KiB"', '"64 kB"', "size: not an amount"),
        ('"64 KiB"', '"48 KiB"', "size: expected a power of two"),
        ("geometry = 1", "geometry = 2", "geometry: this program reads version 1 of the format, not 2"),
        ("geometry = 1", "", "geometry: missing"),
        ('["a paper"]', "[]", "sources: say where the functions are published"),
        ('sources = ["a paper"]', "", "sources: say where the functions are published, or made-up = true"),
        ("[bits]", '[hole]\nstart = "8 KiB"\n[bits]', "hole.end: missing"),
        ("[bits]", '[hole]\nstart = "8 KiB"\nend = "8 KiB"\n[bits]', "hole.end: the hole ends where it begins"),
        ("[bits]", '[hole]\nstart = "0x1001"\nend = "8 KiB"\n[bits]', "hole.start: not the address of a frame"),
        ("[bits]", '[hole]\nstart = 4096\nend = "8 KiB"\n[bits]', "hole.start: a unit is missing"),
        ("[bits]", 'merged = ["row"]\n[bits]', 'merged[0]: expected "rank" or "bank-group"'),
        ("[bits]", 'grows = "yes"\n[bits]', "grows: expected true or false"),
        ("[bits]", "[bits", "not TOML: "),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(DramError) as refused:
        _read(tmp_path, GOOD.replace(old, new))
    assert str(refused.value).startswith(f"{tmp_path / 'g.toml'}: {said}")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(DramError, match="not UTF-8 text"):
        read_geometry(path)


def test_geometries_by_name() -> None:
    assert len(keys()) >= 5 and keys()[0] == "plain"
    assert set(keys()) == {path.stem for path in resources.path("geometries").glob("*.toml")}
    assert geometry_named("haswell") is shipped("haswell")
    assert all(shipped(key).made_up or shipped(key).sources for key in keys())
    with pytest.raises(DramError, match="haswel: no such geometry; shipped are plain, sandy-bridge"):
        geometry_named("haswel")


def test_published_examples() -> None:
    """Rows and banks of addresses, computed by hand from the functions that the sources print."""
    skylake = shipped("skylake-1ch").coordinates([1 << 18, 1 << 14, 1 << 7])
    assert skylake["row"].tolist() == [1, 0, 0]
    assert skylake["bank"].tolist() == [0b10100, 0b01000, 0b01000]
    zen4 = shipped("zen4-1rank").coordinates([1 << 18])
    assert (int(zen4["subchannel"][0]), int(zen4["row"][0]), int(zen4["bank"][0])) == (1, 1, 1)
