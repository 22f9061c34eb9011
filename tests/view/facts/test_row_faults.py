"""Errors in one row of DRAM are one fault."""

from __future__ import annotations

from pathlib import Path

from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.sources.records.history import History, history_of
from hwpoison_gui.sources.records_file import read
from hwpoison_gui.view.facts.row_faults import fault_of, fault_words, row_faults

GEOMETRY = shipped("plain").fitted(1 << 18)


def _history(tmp_path: Path, *lines: str) -> History:
    path = tmp_path / "log"
    path.write_text("".join(f"[ {n}.000000] {line}\n" for n, line in enumerate(lines, 1)))
    return history_of([read(path)])


def _failed(pfn: int) -> str:
    return f"Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered"


def _neighbour(pfn: int) -> int:
    """Another frame of a row of a frame."""
    from hwpoison_gui.dram.fault import fault_at, frames_of_fault

    frames = frames_of_fault(GEOMETRY, fault_at("row", GEOMETRY, pfn << 12), 1 << 18).tolist()
    return next(other for other in frames if other != pfn)


def test_two_frames_of_a_row(tmp_path: Path) -> None:
    one, other, far = 0x2A2D, _neighbour(0x2A2D), 0x9000
    history = _history(tmp_path, _failed(one), _failed(far), _failed(other))
    (fault,) = row_faults(history, GEOMETRY)
    assert fault.frames == tuple(sorted((one, other)))
    assert fault.records == (0, 2)
    assert fault.errors == 2
    assert fault_of([fault], 2) is fault
    assert fault_of([fault], 1) is None
    words = fault_words(fault, GEOMETRY)
    assert words.startswith("2 errors in row:")
    assert ", probably one fault according to the made-up geometry plain; frames 0x" in words


def test_corrected_errors_of_one_frame(tmp_path: Path) -> None:
    line = "EDAC MC0: {} CE memory read error on DIMM_A1 (channel:0 page:0x2a2d offset:0x0 grain:32 syndrome:0x0)"
    history = _history(tmp_path, line.format(1), line.format(40))
    (fault,) = row_faults(history, GEOMETRY)
    assert (fault.frames, fault.errors) == ((0x2A2D,), 41)


def test_injected_errors_are_no_fault_of_dram(tmp_path: Path) -> None:
    pfns = (0x2A2D, _neighbour(0x2A2D))
    lines = [line for pfn in pfns for line in (f"Injecting memory failure at pfn {pfn:#x}", _failed(pfn))]
    assert row_faults(_history(tmp_path, *lines), GEOMETRY) == []


def test_a_poisoned_frame_that_is_hit_again_is_no_second_error(tmp_path: Path) -> None:
    again = "Memory failure: 0x2a2d: recovery action for already poisoned page: Failed"
    assert row_faults(_history(tmp_path, _failed(0x2A2D), again), GEOMETRY) == []
