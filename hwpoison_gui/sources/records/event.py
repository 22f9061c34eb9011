"""Events of the readers: one for each line or row that is about a memory error.

Nothing is grouped or interpreted here; history.py makes records of errors out of events.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

PAGE_SHIFT: Final = 12
MOST_PFN: Final = (1 << 40) - 1  # 52 bits of physical address, the most that x86-64 and arm64 have, in 4 KiB frames

# Clocks. Boot: seconds since the kernel started. UTC: seconds since 1970. Wall: the same, in an unknown time zone.
BOOT: Final = "boot"
UTC: Final = "UTC"
WALL: Final = "wall"
NO_CLOCK: Final = ""

# Kinds of an event.
RESULT: Final = "result"  # the result line of memory_failure(), or its tracepoint
ENDED: Final = "ended"  # memory_failure() returned with another line
SIGNAL: Final = "signal"
FAULT: Final = "fault"  # a page fault met a poisoned page; no frame is named
INJECTED: Final = "injected"
NOTE: Final = "note"  # another line of the handler
SOFT_OFFLINE: Final = "soft offline"
UNPOISON: Final = "unpoison"
UNCORRECTED: Final = "uncorrected error"  # reported by hardware or firmware
CORRECTED: Final = "corrected error"
PANIC: Final = "panic"
UNKNOWN: Final = "unknown"  # an unrecognized line of the handler


MCI_STATUS_UC: Final = 1 << 61  # of MCi_STATUS: not corrected


class Task(Record):
    """A process that was sent a signal. `how` says by which line: sent, forced, or at a page fault."""

    comm: str
    pid: int
    signal: str
    how: str = ""


class Event(Record):
    """A line or row about a memory error.

    Attributes
    ----------
    what
        One of the words above.
    time
        Seconds on `clock`; None without a clock.
    pfn
        The frame; None if the line names none.
    kind, result
        As the line has them; empty if it has none.
    times
        Errors that the line reports: more than one only for corrected errors.
    text
        The line without its time stamp.
    line
        Its number in the file, from 1; the id of a row of a database.
    boot
        Which boot of the file, from 0.
    """

    what: str
    time: float | None
    clock: str
    pfn: int | None
    kind: str
    result: str
    task: Task | None
    times: int
    text: str
    line: int
    boot: int = 0


class Count(Record):
    """A counter that a source has instead of single errors: of node statistics, or of a summary."""

    where: str
    name: str
    value: int


class Boot(Record):
    """A boot that a log shows. `release` as `uname -r` prints it; `epoch` is when it began, in UTC, if the log says."""

    release: str = ""
    epoch: float | None = None


class Source(Record):
    """A file that was read.

    Attributes
    ----------
    path
        The file, as it was named.
    form
        What it is: one of the names in `knows.py`.
    events
        In the order of the file.
    boots
        One for each boot of which the file has events, or the kernel's first line.
    counts
        Counters, without single errors.
    lines
        How many lines or rows there are.
    others
        How many of them are unrelated to memory errors.
    unknown
        Unrecognized lines of the handler, at most MOST_SHOWN.
    unknown_lines
        How many there are.
    cut
        Lines longer than MOST_LINE bytes, which were truncated.
    hosts
        Host names that the log names.
    decoded_by
        For rows of rasdaemon: the page-type tables that it may have used, see page_types.py.
    blind
        Why it cannot know of any memory failure; empty if it can.
    """

    path: str
    form: str
    events: tuple[Event, ...] = ()
    boots: tuple[Boot, ...] = ()
    counts: tuple[Count, ...] = ()
    lines: int = 0
    others: int = 0
    unknown: tuple[tuple[int, str], ...] = ()
    unknown_lines: int = 0
    cut: int = 0
    hosts: tuple[str, ...] = ()
    decoded_by: tuple[str, ...] = ()
    blind: str = ""


MOST_SHOWN: Final = 20
MOST_LINE: Final = 1 << 14
MOST_EVENTS: Final = 500_000
MOST_UNPACKED: Final = 1 << 36  # bytes of decompressed text


def frame_of(address: int) -> int:
    """The frame of a physical address."""
    return address >> PAGE_SHIFT
