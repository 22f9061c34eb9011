"""Errors of sources: a bad file, a missing permission, a cancelled read. `str(error)` can be shown to the user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class SourceError(Exception):
    """A source cannot be read. `where` is the place in the file, empty for the file as a whole."""

    def __init__(self, path: Path | str, where: str, why: str) -> None:
        super().__init__(f"{path}: {where}: {why}" if where else f"{path}: {why}")
        self.path = Path(path)
        self.where = where
        self.why = why


class LivePermissionError(SourceError):
    """The kernel denies access. `missing` says to what, `remedy` how to get it."""

    def __init__(self, path: Path | str, missing: str, remedy: str) -> None:
        super().__init__(path, "", f"{missing} {remedy}")
        self.missing = missing
        self.remedy = remedy


class CancelledError(Exception):
    """The user cancelled while memory was being read."""


def stop_if(cancelled: Callable[[], bool]) -> None:
    """Raise CancelledError if the user has cancelled."""
    if cancelled():
        raise CancelledError


class MalformedError(Exception):
    """Inconsistent data; used inside sources only. The caller that knows the file turns it into a SourceError."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why
