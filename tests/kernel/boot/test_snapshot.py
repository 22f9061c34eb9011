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

from hwpoison_gui.kernel.boot import snapshot
from hwpoison_gui.kernel.boot.snapshot_format import MAGIC, DamagedError, Snapshot
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.booting import boot
from hwpoison_gui.session.session import Session
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
