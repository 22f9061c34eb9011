"""Whole text files of /proc and /sys, opened for reading alone."""

from __future__ import annotations

import os
from pathlib import Path


def text_of(path: Path) -> str:
    """All of a file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    parts = []
    try:
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode(errors="backslashreplace")


def text_or_empty(path: Path) -> str:
    """The same; empty for a file of another kernel, or one without permission."""
    try:
        return text_of(path)
    except OSError:
        return ""
