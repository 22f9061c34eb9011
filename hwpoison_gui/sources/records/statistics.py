"""Reads node*/memory_failure of sysfs: the folder, a copy of it, or its counters as text or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.records.event import Count, Source
from hwpoison_gui.sources.records.knows import STATISTICS
from hwpoison_gui.sources.text import number_of, text_of

NAMES: Final = ("total", "recovered", "ignored", "failed", "delayed")
_MOST: Final = 1 << 63
_LISTED: Final = re.compile(rf"^(\S*?)/?({'|'.join(NAMES)}):(\d{{1,19}})$", re.MULTILINE)


def read_folder(path: Path) -> Source:
    """Read the counters in a folder: memory_failure, a node, or a parent of nodes. Raises SourceError, OSError."""
    counts = tuple(_of_folder(path))
    if not counts:
        raise SourceError(path, "", "a folder without node*/memory_failure")
    return Source(str(path), STATISTICS, counts=counts, lines=len(counts))


def is_folder_of_counters(path: Path) -> bool:
    """Return whether `read_folder` finds counters there."""
    return bool(_folders(path))


def _folders(path: Path) -> set[Path]:
    found = {path} if (path / NAMES[0]).is_file() else set()
    return found | {
        total.parent for pattern in ("*/total", "node*/memory_failure/total") for total in path.glob(pattern)
    }


def _of_folder(path: Path) -> Iterator[Count]:
    for folder in sorted(_folders(path)):
        for name in NAMES:
            file = folder / name
            if not file.is_file():
                continue
            value = number_of(text_of(file).strip(), _MOST)
            if value is None:
                raise SourceError(file, "", "not a number")
            yield Count(_node_of(str(folder)), name, value)


def _node_of(name: str) -> str:
    node = re.search(r"node(\d{1,5})", name)
    return f"node {node[1]}" if node is not None else "node"


def of_text(path: Path, text: str) -> Source | None:
    """The counters in a text: JSON, or the output of `grep . node*/memory_failure/*`; None if it is neither."""
    counts = _of_json(path, text) if text.lstrip()[:1] == "{" else None
    if counts is None:
        counts = [Count(_node_of(match[1]), match[2], int(match[3])) for match in _LISTED.finditer(text)]
    if not counts:
        return None
    return Source(str(path), STATISTICS, counts=tuple(counts), lines=len(counts))


def _of_json(path: Path, text: str) -> list[Count] | None:
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not fields.keys() >= set(NAMES):
        return None
    return [Count(_node_of(path.name), name, value) for name in NAMES if isinstance(value := fields[name], int)]
