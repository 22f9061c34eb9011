"""What a column of a table is, whatever the rows are; and rows as text for the clipboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class TextColumn(NamedTuple):
    """A column: `field` of the row, what its head says and teaches; `sample` is as wide as most values.

    `wide`: takes the room that the others leave. `fixed`: set in the monospaced face. `path`: its end tells most.
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
    """Rows as lines of fields with a tab between them, under a line of heads where some are given."""
    lines = [heads] if heads else []
    return "\n".join("\t".join(_plain(field) for field in row) for row in [*lines, *rows])


def _plain(field: str) -> str:
    return field.replace("\t", " ").replace("\n", " ")
