"""One error under every kernel, early and late, as text for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import Final

from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.facts.between_kernels import Group
from hwpoison_gui.view.facts.compare import COUNTERS, ENTRIES, FRAME, NOTHING, RESULT, Column, Row, matrix_rows
from hwpoison_gui.view.words.words import counted

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


def between_as_text(title: str, kernels: Sequence[str], groups: Sequence[Group]) -> str:
    """The frames that come out differently under two kernels, and what decides it."""
    frames = sum(len(group.pfns) for group in groups)
    lines = [
        f"{one_line(title)}: {counted(frames, 'frame')} of {counted(len(groups), 'sort')} come out differently",
        "",
    ]
    width = max(map(len, kernels))
    for group in groups:
        size = amount(len(group.pfns) * FRAME_SIZE)
        lines.append(f"{len(group.pfns):9,}  {size:>9}  {group.kind}, such as {int(group.pfns[0]):#x}")
        for kernel, outcome in zip(kernels, (group.before, group.after), strict=True):
            lines.append(f"{'':22} {kernel:{width}}  {outcome.words}")
        for difference in group.decided_by:
            lines.append(f"{'':22} {difference.name}: {difference.before} -> {difference.after}")
        if not group.decided_by:
            lines.append(f"{'':22} decided when the machine boots")
    return "\n".join(lines) + "\n"


def between_as_json(title: str, kernels: Sequence[str], groups: Sequence[Group]) -> str:
    """The same as an object with a list of groups."""
    told = [
        {
            "frames": len(group.pfns),
            "kind": group.kind,
            "example": int(group.pfns[0]),
            **{kernel: outcome.words for kernel, outcome in zip(kernels, (group.before, group.after), strict=True)},
            "decided_by": [difference.name for difference in group.decided_by],
        }
        for group in groups
    ]
    return json.dumps({"title": title, "kernels": list(kernels), "groups": told}, ensure_ascii=False, indent=1) + "\n"
