"""Saves a scenario as a readable file that loads to an equal one. It is written completely or not at all.

Keys are in the order of the schema, and only those that differ from their defaults are written, so that saving twice
gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from hwpoison_gui import atomic_file
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario, ScenarioStep
from hwpoison_gui.session.scenario.schema import MEMORY, OPS, SameAs
from hwpoison_gui.session.telling import pauses

_WIDTH: Final = 112
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def save(scenario: Scenario, path: str | PathLike[str]) -> None:
    """Write `scenario` to `path`, replacing an old file atomically.

    Raises ScenarioError if the text does not load to an equal scenario, and OSError.
    """
    text = dumps(scenario)
    if loads(text) != scenario:
        raise ScenarioError("it does not read back as it is", file=os.fspath(path))
    atomic_file.write(Path(path), text.encode("utf-8"))


def is_as_written(path: Path) -> bool:
    """Return whether a file is what `save` writes, so that nothing is lost when it is saved again."""
    try:
        text = path.read_text("utf-8")
        return dumps(loads(text)) == text
    except (OSError, UnicodeDecodeError, ScenarioError):
        return False


def dumps(scenario: Scenario) -> str:
    """The scenario as the text of a file."""
    head = [f"format = {scenario.format}", f"title = {_string(scenario.title)}"]
    if scenario.summary:
        head.append(f"summary = {_prose(scenario.summary)}")
    head.append(f"profile = {_string(scenario.profile)}")
    blocks = [head, _memory(scenario.memory)]
    if scenario.sysctl:
        blocks.append(["[sysctl]", *(f"{name} = {value}" for name, value in scenario.sysctl.items())])
    for step in scenario.steps:
        blocks += _step(step)
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _memory(memory: Memory) -> list[str]:
    lines = [
        f"{key} = {_value(getattr(memory, key))}"
        for key, spec in MEMORY.items()
        if getattr(memory, key) != spec.default
    ]
    return ["[memory]", *lines] if lines else []


def _step(step: ScenarioStep) -> Iterator[list[str]]:
    lines = ["[[step]]", f"op = {_string(step.op)}"]
    lines += [_entry(key, value) for key, value in non_defaults(step)]
    if step.caption:
        lines.append(f"caption = {_prose(step.caption)}")
    if step.notes:
        lines.append(f"notes = {_prose(step.notes)}")
    if step.pause != pauses(step.op, step.caption):
        lines.append(f"pause = {_value(step.pause)}")
    yield lines
    if step.expect:
        yield ["[step.expect]", *(_entry(key, value) for key, value in step.expect.items())]


def non_defaults(step: ScenarioStep) -> Iterator[tuple[str, Any]]:
    """The keys of a step that differ from their defaults, in the order of the schema."""
    for key, spec in OPS[step.op].keys.items():
        if key not in step.args:
            continue
        default = step.args[spec.default.key] if isinstance(spec.default, SameAs) else spec.default
        value = step.args[key]
        if value != default:
            yield key, value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _entry(key: str, value: object) -> str:
    """`key = value`; a long list has one entry per line."""
    line = f"{key} = {_value(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Sequence) or isinstance(value, str):
        return line
    return "\n".join([f"{key} = [", *(f"    {_value(entry)}," for entry in value), "]"])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    assert isinstance(value, Iterable), value
    return "[" + ", ".join(_value(entry) for entry in value) + "]"


def _string(text: str) -> str:
    return '"' + "".join(_escape(char) for char in text) + '"'


def _prose(text: str) -> str:
    """A TOML string; several lines become a multi-line string, in which three quotes in a row are escaped."""
    if "\n" not in text:
        return _string(text)
    body = "".join(char if char in '\n"' else _escape(char) for char in text).replace('"""', '\\"\\"\\"')
    if body.endswith('"'):
        body = body[:-1] + '\\"'
    return f'"""\n{body}"""'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if ord(char) < 0x20 or ord(char) == 0x7F:
        return f"\\u{ord(char):04X}"
    if 0xD800 <= ord(char) <= 0xDFFF:
        raise ScenarioError("half a surrogate pair is no text that a file can hold")
    return char
