"""Errors that really happened: over time, and over physical memory, by what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.history import ErrorRecord, History
from hwpoison_gui.sources.records.incidents import MEMORY_FAILURE
from hwpoison_gui.view.charts.chart import Curve, Curves, Lying, Places
from hwpoison_gui.view.rows.error_records import NO_FRAME, clock_words
from hwpoison_gui.view.words.words import counted

_CLOCKS: Final = {ev.UTC: ("time", "UTC"), ev.WALL: ("time", "as logged"), ev.BOOT: ("time since boot", "s")}


class Sort(Record):
    """Records that are drawn in one colour; the first sort that holds counts."""

    key: str
    name: str
    holds: Callable[[ErrorRecord], bool]


def _result(word: str) -> Callable[[ErrorRecord], bool]:
    return lambda record: record.operation == MEMORY_FAILURE and record.result.lower().startswith(word)


# In the colours of the outcomes: the result that the kernel logged.
SORTS: Final = (
    Sort("outcome:init", "in a frame that was poisoned already", lambda record: record.again),
    Sort("outcome:silent", "Recovered", _result("recovered")),
    Sort("outcome:late", "Delayed", _result("delayed")),
    Sort("outcome:failed", "Failed", _result("failed")),
    Sort("outcome:ignored", "Ignored", _result("ignored")),
    Sort("outcome:free", "memory failure without a result", lambda record: record.operation == MEMORY_FAILURE),
    Sort("outcome:namespace", "soft offline", lambda record: record.operation == ev.SOFT_OFFLINE),
    Sort("outcome:lost", "other records", lambda record: True),
)


def recorded_over_time(history: History) -> Curves:
    """The number of records so far, by sort: a point for each record that has a time."""
    of_sort = _by_sort(history)
    curves = []
    for sort, numbers in zip(SORTS, of_sort, strict=True):
        numbers = [number for number in numbers if history.records[number].time is not None]
        if numbers:
            numbers.sort(key=lambda number: history.records[number].time or 0.0)
            x = np.array([history.records[number].time for number in numbers], float)
            y = np.cumsum([history.records[number].times for number in numbers]).astype(float)
            words = tuple(_words(history.records[number]) for number in numbers)
            curves.append(Curve(sort.key, sort.name, x, y, steps=True, keys=tuple(numbers), words=words))
    timed = sum(len(curve.x) for curve in curves)
    without = len(history.records) - timed
    notes = [clock_words(history) if timed else "No record has a time."]
    if without:
        notes.append(f"{counted(without, 'record')} without a time left out.")
    time, unit = _CLOCKS.get(history.clock, ("time", ""))
    return Curves(
        f"{_records(history, timed)} over time, by what came of them",
        time,
        "records so far",
        tuple(curves),
        playhead=True,
        clock=history.clock,
        note=" ".join(notes),
        x_of=unit,
    )


def recorded_places(history: History, frames: int) -> Places:
    """The frames of the records over a machine with so many frames, by sort; a frame counts once for each record."""
    parts, inside = [], 0
    for sort, numbers in zip(SORTS, _by_sort(history), strict=True):
        placed = [(pfn, number) for number in numbers if (pfn := history.records[number].pfn) is not None]
        placed = sorted(pair for pair in placed if pair[0] < frames)
        if placed:
            pfns, keys = np.array(placed, np.int64).T
            parts.append(Lying(sort.key, sort.name, pfns, keys))
            inside += len(placed)
    nameless = sum(record.pfn is None for record in history.records)
    beyond = len(history.records) - nameless - inside
    notes = [f"{counted(nameless, 'record')} without a frame left out." if nameless else "",
             f"{counted(beyond, 'record')} beyond this machine left out." if beyond else ""]  # fmt: skip
    title = f"Where {_records(history, inside)} lie in physical memory"
    return Places(title, "record", frames, tuple(parts), " ".join(filter(None, notes)))


def _by_sort(history: History) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in SORTS]
    for number, record in enumerate(history.records):
        found[next(at for at, sort in enumerate(SORTS) if sort.holds(record))].append(number)
    return found


def _records(history: History, shown: int) -> str:
    whole = len(history.records)
    return counted(whole, "record") if shown == whole else f"{shown:,} of {counted(whole, 'record')}"


def _words(record: ErrorRecord) -> str:
    frame = NO_FRAME if record.pfn is None else f"frame {record.pfn:#x}"
    kind = f"{record.kind}: {record.result}" if record.kind and record.result else record.kind or record.result
    return ", ".join(filter(None, (record.operation, frame, kind)))
