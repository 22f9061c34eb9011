"""Text from files and processes on the terminal: control characters are shown as escapes, never sent.

A title or a file's name may hold sequences that clear the screen, name the window or reverse the direction of text.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO, cast

# Control, format (such as U+202E, which reverses text), half surrogate pairs, line and paragraph separator.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT: Final = "\n\t"


def visible(text: str) -> str:
    r"""The text with `\u001b` and the like for each character that a terminal obeys; lines and tabs stay.

    The escapes are those of JSON and TOML, so JSON with them still reads as the same values.
    """
    if text.isprintable():
        return text
    from unicodedata import category  # a start has no time for it

    return "".join(
        char if char in _LAYOUT or char.isprintable() or category(char) not in _HIDDEN else _escape(char)
        for char in text
    )


def _escape(char: str) -> str:
    code = ord(char)
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
    return f"\\u{code:04x}"


def one_line(text: str) -> str:
    """As `visible`, with line ends and tabs as escapes, too: a name cannot begin a line of its own."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


class VisibleText:
    """A text stream that writes everything to another one, by `visible`; for the rest it is the other one."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> int:
        self._to.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._to, name)


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Within the block, sys.stdout and sys.stderr show control characters, and what the terminal cannot encode."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _wrapped(sys.stdout), _wrapped(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _wrapped(stream: TextIO) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        # A title or file name that the terminal cannot encode must not abort the command.
        stream.reconfigure(errors="backslashreplace")
    # A program without a console may have no streams (None).
    return cast("TextIO", VisibleText(stream)) if stream is not None else stream


def discard_output() -> None:
    """Send what is left of standard output nowhere: its reader is gone, and flushing at exit would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
