"""Rows of the history of real errors: one for each record, in words, and what the sources can know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

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
    TextColumn("pfn", "Frame", "Its number (pfn); – if no source names it", "0x19b9f", number=True, fixed=True),
    TextColumn("what", "What", "What happened to the frame", "kill at a page fault"),
    TextColumn("kind", "Page type", "What the kernel took the page for; of hardware errors, the label of the module",
               "different compound page"),
    TextColumn("result", "Result", "What came of it, in the kernel’s words", "already poisoned"),
    TextColumn("tasks", "Signalled", "Processes that were sent a signal: SIGBUS if none is named", "postgres:4711"),
    TextColumn("source", "Source", "Files that have it", "dmesg.txt, ras-mc_event.db"),
    TextColumn("notes", "Notes", "What else the sources say, and doubts", "injected by hwpoison-inject", wide=True),
)  # fmt: skip
COLUMNS: Final = tuple(column.head for column in RECORD_COLUMNS)
NO_FRAME: Final = "–"
_NO_TIME: Final = "–"
_DAY_AND_TIME: Final = "%Y-%m-%d %H:%M:%S"


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
    """One row for each record, in the order of the history. `short`: a date that all have in common is left out."""
    texts = [time_words(record.time, history.clock) for record in history.records]
    days = {text.rpartition(" ")[0] for text in texts if text != _NO_TIME}
    if short and len(days) == 1 and history.clock in (ev.UTC, ev.WALL):
        texts = [text.rpartition(" ")[2] for text in texts]
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
    """What is to be said about a record besides its columns."""
    notes = [f"injected by {record.origin}" if record.origin in INJECTORS else record.origin]
    if record.again:
        notes.append("the frame was poisoned already")
    if record.operation == FAULT_KILL:
        notes.append("the line names no frame")
    if record.operation == SIGNAL_ALONE:
        notes.append("the source does not say for which frame")
    if record.operation == MEMORY_FAILURE and not record.result:
        notes.append("no source has the result")
    return [note for note in (*notes, *record.notes) if note]


def time_words(time: float | None, clock: str) -> str:
    """A time: a date on the clocks that have one, otherwise seconds since boot."""
    if time is None:
        return _NO_TIME
    if clock == ev.BOOT or not clock:
        return f"{time:.3f} s"
    try:
        when = datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{time:.0f} s"
    if when.year == NO_YEAR:
        return when.strftime("%b %d %H:%M:%S")
    return f"{when.strftime(_DAY_AND_TIME)}.{when.microsecond // 10_000:02}"


def playhead_words(history: History, at: int) -> str:
    """Where stepping through the records stands; `at` is negative before the first."""
    many = len(history.records)
    if at < 0:
        return counted(many, "record")
    return f"{at + 1:,} of {many:,}   {time_words(history.records[at].time, history.clock)}"


def clock_words(clock: str) -> str:
    """What the times of a history are."""
    return {
        ev.UTC: "Times are in UTC.",
        ev.WALL: "Times are as the log has them; it names no time zone.",
        ev.BOOT: "Times are seconds since boot.",
    }.get(clock, "No source has times.")


def tasks_words(tasks: Sequence[Task]) -> str:
    """The processes that were signalled, with the signal where it is not SIGBUS."""
    return ", ".join(
        f"{task.comm}:{task.pid}" + ("" if task.signal == "SIGBUS" else f" ({task.signal})") for task in tasks
    )


def names_of(sources: Sequence[Source]) -> list[str]:
    """Short names of sources: the file's, with as many folders as tell it apart."""
    parts = [Path(source.path).parts for source in sources]
    names = []
    for own in parts:
        depth = 1
        while depth < len(own) and sum(other[-depth:] == own[-depth:] for other in parts) > 1:
            depth += 1
        names.append("/".join(own[-depth:]))
    return names


def source_words(source: Source) -> str:
    """What a source is, and how much of it is about memory errors."""
    if source.counts and not source.events:
        return f"{source.form}: " + ", ".join(f"{count.where} {count.name} {count.value:,}" for count in source.counts)
    unit = "row" if source.form == DATABASE else "line"
    text = f"{source.form}, {counted(source.lines, unit)}, {counted(source.others, unit)} about other things"
    if source.unknown_lines:
        text += f", {counted(source.unknown_lines, unit)} of the handler's that are not known"
    if source.cut:
        text += f", {counted(source.cut, unit)} longer than {ev.MOST_LINE:,} bytes and cut"
    return text


def limits_of(history: History) -> list[str]:
    """What the sources of a history can know and what not, each once."""
    forms = dict.fromkeys(source.form for source in history.sources)
    return [f"{form}: {text}" for form in forms for text in LIMITS[form]]


def summary_words(history: History) -> str:
    """How many records there are, of what, in how many frames."""
    frames = len({record.pfn for record in history.records if record.pfn is not None})
    kinds = Counter(record.operation for record in history.records)
    if not kinds:
        return "No memory error is recorded."
    each = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    return f"{counted(len(history.records), 'record')} in {counted(frames, 'frame')}: {each}."
