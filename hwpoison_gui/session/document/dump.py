"""Writes a session as the text of a session file: JSON, one operation, branch and note a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hwpoison_gui import __version__
from hwpoison_gui.session.comparisons import Compared
from hwpoison_gui.session.document.document import FORMAT, VERSION, Document, EmptyMap, FileSet, Line, Stored, View
from hwpoison_gui.session.notebook import Note
from hwpoison_gui.session.operation import Asked
from hwpoison_gui.session.scenario.scenario import Scenario, ScenarioStep
from hwpoison_gui.session.scenario.writer import non_defaults


def dumps(document: Document) -> bytes:
    """The text of a session file, in UTF-8; a lone surrogate is written as an escape."""
    tree = _Tree()
    line = tree.add(document.line)
    branches = [{"last": tree.add(kept.line), "left_at": kept.left_at} for kept in document.branches]
    notes = [_note(tree, note) for note in document.notes]
    drafts = [_note(tree, note) for note in document.drafts]
    comparisons = [_compared(tree, one) for one in document.comparisons]
    operations, within = document.at
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "program": __version__,
        "title": document.title,
        "machine": _machine(document.machine),
        "operations": tree.rows,
        "last": line,
        "at": {"operations": operations, "steps": within},
        "branches": branches,
        "notes": notes,
        "drafts": drafts,
        "view": _view(document.view),
    }
    if comparisons:  # earlier versions refuse the key
        content["comparisons"] = comparisons
    if document.records is not None:
        content["records"] = _files(document.records)
    if document.second is not None:
        content["second_snapshot"] = _files(document.second)
    try:
        return _text(content, ascii_only=False).encode("utf-8")
    except UnicodeEncodeError:
        return _text(content, ascii_only=True).encode("ascii")


def _text(content: Mapping[str, Any], ascii_only: bool) -> str:
    """JSON with one line for each key and for each entry of a list."""

    def plain(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)

    def block(value: object) -> str:
        if not isinstance(value, list) or not value:
            return plain(value)
        return "[\n" + ",\n".join(f"  {plain(entry)}" for entry in value) + "\n ]"

    return "{\n" + ",\n".join(f" {plain(key)}: {block(value)}" for key, value in content.items()) + "\n}\n"


class _Tree:
    """The operations of all lines, each once: a row names the one before it if that is not the row above."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._by_args: dict[int, int] = {}  # id of the arguments -> row: one object is one operation with one past
        self._by_inputs: dict[tuple[int, str], int] = {}

    def add(self, line: Line) -> int:
        """Number, from 1, of the row of the last operation; 0 for an empty line."""
        known = next((at for at in range(len(line), 0, -1) if id(line[at - 1].args) in self._by_args), 0)
        number = self._by_args[id(line[known - 1].args)] if known else 0
        for operation in line[known:]:
            number = self._row(number, operation)
            self._by_args[id(operation.args)] = number
        return number

    def _row(self, after: int, operation: Asked) -> int:
        step = ScenarioStep(operation.name, operation.args)
        inputs = {"op": operation.name, **dict(non_defaults(step))}
        key = after, json.dumps(inputs, sort_keys=True)
        if key not in self._by_inputs:
            row = dict(inputs)
            told = operation.telling._asdict()
            del told["joined"]
            row |= {key: value for key, value in told.items() if value not in ("", None, {})}
            if after != len(self.rows):
                row["after"] = after
            self.rows.append(row)
            self._by_inputs[key] = len(self.rows)
        return self._by_inputs[key]


def _note(tree: _Tree, note: Note) -> dict[str, Any]:
    return {"after": tree.add(note.line), "steps": note.within, "text": note.text}


def _compared(tree: _Tree, compared: Compared) -> dict[str, Any]:
    sides = [
        {"last": tree.add(line), "click": click + 1, "profile": profile, "sysctl": sysctl}
        for line, click, (profile, sysctl) in zip(compared.lines, compared.clicks, compared.settings, strict=True)
    ]
    return {"way": compared.way, "said": compared.said, "left": sides[0], "right": sides[1]}


def _files(held: FileSet) -> dict[str, Any]:
    inside = {"archive": held.archive} if held.archive is not None else {}
    return {**inside, "files": [file._asdict() for file in held.files]}


def _machine(machine: Scenario | Stored | EmptyMap) -> dict[str, Any]:
    if isinstance(machine, EmptyMap):
        return {"kind": "empty", **machine._asdict()}
    if isinstance(machine, Stored):
        files = [file._asdict() for file in machine.files]
        kind = "files" if machine.archive is None else "inside"
        elsewhere = {"archive": machine.archive} if machine.archive else {}
        return {"kind": kind, **elsewhere, "profile": machine.profile, "files": files}
    return {
        "kind": "made",
        "title": machine.title,
        "summary": machine.summary,
        "profile": machine.profile,
        "memory": machine.memory._asdict(),
        "sysctl": dict(machine.sysctl),
    }


def _view(view: View) -> dict[str, Any]:
    return {key: value for key, value in view._asdict().items() if value is not None}
