"""Error reporting of the commands: one line and the exit status for a file that is bad or cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.session.errors import NotYetSupportedError, ScenarioError
from hwpoison_gui.terminal import BAD_FILE, GOOD, NOT_DONE, complain


class Reported:
    """Reports what is wrong with a file, and leaves the exit status in `status`."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.status = GOOD

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        from hwpoison_gui.sources.errors import SourceError

        if isinstance(error, NotYetSupportedError):
            self.status = complain(f"{self._path} {error.summary}", NOT_DONE)
        elif isinstance(error, ScenarioError):
            error.file = error.file or str(self._path or "")
            self.status = complain(str(error), BAD_FILE)
        elif isinstance(error, SourceError | DramError):
            self.status = complain(str(error), BAD_FILE)
        elif isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            name = error.filename or self._path
            self.status = complain(f"{name}: cannot be read: {error.strerror or error}", BAD_FILE)
        return self.status != GOOD


def write_text(path: Path, text: str) -> int:
    """Write a file; returns the exit status."""
    from hwpoison_gui import atomic_file

    try:
        atomic_file.write(path, text.encode())
    except OSError as error:
        return complain(f"{path}: cannot be written: {error.strerror or error}", BAD_FILE)
    return GOOD
