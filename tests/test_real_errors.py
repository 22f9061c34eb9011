"""Records on an empty map, and over a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui import real_errors
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.errors import CancelledError
from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records.read import read
from tests.paths import DATA

RECORDS = DATA / "records" / "6.12"


def _history(tmp_path: Path, pfn: int) -> History:
    path = tmp_path / "log"
    path.write_text(f"[ 1.000000] Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered\n")
    return history_of([read(path)])


def test_an_empty_map_is_as_large_as_the_highest_frame_needs(tmp_path: Path) -> None:
    opened = real_errors.on_empty_map(_history(tmp_path, 0x2A2D))
    m = opened.session.machine
    assert m.frames == 0x3000
    assert (m.flags.view == pf.NOPAGE).all()
    assert opened.notes[1] == (
        "There is no memory here: an empty map of 48.0 MiB, as large as the highest recorded frame needs."
    )
    assert opened.history is not None


def test_frames_beyond_the_largest_map_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_errors, "MOST_MAPPED", 0x2000)
    opened = real_errors.on_empty_map(_history(tmp_path, 0x12345678))
    assert opened.session.machine.frames == 0x2000
    assert "One record is of frames beyond the last one, 0x1fff; the highest is 0x12345678." in opened.notes


def test_the_profile_is_the_nearest_to_the_kernel_of_the_log() -> None:
    opened = real_errors.open_any(RECORDS / "dmesg.txt")
    assert opened.session.machine.profile.name == "6.12"
    assert opened.title == "Error records of dmesg.txt"


def test_reading_can_be_cancelled() -> None:
    with pytest.raises(CancelledError):
        real_errors.read_history([RECORDS / "dmesg.txt"], lambda share, doing: None, lambda: True)
