"""The history of real errors as text for a terminal, and as JSON (docs/records.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.kernel.profile.registry import nearest
from hwpoison_gui.sources.records.event import UTC, WALL, Source
from hwpoison_gui.sources.records.history import ErrorRecord, History
from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.facts.row_faults import fault_words, row_faults
from hwpoison_gui.view.rows import error_records as words

FORMAT: Final = "hwpoison-gui records"
VERSION: Final = 1


def kernel_words(history: History) -> str:
    """Return the kernel that wrote the records and the profile that models it, in words."""
    if history.kernel is None:
        return "The kernel that wrote these records is unknown."
    profile = nearest(history.kernel)
    if history.kernel == profile.modelled[:2]:
        return f"Written by Linux {history.release}."
    return f"Written by Linux {history.release}; it is modelled as {'.'.join(map(str, profile.modelled))}."


def as_text(history: History, geometry: Geometry | None = None, skipped: Sequence[str] = ()) -> str:
    """A table of the records, then the sources and notes on them; with a geometry, the faults of rows.

    `skipped`: files of a folder that have no records.
    """
    lines = [words.summary_words(history), kernel_words(history), words.clock_words(history), ""]
    rows = words.record_rows(history)
    if rows:
        lines += [*_table(words.COLUMNS, [row.cells for row in rows]), ""]
    lines.append("Sources")
    for source in history.sources:
        lines.append(f"  {one_line(source.path)}: {words.source_words(source)}")
        lines += [f"    line {number:,}, unrecognized: {one_line(text)}" for number, text in source.unknown]
    faults = [fault_words(fault, geometry) for fault in row_faults(history, geometry)] if geometry is not None else []
    if geometry is not None and not faults:
        faults = ["No two errors are in one row; injected errors do not count."]
    for title, texts in (
        ("Faults of DRAM", faults),
        ("Notes", history.notes),
        ("What the sources do not record", words.limits_of(history)),
        ("Skipped, as they are no error records", skipped),
    ):
        if texts:
            lines += ["", title, *(f"  {one_line(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    shown = [[one_line(cell) for cell in row] for row in (heads, *rows)]
    used = [at for at in range(len(heads)) if any(row[at] for row in shown[1:])]
    widths = [max(len(row[at]) for row in shown) for at in used]
    for row in shown:
        yield "  ".join(row[at].ljust(width) for at, width in zip(used, widths, strict=True)).rstrip()


def as_json(history: History, geometry: Geometry | None = None, skipped: Sequence[str] = ()) -> str:
    """One object with sources, records and notes; with a geometry of DRAM, the faults of rows too.

    `skipped`: as for `as_text`.
    """
    kernel = history.kernel
    written = json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "clock": history.clock,
            "within": history.within,
            "kernel": {
                "release": history.release,
                "profile": nearest(kernel).name if kernel is not None else None,
            },
            "sources": [_source(source) for source in history.sources],
            "records": [_record(record, history) for record in history.records],
            **({"faults": _faults(history, geometry)} if geometry is not None else {}),
            "notes": list(history.notes),
            "limits": words.limits_of(history),
            **({"skipped": list(skipped)} if skipped else {}),
        },
        indent=1,
        ensure_ascii=False,
    )
    return f"{written}\n"


def _faults(history: History, geometry: Geometry) -> list[dict[str, Any]]:
    named = geometry.key or geometry.name
    return [
        {"geometry": named, "made_up": geometry.made_up, **fault._asdict()} for fault in row_faults(history, geometry)
    ]


def _source(source: Source) -> dict[str, Any]:
    return {
        "file": source.path,
        "form": source.form,
        "lines": source.lines,
        "other_lines": source.others,
        "unknown_lines": source.unknown_lines,
        "unknown": [{"line": line, "text": text} for line, text in source.unknown],
        "cut_lines": source.cut,
        "releases": [boot.release for boot in source.boots if boot.release],
        "hosts": list(source.hosts),
        "counts": [count._asdict() for count in source.counts],
    }


def _record(record: ErrorRecord, history: History) -> dict[str, Any]:
    return {
        "operation": record.operation,
        "time": record.time,
        "time_text": words.time_words(record.time, history.clock) if history.clock in (UTC, WALL) else None,
        "pfn": record.pfn,
        "frame": None if record.pfn is None else f"{record.pfn:#x}",
        "kind": record.kind,
        "result": record.result,
        "tasks": [task._asdict() for task in record.tasks],
        "times": record.times,
        "origin": record.origin,
        "again": record.again,
        "boot": record.boot,
        "release": record.release,
        "notes": list(record.notes),
        "sources": [
            {
                "file": history.sources[seen.source].path,
                "lines": list(seen.lines),
                "time": seen.time,
                "kind": seen.kind,
            }
            for seen in record.seen
        ],
    }
