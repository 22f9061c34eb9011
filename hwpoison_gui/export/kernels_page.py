"""The page on how the kernels differ, as Markdown made from their profiles and the cases that show each difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from hwpoison_gui.export.kernels_text import NOT_MODELLED
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.kernel.profile.sources import INLINED
from hwpoison_gui.kernel.profile.type import Profile, StateRow
from hwpoison_gui.session.fidelity.differences import (
    GROUPS,
    NAMED,
    Difference,
    differences,
    pairs,
    source_of,
)
from hwpoison_gui.session.fidelity.markdown import table
from hwpoison_gui.session.fidelity.shown_by import read
from hwpoison_gui.session.fidelity.unseen import SOURCE_ONLY
from hwpoison_gui.view.words.differences import kernels_words, value_words
from hwpoison_gui.view.words.tables import UPGRADE

_HEAD: Final = """\
# How the kernels differ

Written by `hwpoison-gui fidelity`. A test fails when it is out of date.

Each kernel is modelled as the difference from the one before it. Every difference has a row below: how either kernel
does it, the commit that brought it or the file, function and version that show it, and a case of `tests/data` that
shows it: the case holds on its own kernel, and fails when this one difference is taken away from the newer kernel or
given to the older one. *Source only*: read in the kernel's source, and no case can show it. *No case yet*: read in the
source, and nobody has recorded or written a case. State tables, exits of one kernel and names of functions are details
of these rows, and not counted.
"""

_COUNTS: Final = (
    "kernel",
    "modelled",
    "held to recordings of",
    "differences",
    "shown by a case",
    "source only",
    "no case yet",
)
_NO_CASE: Final = "no case yet"
_ONLY: Final = "source only"


def page(data: Path) -> str:
    """The whole page. `data` holds the cases and what a search found in them. Raises OSError."""
    shown = read(data)
    lines = [_HEAD, *table(_COUNTS, _counts(shown))]
    for older, newer in pairs():
        lines += ["", f"## From {older.name} to {newer.name}", "", _upgrade(newer)]
        lines += sections(older, newer, shown.get(newer.name, {}))
    lines += ["", "## Not modelled", "", NOT_MODELLED.rstrip()]
    return "\n".join(lines) + "\n"


def _upgrade(newer: Profile) -> str:
    """The text about an upgrade to a kernel; without one, the news of its profile."""
    return UPGRADE.get(newer.name, f"- {newer.news[:1].upper()}{newer.news[1:]}.").rstrip()


def _counts(shown: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[object, ...]]:
    first = oldest()
    yield f"`{first.name}`", first.title, "none: its source only", "", "", "", ""
    for older, newer in pairs():
        cases = shown.get(newer.name, {})
        found = list(differences(older, newer))
        without = [one.name for one in found if not cases.get(one.name)]
        only = sum(name in SOURCE_ONLY for name in without)
        shown_by_case, none = len(found) - len(without), len(without) - only
        yield f"`{newer.name}`", newer.title, newer.release, len(found), shown_by_case, only, none


def sections(older: Profile, newer: Profile, cases: Mapping[str, str]) -> Iterator[str]:
    """The tables on two kernels. `cases`: difference -> case that shows it."""
    for group, found in groupby(differences(older, newer), key=lambda difference: difference.group):
        yield from ("", f"### {GROUPS[group]}", "")
        yield from table(("", older.name, newer.name, "source", "shown by"), (_row(one, cases) for one in found))
    if older.results.states != newer.results.states:
        for profile in (older, newer):
            yield from ("", f"### Detail: state table of {profile.name}, first match wins", "")
            yield from table(("set", "clear", "kind", "action"), map(_state, profile.results.states))
    alone = list(_alone(older, newer))
    if alone:
        yield from ("", "### Detail: exits and actions of only one kernel", "")
        yield from table(("", older.name, newer.name, "source"), alone)
    names = list(_named(older, newer))
    for title, inlined in (("names of functions", False), ("functions that were inlined, not renamed", True)):
        rows = [row[1:] for row in names if row[0] is inlined]
        if rows:
            yield from ("", f"### Detail: {title}", "")
            yield from table((older.name, newer.name, "source"), rows)


def _shown_by(one: Difference, cases: Mapping[str, str]) -> str:
    if path := cases.get(one.name):
        return f"`{path}`"
    return f"{_ONLY}: {SOURCE_ONLY[one.name]}" if one.name in SOURCE_ONLY else _NO_CASE


def _row(one: Difference, cases: Mapping[str, str]) -> tuple[str, ...]:
    return one.meaning, *kernels_words(one), one.source, _shown_by(one, cases)


def _state(row: StateRow) -> tuple[str, ...]:
    there, gone = pf.names_of(row.res), pf.names_of(row.mask & ~row.res)
    return " ".join(there), " ".join(gone), row.kind, f"`{row.action}`"


def _alone(older: Profile, newer: Profile) -> Iterator[tuple[str, str, str, str]]:
    """Yield the results that a phase or the state table of only one of the two kernels names."""
    for name in NAMED:
        mine, theirs = getattr(older.results, name), getattr(newer.results, name)
        for key in {**mine, **theirs}:
            if (key in mine) != (key in theirs):
                before, after = (value_words(values.get(key)) for values in (mine, theirs))
                yield key, before, after, source_of(f"results.{name}.{key}", older, newer)


def _named(older: Profile, newer: Profile) -> Iterator[tuple[bool, str, str, str]]:
    """The functions that steps name differently: whether one was only inlined, both names, and the source."""
    for name in {**older.names, **newer.names}:
        before, after = older.called(name), newer.called(name)
        if before != after:
            inlined = INLINED.get((newer.name, name), "")
            source = inlined or source_of(f"names.{name}", older, newer)
            yield bool(inlined), f"`{before}()`", f"`{after}()`", source
