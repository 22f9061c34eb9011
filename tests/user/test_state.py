"""Folders that survive their process: locked while it lives, claimed by one other process afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths

from hwpoison_gui.user import state as user_state
from hwpoison_gui.user.state import SCRATCH, SESSIONS, left_slots, new_slot

HOLDER = """
from hwpoison_gui.user.state import SESSIONS, new_slot
slot = new_slot(SESSIONS)
slot.write("a", b"work")
print(slot.path, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "hwpoison-gui"


@contextmanager
def other_process() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process that holds a folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    with process.stdout, process.stdin:
        yield process, Path(process.stdout.readline().decode().strip())
        process.kill()
        process.wait()


def test_the_folder_is_the_one_that_qt_names(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    assert user_state.folder() == Path(where, "hwpoison-gui") == state
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_killed_process_leaves_its_folder_to_one_other() -> None:
    with other_process() as (process, path):
        assert left_slots(SESSIONS) == []
        process.kill()
        process.wait()
        (slot,) = left_slots(SESSIONS)
        assert slot.path == path and slot.read("a") == b"work"
        assert left_slots(SESSIONS) == []  # claimed
        slot.release()
        (again,) = left_slots(SESSIONS)
        again.remove()
        assert left_slots(SESSIONS) == [] and not path.exists()


def test_files_are_for_their_owner_only() -> None:
    slot = new_slot(SESSIONS)
    assert slot is not None
    slot.write("a", b"x")
    assert [path.stat().st_mode & 0o077 for path in (slot.path, slot.path / "a")] == [0, 0]
    assert slot.read("b") is None
    slot.remove()


def test_a_folder_of_somebody_else_is_neither_used_nor_claimed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = new_slot(SESSIONS)
    assert slot is not None
    slot.release()
    somebody = os.geteuid() + 1
    monkeypatch.setattr(user_state, "_home_of_owner", lambda: "")
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert user_state.folder() is None and new_slot(SESSIONS) is None and left_slots(SESSIONS) == []


def test_with_the_home_of_another_user_ones_own_is_used(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = Path("/proc/1") if os.geteuid() else tmp_path / "theirs"
    if not os.geteuid():
        theirs.mkdir()
        os.chown(theirs, 12345, -1)
    monkeypatch.setenv("XDG_STATE_HOME", str(theirs))
    monkeypatch.setattr(user_state, "_home_of_owner", lambda: str(tmp_path / "mine"))
    assert user_state.folder() == tmp_path / "mine/.local/state/hwpoison-gui"


def test_what_a_killed_process_extracted_is_removed(state: Path) -> None:
    with user_state.scratch() as folder:
        (folder / "memory").write_bytes(b"secret")
        assert folder.parent == state / SCRATCH
    assert not folder.exists()
    left = new_slot(SCRATCH)
    assert left is not None
    left.write("memory", b"secret")
    left.release()
    with user_state.scratch():
        assert not left.path.exists()


def test_a_full_or_read_only_disk_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "mkdir", fails)
    assert new_slot(SESSIONS) is None
