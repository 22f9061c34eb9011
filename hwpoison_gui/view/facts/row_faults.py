"""Real errors in one row of DRAM: most likely one fault, however many frames it broke."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.dram.fault import place_name
from hwpoison_gui.dram.frame_place import rows_of_frame
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.history import INJECTORS, ErrorRecord, History
from hwpoison_gui.sources.records.incidents import MEMORY_FAILURE
from hwpoison_gui.view.words.words import counted

_OF_HARDWARE: Final = frozenset((MEMORY_FAILURE, ev.UNCORRECTED, ev.CORRECTED))
_MOST_FRAMES: Final = 20_000  # with errors; more than these are not the fault of single rows
_MOST_NAMED: Final = 6


class RowFault(Record):
    """Errors of one row.

    `rows` are the names of the rows that have the same frames: more than one where a frame is spread over several.
    `frames` ascend. `records` are numbers of records in the history. `errors` is how many these stand for.
    """

    rows: tuple[str, ...]
    frames: tuple[int, ...]
    records: tuple[int, ...]
    errors: int


def row_faults(history: History, geometry: Geometry) -> list[RowFault]:
    """The rows with two or more errors that were not injected, those with the most first. Raises DramError."""
    where = _frames_with_errors(history)
    if len(where) > _MOST_FRAMES:
        return []
    frames_of: dict[str, set[int]] = {}
    for pfn in where:
        for row in rows_of_frame(geometry, pfn):
            frames_of.setdefault(place_name(geometry, row), set()).add(pfn)
    rows_of: dict[frozenset[int], list[str]] = {}
    for name, frames in frames_of.items():
        rows_of.setdefault(frozenset(frames), []).append(name)
    found = [_fault(tuple(sorted(names)), frames, where, history) for frames, names in rows_of.items()]
    repeated = [fault for fault in found if fault.errors > 1]
    wide = {pfn for fault in repeated if len(fault.frames) > 1 for pfn in fault.frames}
    told = [fault for fault in repeated if len(fault.frames) > 1 or fault.frames[0] not in wide]
    return sorted(told, key=lambda fault: (-len(fault.frames), -fault.errors, fault.frames))


def _frames_with_errors(history: History) -> dict[int, list[int]]:
    """The numbers of the records of each frame."""
    found: dict[int, list[int]] = {}
    for number, record in enumerate(history.records):
        if record.pfn is not None and _is_of_hardware(record):
            found.setdefault(record.pfn, []).append(number)
    return found


def _is_of_hardware(record: ErrorRecord) -> bool:
    """Return whether a record is a new error of the hardware: not an injected one, nor a poisoned frame hit again."""
    return record.operation in _OF_HARDWARE and record.origin not in INJECTORS and not record.again


def _fault(names: tuple[str, ...], frames: frozenset[int], where: dict[int, list[int]], history: History) -> RowFault:
    records = tuple(sorted(number for pfn in frames for number in where[pfn]))
    return RowFault(names, tuple(sorted(frames)), records, sum(history.records[number].times for number in records))


def fault_words(fault: RowFault, geometry: Geometry) -> str:
    """A fault in one line, with the geometry by which it is one."""
    frames = ", ".join(f"{pfn:#x}" for pfn in fault.frames[:_MOST_NAMED])
    if len(fault.frames) > _MOST_NAMED:
        frames += f" and {len(fault.frames) - _MOST_NAMED:,} more"
    rows = f"row:{fault.rows[0]}"
    if len(fault.rows) > 1:
        rows += f" (or {counted(len(fault.rows) - 1, 'other row')} with the same frames)"
    kind = "made-up geometry" if geometry.made_up else "geometry"
    named = geometry.key or geometry.name
    errors = counted(fault.errors, "error")
    return f"{errors} in {rows}, probably one fault according to the {kind} {named}; frames {frames}."


def fault_of(faults: list[RowFault], number: int) -> RowFault | None:
    """The fault that a record is part of, by the number of the record; None if it is part of none."""
    return next((fault for fault in faults if number in fault.records), None)
