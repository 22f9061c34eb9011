"""The files that were opened or saved last, newest first, with the place where each was left."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hwpoison_gui import atomic_file
from hwpoison_gui.record import Record
from hwpoison_gui.session.document.document import View
from hwpoison_gui.session.document.load import view_of
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.user import state

MOST: Final = 12
_NAME: Final = "recent.json"
_FORMAT: Final = "hwpoison-gui recent files"
_MOST_BYTES: Final = 1 << 20


class Recent(Record):
    """A file: absolute path, and its time of change (ns) when it was left at a place: see Document for `at`, `view`."""

    path: str
    changed: int = 0
    at: tuple[int, int] = (0, 0)
    view: View | None = None


def recent_files() -> list[Recent]:
    """The list. A damaged or missing one is empty."""
    where = state.folder()
    try:
        path = where / _NAME if where is not None else None
        if path is None or path.stat().st_size > _MOST_BYTES:
            return []
        content = json.loads(path.read_bytes())
        entries = content["files"] if content["format"] == _FORMAT else []
        return [_recent(entry) for entry in entries][:MOST]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ScenarioError):
        return []


def _recent(entry: dict[str, Any]) -> Recent:
    view = view_of(entry["view"]) if entry.get("view") is not None else None
    operations, within = (shape.count(number, "at", most=1 << 52) for number in entry.get("at", (0, 0)))
    return Recent(
        shape.text(entry["path"], "path"), shape.count(entry.get("changed", 0), "changed", most=1 << 63),
        (operations, within), view,
    )  # fmt: skip


def note(recent: Recent) -> None:
    """Put a file at the head of the list; without a view it keeps the one that it has."""
    files = recent_files()
    old = next((one for one in files if one.path == recent.path), None)
    if recent.view is None and old is not None:
        recent = old
    _store([recent, *(one for one in files if one.path != recent.path)])


def forget(paths: Sequence[str] | None = None) -> None:
    """Remove files from the list; None: all."""
    _store([] if paths is None else [one for one in recent_files() if one.path not in paths])


def place_in(path: str) -> Recent | None:
    """Return the entry of a file with the view in which it was left; None if there is none or the file has changed."""
    found = next((one for one in recent_files() if one.path == path and one.view is not None), None)
    return found if found is not None and found.changed == time_of_change(path) else None


def time_of_change(path: str) -> int:
    """Return the time of change of a file in ns since 1970; 0 if its status cannot be read."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _store(files: Sequence[Recent]) -> None:
    entries = [
        {"path": one.path, "changed": one.changed, "at": list(one.at), "view": _fields(one.view)}
        for one in files[:MOST]
    ]
    where = state.folder()
    if where is not None:
        with contextlib.suppress(OSError):
            text = json.dumps({"format": _FORMAT, "files": entries}, indent=1)
            atomic_file.write(Path(where, _NAME), text.encode("ascii"), 0o600)


def _fields(view: View | None) -> dict[str, Any] | None:
    return {key: value for key, value in view._asdict().items() if value is not None} if view is not None else None
