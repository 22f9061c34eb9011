"""One error under every kernel, early and late, as text for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import Final

from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.facts.compare import COUNTERS, ENTRIES, FRAME, NOTHING, RESULT, Column, Row, matrix_rows

_LABEL: Final = 30  # columns of the terminal
_LEAST: Final = 24
_QUIET: Final = frozenset({FRAME, COUNTERS, ENTRIES})  # aspects that are only shown where a kernel changes them


def as_terminal(title: str, columns: Sequence[Column], width: int) -> str:
    """Kernel by kernel, the oldest first; what differs from the kernel before it is marked with an asterisk.

    Parameters
    ----------
    width
        Columns of the terminal.
    """
    each = max(_LEAST, (width - _LABEL - 4) // 2)
    lines = [one_line(title), ""]
    rows, before = matrix_rows(columns), None
    for kernel, found in groupby(enumerate(columns), key=lambda item: item[1].settings.profile):
        numbers = [number for number, _ in found]
        heads = [f"{columns[number].kill} kill" for number in numbers]
        lines += _line(f"{kernel}", heads, each)
        lines.append("-" * (_LABEL + 4 + 2 * each))
        for row in rows:
            values = tuple(row.values[number].text for number in numbers)
            old = tuple(row.values[number].text for number in before) if before is not None else values
            if values == old and (row.aspect in _QUIET or set(values) == {NOTHING}):
                continue
            lines += _line(f"{'* ' if values != old else '  '}{_name(row)}", values, each)
        lines.append("")
        before = numbers
    return "\n".join(lines)


def _name(row: Row) -> str:
    aspect = row.aspect.lower()
    return row.subject if row.aspect == RESULT else f"{aspect}: {row.subject}" if row.subject else aspect


def _line(label: str, cells: Sequence[str], each: int) -> Iterator[str]:
    """A row whose cells are wrapped."""
    folded = [wrap(one_line(label), _LABEL, subsequent_indent="    ")]
    folded += [wrap(one_line(cell), each) or [""] for cell in cells]
    for parts in zip_longest(*folded, fillvalue=""):
        yield "  ".join(part.ljust(_LABEL if at == 0 else each) for at, part in enumerate(parts)).rstrip()


def as_json(title: str, columns: Sequence[Column]) -> str:
    """An object with an entry for each kernel and policy: facts by aspect and subject, and the log."""
    entries = []
    for column in columns:
        facts: dict[str, dict[str, str]] = {}
        for (aspect, subject), value in column.facts.items():
            facts.setdefault(aspect.lower(), {})[subject] = value.text
        settings = column.settings
        entries.append({"profile": settings.profile, "sysctl": dict(settings.sysctl), **facts, "log": column.log})
    return json.dumps({"title": title, "kernels": entries}, ensure_ascii=False, indent=1) + "\n"
