"""Records on an empty map, and over a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.opening import opening, real_errors
from hwpoison_gui.opening.overlay import overlaid
from hwpoison_gui.opening.real_errors import RealErrors
from hwpoison_gui.sources.errors import CancelledError, SourceError
from tests.paths import DATA

RECORDS = DATA / "records" / "6.12"


def _errors(tmp_path: Path, pfn: int) -> RealErrors:
    path = tmp_path / "log"
    path.write_text(f"[ 1.000000] Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered\n")
    return real_errors.read_errors([path], lambda share, doing: None, lambda: False)


def test_an_empty_map_is_as_large_as_the_highest_frame_needs(tmp_path: Path) -> None:
    opened = opening.on_empty_map(_errors(tmp_path, 0x2A2D))
    m = opened.session.machine
    assert m.frames == 0x3000
    assert (m.flags.view == pf.NOPAGE).all()
    assert opened.notes[1] == (
        "This machine has error records only, and no memory: the map of 48.0 MiB ends after the highest recorded frame."
    )
    assert opened.history is not None


def test_frames_beyond_the_largest_map_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_errors, "MOST_MAPPED", 0x2000)
    opened = opening.on_empty_map(_errors(tmp_path, 0x12345678))
    assert opened.session.machine.frames == 0x2000
    assert "One record names a frame beyond the last one, 0x1fff; the highest is 0x12345678." in opened.notes


def test_the_profile_is_the_nearest_to_the_kernel_of_the_log() -> None:
    read = real_errors.read_errors([RECORDS / "dmesg.txt"], lambda share, doing: None, lambda: False)
    opened = opening.on_empty_map(read)
    assert opened.session.machine.profile.name == "6.12"
    assert opened.title == "Error records of dmesg.txt"


def test_reading_can_be_cancelled() -> None:
    with pytest.raises(CancelledError):
        real_errors.read_errors([RECORDS / "dmesg.txt"], lambda share, doing: None, lambda: True)


def test_files_without_any_memory_error_are_no_map(tmp_path: Path) -> None:
    log, other = tmp_path / "a.log", tmp_path / "b.log"
    for path in (log, other):
        path.write_text("Nov 28 10:00:00 host nginx[12]: GET / 200\n")
    with pytest.raises(SourceError, match="a.log: no memory error is recorded in it, nor in 1 further file"):
        real_errors.read_alone([log, other], lambda share, doing: None, lambda: False)


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_memory_that_does_not_say_its_kernel_is_modelled_as_the_log_says(kernel: str) -> None:
    log = DATA / "records" / kernel / "dmesg.txt"
    errors = real_errors.read_errors([log], lambda share, doing: None, lambda: False)
    opened = overlaid(opening.open_file(DATA / "files" / "kpageflags.bin"), errors)
    assert opened.session.machine.profile.name == kernel and opened.history is errors.history
    assert opened.notes[0].startswith(f"Its kernel is taken from the error records, Linux {kernel}; it is modelled as")
    assert not any("not known; it is modelled" in note for note in opened.notes)
    assert opened.stored is not None and opened.stored.profile == kernel


def test_a_log_of_another_kernel_than_the_machine_is_said() -> None:
    errors = real_errors.read_errors([RECORDS / "dmesg.txt"], lambda share, doing: None, lambda: False)
    own = opening.open_file(resources.path("machines/victim_before.npz"))
    opened = overlaid(own, errors)
    assert opened.session is own.session and own.kernel is not None and own.kernel != (6, 12)
    mine = ".".join(map(str, own.kernel))
    assert opened.notes[-1] == f"The error records were written by Linux 6.12, but this machine runs Linux {mine}."
    raw = opening.open_file(DATA / "files" / "kpageflags.bin")
    said = real_errors.other_kernel(errors.history, raw.kernel, raw.session.machine.profile)
    assert said == ["The error records were written by Linux 6.12, but the machine is modelled as 7.2."]
