"""Groups the events of one source into incidents: all lines about one error, from its injection to its result."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Event, Source, Task

# Kinds of an incident, besides those of its events.
MEMORY_FAILURE: Final = "memory failure"
FAULT_KILL: Final = "kill at a page fault"
SIGNAL_ALONE: Final = "signal"  # from a source that does not say for which frame

_OF_HANDLER: Final = frozenset((ev.RESULT, ev.ENDED, ev.SIGNAL, ev.INJECTED, ev.NOTE))
_ALONE: Final = {
    ev.FAULT: FAULT_KILL,
    ev.SOFT_OFFLINE: ev.SOFT_OFFLINE,
    ev.UNPOISON: ev.UNPOISON,
    ev.CORRECTED: ev.CORRECTED,
}
_ONE_ERROR_S: Final = 60.0  # hardware reports an error seconds before the handler is done with it
_STILL_S: Final = 1.0  # after the result: the task that read a poisoned page is signalled


class Incident(Record):
    """One error as one source has it.

    Attributes
    ----------
    operation
        MEMORY_FAILURE, FAULT_KILL, SIGNAL_ALONE, or the kind of an event: SOFT_OFFLINE, UNPOISON, UNCORRECTED,
        CORRECTED, PANIC.
    pfn
        None if no line names a frame.
    kind, result
        Of the result line; the result is what the line says where the handler ended with another one.
    events
        Its lines, in their order.
    ended
        Whether its last line was seen.
    """

    operation: str
    pfn: int | None
    kind: str
    result: str
    events: tuple[Event, ...]
    ended: bool = False

    @property
    def time(self) -> float | None:
        """Time of its result line, which all sources have; without a result, that of its first line."""
        ended = (event.time for event in self.events if event.what in (ev.RESULT, ev.ENDED))
        return next(ended, self.events[0].time)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The processes that were sent a signal."""
        return tuple(event.task for event in self.events if event.task is not None)

    @property
    def times(self) -> int:
        """Errors that it stands for: more than one only if they were corrected."""
        return max(event.times for event in self.events)


def incidents_of(source: Source) -> list[Incident]:
    """The incidents of a source, in the order of their first lines."""
    found: list[Incident] = []
    events: list[list[Event]] = []  # events of each incident, which may have very many
    last: dict[tuple[int, int | None], int] = {}  # the last incident of each boot and frame
    for event in source.events:
        key = event.boot, event.pfn
        at = last.get(key)
        if at is not None and _continues(found[at], events[at][-1], event):
            found[at] = _with(found[at], event)
            events[at].append(event)
        else:
            last[key] = len(found)
            found.append(_begun(event))
            events.append([event])
    return [one._replace(events=tuple(own)) for one, own in zip(found, events, strict=True)]


def _begun(event: Event) -> Incident:
    operation = _ALONE.get(event.what, event.what if event.what in (ev.UNCORRECTED, ev.PANIC) else MEMORY_FAILURE)
    if event.what == ev.SIGNAL and event.pfn is None:
        operation = SIGNAL_ALONE
    ended = event.what in (ev.RESULT, ev.ENDED)
    return Incident(operation, event.pfn, event.kind, event.result, (event,), ended)


def _continues(incident: Incident, before: Event, event: Event) -> bool:
    """Return whether an event of the same frame belongs to an incident whose last event is `before`."""
    if event.pfn is None or event.what in (ev.FAULT, ev.UNPOISON, ev.CORRECTED, ev.INJECTED):
        return False
    apart = None if event.time is None or before.time is None else event.time - before.time
    if event.what == ev.SOFT_OFFLINE:
        return incident.operation == ev.SOFT_OFFLINE and apart is not None and apart < _STILL_S
    if incident.ended:
        return event.what in (ev.SIGNAL, ev.PANIC) and apart is not None and apart < _STILL_S
    if incident.operation not in (MEMORY_FAILURE, ev.UNCORRECTED):
        return False
    return apart is None or abs(apart) <= _ONE_ERROR_S


def _with(incident: Incident, event: Event) -> Incident:
    """An incident with another event applied; the caller adds it to `events`."""
    operation = MEMORY_FAILURE if event.what in _OF_HANDLER else incident.operation
    if event.what == ev.PANIC:
        operation = ev.PANIC
    if event.what in (ev.RESULT, ev.ENDED):
        incident = incident._replace(kind=event.kind, result=event.result, ended=True)
    elif operation == MEMORY_FAILURE and incident.operation == ev.UNCORRECTED:
        incident = incident._replace(kind="")  # the label of a module, which the event keeps
    elif event.what == ev.SOFT_OFFLINE:
        incident = incident._replace(result=event.result)
    return incident._replace(operation=operation)
