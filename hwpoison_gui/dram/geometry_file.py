"""Reads a geometry from a TOML file; docs/geometry.md describes the format."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.geometry import FIELDS, FRAME_BYTES, UNITS, Function, Geometry, Hole, check, in_order, in_units

FORMAT: Final = 1
MOST_BITS: Final = 52  # bits of a physical address of x86-64
_KEYS: Final = {
    "geometry": "the version of the format, 1",
    "name": "a text",
    "size": 'an amount with a unit, as in "16 GiB"',
    "grows": "true or false",
    "made-up": "true or false",
    "merged": "a list of names of coordinates",
    "sources": "a list of texts",
    "unpublished": "a list of texts",
    "hole": "a table",
    "bits": "a table",
}
_REQUIRED: Final = ("geometry", "name", "size", "bits")
_AMOUNT: Final = re.compile(r"([0-9]{1,6}) ?(KiB|MiB|GiB|TiB)")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{1,13}")
_SPAN: Final = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")


def read_geometry(path: Path) -> Geometry:
    """The geometry of a file.

    Raises
    ------
    DramError
        Names the file, the key, and what was expected there.
    OSError
        If the file cannot be read.
    """
    try:
        return _geometry(_parsed(path), path)
    except DramError as error:
        raise DramError(error.why, file=str(path), where=error.where) from None


def parse_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises DramError without the name of the file, with line and column."""
    try:
        return tomllib.loads(path.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise DramError(f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}") from None
    except tomllib.TOMLDecodeError as error:
        raise DramError(f"not TOML: {error}") from None


def check_keys(table: dict[str, Any], known: dict[str, str], where: str = "") -> None:
    """Raise DramError for the first unknown key of a table; a key with a `-` may not be written with a `_`."""
    for key in table:
        if key not in known:
            from difflib import get_close_matches

            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise DramError(f"unknown key; {hint}", where=f"{where}.{key}" if where else key)


def _parsed(path: Path) -> dict[str, Any]:
    table = parse_toml(path)
    if "geometry" in table and table["geometry"] != FORMAT:
        raise DramError(f"this program reads version {FORMAT} of the format, not {table['geometry']}", where="geometry")
    check_keys(table, _KEYS)
    for key in _REQUIRED:
        if key not in table:
            raise DramError(f"missing; expected {_KEYS[key]}", where=key)
    return table


def _geometry(table: dict[str, Any], path: Path) -> Geometry:
    size = _amount(table["size"], "size")
    if size & size - 1 or not FRAME_BYTES < size <= 1 << MOST_BITS:
        raise DramError('expected a power of two, of more than a frame, as in "16 GiB"', where="size")
    functions = _functions(table["bits"])
    check(functions, size.bit_length() - 1)
    made = Geometry(
        name=_text(table["name"], "name"),
        functions=in_order(functions),
        size=size,
        grows=_yes_or_no(table, "grows"),
        hole=_hole(table["hole"], size) if "hole" in table else None,
        merged=_merged(table),
        sources=_texts(table, "sources"),
        unpublished=_texts(table, "unpublished"),
        made_up=_yes_or_no(table, "made-up"),
        key=path.stem,
        file=str(path),
    )
    if not made.sources and not made.made_up:
        raise DramError("say where the functions are published, or made-up = true", where="sources")
    if made.grows and not made.bits("row"):
        raise DramError("a geometry without row bits cannot grow by them", where="grows")
    return made


def _functions(bits: Any) -> list[Function]:
    if not isinstance(bits, dict):
        raise DramError("expected a table with lists of bits, as in bank = [[15, 19]]", where="bits")
    names = {field.replace("_", "-"): field for field in FIELDS}
    check_keys(bits, dict.fromkeys(names, ""), "bits")
    found = []
    for name, listed in bits.items():
        where = f"bits.{name}"
        if not isinstance(listed, list):
            raise DramError('expected a list, lowest bit first, as in [[15, 19], 20, "21-30"]', where=where)
        masks = [mask for place, one in enumerate(listed) for mask in _masks(one, f"{where}[{place}]")]
        found += [Function(names[name], number, mask) for number, mask in enumerate(masks)]
    return found


def _masks(one: Any, where: str) -> list[int]:
    """A bit 17, an XOR of bits [15, 19] or of a mask "0x88000", or one bit each "18-33"."""
    if isinstance(one, int) and not isinstance(one, bool):
        return [_bit(one, where)]
    if isinstance(one, list):
        masks = [_bit(bit, where) for bit in one]
        if not masks or len(set(masks)) < len(masks):
            raise DramError("expected different numbers of address bits, whose XOR is taken", where=where)
        return [sum(masks)]
    if isinstance(one, str) and _ADDRESS.fullmatch(one) and int(one, 16):
        return [int(one, 16)]
    span = _SPAN.fullmatch(one) if isinstance(one, str) else None
    if span is None or int(span[1]) > int(span[2]):
        raise DramError(
            'expected the number of an address bit, a list of such to be XORed, a mask "0x88000", '
            'or "18-33" for a bit each',
            where=where,
        )
    return [_bit(bit, where) for bit in range(int(span[1]), int(span[2]) + 1)]


def _bit(bit: Any, where: str) -> int:
    if not isinstance(bit, int) or isinstance(bit, bool) or not 0 <= bit < MOST_BITS:
        raise DramError(f"{bit!r} is not the number of an address bit, 0 to {MOST_BITS - 1}", where=where)
    return 1 << bit


def _hole(table: Any, size: int) -> Hole:
    if not isinstance(table, dict):
        raise DramError("expected a table with start and end", where="hole")
    check_keys(table, {"start": "", "end": "", "moved-to": ""}, "hole")
    for key in ("start", "end"):
        if key not in table:
            raise DramError('missing; expected an address, as in "3 GiB" or "0xc0000000"', where=f"hole.{key}")
    places = {key: _address(value, f"hole.{key}") for key, value in table.items()}
    hole = Hole(places["start"], places["end"], places.get("moved-to"))
    if not 0 < hole.start < hole.end:
        raise DramError("the hole ends where it begins, or before", where="hole.end")
    if hole.moved_to is not None and not hole.end <= hole.moved_to <= size:
        raise DramError(f"expected where other DRAM ends: up to the size, {in_units(size)}", where="hole.moved-to")
    return hole


def _amount(value: Any, where: str) -> int:
    found = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        missing = "a unit is missing" if isinstance(value, int) or str(value).isdigit() else "not an amount"
        raise DramError(f'{missing}; expected one of KiB, MiB, GiB and TiB, as in "16 GiB"', where=where)
    return int(found[1]) * UNITS[found[2]]


def _address(value: Any, where: str) -> int:
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        found = int(value, 16)
    else:
        found = _amount(value, where)
    if found % FRAME_BYTES:
        raise DramError("not the address of a frame: no multiple of 4 KiB", where=where)
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DramError("expected a text", where=where)
    return value


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    listed = table.get(key, [])
    if not isinstance(listed, list):
        raise DramError("expected a list of texts", where=key)
    return tuple(_text(one, f"{key}[{place}]") for place, one in enumerate(listed))


def _merged(table: dict[str, Any]) -> tuple[str, ...]:
    merged = _texts(table, "merged")
    for place, name in enumerate(merged):
        if name not in ("rank", "bank-group"):
            raise DramError('expected "rank" or "bank-group"', where=f"merged[{place}]")
        if name in table["bits"]:
            raise DramError("it has bits of its own", where=f"merged[{place}]")
    return tuple(name.replace("-", "_") for name in merged)


def _yes_or_no(table: dict[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise DramError("expected true or false", where=key)
    return value
