"""Reads rasdaemon's SQLite database, of any version: missing tables and columns are skipped."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records import page_types
from hwpoison_gui.sources.records.event import Event, Source, Task
from hwpoison_gui.sources.records.knows import DATABASE
from hwpoison_gui.sources.records.prefixes import utc_of
from hwpoison_gui.sources.records.stream import packing_of, unpacked

MOST_BYTES: Final = 1 << 28  # of a compressed database, which is decompressed in memory
_WAIT_S: Final = 0.5
_FAILURES: Final = "memory_failure_event"
_NO_FAILURES: Final = (
    f"It has no table {_FAILURES}, so it cannot know of any memory failure: rasdaemon has it only if it was built with "
    "--enable-memory-failure."
)
_SIGNALS: Final = {7: "SIGBUS", 9: "SIGKILL"}
_MCEERR_AR, _MCEERR_AO = 4, 5  # si_code

_Row = dict[str, Any]
_Build = Callable[[_Row], "Event | None"]


class _Table(Record):
    name: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    build: _Build


class _BadRowError(Exception):
    pass


def read_database(path: Path, head: bytes) -> Source:
    """Read the events of a database.

    Parameters
    ----------
    head
        The file's first bytes, which tell whether it is compressed.

    Raises
    ------
    SourceError
        If it is damaged, locked, not a rasdaemon database, or names a frame that cannot exist.
    """
    try:
        with closing(_connect(path, head)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
            return _read(path, connection)
    except (sqlite3.Error, UnicodeError) as error:  # the schema of a damaged one may not be text
        raise SourceError(path, "", _why(error)) from None


def is_of_rasdaemon(path: Path) -> bool:
    """Return whether a file is a database that has a rasdaemon table; also if it is locked, as reading it says so.

    Raises
    ------
    SourceError
        If it is damaged.
    """
    try:
        with closing(_connect(path, b"")) as connection:
            names = _names(connection)
            return bool(names & _OTHERS) or any(table.name in names for table in _TABLES)
    except (sqlite3.Error, UnicodeError) as error:
        if _is_locked(error):
            return True
        raise SourceError(path, "", _why(error)) from None


def _names(connection: sqlite3.Connection) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    return {str(row[0]) for row in connection.execute(query)}


def _connect(path: Path, head: bytes) -> sqlite3.Connection:
    if packing_of(head):
        content = unpacked(path, MOST_BYTES)
        connection = sqlite3.connect(":memory:")
        connection.deserialize(content)
        return connection
    name = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=_WAIT_S)


def _why(error: Exception) -> str:
    if _is_locked(error):
        return "another program has locked the database; try again, or stop that program"
    return f"the database cannot be read: {error}"


def _is_locked(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _read(path: Path, connection: sqlite3.Connection) -> Source:
    names = _names(connection)
    known = [table for table in _TABLES if table.name in names]
    if not known and not names & _OTHERS:
        raise SourceError(path, "", "an SQLite database, but not of rasdaemon: it has none of its tables")
    events: list[Event] = []
    rows = 0
    for table in known:
        for row in _rows(path, connection, table):
            rows += 1
            found = _built(path, table, row)
            if found is not None:
                events.append(found)
            if len(events) > ev.MOST_EVENTS:
                raise SourceError(path, table.name, f"more than {ev.MOST_EVENTS:,} rows")
    events.sort(key=lambda event: (event.time is None, event.time or 0.0))
    blind = "" if _FAILURES in names else _NO_FAILURES
    by = page_types.EITHER if blind else _tables_of(names)
    others = rows - len(events)
    return Source(str(path), DATABASE, tuple(events), lines=rows, others=others, decoded_by=by, blind=blind)


def _tables_of(names: set[str]) -> tuple[str, ...]:
    """Return the page-type tables that this rasdaemon may have used: 0.8.1 brought tables for CXL, if built in."""
    return (page_types.NEW,) if any(name.startswith("cxl_") for name in names) else page_types.EITHER


def _rows(path: Path, connection: sqlite3.Connection, table: _Table) -> Iterator[_Row]:
    columns = {str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table.name}")')}
    missing = [name for name in table.needed if name not in columns]
    if missing:
        raise SourceError(path, table.name, f"has no column {', '.join(missing)}")
    chosen = [name for name in ("id", "timestamp", *table.columns) if name in columns]
    listed = ", ".join(f'"{name}"' for name in chosen)
    for values in connection.execute(f'SELECT {listed} FROM "{table.name}"'):
        yield dict(zip(chosen, values, strict=True))


def _built(path: Path, table: _Table, row: _Row) -> Event | None:
    where = f"{table.name}, row {row.get('id', '?')}"
    try:
        event = table.build(row)
    except (_BadRowError, ValueError, TypeError) as error:
        raise SourceError(path, where, str(error)) from None
    if event is None:
        return None
    if event.pfn is not None and not 0 <= event.pfn <= ev.MOST_PFN:
        raise SourceError(path, where, f"frame {event.pfn:#x} lies beyond any physical memory")
    time, clock = utc_of(str(row.get("timestamp") or ""))
    number = row.get("id")
    return event._replace(time=time, clock=clock, line=number if isinstance(number, int) else 0)


def _number(value: object) -> int | None:
    """Convert a value of any column type to a number: 12, "0x2a2d", "42"; None for NULL. Raises _BadRowError."""
    if value is None or isinstance(value, int):
        return value
    text = str(value).strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,16}|\d{1,20}", text, re.ASCII):
        raise _BadRowError(f"{text[:40]!r} is not a number")
    return int(text, 0 if text.startswith("0x") else 10)


def _event(
    what: str, pfn: int | None, kind: str, result: str, text: str, task: Task | None = None, times: int = 1
) -> Event:
    return Event(what, None, ev.NO_CLOCK, pfn, kind, result, task, times, text, 0)


def _memory_failure(row: _Row) -> Event | None:
    pfn = _number(row["pfn"])
    if pfn is None:
        raise _BadRowError("pfn is NULL")
    kind, result = str(row.get("page_type") or ""), str(row.get("action_result") or "")
    return _event(ev.RESULT, pfn, kind, result, f"pfn={pfn:#x} page_type={kind} action_result={result}")


def _signal(row: _Row) -> Event | None:
    sig, code = _number(row["sig"]), _number(row.get("code"))
    name = _SIGNALS.get(sig or 0)
    if name is None or (name == "SIGBUS" and code not in (_MCEERR_AR, _MCEERR_AO)):
        return None  # not sent for a memory error
    at_fault = name == "SIGBUS" and code == _MCEERR_AR
    how = "at a page fault" if at_fault else "sent" if name == "SIGBUS" else "forced"
    task = Task(str(row.get("comm") or ""), _number(row.get("pid")) or 0, name, how)
    text = f"sig={sig} code={code} comm={task.comm} pid={task.pid}"
    return _event(ev.FAULT if at_fault else ev.SIGNAL, None, "", "", text, task)


def _mc(row: _Row) -> Event | None:
    address = _number(row.get("address"))
    corrected = str(row.get("err_type") or "").startswith(("Corrected", "Info"))
    label, message = str(row.get("label") or ""), str(row.get("err_msg") or "")
    pfn = ev.frame_of(address & _WORD) if address else None
    what = ev.CORRECTED if corrected else ev.UNCORRECTED
    return _event(what, pfn, label, "", f"{message} at {label}", times=_number(row.get("err_count")) or 1)


def _mce(row: _Row) -> Event | None:
    status, address = _number(row.get("status")) or 0, _number(row.get("addr"))
    pfn = ev.frame_of(address & _WORD) if status & _ADDRV and address is not None else None
    what = ev.UNCORRECTED if status & ev.MCI_STATUS_UC else ev.CORRECTED
    return _event(what, pfn, str(row.get("bank_name") or ""), "", str(row.get("error_msg") or ""))


_WORD: Final = (1 << 64) - 1
_ADDRV: Final = 1 << 58  # of MCi_STATUS: the bank has an address

_TABLES: Final = (
    _Table(_FAILURES, ("pfn", "page_type", "action_result"), ("pfn",), _memory_failure),
    _Table("signal_event", ("sig", "code", "comm", "pid"), ("sig",), _signal),
    _Table("mc_event", ("err_count", "err_type", "err_msg", "label", "address"), ("err_type",), _mc),
    _Table("mce_record", ("status", "addr", "bank_name", "error_msg"), ("status",), _mce),
)
_OTHERS: Final = frozenset(("aer_event", "extlog_event", "non_standard_event", "arm_event", "devlink_event",
                            "disk_errors"))  # fmt: skip
