"""How the kernels differ, as Markdown made from their profiles: phases, state tables, lines, rules.

Nothing is said here that a profile does not say; what a field means stands beside its name below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.kernel.profile.type import FLAGS, MEANS, Exit, Profile, StateRow
from hwpoison_gui.kernel.profile.variants import Variant, by_name

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_RECORDS: Final = {"log": "Log lines", "results": "Results", "users": "Processes", "mm": "Memory", "files": "Files"}
_IN_TABLES: Final = ("states", "actions")


def differences(one: Profile, other: Profile) -> Iterator[str]:
    """All differences between two profiles, as lines of Markdown."""
    yield from (f"### {one.name} and {other.name}", "")
    yield f"`{one.name}`: {one.title}. `{other.name}`: {other.title}."
    yield from ("", "#### Phases of `memory_failure()`", "")
    yield from _phases(one, other)
    for profile in (one, other):
        yield from ("", f"#### State table of {profile.name}: first match wins", "")
        yield from table(("set", "clear", "kind", "action"), map(_state, profile.results.states))
    yield from ("", "#### Features", "")
    yield from table(("", one.name, other.name, "source"), _features(one, other))
    yield from ("", "#### Sysctls and names", "")
    yield from table(("", one.name, other.name), _other(one, other))
    for record, title in _RECORDS.items():
        yield from ("", f"#### {title}", "")
        yield from table(("", one.name, other.name), _fields(getattr(one, record), getattr(other, record)))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |"


def _phases(one: Profile, other: Profile) -> Iterator[str]:
    """Rows: a phase, and what it does in each kernel; empty if a kernel has no such phase."""
    mine, theirs = (by_name(*profile.phases) for profile in (one, other))
    rows = ((f"`{name}`", *_variants(mine.get(name), theirs.get(name))) for name in _merged([*mine], [*theirs]))
    return table(("phase", one.name, other.name), rows)


def _variants(mine: Variant[Any] | None, theirs: Variant[Any] | None) -> tuple[str, str]:
    if mine is theirs and mine is not None:
        return first_sentence(mine.run), "the same"
    return (first_sentence(mine.run) if mine else ""), (first_sentence(theirs.run) if theirs else "")


def _merged(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Merge two ordered lists: shared items keep their order, others come before the next shared item."""
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


def _other(one: Profile, other: Profile) -> Iterator[tuple[str, str, str]]:
    yield from _rows("sysctl after boot", one.sysctl, other.sysctl)
    renamed = {**one.names, **other.names}
    mine, theirs = ({name: f"{profile.called(name)}()" for name in renamed} for profile in (one, other))
    yield from _rows("function", mine, theirs)


def _fields(one: DataclassInstance, other: DataclassInstance) -> Iterator[tuple[str, str, str]]:
    """Rows for the fields that differ between two records of one type."""
    for found in fields(one):
        if found.name not in _IN_TABLES:
            values = (getattr(record, found.name) for record in (one, other))
            if found.metadata[FLAGS]:
                values = (" ".join(pf.names_of(value)) for value in values)
            yield from _rows(found.metadata[MEANS], *values)


def _rows(meaning: str, mine: Any, theirs: Any) -> Iterator[tuple[str, str, str]]:
    """One row if two values differ; for two mappings, one row for each key that differs."""
    if isinstance(mine, Mapping):
        for key in {**mine, **theirs}:
            if mine.get(key) != theirs.get(key):
                yield f"{meaning}: {key}", _value(mine.get(key, "")), _value(theirs.get(key, ""))
    elif mine != theirs:
        yield meaning, _value(mine), _value(theirs)


def _value(value: Any) -> str:
    if callable(value):
        return first_sentence(value)
    if isinstance(value, Exit):
        return f"`{value.kind}`, {value.result}, {value.errno}"
    return f"`{value}`" if isinstance(value, str) and value else str(value) if value != "" else "–"


def first_sentence(function: Callable[..., Any]) -> str:
    """The summary line of a function's docstring; empty if it has none."""
    return (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")
