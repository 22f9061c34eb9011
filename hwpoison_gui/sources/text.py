"""Reads whole text files of /proc and /sys; they are opened read-only."""

from __future__ import annotations

import os
from pathlib import Path


def text_of(path: Path) -> str:
    """The content of a file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    parts = []
    try:
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode(errors="backslashreplace")


def text_or_empty(path: Path) -> str:
    """The content of a file; empty if this kernel does not have it or denies access."""
    try:
        return text_of(path)
    except OSError:
        return ""
