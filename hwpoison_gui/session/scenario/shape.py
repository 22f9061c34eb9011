"""Checks that values have the form that their keys require.

Each function takes a value and its key, and returns the value as it is kept (lists as tuples) or raises ScenarioError
with the key. Names are not looked up here; scenario/names.py does that, in the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hwpoison_gui.kernel.profile.registry import sysctls
from hwpoison_gui.kernel.records import MF_STATS
from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import schema
from hwpoison_gui.session.scenario.schema import Key, Kind, Missing, SameAs, Want


def shown(value: object) -> str:
    """A value as it is written in a file, shortened for messages."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if value.isprintable() else ascii(value)[1:-1]
        return f'"{text}"' if len(text) <= 60 else f'"{text[:57]}…"'
    if isinstance(value, int | float):
        text = str(value) if not isinstance(value, int) or abs(value) < 10**30 else "a huge number"
        return text
    if isinstance(value, list | tuple):
        return "a list"
    return "a table" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def words(allowed: Iterable[object]) -> str:
    """A list of words for messages: `a`, `b` or `c`."""
    *first, last = (f"`{word}`" for word in allowed)
    return f"{', '.join(first)} or {last}" if first else last


def known(key: str, allowed: Iterable[str], what: str) -> None:
    """Raise ScenarioError if `key` is not one of `allowed`; the message suggests the nearest one."""
    names = tuple(allowed)
    if key in names:
        return
    from difflib import get_close_matches  # imported here to keep start-up fast

    near = get_close_matches(key, names, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    raise ScenarioError(f"unknown key; {what} takes {words(names) if names else 'none'}{hint}", key=key)


def table(value: object, key: str) -> dict[str, Any]:
    """A TOML table."""
    if not isinstance(value, dict):
        raise ScenarioError(f"expected a table, not {shown(value)}", key=key)
    return value


def text(value: object, key: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ScenarioError(f"expected a string, not {shown(value)}", key=key)
    return value


def flag(value: object, key: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ScenarioError(f"expected true or false, not {shown(value)}", key=key)
    return value


def count(value: object, key: str, least: int = 0, most: int = schema.MOST) -> int:
    """An integer from `least` to `most`; true and false are not integers."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ScenarioError(f"expected an integer from {least} to {most}, not {shown(value)}", key=key)
    return value


def choice(value: object, key: str, allowed: tuple[str, ...]) -> str:
    """Return a value that is one of the allowed words. Raises ScenarioError."""
    if isinstance(value, str) and (key, value) in schema.NO_WORDS and value not in allowed:
        raise ScenarioError(f"{shown(value)}: {schema.NO_WORDS[key, value]}", key=key)
    if not isinstance(value, str) or value not in allowed:
        raise ScenarioError(f"expected {words(allowed)}, not {shown(value)}", key=key)
    return value


def name(value: object, key: str) -> str:
    """The name of a task, a VMA or a page."""
    if not isinstance(value, str) or not grammar.is_name(value):
        raise ScenarioError(
            f"expected a name (no : + @ / {{ }} in it, and not `pfn`, `any` or `head`), not {shown(value)}", key=key
        )
    return value


def task(value: object, key: str) -> str:
    """The name of a task that exists, or COMM:PID."""
    return value if isinstance(value, str) and grammar.is_task(value) else name(value, key)


def label(value: object, key: str) -> str:
    """A name without the restrictions of `name`: a comm, a descriptor."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ScenarioError(f"expected a name, not {shown(value)}", key=key)
    return value


def path(value: object, key: str) -> str:
    """A file's path."""
    if not isinstance(value, str) or not grammar.is_path(value):
        raise ScenarioError(f"expected a file's path, not {shown(value)}", key=key)
    return value


def address(value: object, key: str) -> str:
    """AREA+PAGE."""
    if not isinstance(value, str) or grammar.parse_address(value) is None:
        raise ScenarioError(f"expected an address AREA+PAGE such as `m+0`, not {shown(value)}", key=key)
    return value


def frame(value: object, key: str) -> str:
    """A page in any of grammar.PAGE_FORMS."""
    page = grammar.parse_page(value) if isinstance(value, str) else None
    if page is None or not isinstance(value, str):
        raise ScenarioError(f"expected a page ({grammar.PAGE_FORMS}), not {shown(value)}", key=key)
    inner = page.page if isinstance(page, grammar.HeadPage) else page
    if isinstance(inner, grammar.AnyPage):
        choice(inner.kind, key, schema.ANY_KINDS)
    return value


def frames(value: object, key: str) -> tuple[str, ...]:
    """Frames: a range, or a list of ranges, numbers and pages."""
    if isinstance(value, str | int):
        return (_some_frames(value, key),)
    found = tuple(_some_frames(entry, where) for where, entry in entries(value, key))
    if not found:
        raise ScenarioError("expected at least one frame", key=key)
    return found


def _some_frames(value: object, key: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return f"{value:#x}"
    if isinstance(value, str) and grammar.parse_frames(value) is not None:
        return value
    if isinstance(value, str) and grammar.parse_page(value) is not None:
        return frame(value, key)
    raise ScenarioError(f"expected frames ({grammar.FRAMES_FORMS}) or a page, not {shown(value)}", key=key)


_SIMPLE: Final[dict[Kind, Callable[[object, str], str | bool | tuple[str, ...]]]] = {
    Kind.TEXT: text,
    Kind.NAME: label,
    Kind.FLAG: flag,
    Kind.TASK: task,
    Kind.NEW_TASK: name,
    Kind.ADDRESS: address,
    Kind.NEW_AREA: name,
    Kind.PATH: path,
    Kind.NEW_PATH: path,
    Kind.FD: label,
    Kind.NEW_FD: label,
    Kind.FRAME: frame,
    Kind.FRAMES: frames,
    Kind.NEW_PAGE: name,
}


def value_of(key: str, spec: Key, value: object) -> str | int | bool | tuple[str, ...]:
    """Check the value of one key of an op or a table."""
    if spec.kind is Kind.CHOICE:
        return choice(value, key, spec.allowed)
    if spec.kind is Kind.SYSCTL:
        return choice(value, key, tuple(sysctls()))
    if spec.kind in (Kind.COUNT, Kind.THREAD, Kind.POWER):
        number = count(value, key, spec.least, spec.most)
        if spec.kind is Kind.POWER and number & (number - 1):
            raise ScenarioError(f"expected {spec.kind.value}, not {number}", key=key)
        return number
    return _SIMPLE[spec.kind](value, key)


def values_of(specs: Mapping[str, Key], given: Mapping[str, object]) -> dict[str, Any]:
    """Check all keys of an op or a table; returned in the order of `specs`, with defaults filled in."""
    filled: dict[str, Any] = {}
    for key, spec in specs.items():
        if key in given:
            if spec.instead in given:
                raise ScenarioError(f"expected it or `{key}`, not both", key=spec.instead)
            filled[key] = value_of(key, spec, given[key])
        elif spec.default is Missing.REQUIRED:
            if spec.instead in given:
                continue
            raise ScenarioError(f"missing; expected {_asked(spec)}", key=key)
        elif isinstance(spec.default, SameAs):
            filled[key] = filled[spec.default.key]
        elif spec.default is not Missing.ABSENT:
            filled[key] = spec.default
    return filled


def _asked(spec: Key) -> str:
    if spec.kind is Kind.SYSCTL:
        return words(sysctls())
    return words(spec.allowed) if spec.kind is Kind.CHOICE else spec.kind.value


def entries(value: object, key: str) -> list[tuple[str, object]]:
    """The entries of a list, each with the key for messages: `key[1]`, `key[2]`, …"""
    if not isinstance(value, list | tuple):
        raise ScenarioError(f"expected a list, not {shown(value)}", key=key)
    return [(f"{key}[{number}]", entry) for number, entry in enumerate(value, start=1)]


def _errno(value: object, key: str) -> int | str:
    if value == 0 and isinstance(value, int) and not isinstance(value, bool):
        return 0
    if not isinstance(value, str) or value not in schema.ERRNO_NAMES:
        raise ScenarioError(f'expected 0 or the name of an error such as "EBUSY", not {shown(value)}', key=key)
    return value


def _page_flag(value: object, key: str) -> str:
    if not isinstance(value, str) or value not in schema.FLAG_NAMES:
        raise ScenarioError(f"expected a page flag by its kernel name such as `DIRTY`, not {shown(value)}", key=key)
    return value


def _log_line(value: object, key: str) -> str:
    line = text(value, key)
    for found in grammar.PLACEHOLDER.finditer(line):
        inside = found[1]
        if inside in ("pfn", "head", "addr"):
            continue
        if not inside.startswith("pid:") or grammar.split_thread(inside.removeprefix("pid:")) is None:
            raise ScenarioError(
                f"expected {{pfn}}, {{head}}, {{addr}}, {{pid:NAME}} or {{pid:NAME/THREAD}}, not {found[0]}", key=key
            )
    return line


def _fields(value: object, key: str, allowed: tuple[str, ...], what: str) -> dict[str, Any]:
    fields = table(value, key)
    for field in fields:
        try:
            known(field, allowed, what)
        except ScenarioError as error:
            raise ScenarioError(error.message, key=f"{key}.{field}") from None
    return fields


def _signal(value: object, key: str) -> dict[str, Any]:
    fields = _fields(value, key, schema.SIGNAL_KEYS, "a signal")
    kept: dict[str, Any] = {}
    for field in schema.SIGNAL_KEYS:
        if field not in fields:
            continue
        given, where = fields[field], f"{key}.{field}"
        if field in schema.SIGNAL_WORDS:
            kept[field] = choice(given, where, schema.SIGNAL_WORDS[field])
        elif field == "task":
            kept[field] = name(given, where)
        elif field == "at":
            kept[field] = address(given, where)
        else:
            kept[field] = count(given, where, most=4095)
    return kept


def _pte(value: object, key: str) -> dict[str, Any]:
    fields = _fields(value, key, schema.PTE_KEYS, "a PTE")
    for field in schema.PTE_KEYS:
        if field not in fields:
            raise ScenarioError(f"missing; expected {words(schema.PTE_KEYS)}", key=f"{key}.{field}")
    return {
        "task": name(fields["task"], f"{key}.task"),
        "at": address(fields["at"], f"{key}.at"),
        "is": choice(fields["is"], f"{key}.is", schema.PTE_STATES),
    }


def _stats(value: object, key: str) -> dict[str, int]:
    fields = _fields(value, key, MF_STATS, "the counts of a node")
    for field in MF_STATS:
        if field not in fields:
            raise ScenarioError(f"missing; expected {words(MF_STATS)}", key=f"{key}.{field}")
    return {field: count(fields[field], f"{key}.{field}") for field in MF_STATS}


_LISTS: Final[dict[Want, Callable[[object, str], object]]] = {
    Want.SIGNALS: _signal,
    Want.LINES: _log_line,
    Want.TASKS: name,
    Want.FLAGS: _page_flag,
    Want.PTES: _pte,
    Want.FRAMES: frame,
}
_SINGLE: Final[dict[Want, Callable[[object, str], object]]] = {
    Want.RESULT: lambda value, key: choice(value, key, schema.RESULTS),
    Want.POLICY: lambda value, key: choice(value, key, schema.POLICIES),
    Want.TEXT: text,
    Want.FLAG: flag,
    Want.ERRNO: _errno,
    Want.COUNT: count,
    Want.STATS: _stats,
}


def expectation(given: object) -> dict[str, Any]:
    """Check the table `expect` of a step; returned in the order of the schema."""
    fields = table(given, "expect")
    for key in fields:
        try:
            known(key, schema.EXPECT, "`expect`")
        except ScenarioError as error:
            raise ScenarioError(error.message, key=f"expect.{key}") from None
    kept: dict[str, Any] = {}
    for key, want in schema.EXPECT.items():
        if key not in fields:
            continue
        where = f"expect.{key}"
        if want in _SINGLE:
            kept[key] = _SINGLE[want](fields[key], where)
        else:
            kept[key] = tuple(_LISTS[want](entry, at) for at, entry in entries(fields[key], where))
    return kept
