"""A comparison as text: Markdown, CSV, or columns with tabs between them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hwpoison_gui.export import markdown
from hwpoison_gui.record import Record
from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.facts.compare import Row


class Comparison(Record):
    """A comparison as a table: its title and summary, the settings that head the columns, and the rows."""

    title: str
    summary: str
    heads: Sequence[str]
    rows: Sequence[Row]


def _table(compared: Comparison) -> tuple[list[str], list[list[str]]]:
    heads = ["", "What", "Of", *compared.heads]
    return heads, [
        ["equal" if row.same else "differs", row.aspect, ", ".join(row.subjects), *(value.text for value in row.values)]
        for row in compared.rows
    ]


def as_markdown(compared: Comparison) -> str:
    """A heading, the summary and a table."""
    heads, rows = _table(compared)
    shown = markdown.table([markdown.plain(head) for head in heads], rows)
    return f"# {markdown.plain(compared.title)}\n\n{markdown.plain(compared.summary)}\n\n{shown}\n"


def as_csv(compared: Comparison) -> str:
    """Comma-separated, after RFC 4180; title and summary are left out."""
    written = io.StringIO()
    heads, rows = _table(compared)
    csv.writer(written).writerows([heads, *rows])
    return written.getvalue()


def as_text(compared: Comparison) -> str:
    """Title, summary, and lines with tabs between their cells."""
    heads, rows = _table(compared)
    lines = ["\t".join(one_line(cell) for cell in row) for row in (heads, *rows)]
    return "\n".join((one_line(compared.title), one_line(compared.summary), "", *lines, ""))


FORMATS = {".md": as_markdown, ".csv": as_csv, ".txt": as_text}
