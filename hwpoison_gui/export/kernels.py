"""One error under every kernel, early and late, as text for a terminal and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import Final

from hwpoison_gui.export import markdown
from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.facts.compare import (
    COUNTERS,
    ENTRIES,
    FRAME,
    LEFT_OUT,
    NOTHING,
    RESULT,
    Column,
    Row,
    matrix_rows,
)
from hwpoison_gui.view.outcome.between_kernels import Between
from hwpoison_gui.view.rows.between import (
    BETWEEN_COLUMNS,
    WHAT_IS_COMPARED,
    between_cells,
    between_rows,
    between_summary,
    cited,
    decided_words,
)

_LABEL: Final = 30  # columns of the terminal
_LEAST: Final = 24
_MARGIN: Final = 23  # columns left of what is said about a group of frames
_QUIET: Final = frozenset({FRAME, COUNTERS, ENTRIES})  # aspects that are only shown where a kernel changes them


def as_terminal(title: str, columns: Sequence[Column], width: int) -> str:
    """Kernel by kernel, the oldest first; what differs from the kernel before it is marked with an asterisk.

    Parameters
    ----------
    width
        Columns of the terminal.
    """
    each = max(_LEAST, (width - _LABEL - 4) // 2)
    lines = [one_line(title), "*: not as under the kernel above", ""]
    rows, before = matrix_rows(columns), None
    for kernel, found in groupby(enumerate(columns), key=lambda item: item[1].settings.profile):
        numbers = [number for number, _ in found]
        heads = [f"{columns[number].kill} kill" for number in numbers]
        lines += _line(f"{kernel}", heads, each)
        lines.append("-" * (_LABEL + 4 + 2 * each))
        for row in rows:
            values = tuple(row.values[number].text for number in numbers)
            old = tuple(row.values[number].text for number in before) if before is not None else values
            old = values if LEFT_OUT.text in (*old, *values) else old
            if values == old and (row.aspect in _QUIET or {NOTHING, LEFT_OUT.text}.issuperset(values)):
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


def between_as_terminal(title: str, between: Between, width: int) -> str:
    """The frames to which another kernel gives another outcome, and what decides it.

    Parameters
    ----------
    width
        Columns of the terminal.
    """
    lines = [f"{one_line(title)}: {between_summary(between)}"]
    margin, name = " " * _MARGIN, max(len(between.one), len(between.other))
    for group, row in zip(between.groups, between_rows(between), strict=True):
        lines += [
            "",
            f"{row.frames:10,}  {amount(row.frames * FRAME_SIZE):>9}  {group.kind}, the first is {row.first:#x}",
        ]
        for kernel, outcome in ((between.one, group.before), (between.other, group.after)):
            lines.append(f"{margin}{kernel:{name}}  {outcome.words}")
        lines.append(f"{margin}decided by")
        for head, ones in decided_words(group, between):
            lines += [f"{margin}  {head}:"] * bool(head)
            for words, source in ones:
                lines += wrap(one_line(words), max(_LEAST, width), initial_indent=f"{margin}  ",
                              subsequent_indent=f"{margin}    ")  # fmt: skip
                lines += wrap(one_line(source), max(_LEAST, width), initial_indent=f"{margin}    ",
                              subsequent_indent=f"{margin}    ")  # fmt: skip
        if not group.decided_by:
            lines[-1] += f": {row.decided_by}"
    return "\n".join([*lines, "", *wrap(WHAT_IS_COMPARED, max(_LEAST, width)), ""])


def between_as_json(title: str, between: Between) -> str:
    """Return the same as an object with a list of groups."""
    groups = [
        {
            "frames": group.frames,
            "kind": group.kind,
            "first": group.first,
            between.one: group.before.words,
            between.other: group.after.words,
            "decided_by": [one.difference.name for one in group.decided_by],
            "alone": {one.difference.name: one.alone.words for one in group.decided_by},
            "sources": {one.difference.name: cited(one.difference, between) for one in group.decided_by},
        }
        for group in between.groups
    ]
    told = {"title": title, "kernels": [between.one, between.other], "compared": WHAT_IS_COMPARED, "groups": groups}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _between_table(between: Between) -> tuple[list[str], list[tuple[str, ...]]]:
    heads = {"before": f"under {between.one}", "after": f"under {between.other}"}
    cells = [(*between_cells(row), row.sources, f"{row.first:#x}") for row in between_rows(between)]
    return [*(heads.get(column.field, column.head) for column in BETWEEN_COLUMNS), "Source", "First frame"], cells


def between_as_markdown(title: str, between: Between) -> str:
    """A heading, the number of frames and a table."""
    shown = markdown.table(*_between_table(between))
    return f"# {markdown.plain(title)}\n\n{markdown.plain(between_summary(between))}\n\n{shown}\n\n{WHAT_IS_COMPARED}\n"


def between_as_csv(title: str, between: Between) -> str:
    """Comma-separated, after RFC 4180; the title is left out."""
    written = io.StringIO()
    heads, rows = _between_table(between)
    csv.writer(written).writerows([heads, *rows])
    return written.getvalue()


def between_as_text(title: str, between: Between) -> str:
    """Title, number of frames, and lines with tabs between their cells."""
    heads, rows = _between_table(between)
    lines = ["\t".join(one_line(cell) for cell in row) for row in (heads, *rows)]
    return "\n".join((one_line(title), between_summary(between), "", *lines, "", WHAT_IS_COMPARED, ""))


BETWEEN_FORMATS: Final = {".md": between_as_markdown, ".csv": between_as_csv, ".txt": between_as_text}
