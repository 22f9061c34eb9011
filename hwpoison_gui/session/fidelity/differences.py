"""The differences between a kernel and the one before it, one by one, read from their profiles.

Each comes with the newer profile as it would be without it: a recorded case that does not hold then shows the
difference, and a frame whose outcome is that of the older kernel then is decided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import pairwise
from typing import Any, Final

from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.sources import SOURCES
from hwpoison_gui.kernel.profile.type import FLAGS, MEANS, Profile
from hwpoison_gui.kernel.profile.variants import by_name
from hwpoison_gui.record import Record

PHASES: Final = "phases"
FEATURE: Final = "features"
SYSCTL: Final = "sysctls"
RECORDS: Final = {"log": "Log lines", "results": "Results", "users": "Processes", "mm": "Memory", "files": "Files"}
GROUPS: Final = {PHASES: "Phases of `memory_failure()`", FEATURE: "Features", SYSCTL: "Sysctls", **RECORDS}
NAMED: Final = ("exits", "actions")  # whose keys a phase or the state table names


Undo = Callable[[Profile], Profile]


class Difference(Record):
    """A difference between two successive kernels.

    Attributes
    ----------
    group : str
        A key of GROUPS: the field of the profile.
    name : str
        What differs, unique among the differences of two kernels: `features.ksm`, `results.exits.truncated`.
    meaning : str
        What it is about, in Markdown.
    before, after : object
        The value of the older and of the newer kernel; None, or of a log line an empty text, if it has none.
    source : str
        The commit that brought it, or file, function and version.
    undo : function of a Profile
        Makes this one thing as the older kernel has it, in the newer profile or one without other differences.
    older, newer : Profile
        The two kernels.
    flags : bool
        Whether the values are flag words.
    """

    group: str
    name: str
    meaning: str
    before: Any
    after: Any
    source: str
    undo: Undo
    older: Profile
    newer: Profile
    flags: bool = False

    @property
    def without(self) -> Profile:
        """The newer kernel, but for this."""
        return self.undo(self.newer)


def pairs() -> list[tuple[Profile, Profile]]:
    """Return the pairs of successive modelled kernels, the older one first."""
    return list(pairwise(PROFILES.values()))


def differences(older: Profile, newer: Profile) -> Iterator[Difference]:
    """All differences in behaviour, log lines and values. What functions are called makes no difference."""
    yield from _phases(older, newer)
    yield from _features(older, newer)
    yield from _sysctls(older, newer)
    for group in RECORDS:
        yield from _record(group, older, newer)


def taken_over(older: Profile, newer: Profile) -> dict[str, Profile]:
    """The older kernel with one difference of the newer one, by the name of the difference."""
    return {difference.name: difference.without for difference in differences(newer, older)}


def source_of(name: str, one: Profile, other: Profile) -> str:
    """Return the kernel source of a difference between any two kernels; of several steps, the newest first.

    Empty for a kernel that has no entry in SOURCES.
    """
    steps, of_mapping = (SOURCES.get(newer.name, {}) for _, newer in steps_between(one, other)), name.rpartition(".")[0]
    found = (step.get(name) or step.get(of_mapping, "") for step in steps)
    return "; ".join(dict.fromkeys(source for source in found if source))


def steps_between(one: Profile, other: Profile) -> list[tuple[Profile, Profile]]:
    """The pairs of successive kernels from one to the other, whichever is older; the newest pair first."""
    order = list(PROFILES)
    first, last = sorted((order.index(one.name), order.index(other.name)))
    return pairs()[first:last][::-1]


def read_on(name: str, one: Profile, other: Profile) -> str:
    """The section of docs/kernels.md that has a difference between any two kernels; of several the newest."""
    for older, newer in steps_between(one, other):
        if name in SOURCES.get(newer.name, {}) or any(found.name == name for found in differences(older, newer)):
            return "docs/kernels.md#" + f"from-{older.name}-to-{newer.name}".replace(".", "")  # as forges make anchors
    return "docs/kernels.md"


def _phases(older: Profile, newer: Profile) -> Iterator[Difference]:
    mine, theirs = by_name(*older.phases), by_name(*newer.phases)
    order = merged([*mine], [*theirs])
    for name in order:
        before, after = mine.get(name), theirs.get(name)
        if before is not after:
            undo = partial(_with_phase, older=older, name=name, order=order)
            key = f"{PHASES}.{name}"
            yield Difference(PHASES, key, f"`{name}`", before, after, source_of(key, older, newer), undo, older, newer)


def _with_phase(profile: Profile, older: Profile, name: str, order: Sequence[str]) -> Profile:
    """A phase as in the older kernel, with the exits that only this one has."""
    chosen = {**by_name(*profile.phases), name: by_name(*older.phases).get(name)}
    phases = tuple(phase for one in order if (phase := chosen.get(one)) is not None)
    exits = {**older.results.exits, **profile.results.exits}
    return replace(profile, phases=phases, results=replace(profile.results, exits=exits))


def _features(older: Profile, newer: Profile) -> Iterator[Difference]:
    for name, feature in FEATURES.items():
        before, after = older.has(name), newer.has(name)
        if before != after:
            undo, key = partial(_with_feature, older=older, name=name), f"{FEATURE}.{name}"
            yield Difference(FEATURE, key, feature.meaning, before, after, feature.source, undo, older, newer)


def _with_feature(profile: Profile, older: Profile, name: str) -> Profile:
    return replace(profile, features=profile.features - {name} | older.features & {name})


def _sysctls(older: Profile, newer: Profile) -> Iterator[Difference]:
    mine, theirs = older.sysctl, newer.sysctl
    for name in {**mine, **theirs}:
        before, after = mine.get(name), theirs.get(name)
        if before != after:
            undo = partial(_with_sysctl, older=older, name=name)
            key, meaning = f"{SYSCTL}.{name}", f"`vm.{name}` after boot"
            yield Difference(SYSCTL, key, meaning, before, after, source_of(key, older, newer), undo, older, newer)


def _with_sysctl(profile: Profile, older: Profile, name: str) -> Profile:
    left = tuple(sysctl for sysctl in profile.sysctls if sysctl.name != name)
    return replace(profile, sysctls=left + tuple(sysctl for sysctl in older.sysctls if sysctl.name == name))


def _record(group: str, older: Profile, newer: Profile) -> Iterator[Difference]:
    """The fields that differ in a record of both kernels; of a mapping each key that differs.

    An exit or an action that only one of them has makes no difference by itself: a phase or the state table names it.
    """
    for found in fields(getattr(newer, group)):
        meaning, name = found.metadata[MEANS], f"{group}.{found.name}"
        before, after = (getattr(getattr(profile, group), found.name) for profile in (older, newer))
        if isinstance(after, Mapping):
            for key in {**before, **after}:
                values = before.get(key, ""), after.get(key, "")
                if values[0] != values[1] and (found.name not in NAMED or (key in before and key in after)):
                    undo = partial(_with_key, older=older, group=group, field=found.name, key=key)
                    source = source_of(f"{name}.{key}", older, newer)
                    yield Difference(group, f"{name}.{key}", f"{meaning}: {key}", *values, source, undo, older, newer)
        elif before != after:
            undo = partial(_with_field, older=older, group=group, field=found.name)
            flags, source = bool(found.metadata[FLAGS]), source_of(name, older, newer)
            yield Difference(group, name, meaning, before, after, source, undo, older, newer, flags)


def _with_key(profile: Profile, older: Profile, group: str, field: str, key: str) -> Profile:
    """Return the profile with one key of a mapping as in the older kernel; a log line that the older lacks is empty."""
    record, other = getattr(profile, group), getattr(getattr(older, group), field)
    values = {one: value for one, value in getattr(record, field).items() if one != key}
    if key in other or group == "log":
        values[key] = other.get(key, "")
    return replace(profile, **{group: replace(record, **{field: values})})


def _with_field(profile: Profile, older: Profile, group: str, field: str) -> Profile:
    """Return the profile with one field as in the older kernel; the state table with the actions that it names."""
    record, other = getattr(profile, group), getattr(older, group)
    values = {field: getattr(other, field)}
    if field == "states":
        values["actions"] = {**other.actions, **record.actions}
    return replace(profile, **{group: replace(record, **values)})


def merged(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Merge two ordered lists: shared items keep their order, others come before the next shared item."""
    found: list[str] = []
    rest = list(other)
    for name in one:
        if name in rest:
            found += rest[: rest.index(name)]
            del rest[: rest.index(name) + 1]
        found.append(name)
    return found + rest
