"""Converts a booted machine to bytes and back, so that a preset is not generated and booted at every start.

The header lists every store behind the gate and how its values are encoded: columns and integers as arrays, the
rest as JSON. Loading executes nothing and trusts nothing: every part is checked before it is used, and anything
that `dump` would not write is refused.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, starmap
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import ZoneImage

from ..gate import Column, NestedTable, SortedSets, Table
from ..journal import Journal
from ..machine import Machine
from ..packed import PackedNestedTable, PackedTable
from ..packed_tags import PackedTags
from ..profile.type import Profile
from ..records import Inode, Process, Task, Vma
from .snapshot_format import COLUMN, HEAD, MAGIC, WRONG, Arrays, DamagedError, Snapshot, Spec

_MOST_DISTINCT: Final = 256
_WORTH_AN_ARRAY: Final = 16
_INTEGERS: Final = tuple(np.dtype(code) for code in ("<u1", "<i4", "<i8"))
_RECORDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in (Inode, Process, Task, Vma)}
_FIELDS: Final[dict[str, type[Any]]] = {"int": int, "str": str, "bool": bool, "tuple[int, ...]": tuple}

Keep = Callable[[npt.NDArray[Any]], Spec]


def dump(m: Machine, label: str) -> bytes:
    """The complete state of a booted machine.

    Parameters
    ----------
    label
        Identifies what the machine was made of and by which version; `load` requires the same.

    Raises
    ------
    TypeError
        For a store, or a value in one, that the format does not support.
    """
    arrays: list[bytes] = []

    def keep(array: npt.NDArray[Any]) -> Spec:
        little = np.asarray(array, array.dtype.newbyteorder("<"))
        arrays.append(little.tobytes())
        return [little.dtype.str, len(little)]

    stores = {store.name: [_kind(store), *_WRITE[_kind(store)](store, keep)] for store in m.gate.stores()}
    header = {"label": label, "profile": m.profile.name, "frames": m.frames, "zones": m.zones, "stores": stores}
    text = json.dumps(header, separators=(",", ":")).encode()
    rest = b"".join((text, *arrays))
    return MAGIC + HEAD.pack(zlib.crc32(rest), len(text)) + rest


def load(snapshot: Snapshot, profile: Profile) -> Machine:
    """The machine of a snapshot, booted and recording.

    Parameters
    ----------
    profile
        The profile under which the machine was booted.

    Raises
    ------
    DamagedError
        For a snapshot that is not exactly what `dump` gives for a machine of that profile.
    """
    try:
        return _load(snapshot, profile)
    except WRONG as error:
        raise DamagedError(f"not a snapshot: {error}") from error


def _load(snapshot: Snapshot, profile: Profile) -> Machine:
    header, arrays = snapshot.header, snapshot.arrays()
    if header["profile"] != profile.name:
        raise DamagedError("a snapshot of something else")
    m = Machine(snapshot.frames, profile)
    m.zones = tuple(_zone(*zone) for zone in header["zones"])
    stores = {store.name: store for store in m.gate.stores()}
    if list(stores) != list(header["stores"]):
        raise DamagedError("other stores")
    for name, (kind, *specs) in header["stores"].items():
        if kind != _kind(stores[name]):
            raise DamagedError(f"{name}: a {kind}")
        _READ[kind](stores[name], arrays, *specs)
    arrays.end()
    m.gate.record()
    return m


def _zone(node: int, name: str, start: int, end: int) -> ZoneImage:
    if (type(node), type(name), type(start), type(end)) != (int, str, int, int):
        raise DamagedError("a zone that is none")
    return ZoneImage(node, name, start, end)


# -- stores


def _kind(store: Any) -> str:
    return _KINDS.get(type(store), type(store).__name__)


def _write_column(store: Column, keep: Keep) -> list[Spec]:
    return [keep(store.view)]


def _read_column(store: Column, arrays: Arrays, spec: Spec) -> None:
    store.load(slice(None), arrays.column(spec, len(store.view), [store.view.dtype]))


def _write_table(store: Table[Any, Any] | Journal[Any], keep: Keep) -> list[Spec]:
    return [_write(list(store.view), keep), _write(list(store.view.values()), keep)]


def _read_table(store: Table[Any, Any] | Journal[Any], arrays: Arrays, keys: Spec, values: Spec) -> None:
    store.load(_mapping(_read(keys, arrays), _read(values, arrays)))


def _write_nested(store: NestedTable[Any, Any, Any], keep: Keep) -> list[Spec]:
    inner = store.view.values()
    counts = [len(records) for records in inner]
    keys, values = list(chain.from_iterable(inner)), [value for records in inner for value in records.values()]
    return [_write(list(store.view), keep), _write(counts, keep), _write(keys, keep), _write(values, keep)]


def _read_nested(store: NestedTable[Any, Any, Any], arrays: Arrays, *specs: Spec) -> None:
    outer, counts, keys, values = (_read(spec, arrays) for spec in specs)
    at = 0
    for key, count in _mapping(outer, counts).items():
        if type(count) is not int or count <= 0:
            raise DamagedError(f"{store.name}: {count} records")
        store.load(key, _mapping(keys[at : at + count], values[at : at + count]))
        at += count
    if not at == len(keys) == len(values):
        raise DamagedError(f"{store.name}: {len(keys)} keys, {len(values)} values")


def _write_packed(store: PackedTable, keep: Keep) -> list[Spec]:
    return [keep(column) for column in store.arrays()]


def _read_packed(store: PackedTable, arrays: Arrays, *specs: Spec) -> None:
    keys, values = (arrays.next(spec, (np.dtype(np.int64),)) for spec in specs)
    if len(keys) != len(values) or not _are_records(keys, values):
        raise DamagedError(f"{store.name}: {len(keys)} keys, {len(values)} values")
    store.load_arrays(keys, values)


def _write_tags(store: PackedTags, keep: Keep) -> list[Spec]:
    keys, numbers, tags = store.arrays()
    return [keep(keys), keep(numbers), list(tags)]


def _read_tags(store: PackedTags, arrays: Arrays, *specs: Spec) -> None:
    keys, numbers = (arrays.next(spec, (np.dtype(np.int64),)) for spec in specs[:2])
    (tags,) = specs[2:]
    if len(keys) != len(numbers) or not _are_records(keys, numbers) or {*map(type, tags)} - {str}:
        raise DamagedError(f"{store.name}: {len(keys)} keys, {len(numbers)} values")
    store.load_arrays(keys, numbers, tags)  # IndexError for a number without a tag


def _are_records(keys: npt.NDArray[Any], values: npt.NDArray[Any], starts: Sequence[int] = ()) -> bool:
    """Return whether packed stores can hold them: keys ascend, again from each of `starts`, and nothing is negative."""
    ascends = keys[1:] > keys[:-1]
    ascends[np.array(starts, np.int64) - 1] = True
    return bool((keys >= 0).all() and (values >= 0).all() and ascends.all())


def _write_packed_nested(store: PackedNestedTable, keep: Keep) -> list[Spec]:
    rows = [store.arrays(outer) for outer in store.view]
    keys, values = (np.concatenate([row[n] for row in rows] or [np.zeros(0, np.int64)]) for n in (0, 1))
    counts = [len(row) for row, _ in rows]
    return [_write(list(store.view), keep), _write(counts, keep), keep(keys), keep(values)]


def _read_packed_nested(store: PackedNestedTable, arrays: Arrays, *specs: Spec) -> None:
    outer, counts = _read(specs[0], arrays), _read(specs[1], arrays)
    keys, values = (arrays.next(spec, (np.dtype(np.int64),)) for spec in specs[2:])
    records = _mapping(outer, counts)
    if {*map(type, records), *map(type, counts)} - {int} or any(count <= 0 for count in counts):
        raise DamagedError(f"{store.name}: {counts} records of {outer}")
    if not sum(counts) == len(keys) == len(values) or not _are_records(keys, values, list(accumulate(counts))[:-1]):
        raise DamagedError(f"{store.name}: {len(keys)} keys, {len(values)} values")
    store.load_rows(records, keys, values)


def _write_sets(store: SortedSets, keep: Keep) -> list[Spec]:
    members = [list(store.of(which)) for which in range(store.count)]
    return [_write([len(some) for some in members], keep), _write(list(chain.from_iterable(members)), keep)]


def _read_sets(store: SortedSets, arrays: Arrays, counts: Spec, members: Spec) -> None:
    sizes, found = _read(counts, arrays), _read(members, arrays)
    if len(sizes) != store.count or min(sizes) < 0 or sum(sizes) != len(found) or {*map(type, found)} - {int}:
        raise DamagedError(f"{store.name}: {sizes}")
    at = 0
    for which, size in enumerate(sizes):
        store.load(which, found[at : at + size])
        at += size


_KINDS: Final[dict[type[Any], str]] = {
    Column: COLUMN,
    Table: "table",
    Journal: "table",
    NestedTable: "nested",
    PackedTable: "packed",
    PackedTags: "tags",
    PackedNestedTable: "packed nested",
    SortedSets: "sets",
}
_WRITE: Final[dict[str, Callable[[Any, Keep], list[Spec]]]] = {
    COLUMN: _write_column,
    "table": _write_table,
    "nested": _write_nested,
    "packed": _write_packed,
    "tags": _write_tags,
    "packed nested": _write_packed_nested,
    "sets": _write_sets,
}
_READ: Final[dict[str, Callable[..., None]]] = {
    COLUMN: _read_column,
    "table": _read_table,
    "nested": _read_nested,
    "packed": _read_packed,
    "tags": _read_tags,
    "packed nested": _read_packed_nested,
    "sets": _read_sets,
}


def _mapping(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    found = dict(zip(keys, values, strict=True))
    if len(found) != len(keys):
        raise DamagedError("a key comes twice")
    return found


# -- values: integers become an array, values with few distinct ones an array of codes, records a list per field


def _write(values: list[Any], keep: Keep) -> Spec:
    kinds = {*map(type, values)}
    if len(values) >= _WORTH_AN_ARRAY and kinds == {int}:
        return ["integers", keep(_smallest(values))]
    name = next(iter(kinds)).__name__ if len(kinds) == 1 else ""
    if name in _RECORDS:
        fields = _RECORDS[name]._fields
        return ["records", name, [[getattr(value, field) for value in values] for field in fields]]
    if kinds - {int, str, bool, tuple}:
        raise TypeError(f"no way to write {kinds}")
    distinct = dict.fromkeys(values) if len(values) >= _WORTH_AN_ARRAY else {}
    if 0 < len(distinct) <= _MOST_DISTINCT:
        codes = {value: code for code, value in enumerate(distinct)}
        return ["few", list(distinct), keep(np.array([codes[value] for value in values], np.uint8))]
    return ["list", values]


def _read(spec: Spec, arrays: Arrays) -> list[Any]:
    how, *parts = spec
    if how == "integers":
        (array,) = parts
        return list(arrays.next(array, _INTEGERS).tolist())
    if how == "few":
        distinct, array = parts
        known = _plain(distinct)
        return [known[code] for code in arrays.next(array, _INTEGERS[:1]).tolist()]
    if how == "records":
        return _records(*parts)
    if how == "list":
        (values,) = parts
        return _plain(values)
    raise DamagedError(f"values written as {how}")


def _smallest(values: list[int]) -> npt.NDArray[Any]:
    least, most = min(values), max(values)
    fits = (dtype for dtype in _INTEGERS if np.iinfo(dtype).min <= least and most <= np.iinfo(dtype).max)
    return np.array(values, next(fits, np.int64))


def _records(name: str, columns: list[list[Any]]) -> list[Any]:
    kind = _RECORDS[name]
    for wanted, column in zip(kind.__annotations__.values(), columns, strict=True):
        if {*map(type, column)} - {list if _FIELDS[wanted] is tuple else _FIELDS[wanted]}:
            raise DamagedError(f"{name}: a field that is no {wanted}")
    rows = [_plain(column) if column and type(column[0]) is list else column for column in columns]
    return list(starmap(kind, zip(*rows, strict=True)))


def _plain(values: Iterable[Any]) -> list[Any]:
    """The values with JSON lists as tuples; a machine has no other compound values."""
    found = [tuple(value) if type(value) is list else value for value in values]
    for value in found:
        some = value if type(value) is tuple else (value,)
        if {*map(type, some)} - {int, str, bool}:
            raise DamagedError(f"a value {value!r}")
    return found
