"""Column descriptors shared by all tables, and conversion of rows to clipboard text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hwpoison_gui.record import Record


class TextColumn(Record):
    """A column: `field` of the row, header and tooltip; `sample` is as wide as most values.

    `wide`: takes the remaining width. `fixed`: monospaced. `path`: elided at the start, as the end matters most.
    """

    field: str
    head: str
    tip: str
    sample: str
    number: bool = False
    fixed: bool = False
    wide: bool = False
    path: bool = False


def as_tsv(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Return rows as tab-separated lines, below a line of headers if given."""
    lines = [heads] if heads else []
    return "\n".join("\t".join(_plain(field) for field in row) for row in [*lines, *rows])


def _plain(field: str) -> str:
    return field.replace("\t", " ").replace("\n", " ")
