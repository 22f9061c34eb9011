"""A copy of live memory that was saved opens as the machine that it was, and nobody else may read it."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.image import HiddenState, ZoneImage
from hwpoison_gui.sources import live
from hwpoison_gui.sources.assemble import Exported, assemble
from hwpoison_gui.sources.errors import CancelledError, SourceError
from hwpoison_gui.sources.recording import INSIDE, open_recording, read_recording
from hwpoison_gui.sources.recording_writer import save_snapshot


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype.kind == other.dtype.kind and np.array_equal(one, other)
    if type(one) is type(other) and (names := getattr(one, "_fields", getattr(one, "__dataclass_fields__", ()))):
        return all(name in ("title", "notes") or same(getattr(one, name), getattr(other, name)) for name in names)
    return one == other


def test_a_saved_copy_opens_as_the_machine_that_it_was(fake_proc: Path, tmp_path: Path) -> None:
    exported = live.read(proc=fake_proc)
    entries = len(exported.pagemap_entry)
    exported = dataclasses.replace(
        exported,
        hidden=HiddenState(pte_pmd=np.arange(entries) % 2 == 1),
        mounts={"fe:00": "xfs"},
        zones=(ZoneImage(0, "DMA", 0, 4), ZoneImage(1, "Normal", 5, 8)),
        notes=(live.COPY_NOTE, "one process was left out"),
    )
    save_snapshot(exported, tmp_path / "mine.npz")
    image, again = assemble(exported), open_recording(tmp_path / "mine.npz")
    assert again.hidden.pte_pmd is not None and same(image, again)
    assert "one process was left out" in again.notes and live.COPY_NOTE not in again.notes


def test_a_recorded_machine_is_written_as_it_was_read(tmp_path: Path) -> None:
    source = resources.path("machines/victim_before.npz")
    exported = read_recording(source, hidden=False)
    save_snapshot(exported, tmp_path / "again.npz")
    assert same(open_recording(source, hidden=False), open_recording(tmp_path / "again.npz"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def exported(fake_proc: Path) -> Exported:
    return live.read(proc=fake_proc)


def test_only_the_owner_may_read_it(exported: Exported, folder: Path) -> None:
    (folder / "a.npz").write_bytes(b"")
    (folder / "a.npz").chmod(0o644)
    save_snapshot(exported, folder / "a.npz")
    assert (folder / "a.npz").stat().st_mode & 0o777 == 0o600


def test_a_cancelled_copy_leaves_no_file(exported: Exported, folder: Path) -> None:
    with pytest.raises(CancelledError):
        save_snapshot(exported, folder / "a.npz", lambda: True)
    assert os.listdir(folder) == []


ZONE = {"node": 0, "name": "DMA", "start": 0, "end": 4}
DAMAGE = [
    ("mounts", {"fe:00": 3}),
    ("notes", ["a", 1]),
    ("zones", {}),
    ("zones", [{**ZONE, "end": 0}]),
    ("zones", [ZONE, {**ZONE, "start": 3, "end": 8}]),
    ("zones", [{**ZONE, "end": 1 << 60}]),
    ("zones", [{**ZONE, "name": 3}]),
]


@pytest.mark.parametrize(("key", "value"), DAMAGE, ids=str)
def test_damaged_notes_are_refused_with_the_place(exported: Exported, tmp_path: Path, key: str, value: Any) -> None:
    save_snapshot(exported, tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[INSIDE] = json.dumps({**json.loads(members[INSIDE]), key: value}).encode()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(SourceError, match=key):
        open_recording(tmp_path / "a.npz")


def test_a_column_of_another_length_is_refused(exported: Exported, tmp_path: Path) -> None:
    short = dataclasses.replace(exported, hidden=HiddenState(pte_pmd=np.zeros(1, np.bool_)))
    save_snapshot(short, tmp_path / "a.npz")
    with pytest.raises(SourceError, match="pagemap_pmd"):
        open_recording(tmp_path / "a.npz")
