"""Reads whole text files of /proc and /sys, which are opened read-only, and takes their lines and numbers apart.

Names of files and processes stand in these files as users chose them: only a newline ends a line, and only ASCII digits
are a number.
"""

from __future__ import annotations

import os
from pathlib import Path


def text_of(path: Path | str) -> str:
    """Return the content of a file as UTF-8 text; each byte that is not UTF-8 becomes a backslash escape.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    parts = []
    try:
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode(errors="backslashreplace")


def lines_of(text: str) -> list[str]:
    """The lines of a text. str.splitlines would also split at CR, FF, U+0085, U+2028 and others."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def number_of(text: str, most: int) -> int | None:
    """The decimal number that a text is, 0 to `most`; None for anything else, digits of other scripts included."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None


def text_or_empty(path: Path) -> str:
    """Return the content of a file as `text_of` does; empty if this kernel has no such file, or denies access."""
    try:
        return text_of(path)
    except OSError:
        return ""
