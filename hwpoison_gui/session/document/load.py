"""Reads the text of a session file. A file is read completely or refused, with the place and what was expected."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.comparisons import WAYS, Compared
from hwpoison_gui.session.document.document import (
    FORMAT,
    VERSION,
    Document,
    EmptyMap,
    FileRef,
    FileSet,
    Kept,
    Line,
    Stored,
    View,
)
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Note
from hwpoison_gui.session.operation import Asked
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.reader import from_document, step_of
from hwpoison_gui.session.scenario.scenario import FORMAT as SCENARIO_FORMAT
from hwpoison_gui.session.scenario.scenario import Scenario

_KEYS: Final = ("format", "version", "program", "title", "machine", "operations", "last", "at", "branches", "notes",
                "drafts", "view", "comparisons", "records", "second_snapshot")  # fmt: skip
_MACHINE_KEYS: Final = {
    "made": ("kind", "title", "summary", "profile", "memory", "sysctl"),
    "files": ("kind", "profile", "files"),
    "inside": ("kind", "archive", "profile", "files"),
    "empty": ("kind", "profile", "frames"),
}
_MOST: Final = 1 << 52
MOST_MAPPED: Final = 1 << 25  # frames of an empty map: 128 GiB
_SHA256: Final = 64  # hexadecimal digits


def loads(data: bytes, file: str = "") -> Document:
    """Parse the text of a session file. Raises ScenarioError with `file`, the number of the operation, and the key."""
    try:
        return _document(_json(data))
    except ScenarioError as error:
        raise error.at(file=file) from None


def _json(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not a session file: byte {error.start} is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"not a session file, or damaged: {str(error)[:120]}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ScenarioError(f'not a session file of hwpoison-gui: expected `"format": "{FORMAT}"`')
    version = shape.count(content.get("version"), "version")
    if version > VERSION:
        raise ScenarioError(f"format version {version} is newer than the supported {VERSION}", key="version")
    return content


def _document(content: Mapping[str, Any]) -> Document:
    _all_known(content, _KEYS, "a session")
    machine = _machine(content.get("machine"))
    rows = _Rows(content.get("operations", []), machine.profile)
    return Document(
        shape.text(content.get("title", ""), "title"),
        machine,
        rows.line(content.get("last", 0), "last"),
        tuple(_kept(rows, entry, key) for key, entry in shape.entries(content.get("branches", []), "branches")),
        _notes(rows, content.get("notes", []), "notes"),
        _notes(rows, content.get("drafts", []), "drafts"),
        _at(shape.table(content.get("at", {}), "at")),
        view_of(shape.table(content.get("view", {}), "view")),
        tuple(_compared(rows, one, key) for key, one in shape.entries(content.get("comparisons", []), "comparisons")),
        *(_file_set(content[key], key) if key in content else None for key in ("records", "second_snapshot")),
    )


def _all_known(fields: Mapping[str, Any], allowed: tuple[str, ...], what: str, where: str = "") -> None:
    for key in fields:
        try:
            shape.known(key, allowed, what)
        except ScenarioError as error:
            raise ScenarioError(error.message, key=f"{where}{key}") from None


def _machine(given: object) -> Scenario | Stored | EmptyMap:
    fields = shape.table(given, "machine")
    kind = shape.choice(fields.get("kind"), "machine.kind", tuple(_MACHINE_KEYS))
    _all_known(fields, _MACHINE_KEYS[kind], "`machine`", "machine.")
    try:
        # The reader of scenarios checks the name of the profile for stored memory, too.
        given_keys = ("title", "summary", "profile", "memory", "sysctl")
        like = {key: fields[key] for key in given_keys if key in fields}
        made = from_document({"format": SCENARIO_FORMAT, "title": "", **like})
    except ScenarioError as error:
        raise ScenarioError(error.message, key=f"machine.{error.key}") from None
    if kind == "made":
        return made
    if kind == "empty":
        return EmptyMap(shape.count(fields.get("frames"), "machine.frames", 1, MOST_MAPPED), made.profile)
    files = _files(fields, "machine")
    archive = shape.text(fields.get("archive", ""), "machine.archive") if kind == "inside" else None
    return Stored(files, made.profile, archive)


def _file_set(given: object, key: str) -> FileSet:
    fields = shape.table(given, key)
    _all_known(fields, ("archive", "files"), f"`{key}`", f"{key}.")
    archive = shape.text(fields["archive"], f"{key}.archive") if "archive" in fields else None
    return FileSet(_files(fields, key), archive)


def _files(fields: Mapping[str, Any], key: str) -> tuple[FileRef, ...]:
    files = tuple(_file(entry, where) for where, entry in shape.entries(fields.get("files"), f"{key}.files"))
    if not files:
        raise ScenarioError("expected at least one file", key=f"{key}.files")
    return files


def _file(given: object, key: str) -> FileRef:
    fields = shape.table(given, key)
    path = shape.text(fields.get("path"), f"{key}.path")
    digest = shape.text(fields.get("sha256", ""), f"{key}.sha256")
    if not path or "\0" in path:
        raise ScenarioError("expected the path of a file", key=f"{key}.path")
    if digest and (len(digest) != _SHA256 or not set(digest) <= set("0123456789abcdef")):
        raise ScenarioError("expected 64 hexadecimal digits", key=f"{key}.sha256")
    return FileRef(path, shape.count(fields.get("size"), f"{key}.size", most=_MOST), digest)


class _Rows:
    """The operations of all branches, as a tree: `self._rows[number - 1]` is (number of its predecessor, operation)."""

    def __init__(self, given: object, profile: str) -> None:
        self._rows: list[tuple[int, Asked]] = []
        for number, (key, entry) in enumerate(shape.entries(given, "operations"), start=1):
            fields = dict(shape.table(entry, key))
            after = shape.count(fields.pop("after", number - 1), f"{key}.after", most=number - 1)
            try:
                step = step_of(fields, number, profile)
            except ScenarioError as error:
                raise ScenarioError(error.message, key=f"{key}.{error.key}") from None
            self._rows.append((after, Asked(step.op, step.args, step.telling)))

    def line(self, given: object, key: str) -> Line:
        """The operations from the root of the tree to number `given`, inclusive; none for 0."""
        number = shape.count(given, key, most=len(self._rows))
        found = []
        while number:
            number, operation = self._rows[number - 1]
            found.append(operation)
        return tuple(reversed(found))


def _kept(rows: _Rows, given: object, key: str) -> Kept:
    fields = shape.table(given, key)
    line = rows.line(fields.get("last"), f"{key}.last")
    return Kept(line, shape.count(fields.get("left_at"), f"{key}.left_at", most=len(line)))


def _notes(rows: _Rows, given: object, key: str) -> tuple[Note, ...]:
    notes = []
    for number, (where, entry) in enumerate(shape.entries(given, key), start=1):
        fields = shape.table(entry, where)
        line = rows.line(fields.get("after", 0), f"{where}.after")
        within = shape.count(fields.get("steps", 0), f"{where}.steps")
        notes.append(Note(number, shape.text(fields.get("text"), f"{where}.text"), line, within))
    return tuple(notes)


def _compared(rows: _Rows, given: object, key: str) -> Compared:
    fields = shape.table(given, key)
    _all_known(fields, ("way", "said", "left", "right"), "a comparison", f"{key}.")
    way = shape.choice(fields.get("way"), f"{key}.way", WAYS)
    said = shape.text(fields.get("said", ""), f"{key}.said")
    left, right = (_side(rows, fields.get(name), f"{key}.{name}") for name in ("left", "right"))
    return Compared(way, (left[0], right[0]), (left[1], right[1]), (left[2], right[2]), said)


def _side(rows: _Rows, given: object, key: str) -> tuple[Line, int, tuple[str, dict[str, int]]]:
    fields = shape.table(given, key)
    _all_known(fields, ("last", "click", "profile", "sysctl"), "a side", f"{key}.")
    line = rows.line(fields.get("last"), f"{key}.last")
    click = shape.count(fields.get("click"), f"{key}.click", 1, len(line))
    profile = shape.choice(fields.get("profile"), f"{key}.profile", tuple(PROFILES))
    sysctl = shape.table(fields.get("sysctl", {}), f"{key}.sysctl")
    for name, value in sysctl.items():
        shape.count(value, f"{key}.sysctl.{name}")
    return line, click - 1, (profile, dict(sysctl))


def _at(fields: Mapping[str, Any]) -> tuple[int, int]:
    return shape.count(fields.get("operations", 0), "at.operations"), shape.count(fields.get("steps", 0), "at.steps")


def view_of(fields: Mapping[str, Any]) -> View:
    """Return the recorded state of the window. Lens and layout are not checked: an unknown name leaves the default."""
    _all_known(fields, View._fields, "`view`", "view.")
    cell = fields.get("cell", 0.0)
    if not isinstance(cell, int | float) or isinstance(cell, bool) or not math.isfinite(cell) or cell < 0:
        raise ScenarioError("expected a size in pixels", key="view.cell")

    def number(key: str, least: int = 0) -> int | None:
        return shape.count(fields[key], f"view.{key}", least) if key in fields else None

    return View(
        shape.text(fields.get("lens", "kind"), "view.lens"),
        shape.text(fields.get("filter", ""), "view.filter"),
        shape.text(fields.get("layout", "rows"), "view.layout"),
        number("row_width", 1),
        number("centre"),
        float(cell),
        number("selected"),
        _captions(fields),
        number("suited_width", 1),
    )


def _captions(fields: Mapping[str, Any]) -> bool | None:
    captions = fields.get("captions")
    if captions is not None and not isinstance(captions, bool):
        raise ScenarioError("expected true or false", key="view.captions")
    return captions
