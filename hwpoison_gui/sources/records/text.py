"""Reads text: kernel logs with any prefix, JSON journals, traces, output of ras-mc-ctl, mcelog and rasdaemon logs.

Forms may be mixed, as a journal mixes them: each line is looked at by itself. Only lines with one of the keywords are
taken apart, so that gigabytes of other lines cost little.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records import knows, page_types
from hwpoison_gui.sources.records.event import Boot, Count, Event, Source
from hwpoison_gui.sources.records.lines import HARDWARE, Meaning, may_be_anywhere, mc_event, meaning_of
from hwpoison_gui.sources.records.mcelog import Mcelog
from hwpoison_gui.sources.records.prefixes import Stamped, stamped, utc_of
from hwpoison_gui.sources.records.stream import Block, Tick, blocks
from hwpoison_gui.sources.records.trace import Trace, trace_line

# Substrings, in bytes, one of which each line has that is about a memory error.
_KEYS: Final = (b"emory failure", b"memory_failure", b"MCE", b"mce: ", b"oison", b"ffline", b"fflining", b"corruption",
                b"Hardware E", b"EDAC", b"RAS: ", b"signal_generate", b"mc_event", b"get_any_page", b"emory error",
                b"Linux version", b"setting system clock to", b"action_result=", b" error(s): ", b"panic",
                b'"MESSAGE":[', b'"MESSAGE" : [')  # fmt: skip

_RELEASE: Final = re.compile(r"Linux version (\d{1,3}\.\d{1,5}\S{0,64})")
_SYSTEM_CLOCK: Final = re.compile(r".{0,60}setting system clock to .{0,40}\((\d{9,11})(?:\.\d+)?\)")
_ROW: Final = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?)(?: error:)? pfn=(?P<pfn>0x[0-9a-f]{1,16}),? "
    r"page_type=(?P<kind>[^=]{0,80}?),? action_result=(?P<result>\w{1,20})"
)
_ERRORS: Final = re.compile(r"\d+ (?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?) \d+ \w+ error\(s\): ")
_SUMMARY: Final = re.compile(r"\t(Ignored|Failed|Delayed|Recovered) errors: (\d{1,12})$")
_START: Final = re.compile(
    r"Memory failure: |MCE:? 0x|MCE: [KSPUEOMt]|Injecting memory failure|Unpoison: |[Ss]oft[ _]offline|get_any_page: "
    r"|Kernel panic - not syncing: Memory failure|(?:mce: )?\[Hardware Error\]: |RAS: Soft|EDAC (?:MC|\w+ MC)"
    r"|Soft offlining "
)
_LINE: Final = re.compile(r'\s*"(time|msg)"\s*:\s*(.*?),?\s*$')
_BACK_S: Final = 60.0  # if the time since boot goes back further, it is another boot


def read_text(path: Path, head: str, tick: Tick | None = None) -> Source:
    """Read the events of a text file.

    Parameters
    ----------
    head
        Its beginning, which says whether lines belong together: JSON of dmesg, or a log of mcelog.
    tick
        Called with the share that was read.

    Raises
    ------
    SourceError, OSError
    """
    reader = _Reader(path)
    whole = re.match(r'\s*\{\s*"dmesg"\s*:', head) is not None
    each = whole or _is_of_several_lines(head)
    for block in blocks(path, tick):
        reader.block(block, each, whole)
    return reader.source()


def _is_of_several_lines(head: str) -> bool:
    """Return whether the meaning of a line depends on preceding lines."""
    found = re.search(r"^(?:Hardware event\.|MCE \d+$|CPU \d+ BANK |\tFailed errors|Memory failure events)", head, re.M)
    return found is not None


class _Reader:
    """Collects the events of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._events: list[Event] = []
        self._boots: list[Boot] = []
        self._last_boot_time: float | None = None
        self._counts: list[Count] = []
        self._forms: Counter[str] = Counter()
        self._hosts: dict[str, None] = {}
        self._unknown: list[tuple[int, str]] = []
        self._unknown_lines = self._lines = self._used = self._cut = 0
        self._json_time: deque[str] = deque(maxlen=1)
        self._mcelog = Mcelog()
        self._trace = Trace()
        self._in_summary = self._knows_cxl = False

    def block(self, block: Block, each: bool, dmesg_json: bool) -> None:
        """Read a block. `each`: every line, not only those with a keyword."""
        self._cut += block.cut
        self._knows_cxl = self._knows_cxl or b"cxl_" in block.data or b"No CXL " in block.data
        for number, data in _all_lines(block) if each else _wanted(block):
            line = data.decode("utf-8", "backslashreplace").rstrip()
            if dmesg_json:
                self._json_line(line, number)
            else:
                self._line(line, number)
        self._lines = block.first - 1 + block.data.count(b"\n") + (not block.data.endswith(b"\n"))

    def source(self) -> Source:
        """The source, with everything that was read."""
        for event in (*self._trace.rest(), *self._mcelog.rest()):
            self._add(event, event.line)
        form = max(self._forms, key=self._forms.__getitem__) if self._forms else knows.KERNEL_LOG
        events = tuple(sorted(self._events, key=lambda event: event.line))
        return Source(
            str(self._path), form, events, tuple(self._boots), tuple(self._counts), self._lines,
            max(0, self._lines - self._used), tuple(self._unknown), self._unknown_lines, self._cut, tuple(self._hosts),
            self._decoded_by(),
        )  # fmt: skip

    def _decoded_by(self) -> tuple[str, ...]:
        """Return the tables of the rasdaemon that named the page types: one that mentions CXL is 0.8.1 or later."""
        if not self._forms.keys() & {knows.RASDAEMON_LOG, knows.RAS_MC_CTL}:
            return ()
        return (page_types.NEW,) if self._knows_cxl else page_types.EITHER

    def _json_line(self, line: str, number: int) -> None:
        """Read a line of `dmesg --json`, which has time and message on separate lines."""
        found = _LINE.match(line)
        if found is not None:
            self._json_field(found[1], found[2], number)
            return
        for name, value in re.findall(r'"(time|msg)"\s*:\s*("(?:[^"\\]|\\.)*"|[\d.]+)', line):
            self._json_field(name, value, number)

    def _json_field(self, name: str, value: str, number: int) -> None:
        if name == "time":
            self._json_time.append(value.strip('"'))
            return
        try:
            text = json.loads(value)
        except ValueError:
            text = value.strip('"')  # the value may be cut short
        time = self._json_time.pop() if self._json_time else ""
        self._line(f"[{time}] {text}" if time else str(text), number)

    def _line(self, line: str, number: int) -> None:
        if line.lstrip()[:1] == "{":
            self._journal_object(line, number)
            return
        found = self._mcelog.line(line, number)
        if found is not None:
            self._used += 1
            self._forms[knows.MCELOG] += 1
            for event in found:
                self._add(event, event.line)
        elif not (self._row(line, number) or self._traced(line, number)):
            if line.lstrip().startswith("MESSAGE="):  # journalctl -o export, verbose
                line = line.lstrip()[8:]
            self._stamped(stamped(line), number)

    def _journal_object(self, line: str, number: int) -> None:
        """Read a line of `journalctl -o json`."""
        try:
            fields: Any = json.loads(line)
            text = fields.get("MESSAGE")
            micro = fields.get("__REALTIME_TIMESTAMP") or fields.get("_SOURCE_REALTIME_TIMESTAMP")
            time = int(micro) / 1e6 if micro is not None else None
            if isinstance(text, list):  # bytes that are no UTF-8
                text = bytes(text).decode("utf-8", "backslashreplace")
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            return
        name = str(fields.get("SYSLOG_IDENTIFIER") or "")
        from_kernel = fields.get("_TRANSPORT", "kernel") == "kernel" or name == "kernel"
        clock = ev.NO_CLOCK if time is None else ev.UTC
        inner = str(text or "").split("\n", 1)[0]
        if not (self._row(inner, number) or self._traced(inner, number)):
            self._stamped(Stamped(time, clock, str(fields.get("_HOSTNAME") or ""), inner, from_kernel), number)

    def _row(self, line: str, number: int) -> bool:
        """Read a line if it is a rasdaemon row as text; whether it is."""
        summed = _SUMMARY.match(line) if self._in_summary else None
        self._in_summary = summed is not None or line.startswith("Memory failure events summary:")
        if summed is not None:
            self._counts.append(Count("memory failures", summed[1], int(summed[2])))
            self._known(knows.RAS_MC_CTL)
            return True
        errors = _ERRORS.match(line)
        if errors is not None:
            self._meant(mc_event(line), Stamped(*utc_of(errors["stamp"]), "", line), number, knows.RAS_MC_CTL)
            return True
        row = _ROW.search(line)
        if row is None:
            return False
        form = knows.RAS_MC_CTL if " error: pfn=" in line else knows.RASDAEMON_LOG
        meaning = Meaning(ev.RESULT, int(row["pfn"], 16), row["kind"], row["result"])
        self._meant(meaning, Stamped(*utc_of(row["stamp"]), "", line[row.start() :]), number, form)
        return True

    def _traced(self, line: str, number: int) -> bool:
        """Read a line if it is from a trace; whether it is."""
        found = trace_line(line)
        if found is None:
            return False
        events = self._trace.line(found, number)
        self._known(knows.TRACE)
        for event in events:
            self._add(event, event.line)
        return True

    def _stamped(self, line: Stamped, number: int) -> None:
        """Read a log line without its prefix."""
        if line.from_kernel and self._started(line):
            self._used += 1
            return
        meaning = meaning_of(line.text) if line.from_kernel else None
        if meaning is None and line.from_kernel:
            start = _START.search(line.text)
            meaning = meaning_of(line.text[start.start() :]) if start is not None else None
        self._meant(meaning, line, number, knows.KERNEL_LOG)

    def _meant(self, meaning: Meaning | None, line: Stamped, number: int, form: str) -> None:
        if meaning is None:
            return
        if line.host:
            self._hosts[line.host] = None
        if meaning.pfn is not None and meaning.pfn > ev.MOST_PFN and not may_be_anywhere(meaning.result):
            if meaning.what not in (ev.UNCORRECTED, ev.CORRECTED):
                self._refuse(number, f"frame {meaning.pfn:#x} lies beyond any physical memory")
            meaning = meaning._replace(pfn=None)  # hardware reports addresses that it does not know, too
        self._known(form)
        if meaning.what == ev.UNKNOWN:
            self._unknown_lines += 1
            if len(self._unknown) < ev.MOST_SHOWN:
                self._unknown.append((number, line.text))
        elif meaning.what != HARDWARE.what:
            self._add(Event(meaning.what, line.time, line.clock, meaning.pfn, meaning.kind, meaning.result,
                            meaning.task, meaning.times, line.text, number), number)  # fmt: skip

    def _known(self, form: str) -> None:
        self._used += 1
        self._forms[form] += 1

    def _refuse(self, number: int, why: str) -> None:
        raise SourceError(self._path, f"line {number:,}", why)

    def _add(self, event: Event, number: int) -> None:
        if len(self._events) >= ev.MOST_EVENTS:
            self._refuse(number, f"more than {ev.MOST_EVENTS:,} lines about memory errors")
        if event.pfn is not None and event.pfn > ev.MOST_PFN and not may_be_anywhere(event.result):
            self._refuse(number, f"frame {event.pfn:#x} lies beyond any physical memory")
        self._boot_of(event)
        self._events.append(event._replace(boot=max(0, len(self._boots) - 1)))

    def _boot_of(self, event: Event) -> None:
        """Begin another boot where the time since boot goes backwards."""
        if event.clock != ev.BOOT or event.time is None:
            return
        if self._last_boot_time is not None and event.time < self._last_boot_time - _BACK_S:
            self._boots += [Boot()] * (2 if not self._boots else 1)
        self._last_boot_time = event.time

    def _started(self, line: Stamped) -> bool:
        """Read a line that names the kernel that booted, or its time; whether it is one."""
        release = _RELEASE.match(line.text)
        if release is not None:
            if not self._boots and self._events:
                self._boots.append(Boot())
            if not self._boots or self._boots[-1].release or self._events:
                self._boots.append(Boot(release[1]))
            else:
                self._boots[-1] = Boot(release[1])
            self._last_boot_time = line.time if line.clock == ev.BOOT else None
            return True
        clock = _SYSTEM_CLOCK.match(line.text)
        if clock is None or line.clock != ev.BOOT or line.time is None:
            return False
        self._boots = self._boots or [Boot()]
        self._boots[-1] = self._boots[-1]._replace(epoch=int(clock[1]) - line.time)
        return True


def _all_lines(block: Block) -> Iterator[tuple[int, bytes]]:
    return enumerate(block.data.removesuffix(b"\n").split(b"\n"), block.first)


def _wanted(block: Block) -> Iterator[tuple[int, bytes]]:
    """The lines of a block that have a keyword, with their numbers."""
    data = block.data
    found: set[int] = set()  # places where these lines begin
    for key in _KEYS:
        at = data.find(key)
        while at >= 0:
            found.add(data.rfind(b"\n", 0, at) + 1)
            end = data.find(b"\n", at)
            at = data.find(key, end) if end >= 0 else -1
    number, counted = block.first, 0
    for start in sorted(found):
        number += data.count(b"\n", counted, start)
        counted = start
        end = data.find(b"\n", start)
        yield number, data[start : end if end >= 0 else len(data)]
