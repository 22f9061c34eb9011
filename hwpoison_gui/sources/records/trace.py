"""Reads traces as text: /sys/kernel/tracing/trace, trace_pipe, trace-cmd report, perf script.

The tracepoint signal_generate names no frame. Signals that the handler sends come from the task that runs it,
just before its memory_failure_event; others are of page faults.
"""

from __future__ import annotations

import re
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Event, Task
from hwpoison_gui.sources.records.lines import mc_event

_EVENT: Final = re.compile(r"(?:^|[: ])(?:\w{2,20}:)?(memory_failure_event|signal_generate|mc_event): ")
_TIME: Final = re.compile(r"(\d{1,12}\.\d{3,9})(?::|)\s*$")
_WRITER: Final = re.compile(r"\s*(\S.{0,32}?[- ]\d{1,10}(?:/\d{1,10})?) ")
_FAILURE: Final = re.compile(
    r"pfn (?P<pfn>0x[0-9a-f]{1,16}|0|\d{1,16}): recovery action for (?P<kind>.{0,80}): (?P<result>\w{1,20})"
)
_SIGNAL: Final = re.compile(
    r"sig=(?P<sig>\d{1,3}) errno=\S+ code=(?P<code>-?\d{1,10}) comm=(?P<comm>.{0,64}?) pid=(?P<pid>\d{1,10})\b"
)
_SIGNALS: Final = {"7": "SIGBUS", "9": "SIGKILL"}
_MCEERR_AR, _MCEERR_AO = "4", "5"  # si_code
_KERNEL: Final = "128"  # SI_KERNEL, as a forced SIGKILL has
_SOON_S: Final = 1.0
_MOST_PENDING: Final = 4096


class TraceLine(Record):
    """A trace line: the task that wrote it, time, event name and text."""

    writer: str
    time: float | None
    name: str
    text: str


def trace_line(line: str) -> TraceLine | None:
    """Parse a trace line that may be about a memory error; None for any other."""
    found = _EVENT.search(line)
    if found is None:
        return None
    before = line[: found.start(1)]
    time = _TIME.search(re.sub(r"[\w-]*:?$", "", before, count=1).rstrip(": ") + ":") if before else None
    writer = _WRITER.match(line)
    return TraceLine(writer[1] if writer is not None else "", float(time[1]) if time is not None else None,
                     found[1], line[found.end() :])  # fmt: skip


class Trace:
    """Turns trace lines into events; signals are held back until their frame is known."""

    def __init__(self) -> None:
        self._pending: dict[str, list[Event]] = {}
        self._held = 0

    def line(self, line: TraceLine, number: int) -> list[Event]:
        """The events that this line completes."""
        clock = ev.NO_CLOCK if line.time is None else ev.BOOT
        event = Event(ev.RESULT, line.time, clock, None, "", "", None, 1, line.text, number)
        if line.name == "mc_event":
            meaning = mc_event(line.text)
            if meaning is None:
                return []
            return [event._replace(what=meaning.what, pfn=meaning.pfn, kind=meaning.kind, times=meaning.times)]
        if line.name == "signal_generate":
            return self._signal(line, event)
        found = _FAILURE.match(line.text)
        if found is None:
            return []
        pfn = int(found["pfn"], 0)
        event = event._replace(pfn=pfn, kind=found["kind"], result=found["result"])
        sent = self._taken(line.writer)
        return [*(_of_frame(one, event) for one in sent), event]

    def rest(self) -> list[Event]:
        """Signals that no event of the handler followed."""
        waiting = [event for events in self._pending.values() for event in events]
        self._pending.clear()
        self._held = 0
        return [event for event in waiting if event.task is not None and event.task.signal == "SIGBUS"]

    def _signal(self, line: TraceLine, event: Event) -> list[Event]:
        found = _SIGNAL.match(line.text)
        name = _SIGNALS.get(found["sig"]) if found is not None else None
        if found is None or name is None:
            return []
        if found["code"] not in ((_MCEERR_AR, _MCEERR_AO) if name == "SIGBUS" else (_KERNEL, "0")):
            return []  # a signal of another cause
        how = "forced" if name == "SIGKILL" else "at a page fault" if found["code"] == _MCEERR_AR else "sent"
        task = Task(found["comm"], int(found["pid"]), name, how)
        done: list[Event] = self.rest() if self._held >= _MOST_PENDING else []
        self._pending.setdefault(line.writer, []).append(event._replace(what=ev.FAULT, task=task))
        self._held += 1
        return done

    def _taken(self, writer: str) -> list[Event]:
        sent = self._pending.pop(writer, [])
        self._held -= len(sent)
        return sent


def _of_frame(signal: Event, result: Event) -> Event:
    """A signal with the frame of the result that follows it, unless it was sent much earlier."""
    if signal.time is not None and result.time is not None and result.time - signal.time > _SOON_S:
        return signal
    assert signal.task is not None
    return signal._replace(what=ev.SIGNAL, pfn=result.pfn, task=signal.task._replace(how="sent"))
