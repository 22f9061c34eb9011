"""How the kernels differ, as Markdown made from their profiles: phases, state tables, lines, rules.

Nothing is said here that a profile does not say; what a field means stands beside its name below.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.memory_failure import PHASES
from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.kernel.profile.type import Profile, StateRow

# What a field of a profile means, for those whose name does not say it.
MEANING: Final = {
    "sysctl": "sysctls at the start",
    "names": "called otherwise than in 2009",
    "panic_line": "log: recovery is off",
    "prefix": "log: before the handler's lines",
    "result_line": "log: result",
    "kill_line": "log: SIGBUS, before anybody touched the page",
    "force_kill_line": "log: SIGKILL",
    "still_referenced_line": "log: references nobody accounts for",
    "unmap_failed_line": "log: the page stays mapped",
    "unmap_failed_kind": "kind of the result then; none: it goes on",
    "errno_of": "what the handler returns",
    "has_users": "which pages may be a process's own",
    "unmap_tries": "times it tries to unmap",
    "must_kill": "when those on the list are told",
    "early_kill_thread": "which thread of a process is told",
    "populate_writes": "MAP_POPULATE and mlock fault for writing",
    "reuses": "when a write takes a page over instead of copying it",
    "swap_in": "before a swapped page is mapped",
    "swapped_in": "after that",
    "madvise_errno": "what madvise(MADV_HWPOISON) returns",
    "io_refuses": "when read and write refuse a page",
    "report_error": "what fsync tells",
    "sync_error": "what sync does about it",
    "exclusive": "flag of an anonymous page that one process alone has",
    "fault_around": "cached pages that a read fault maps along",
    "error_remove_page": "what drops a file's page on error",
}
_CONSTANT: Final = {"None": "nothing", "False": "never", "True": "always"}
_LEAST_FLAG: Final = 1 << 12  # no number in a profile is as large that is not a mask of flags
_IN_TABLES: Final = ("name", "title", "from_version", "features", "phases", "states", "actions")


def differences(one: Profile, other: Profile) -> Iterator[str]:
    """Lines of Markdown: all in which two profiles differ."""
    yield f"`{one.name}`: {one.title}. `{other.name}`: {other.title}."
    yield from ("", "### Phases of `memory_failure()`", "")
    yield from _phases(one, other)
    for profile in (one, other):
        yield from ("", f"### State table of {profile.name}: first match wins", "")
        yield from table(("set", "clear", "kind", "action"), map(_state, profile.states))
    yield from ("", "### Features", "")
    yield from table(("", one.name, other.name, "source"), _features(one, other))
    yield from ("", "### Everything else", "")
    yield from table(("", one.name, other.name), _fields(one, other))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |"


def _phases(one: Profile, other: Profile) -> Iterator[str]:
    merged = _merged(one.phases, other.phases)
    rows = (
        (
            f"`{name}`",
            *("yes" if name in profile.phases else "" for profile in (one, other)),
            first_sentence(PHASES[name]),
        )
        for name in merged
    )
    return table(("phase", one.name, other.name, "what it does"), rows)


def _merged(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Both orders in one: what they share keeps its place, each one's own stands before the next shared."""
    merged: list[str] = []
    rest = list(other)
    for name in one:
        if name in rest:
            merged += rest[: rest.index(name)]
            del rest[: rest.index(name) + 1]
        merged.append(name)
    return merged + rest


def _state(row: StateRow) -> tuple[str, ...]:
    there, gone = pf.names_of(row.res), pf.names_of(row.mask & ~row.res)
    return (" ".join(there), " ".join(gone), row.kind, f"`{row.action}`")


def _features(one: Profile, other: Profile) -> Iterator[tuple[str, ...]]:
    for name, feature in FEATURES.items():
        has = [profile.has(name) for profile in (one, other)]
        if has[0] != has[1]:
            yield feature.meaning, *("yes" if there else "" for there in has), feature.source


def _fields(one: Profile, other: Profile) -> Iterator[tuple[str, str, str]]:
    for found in fields(Profile):
        mine, theirs = getattr(one, found.name), getattr(other, found.name)
        if found.name not in _IN_TABLES and mine != theirs:
            yield MEANING.get(found.name, found.name.replace("_", " ")), *_values(mine, theirs)


def _values(mine: Any, theirs: Any) -> tuple[str, str]:
    if isinstance(mine, Mapping):
        keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
        return _entries(mine, keys), _entries(theirs, keys)
    return _value(mine), _value(theirs)


def _entries(mapping: Mapping[Any, Any], keys: Iterable[Any]) -> str:
    return ", ".join(f"{key}: {_value(mapping.get(key, ''))}" for key in keys)


def _value(value: Any) -> str:
    if callable(value):
        return first_sentence(value) or _CONSTANT.get(_body(value)) or f"`{_body(value)}`"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value >= _LEAST_FLAG:
        return " ".join(pf.names_of(value))
    return f"`{value}`" if isinstance(value, str) and value else str(value) if value != "" else "–"


def first_sentence(function: Callable[..., Any]) -> str:
    """What a function's documentation says first; nothing for a lambda."""
    return (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")


def _body(function: Callable[..., Any]) -> str:
    """The expression of a lambda that stands as an argument on a line of its own."""
    source = textwrap.dedent(inspect.getsource(function)).strip().rstrip(",")
    tree = ast.parse(f"f({source})")
    found = next(node for node in ast.walk(tree) if isinstance(node, ast.Lambda))
    return ast.unparse(found.body)
