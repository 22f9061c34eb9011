"""Rows of the history of real errors, one for each record, in words; and what the sources do not record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hwpoison_gui.kernel.records import label_of
from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Source, Task
from hwpoison_gui.sources.records.history import INJECTORS, ErrorRecord, History
from hwpoison_gui.sources.records.incidents import FAULT_KILL, MEMORY_FAILURE, SIGNAL_ALONE
from hwpoison_gui.sources.records.knows import DATABASE, LIMITS
from hwpoison_gui.sources.records.prefixes import NO_YEAR
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.words.words import counted

RECORD_COLUMNS: Final = (
    TextColumn("time", "Time", "When it was recorded", "06:56:44.04", fixed=True),
    TextColumn("pfn", "Frame", "Page frame number; – if no source names it", "0x19b9f", number=True, fixed=True),
    TextColumn("what", "What", "What happened to the frame", "memory failure"),
    TextColumn("kind", "Page type", "Page type in the kernel’s words; for hardware errors, the label of the DIMM",
               "clean LRU pages"),
    TextColumn("result", "Result", "Result of the handler, in the kernel’s words", "Recovered"),
    TextColumn("tasks", "Signalled", "Processes that were signalled; SIGBUS unless another signal is named",
               "postgres:4711, redis"),
    TextColumn("source", "Source", "Files that recorded it", "dmesg.txt, ras-mc_event.db"),
    TextColumn("notes", "Notes", "Other messages, doubts, and differences between sources",
               "injected by hwpoison-inject", wide=True),
)  # fmt: skip
COLUMNS: Final = tuple(column.head for column in RECORD_COLUMNS)
NO_FRAME: Final = "–"
_NO_TIME: Final = "–"
_PLURAL: Final = {FAULT_KILL: "kills at a page fault"}
_DAY: Final = 86400  # seconds


class RecordRow(Record):
    """A record, by its number in the history. `pfn` is None where no source names a frame. `cells` are its words."""

    key: int
    time: float
    pfn: int | None
    what: str
    kind: str
    result: str
    tasks: str
    source: str
    notes: str
    cells: tuple[str, ...]


def record_rows(history: History, short: bool = False) -> list[RecordRow]:
    """One row for each record, in the order of the history. `short`: omit a date that all have in common."""
    times = [_date_and_time(record.time, history.clock) for record in history.records]
    dates = {date for record, (date, _) in zip(history.records, times, strict=True) if record.time is not None}
    texts = [time if short and len(dates) == 1 else f"{date} {time}".lstrip() for date, time in times]
    names = names_of(history.sources)
    pairs = enumerate(zip(history.records, texts, strict=True))
    return [_row(number, record, names, text) for number, (record, text) in pairs]


def _row(number: int, record: ErrorRecord, names: Sequence[str], text: str) -> RecordRow:
    sources = dict.fromkeys(seen.source for seen in record.seen)
    cells = (
        text,
        NO_FRAME if record.pfn is None else f"{record.pfn:#x}",
        _what(record),
        record.kind,
        record.result,
        tasks_words(record.tasks),
        ", ".join(names[source] for source in sources),
        "; ".join(notes_of(record)),
    )
    time = float("-inf") if record.time is None else record.time
    return RecordRow(number, time, record.pfn, *cells[2:], cells)


def record_cells(row: RecordRow) -> tuple[str, ...]:
    """The words of a row, in the order of RECORD_COLUMNS."""
    return row.cells


def _what(record: ErrorRecord) -> str:
    return f"{record.operation} ×{record.times:,}" if record.times > 1 else record.operation


def notes_of(record: ErrorRecord) -> list[str]:
    """Note on a record, beside its columns."""
    notes = [f"injected by {record.origin}" if record.origin in INJECTORS else record.origin]
    if record.again:
        notes.append("frame already poisoned")
    if record.operation == FAULT_KILL:
        notes.append("logged without the frame")
    if record.operation == SIGNAL_ALONE:
        notes.append("the source does not name the frame")
    if record.operation == MEMORY_FAILURE and not record.result:
        notes.append("no source has a result")
    return [note for note in (*notes, *record.notes) if note]


def time_words(time: float | None, clock: str) -> str:
    """A time: a date on the clocks that have one, otherwise seconds since boot."""
    date, of_day = _date_and_time(time, clock)
    return f"{date} {of_day}".lstrip()


def _date_and_time(time: float | None, clock: str) -> tuple[str, str]:
    """The date, empty where the clock has none, and the time of day or the seconds since boot."""
    if time is None:
        return "", _NO_TIME
    if clock == ev.BOOT or not clock:
        return "", f"{time:.3f} s"
    try:
        when = datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return "", f"{time:.0f} s"
    if when.year == NO_YEAR:
        return when.strftime("%b %d"), when.strftime("%H:%M:%S")
    return when.strftime("%Y-%m-%d"), f"{when.strftime('%H:%M:%S')}.{when.microsecond // 10_000:02}"


def axis_time_words(time: float, step: float, clock: str) -> str:
    """A time at an axis whose ticks are `step` seconds apart: no more of it than tells two ticks apart."""
    if clock == ev.BOOT or not clock:
        return f"{time:,.0f} s" if step >= 1 else f"{time:,.3f} s"
    try:
        when = datetime.fromtimestamp(round(time, 3), UTC)
    except (ValueError, OverflowError, OSError):
        return f"{time:.0f} s"
    if step >= _DAY:
        return when.strftime("%b %d" if when.year == NO_YEAR else "%Y-%m-%d")
    if step >= 1:
        return when.strftime("%b %d %H:%M" if when.hour == when.minute == 0 else "%H:%M" if step >= 60 else "%H:%M:%S")
    return f"{when.strftime('%M:%S')}.{when.microsecond // 1000:03}"


def playhead_words(history: History, at: int) -> str:
    """The place of the chosen record among all; `at` is negative if none is chosen."""
    many = len(history.records)
    if at < 0:
        return counted(many, "record")
    within = f" {_within(history)}" if history.within and history.records[at].time is not None else ""
    return f"{at + 1:,} of {many:,}   {time_words(history.records[at].time, history.clock)}{within}"


def clock_words(history: History) -> str:
    """Describe the clock of the times of a history, and its precision."""
    within = f", {_within(history)}" if history.within else ""
    return {
        ev.UTC: f"Times are in UTC{within}.",
        ev.WALL: f"Times are as logged, without a time zone{within}.",
        ev.BOOT: "Times are seconds since boot.",
    }.get(history.clock, "No source has time stamps.")


def _within(history: History) -> str:
    return f"±{history.within:g} s"


def tasks_words(tasks: Sequence[Task]) -> str:
    """The processes that were signalled, with the signal where it is not SIGBUS."""
    return ", ".join(
        label_of(task.comm, task.pid) + ("" if task.signal == "SIGBUS" else f" ({task.signal})") for task in tasks
    )


def names_of(sources: Sequence[Source]) -> list[str]:
    """Short names of sources: file names, with as many folders as make them unique."""
    parts = [Path(source.path).parts for source in sources]
    names = []
    for own in parts:
        depth = 1
        while depth < len(own) and sum(other[-depth:] == own[-depth:] for other in parts) > 1:
            depth += 1
        names.append("/".join(own[-depth:]))
    return names


def source_words(source: Source) -> str:
    """Describe a source: its form, its counters, or its numbers of lines, unrelated and unrecognized ones."""
    if source.counts and not source.events:
        return f"{source.form}: " + ", ".join(f"{count.where} {count.name} {count.value:,}" for count in source.counts)
    unit = "row" if source.form == DATABASE else "line"
    text = f"{source.form}, {counted(source.lines, unit)}, {counted(source.others, f'unrelated {unit}')}"
    if source.unknown_lines:
        text += f", {counted(source.unknown_lines, f'unrecognized {unit}')} of the handler"
    if source.cut:
        text += f", {counted(source.cut, unit)} longer than {ev.MOST_LINE:,} bytes, truncated"
    return text


def limits_of(history: History) -> list[str]:
    """List what the sources of a history do not record, each statement once."""
    forms = dict.fromkeys(source.form for source in history.sources)
    known = [f"{form}: {text}" for form in forms for text in LIMITS[form]]
    return [*_blind(history.sources), *known]


def _blind(sources: Sequence[Source]) -> list[str]:
    """List the sources that cannot know of any memory failure, with the reason."""
    return [f"{name}: {source.blind}" for name, source in zip(names_of(sources), sources, strict=True) if source.blind]


def summary_words(history: History) -> str:
    """Number of records, their operations, and the number of frames; without records, the errors that are counted."""
    frames = len({record.pfn for record in history.records if record.pfn is not None})
    kinds = Counter(record.operation for record in history.records)
    if not kinds:
        errors = max((_errors_counted(source) for source in history.sources), default=0)
        none = f"{counted(errors, 'error')} counted; no source lists them one by one."
        return " ".join([none if errors else "No memory errors recorded.", *_blind(history.sources)])
    each = ", ".join(counted(number, kind, _PLURAL.get(kind, "")) for kind, number in kinds.items())
    return f"{counted(len(history.records), 'record')} in {counted(frames, 'frame')}: {each}."


def _errors_counted(source: Source) -> int:
    """Number of errors in a source of counters; from its totals if it has any."""
    totals = [count.value for count in source.counts if count.name == "total"]
    return sum(totals or [count.value for count in source.counts])
