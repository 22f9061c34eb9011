"""A snapshot gives the machine that was dumped, and nothing but a whole snapshot of the right thing is believed."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot import snapshot
from hwpoison_gui.kernel.boot.snapshot_format import MAGIC, DamagedError, Snapshot
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.booting import boot
from hwpoison_gui.session.session import Session
from tests.kernel.boot.images import ANON, FILE, PRESENT, SWAPPED, booted, folio, image, process, vma
from tests.workbench import do

START = len(MAGIC) + 8
PROFILE = PROFILES["v7"]


@pytest.fixture(scope="module")
def machine() -> Machine:
    return boot(4096, 3, "desktop", "v7")


@pytest.fixture(scope="module")
def data(machine: Machine) -> bytes:
    return snapshot.dump(machine, "here")


def load(data: bytes, label: str, profile: Profile) -> Machine:
    return snapshot.load(Snapshot(data, label), profile)


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header, and the arrays behind it."""
    length = struct.unpack("<I", data[START - 4 : START])[0]
    return json.loads(data[START : START + length]), data[START + length :]


def sealed(header: Any, arrays: bytes) -> bytes:
    """A file with a right checksum, whatever is in it."""
    text = json.dumps(header).encode()
    return MAGIC + struct.pack("<II", zlib.crc32(text + arrays), len(text)) + text + arrays


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("frames", "background", "huge"), [(4096, "desktop", 0), (8192, "none", 3), (65536, "desktop", 2)]
)
def test_the_loaded_machine_is_the_dumped_one(profile: str, frames: int, background: str, huge: int) -> None:
    machine = boot(frames, 1, background, profile, huge, {"memory_failure_early_kill": 1})
    again = load(snapshot.dump(machine, ""), "", PROFILES[profile])
    assert again.gate.digest() == machine.gate.digest()
    assert again.zones == machine.zones
    assert list(again.processes.view) == list(machine.processes.view)
    assert [type(value) for value in again.special.view.values()] == [
        type(value) for value in machine.special.view.values()
    ]


def test_what_is_done_to_it_goes_as_on_the_dumped_one(data: bytes, machine: Machine) -> None:
    pfn = int(np.flatnonzero(machine.mapcount.view > 1)[0])
    one, other = Session(boot(4096, 3, "desktop", "v7")), Session(load(data, "here", PROFILE))
    for session in (one, other):
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert one.machine.gate.digest() == other.machine.gate.digest()
    other.seek(0)
    assert other.machine.flags.view.tobytes() == machine.flags.view.tobytes()


@pytest.mark.parametrize(("label", "profile"), [("elsewhere", "v7"), ("here", "6.1")])
def test_a_snapshot_of_something_else_is_refused(data: bytes, label: str, profile: str) -> None:
    with pytest.raises(DamagedError):
        load(data, label, PROFILES[profile])


@given(at=st.floats(0, 1, exclude_max=True), by=st.integers(1, 255))
def test_a_changed_byte_is_noticed(data: bytes, at: float, by: int) -> None:
    damaged = bytearray(data)
    damaged[int(at * len(data))] ^= by
    with pytest.raises(DamagedError):
        load(bytes(damaged), "here", PROFILE)


@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_missing_end_is_noticed(data: bytes, kept: float) -> None:
    with pytest.raises(DamagedError):
        load(data[: int(kept * len(data))], "here", PROFILE)


@given(junk=st.binary(max_size=300), magic=st.booleans())
def test_junk_is_refused(junk: bytes, magic: bool) -> None:
    for wrong in (junk, MAGIC + junk, MAGIC + struct.pack("<II", zlib.crc32(junk), len(junk)) + junk):
        with pytest.raises(DamagedError):
            load(wrong, "here", PROFILE)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a header, long lists by their first values."""
    found = [path] if path else []
    inside = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))[:5]
        if isinstance(value, list)
        else []
    )
    for key, part in inside:
        found += places(part, (*path, key))
    return found


@given(
    number=st.integers(0, 10**6),
    wrong=st.sampled_from([None, -1, 1 << 70, 2.5, "x", [], {}, [["<i8", 9]], ["few", [], ["|O", 1]]]),
)
def test_a_wrong_value_in_the_header_is_no_other_error(data: bytes, number: int, wrong: Any) -> None:
    header, arrays = parts(data)
    where = places(header)
    path = where[number % len(where)]
    at: Any = header
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = wrong
    with contextlib.suppress(DamagedError):
        load(sealed(header, arrays), "here", PROFILE)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda header: header.update(frames=8192), "frames"),
        (lambda header: header["stores"]["flags"].__setitem__(1, ["<i8", 4096]), "an array"),
        (lambda header: header["stores"]["flags"].__setitem__(1, ["|O", 4096]), "an array"),
        (lambda header: header["stores"].pop("page_cache"), "other stores"),
        (lambda header: header["stores"]["vmas"].__setitem__(0, "nested"), "a nested"),
        (lambda header: header["stores"]["vmas"][2][2][2].__setitem__(0, "0x1000"), "a field that is no int"),
        (lambda header: header["stores"]["vmas"][2].__setitem__(1, "Machine"), "Machine"),
            (lambda header: header["zones"][0].__setitem__(0, "x"), "a zone"),
    ],
)  # fmt: skip
def test_a_header_that_does_not_fit_is_refused(data: bytes, change: Any, why: str) -> None:
    header, arrays = parts(data)
    change(header)
    with pytest.raises(DamagedError, match=why):
        load(sealed(header, arrays), "here", PROFILE)


def test_bytes_behind_the_last_array_are_refused(data: bytes) -> None:
    header, arrays = parts(data)
    with pytest.raises(DamagedError, match="more than the header says"):
        load(sealed(header, arrays + b"\0"), "here", PROFILE)


def test_the_columns_of_frames_come_alone(data: bytes, machine: Machine) -> None:
    columns = Snapshot(data, "here").columns()
    for name in ("flags", "refcount", "mapcount"):
        column = getattr(columns, name)
        assert column.tobytes() == getattr(machine, name).view.tobytes()
        assert not column.flags.writeable
    assert columns.zone_starts == (0, *(zone.start for zone in machine.zones[1:]))


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["stores"]["flags"].__setitem__(1, ["<u8", 4097]),
        lambda header: header["stores"]["flags"].__setitem__(1, ["<f8", 4096]),
        lambda header: header["stores"].pop("mapcount"),
        lambda header: header["zones"].append([0, "DMA", "x", 9]),
        lambda header: header["zones"].append(3),
    ],
)
def test_columns_that_do_not_fit_are_refused(data: bytes, change: Any) -> None:
    header, arrays = parts(data)
    change(header)
    with pytest.raises(DamagedError):
        Snapshot(sealed(header, arrays), "here").columns()


# -- Small machines, so that each value can be damaged


def put(at: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value


@pytest.fixture(scope="module")
def small() -> Machine:
    """Some records of every kind of store, in two address spaces, the second one at lower addresses."""
    words = {0: FILE, 5: ANON, 6: ANON, 7: ANON, 16: pf.BUDDY, 17: pf.BUDDY, 20: pf.BUDDY, 30: FILE | pf.DIRTY}
    words |= dict(enumerate(folio(1, FILE), 40)) | dict(enumerate(folio(2, FILE), 44))
    entries = {(10, 7): PRESENT | 5, (10, 8): PRESENT | 6, (10, 9): SWAPPED | 3 << 5, (10, 10): SWAPPED | 4 << 5}
    entries |= {(11, 0): PRESENT | 7, (11, 1): SWAPPED | 4 << 5}
    return booted(image(words, (process(10, vma(7, 2), vma(9, 2)), process(11, vma(0, 2))), entries, 256))


@pytest.mark.parametrize(
    ("store", "path", "value"),
    [
        ("mm_vmas", (1, 1), [10, 10]),
        ("mm_vmas", (2, 1), [3, 0]),
        ("mm_vmas", (2, 1), [4, -1]),
        ("mm_vmas", (2, 1), [2, True]),
        ("mm_vmas", (2, 1), [1, 1]),
        ("mm_vmas", (2, 1), [2, 2]),
        ("mm_vmas", (3, 1), [1, 1, 3]),
        ("mm_vmas", (3, 1), [1, 2]),
        ("mm_vmas", (4, 1), [True, True, True, True]),
        ("mm_vmas", (4, 1), [True, None, True]),
        ("mm_vmas", (3, 0), "no list"),
        ("page_tables", (1, 1), [10, 10]),
        ("page_tables", (1, 1), ["10", 11]),
        ("page_tables", (2, 1), [6, 0]),
        ("page_tables", (2, 1), [7, -1]),
        ("page_tables", (2, 1), [5, True]),
        ("page_tables", (2, 1), [4, 1]),
        ("page_tables", (2, 1), [3, 3]),
        ("page_tables", (3, 1), 5),
        ("page_tables", (3, 1), -1),
        ("page_tables", (3, 1), True),
        ("page_tables", (3, 0), "<u8"),
        ("swap_map", (1, 1), 1),
        ("swap_map", (2, 0), "<i4"),
        ("content", (3,), ["disk"]),
        ("content", (3,), ["disk", 7]),
        ("free_area", (1, 1), [1, 1]),
        ("free_area", (1, 1), [2, 1, *[0] * 8, -1]),
        ("free_area", (1, 1), [0, 1, *[0] * 9]),
        ("free_area", (2, 1), [20, 16, 24]),
        ("free_area", (2, 1), [True, 16]),
        ("free_area", (2, 1), ["20", 16]),
        ("rss", (1, 1), [10, 10]),
        ("rss", (2, 1), [2]),
        ("rss", (2, 1), [2, 1.0]),
        ("rss", (2, 1), [2, [1, [1]]]),
        ("tasks", (2, 1), "Machine"),
        ("tasks", (2, 2, 0), [10]),
        ("tasks", (), ["table", ["list", [10]], ["records", "Task", [[10], [10], [0, 0], ["late"], [True], [True]]]]),
        ("tasks", (2, 2, 0), [10, "11"]),
        ("tasks", (2, 2, 3), ["default", 0]),
        ("tasks", (2, 2, 4), [False, 0]),
        ("processes", (2, 2, 7), [[10], "11"]),
        ("processes", (2, 2, 7), [[10], [11, None]]),
        ("processes", (2, 2, 7), [[10], [11, [11]]]),
        ("flags", (1, 1), 255),
    ],
)
def test_a_store_that_no_machine_has_is_refused(small: Machine, store: str, path: tuple[Any, ...], value: Any) -> None:
    header, arrays = parts(snapshot.dump(small, ""))
    put(header["stores"], (store, *path), value)
    with pytest.raises(DamagedError):
        load(sealed(header, arrays), "", PROFILES["6.1"])


def spans(header: Any) -> dict[tuple[str, int], tuple[int, str, int]]:
    """Return the start, dtype and length of each array, by its store and its number there."""
    found, at = {}, 0
    for name, specs in header["stores"].items():
        arrays = [spec for spec in specs if isinstance(spec, list) and spec and str(spec[0]).startswith("<")]
        for number, (code, count) in enumerate(arrays):
            found[name, number] = (at, code, count)
            at += np.dtype(code).itemsize * count
    return found


@pytest.mark.parametrize(
    ("store", "number", "values"),
    [
        ("swap_map", 0, [4, 3]),
        ("swap_map", 0, [3, 3]),
        ("swap_map", 0, [-1, 4]),
        ("swap_map", 1, [1, -1]),
        ("page_tables", 0, [1, 2, 3, 3, 1, 2]),
        ("page_tables", 0, [1, 2, 4, 3, 1, 2]),
        ("page_tables", 0, [1, 2, 3, 4, 2, 1]),
        ("page_tables", 0, [1, 2, 3, 4, -2, 1]),
        ("page_tables", 1, [1, 2, 3, -4, 1, 2]),
        ("content", 0, None),
        ("content", 1, [2, *[0] * 8]),
        ("content", 1, [-1, *[0] * 8]),
    ],
)
def test_arrays_that_no_machine_has_are_refused(
    small: Machine, store: str, number: int, values: list[int] | None
) -> None:
    """Keys that do not ascend, and negative values; None: the keys that are there, the other way round."""
    header, arrays = parts(snapshot.dump(small, ""))
    at, code, count = spans(header)[store, number]
    size = np.dtype(code).itemsize * count
    there = np.frombuffer(arrays[at : at + size], code)
    new = there[::-1] if values is None else np.array((values * count)[:count], code)
    assert (new != there).any()
    with pytest.raises(DamagedError):
        load(sealed(header, arrays[:at] + new.tobytes() + arrays[at + size :]), "", PROFILES["6.1"])


@pytest.mark.parametrize("counts", ([0, 4], [4, 0], [-1, 5], [5, -1], [1, 2], [2, 3]))
def test_an_address_space_without_an_entry_is_refused(counts: list[int]) -> None:
    """Also where the keys ascend through both."""
    entries = {(10, 0): PRESENT | 5, (10, 1): PRESENT | 6, (11, 2): PRESENT | 7, (11, 3): PRESENT | 8}
    processes = (process(10, vma(0, 2)), process(11, vma(2, 2)))
    header, arrays = parts(snapshot.dump(booted(image(dict.fromkeys(range(5, 9), ANON), processes, entries, 256)), ""))
    assert header["stores"]["page_tables"][2][1] == [2, 2]
    header["stores"]["page_tables"][2][1] = counts
    with pytest.raises(DamagedError):
        load(sealed(header, arrays), "", PROFILES["6.1"])


@pytest.mark.parametrize("sizes", ((0, 2), (2, 0), (True, 1), (1, True), (-1, 3)))
@pytest.mark.parametrize("store", ("content", "swap_map"))
def test_as_many_values_as_keys(store: str, sizes: tuple[int, int]) -> None:
    """Of one record, whose key and value could be two keys, or two values. True is no number."""
    made = image({0: FILE | pf.DIRTY}, (process(10, vma(0, 1)),), {(10, 0): SWAPPED}, 256)
    header, arrays = parts(snapshot.dump(booted(made), ""))
    specs = header["stores"][store]
    assert [count for _, count in specs[1:3]] == [1, 1]
    specs[1][1], specs[2][1] = sizes
    with pytest.raises(DamagedError):
        load(sealed(header, arrays), "", PROFILES["6.1"])


def test_a_small_machine_comes_back(small: Machine) -> None:
    again = load(snapshot.dump(small, ""), "", PROFILES["6.1"])
    assert again.gate.digest() == small.gate.digest() and again.zones == small.zones
    bare = booted(image({}, frames=256))
    assert load(snapshot.dump(bare, ""), "", PROFILES["6.1"]).gate.digest() == bare.gate.digest()


@pytest.mark.parametrize("count", (1, 15, 16, 17, 100))
@pytest.mark.parametrize("edge", (0, 1 << 8, 1 << 31, (1 << 63) - 50, -1, -(1 << 31), -(1 << 63) + 50))
def test_integers_of_any_size_come_back(count: int, edge: int) -> None:
    m = booted(image({}, frames=256))
    m.pins.load({edge + at - 50: edge - at + 49 for at in range(count)})
    assert dict(load(snapshot.dump(m, ""), "", PROFILES["6.1"]).pins.view) == dict(m.pins.view)


@pytest.mark.parametrize("distinct", (1, 2, 255, 256, 257, 300))
@pytest.mark.parametrize("count", (1, 16, 600))
def test_texts_and_tuples_come_back(distinct: int, count: int) -> None:
    m = booted(image({}, frames=256))
    m.swap_content.load({at: f"text {at * 7 % distinct}" for at in range(count)})
    m.pin_holders.load({at: (at % distinct, 5) for at in range(count)})
    again = load(snapshot.dump(m, ""), "", PROFILES["6.1"])
    assert list(again.swap_content.view.items()) == list(m.swap_content.view.items())
    assert list(again.pin_holders.view.items()) == list(m.pin_holders.view.items())


def test_codes_of_values_are_not_counted_from_the_end() -> None:
    m = booted(image({}, frames=256))
    m.swap_content.load({at: f"text {at % 2}" for at in range(16)})
    header, arrays = parts(snapshot.dump(m, ""))
    spec, codes = header["stores"]["swap_content"][2], bytes([0, 1] * 8)
    assert spec[0] == "few" and spec[2] == ["|u1", 16] and arrays.count(codes) == 1
    spec[2] = ["<i4", 16]
    with pytest.raises(DamagedError):
        load(sealed(header, arrays.replace(codes, np.array([0, -1] * 8, "<i4").tobytes())), "", PROFILES["6.1"])


def test_a_value_that_the_format_does_not_have_is_not_written() -> None:
    m = booted(image({}, frames=256))
    m.swap_content.load({1: 2.5})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="float"):
        snapshot.dump(m, "")


@pytest.mark.parametrize(
    "zone", ([0.0, "DMA", 0, 256], [0, 1, 0, 256], [0, "DMA", "0", 256], [0, "DMA", 0, None], [0, "DMA", 0])
)
def test_a_zone_that_is_none_is_refused(small: Machine, zone: list[Any]) -> None:
    header, arrays = parts(snapshot.dump(small, ""))
    header["zones"] = [zone]
    with pytest.raises(DamagedError):
        load(sealed(header, arrays), "", PROFILES["6.1"])


@pytest.mark.parametrize("frames", (0, -1, 256.0, True, "256", 1 << 24, (1 << 24) + 1))
def test_a_number_of_frames_that_the_bytes_cannot_have_is_refused_at_once(small: Machine, frames: Any) -> None:
    header, arrays = parts(snapshot.dump(small, ""))
    header["frames"] = frames
    with pytest.raises(DamagedError):
        Snapshot(sealed(header, arrays), "")


def test_the_stores_are_in_order(small: Machine) -> None:
    header, arrays = parts(snapshot.dump(small, ""))
    header["stores"] = {
        name: header["stores"][name] for name in (*list(header["stores"])[:-2], "results", "deliveries")
    }
    with pytest.raises(DamagedError, match="other stores"):
        load(sealed(header, arrays), "", PROFILES["6.1"])


@pytest.mark.parametrize("change", (lambda data: b"", lambda data: data[: START - 1], lambda data: b"x" + data[1:]))
def test_what_does_not_begin_as_a_snapshot_is_none(small: Machine, change: Any) -> None:
    with pytest.raises(DamagedError, match="no snapshot of this format"):
        Snapshot(change(snapshot.dump(small, "")), "")
