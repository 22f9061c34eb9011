"""Merges the sources of one machine into one history: each error once, with every source that recorded it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records import knows, page_types
from hwpoison_gui.sources.records.clocks import Common, Key, Shift, key_of, own_shift
from hwpoison_gui.sources.records.event import Event, Source, Task
from hwpoison_gui.sources.records.incidents import MEMORY_FAILURE, SIGNAL_ALONE, Incident, incidents_of

HWPOISON_INJECT: Final = "hwpoison-inject"
MADVISE: Final = "madvise"
INJECTORS: Final = (HWPOISON_INJECT, MADVISE)  # origins of errors that no hardware reported

_SAME_S: Final = 10.0  # seconds apart by aligned clocks
_MERGED: Final = (
    f"An error in several sources is one record if operation, frame and result agree and the times differ by at most "
    f"{_SAME_S:.0f} s."
)
_SAME_IF_ONLY_ONE_S: Final = 3600.0  # if no source has this error twice; `dmesg -T` drifts over a suspend
_MOST_COMPARED: Final = 64  # repeats of one error
_POISONED: Final = frozenset(("already poisoned page", "already poisoned", "already hardware poisoned"))


class Seen(Record):
    """An error as one source has it: number of the source in the history, and line numbers there."""

    source: int
    time: float | None
    lines: tuple[int, ...]
    kind: str


class ErrorRecord(Record):
    """One error of the history.

    Attributes
    ----------
    operation
        "memory failure", "soft offline", "unpoison", "kill at a page fault", "uncorrected error", …
    time
        Seconds on the clock of the history; None if no source has a time.
    pfn
        The frame; None if no source names one.
    kind, result
        In the kernel's words.
    tasks
        Processes that were sent a signal.
    times
        Errors that it stands for.
    seen
        In which sources, the most detailed first.
    notes
        What else the lines say, doubts, and differences between sources.
    origin
        How the error arose: injected, or reported by hardware; empty if no source says.
    again
        Whether the frame was poisoned before.
    boot
        Which boot, from 0, where a source has several.
    release
        The kernel that wrote it; empty if no source says.
    """

    operation: str
    time: float | None
    pfn: int | None
    kind: str
    result: str
    tasks: tuple[Task, ...]
    times: int
    seen: tuple[Seen, ...]
    notes: tuple[str, ...]
    origin: str = ""
    again: bool = False
    boot: int = 0
    release: str = ""


class History(Record):
    """All errors of a machine, in time.

    Attributes
    ----------
    sources
        The files.
    records
        Sorted by time; those without a time where their file has them.
    clock
        UTC, wall (a date without time zone), boot, or empty.
    within
        How far from the truth times may be, in seconds: a second where a clock was read in whole seconds.
    release
        The kernel that the sources name last; empty if none does.
    notes
        How clocks were aligned, and what the sources disagree on.
    """

    sources: tuple[Source, ...]
    records: tuple[ErrorRecord, ...]
    clock: str
    release: str
    notes: tuple[str, ...]
    within: float = 0.0

    @property
    def kernel(self) -> tuple[int, int] | None:
        """The version of that kernel."""
        return version_of(self.release)

    @property
    def highest(self) -> int | None:
        """The highest frame that is named."""
        return max((record.pfn for record in self.records if record.pfn is not None), default=None)


class _Placed(Record):
    """An incident, its source, and its time on the clock of the history."""

    incident: Incident
    source: int
    time: float | None
    order: int


def version_of(release: str) -> tuple[int, int] | None:
    """(major, minor) of a kernel release; None if it is none."""
    found = re.match(r"(\d{1,3})\.(\d{1,5})", release)
    return (int(found[1]), int(found[2])) if found is not None else None


def history_of(sources: Sequence[Source], release: str = "") -> History:
    """One history out of sources of one machine.

    Parameters
    ----------
    release
        The kernel, where no source names it.
    """
    placed, clock, within, notes = _placed(sources)
    if len(sources) > 1 and placed:
        notes.append(_MERGED)
    named = [boot.release for source in sources for boot in source.boots if boot.release]
    release = named[-1] if named else release
    records = [_record(group, sources, named, release) for group in _grouped(placed, clock)]
    records = _marked(records)
    hosts = sorted({host for source in sources for host in source.hosts})
    if len(hosts) > 1:
        notes.append(
            f"These logs are of several machines: {', '.join(hosts)}. Their frame numbers are of different memory."
        )
    notes += _counted(sources, records)
    return History(tuple(sources), tuple(records), clock, release, tuple(notes), within)


def _placed(sources: Sequence[Source]) -> tuple[list[_Placed], str, float, list[str]]:
    """All incidents with their times on one clock, that clock, how exact it is, and notes on how it was found."""
    parts = [(n, boot, group) for n, source in enumerate(sources) for boot, group in _by_boot(source)]
    parts.sort(key=lambda part: _certainty(sources[part[0]], part[1], part[2]))
    placed: list[_Placed] = []
    notes: list[str] = []
    clock, common, within = "", Common(), 0.0
    for n, boot, group in parts:
        own = _clock_of(group)
        shift = _shift(sources[n], boot, own, clock, common, group, n)
        if shift is not None and not clock:
            clock = ev.UTC if shift.found else own
        if shift is not None and shift.how and own and (len(parts) > 1 or shift.within):
            notes.append(f"{sources[n].path}: {shift.how}.")
        if shift is not None and (own != ev.BOOT or clock == ev.UTC):
            within = max(within, shift.within, _resolution(group))
        seconds = shift.seconds if shift is not None else 0.0
        for incident in group:
            time = incident.time + seconds if incident.time is not None and shift is not None else None
            placed.append(_Placed(incident, n, time, incident.events[0].line))
        for one in placed[len(placed) - len(group) :]:
            if one.time is not None:
                common.note(one.incident, one.time, n)
    return placed, clock, within, _first_of_each(notes)


def _resolution(group: Sequence[Incident]) -> float:
    """The resolution of a source's time stamps: a second, or (nearly) none."""
    times = [incident.time for incident in group if incident.time is not None]
    return 1.0 if times and all(time == int(time) for time in times) else 0.0


def _first_of_each(notes: Sequence[str]) -> list[str]:
    """Note on clocks, one for each source and kind: a log may have thousands of boots."""
    return list({note.partition(" (")[0]: note for note in reversed(notes)}.values())[::-1]


def _by_boot(source: Source) -> Iterable[tuple[int, list[Incident]]]:
    groups: dict[int, list[Incident]] = {}
    for incident in incidents_of(source):
        groups.setdefault(incident.events[0].boot, []).append(incident)
    return groups.items()


def _clock_of(group: Sequence[Incident]) -> str:
    """The clock of the first incident that has a time."""
    return next((incident.events[0].clock for incident in group if incident.time is not None), ev.NO_CLOCK)


def _certainty(source: Source, boot: int, group: Sequence[Incident]) -> int:
    """Sort key: the most certain clocks come first; the others are aligned with them."""
    clock = _clock_of(group)
    if own_shift(source, boot, clock) is not None:
        return 0 if clock == ev.UTC else 1
    return {ev.WALL: 2, ev.BOOT: 3}.get(clock, 4)


def _shift(
    source: Source, boot: int, own: str, clock: str, common: Common, group: Sequence[Incident], number: int
) -> Shift | None:
    """Return the offset of the times of a source's boot; None if they cannot be compared with the others."""
    if own == ev.NO_CLOCK:
        return None
    said = own_shift(source, boot, own)
    if own == ev.UTC:
        return said
    by_errors = common.shift_of(group, number)
    if by_errors is not None:
        return Shift(
            by_errors, f"its clock was aligned by errors in common with another source ({by_errors:+,.1f} s)", True
        )
    if said is not None and clock in ("", ev.UTC):
        return said
    if own == ev.WALL and clock in ("", ev.UTC, ev.WALL):
        return Shift(0.0, "its dates have no time zone; UTC is assumed", False)
    return Shift(0.0, "", False) if not clock or clock == own else None


def _grouped(placed: Sequence[_Placed], clock: str) -> list[list[_Placed]]:
    """Group the incidents of several sources that are the same error."""
    by_key: dict[Key, list[list[_Placed]]] = {}
    groups: list[list[_Placed]] = []
    counted = Counter(key_of(one.incident) for one in placed)
    often = Counter((key_of(one.incident), one.source) for one in placed)
    tried: dict[tuple[Key, int], int] = {}  # index of the first known error not yet tried
    for one in placed:
        key = key_of(one.incident)
        known, first = by_key.setdefault(key, []), tried.get((key, one.source), 0)
        shared = often[key, one.source] < counted[key]  # another source has it, too
        found = _same(known[first : first + _MOST_COMPARED], one, often, key) if shared else None
        if found is None:
            group: list[_Placed] = []
            known.append(group)
            groups.append(group)
        else:
            group = known[first + found]
            tried[key, one.source] = first + found + 1
        group.append(one)
    groups = _with_signals(groups)
    groups.sort(key=_after_boot if clock == ev.BOOT else _when)
    return groups


def _who(tasks: Sequence[Task]) -> set[tuple[str, int, str]]:
    return {(task.comm, task.pid, task.signal) for task in tasks}


def _with_signals(groups: list[list[_Placed]]) -> list[list[_Placed]]:
    """Join signals of sources that do not name the frame to the error that signalled the same process at that time."""
    alone = [group for group in groups if group[0].incident.operation == SIGNAL_ALONE]
    if not alone:
        return groups
    told: dict[tuple[str, int, str], list[list[_Placed]]] = {}
    others = [group for group in groups if group[0].incident.operation != SIGNAL_ALONE]
    for group in others:
        for who in {who for one in group for who in _who(one.incident.tasks)}:
            told.setdefault(who, []).append(group)
    for group in alone:
        time = _time_of(group)
        for error in told.get(next(iter(_who(group[0].incident.tasks)), ("", 0, "")), ())[:_MOST_COMPARED]:
            happened = _time_of(error)
            if time is not None and happened is not None and abs(time - happened) <= _SAME_S:
                error.extend(group)
                break
        else:
            others.append(group)
    return others


def _same(known: list[list[_Placed]], one: _Placed, often: Mapping[tuple[Key, int], int], key: Key) -> int | None:
    """Return the index of the known error that an incident of another source is; None if it is a new one."""
    best, nearest = None, float("inf")
    for number, group in enumerate(known):
        if any(other.source == one.source for other in group):
            continue
        if one.incident.pfn is None and _who(one.incident.tasks) != _who(group[0].incident.tasks):
            continue
        only = all(often[key, other.source] == 1 for other in (*group, one))
        times = [other.time for other in group if other.time is not None]
        apart = abs(times[0] - one.time) if times and one.time is not None else 0.0
        if apart <= (_SAME_IF_ONLY_ONE_S if only else _SAME_S) and apart < nearest:
            best, nearest = number, apart
    return best


def _when(group: Sequence[_Placed]) -> tuple[bool, float, int]:
    time = _time_of(group)
    return time is None, time or 0.0, min(one.order for one in group)


def _after_boot(group: Sequence[_Placed]) -> tuple[int, tuple[bool, float, int]]:
    """Return the sort key of an error by a clock that restarts with each boot."""
    return group[0].incident.events[0].boot, _when(group)


def _time_of(group: Sequence[_Placed]) -> float | None:
    """Return the time of an error by the finest clock: that of a log, rather than of a database."""
    timed = [one for one in group if one.time is not None]
    return min(timed, key=lambda one: (one.time == int(one.time or 0), one.time)).time if timed else None


def _record(group: Sequence[_Placed], sources: Sequence[Source], named: Sequence[str], release: str) -> ErrorRecord:
    """One record of an error that several sources may have; the most detailed source provides the words."""
    order = sorted(
        group, key=lambda one: (one.incident.operation == SIGNAL_ALONE, knows.FORMS.index(sources[one.source].form))
    )
    first = order[0].incident
    event = first.events[0]
    boots = sources[order[0].source].boots
    wrote = boots[event.boot].release if event.boot < len(boots) and boots[event.boot].release else ""
    wrote = wrote or (release if len(set(named)) <= 1 else "")
    kind, notes = _kind_of(order, sources, version_of(wrote))
    seen = tuple(Seen(one.source, one.time, tuple(e.line for e in one.incident.events), one.incident.kind)
                 for one in order)  # fmt: skip
    times = [one.time for one in group if one.time is not None]
    if times and max(times) - min(times) > _SAME_S:
        notes.append(f"the times of the sources differ by {max(times) - min(times):,.0f} s")
    tasks = max((one.incident.tasks for one in order), key=len)
    said = [e.text for e in first.events if e.what == ev.NOTE]
    return ErrorRecord(
        first.operation, _time_of(group), first.pfn, kind, first.result, tasks, first.times, seen,
        tuple(dict.fromkeys((*map(_after_prefix, said), *notes))), _origin(order), False, event.boot, wrote,
    )  # fmt: skip


def _kind_of(
    order: Sequence[_Placed], sources: Sequence[Source], kernel: tuple[int, int] | None
) -> tuple[str, list[str]]:
    """The page type of an error in the kernel's words, and notes on it."""
    kernels = [one for one in order if not sources[one.source].decoded_by]
    kind = kernels[0].incident.kind if kernels else ""
    notes = []
    for one in order:
        by, recorded = sources[one.source].decoded_by, one.incident.kind
        if not by or not recorded or one.incident.operation != MEMORY_FAILURE:
            kind = kind or recorded
            continue
        if kernels and kind:
            if not same_kind(kind, recorded):
                notes.append(f"rasdaemon recorded “{recorded}”; the kernel says “{kind}”")
            continue
        read = page_types.read_again(recorded, one.incident.result, kernel, by)
        kind = read.kind if kernel is not None else recorded
        if kind != recorded:
            notes.append(f"rasdaemon recorded “{recorded}”")
        others = [other for other in read.kinds if other != kind]
        if others or not read.certain:
            notes.append(_doubt(others, kernel))
    return kind, notes


def _doubt(others: Sequence[str], kernel: tuple[int, int] | None) -> str:
    on = "the kernel is unknown" if kernel is None else f"on Linux {kernel[0]}.{kernel[1]}"
    if not others:
        return f"page type as recorded by rasdaemon; {on}, and it may mean another type"
    return f"page type as recorded by rasdaemon; {on}, it may also be “{'”, “'.join(others)}”"


def same_kind(one: str, other: str) -> bool:
    """Return whether two page types are the same: `already poisoned` of the tracepoint is the log's with ` page`."""
    return one.removesuffix(" page") == other.removesuffix(" page")


def _after_prefix(text: str) -> str:
    """A line of the handler without its prefix and frame number."""
    return re.sub(r"^(?:Memory failure|MCE):? 0x[0-9a-f]+:? ", "", text)


def _origin(order: Sequence[_Placed]) -> str:
    for event in (event for one in order for event in one.incident.events):
        if event.what == ev.INJECTED:
            return MADVISE if "virtual address" in event.text or "for page" in event.text else HWPOISON_INJECT
        if event.what == ev.UNCORRECTED:
            return _hardware(event)
    return ""


def _hardware(event: Event) -> str:
    return f"reported by hardware: {event.kind}" if event.kind else "reported by hardware"


def _marked(records: Sequence[ErrorRecord]) -> list[ErrorRecord]:
    """The records, with repeats in a poisoned frame marked."""
    poisoned: set[tuple[int, int]] = set()
    found = []
    for record in records:
        if record.pfn is None:
            found.append(record)
            continue
        key = record.boot, record.pfn
        again = key in poisoned and record.operation in (MEMORY_FAILURE, ev.SOFT_OFFLINE)
        if record.operation == MEMORY_FAILURE or (record.operation == ev.SOFT_OFFLINE and not record.result):
            poisoned.add(key)
        elif record.operation == ev.UNPOISON and record.result.lower().startswith("software-unpoisoned"):
            poisoned.discard(key)
        already = record.kind in _POISONED or record.result in _POISONED
        found.append(record._replace(again=again or already))
    return found


def _counted(sources: Sequence[Source], records: Sequence[ErrorRecord]) -> list[str]:
    """A note if the counters of nodes and the errors of the other sources disagree."""
    of_node = dict[object, int]()  # copies of the counters of one node count once
    for source in sources:
        for count in source.counts:
            if count.name == "total":
                node = count.where if any(map(str.isdigit, count.where)) else (count.where, source.path)
                of_node[node] = max(count.value, of_node.get(node, 0))
    total = sum(of_node.values())
    if not total or not records:
        return []
    results = [record for record in records if record.operation == MEMORY_FAILURE and record.kind]
    repeats = sum(record.again for record in results)
    if total == len(results):
        return []
    return [
        f"Errors counted by the nodes: {total:,}. Results in the other sources: {len(results):,}, of them {repeats:,} "
        "repeated in poisoned frames, which the nodes do not count."
    ]
