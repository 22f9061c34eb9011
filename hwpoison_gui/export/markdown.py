"""Markdown in which text from files, processes and logs stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hwpoison_gui.terminal import one_line

# Characters that CommonMark and its tables read as markup within a line; "<" and "&" begin HTML.
# An underscore within a word is none.
_INLINE: Final = re.compile(r"[\\`*\[\]<&|~]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK: Final = re.compile(r"^(\s*)([-+=>#]|\d+(?=[.)]))")


def plain(text: str) -> str:
    """The text as a paragraph, list item or table cell shows it, in one line."""
    return _BLOCK.sub(lambda found: _escaped_start(*found.groups()), _INLINE.sub(r"\\\g<0>", one_line(text)))


def _escaped_start(space: str, start: str) -> str:
    return f"{space}{start}\\" if start[0].isdigit() else f"{space}\\{start}"


def span(text: str) -> str:
    """Inline code, as for the name of a function; backticks have no place in it."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def code(lines: Sequence[str]) -> str:
    """A fenced block; its fence is longer than any run of backticks in it."""
    shown = [one_line(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}text", *shown, fence))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its cells are plain text."""
    lines = [heads, ["---"] * len(heads), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
