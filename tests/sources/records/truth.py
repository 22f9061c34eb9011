"""Recorded operations, and how the records of a history are compared with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hwpoison_gui.sources.records.history import ErrorRecord, History, history_of
from hwpoison_gui.sources.records_file import read
from tests.paths import DATA

RECORDS = DATA / "records"
FOLDERS = ("6.1", "6.1-rasdaemon-0.6.8", "6.12")
_SAID = re.compile(r"recovery action for (.*): (\w+)$|(already hardware poisoned)$")
_SIGNALLED = re.compile(r"(?:Sending SIGBUS to|Killing) (.*):(\d+) due")


def truth(folder: str) -> list[dict[str, Any]]:
    """The operations of a folder that left a line in the kernel log."""
    rows: list[dict[str, Any]] = json.loads((RECORDS / folder / "truth.json").read_text())
    return [row for row in rows if row["log"]]


def history(folder: str, *names: str) -> History:
    """The history of files of a folder."""
    return history_of([read(RECORDS / folder / name) for name in names])


def operation_of(row: dict[str, Any]) -> str:
    """Return the name of an operation in a history."""
    return {"corrupt": "memory failure", "hard_offline": "memory failure", "soft_offline": "soft offline"}.get(
        row["op"], row["op"]
    )


def result_of(row: dict[str, Any]) -> tuple[str, str] | None:
    """Page type and result by the last line of the handler; None if it has none."""
    for line in reversed(row["log"]):
        found = _SAID.search(line)
        if found is not None:
            return (found[1], found[2]) if found[1] else ("", found[3])
    return None


def tasks_of(row: dict[str, Any]) -> list[tuple[str, int]]:
    """The processes that were signalled at once."""
    lines = [line for line in row["log"] if "fault at" not in line]
    return [(found[1], int(found[2])) for line in lines if (found := _SIGNALLED.search(line))]


def found_of(row: dict[str, Any], records: list[ErrorRecord]) -> ErrorRecord:
    """The record of an operation, which it takes off the list."""
    for record in records:
        if record.pfn == int(row["pfn"], 16) and record.operation == operation_of(row):
            records.remove(record)
            return record
    raise AssertionError(f"{row['n']}: {row['op']} of {row['pfn']} is not found")


def path(folder: str, name: str) -> Path:
    return RECORDS / folder / name
