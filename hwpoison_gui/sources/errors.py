"""What can go wrong with real memory: a bad file, a missing permission, a change of mind.

One class for each, so that a caller can show `str(error)` as it is.
"""

from __future__ import annotations

from pathlib import Path


class SourceError(Exception):
    """A source cannot be read: which file, where in it, and why."""

    def __init__(self, path: Path | str, where: str, why: str) -> None:
        super().__init__(f"{path}: {where}: {why}" if where else f"{path}: {why}")
        self.path = Path(path)
        self.where = where
        self.why = why


class LivePermissionError(SourceError):
    """The kernel keeps something from us: what is missing, and how to get it."""

    def __init__(self, path: Path | str, missing: str, remedy: str) -> None:
        super().__init__(path, "", f"{missing} {remedy}")
        self.missing = missing
        self.remedy = remedy


class CancelledError(Exception):
    """The user changed their mind while memory was being read."""


class MalformedError(Exception):
    """Inside the sources only: something does not fit; whoever knows the file makes a SourceError of it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why
