"""Counters at a timeline position: HardwareCorrupted, results of handled pages, killed processes."""

from __future__ import annotations

from collections import Counter as Endings
from operator import attrgetter
from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import Process
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.debugfs import filters_words
from hwpoison_gui.view.words.words import counted

_NOT_KILLED: Final = ("", "exit")  # ends of processes, as Process.ended has them


class Counter(Record):
    """A figure with its name. `tone`: plain, poison, kill, good or warn; `always`: shown at 0, too."""

    name: str
    value: str
    tone: str
    tip: str


NO_HANDLER: Final = "The captured kernel has no memory_failure(): this is a value of the model"
_RESULTS: Final = (
    ("Recovered", "good", "Pages out of use: no process can reach them any more"),
    ("Delayed", "warn", "Pages that are handled when they are next touched, or by their owner"),
    ("Failed", "kill", "Pages that could not be taken out of use"),
    ("Ignored", "warn", "Result Ignored: the handler could do nothing, and the broken page stays in use"),
)


def counts_of(m: Machine) -> dict[str, int]:
    """Return the counters of errors by name: kB of HardwareCorrupted, pages by result, killed processes."""
    results = {result: m.counter(f"result:{result}") for result, _, _ in _RESULTS}
    return {"HardwareCorrupted": m.hardware_corrupted_kb, **results, "Killed": killed(m)}


def _of_huge_pages(m: Machine) -> str:
    """Why HardwareCorrupted is more than the frames with PG_hwpoison; empty where it is not."""
    more = sum(len(errors) - 1 for errors in m.raw_hwp.view.values())
    if not more:
        return ""
    return f". {counted(more, 'error')} more than frames with PG_hwpoison, which only the head of a hugetlb page has"


def counters_of(session: Session, no_handler: bool = False) -> list[Counter]:
    """The counters to show; results that never happened are left out. The killed come early: the last lack room first.

    `no_handler`: the machine was captured from a kernel without memory_failure(), which has no HardwareCorrupted.
    """
    m = session.machine
    counts = counts_of(m)
    kb = counts["HardwareCorrupted"]
    tip = "HardwareCorrupted of /proc/meminfo: 4 kB an error; Ignored ones count as well, and stay in use"
    tip += _of_huge_pages(m)
    tip += f". {NO_HANDLER}" if no_handler else ""
    name = "HardwareCorrupted (model)" if no_handler else "HardwareCorrupted"
    found = [Counter(name, f"{kb:,} kB", "poison" if kb else "plain", tip)]
    if counts["Killed"]:
        found.append(Counter("Killed", f"{counts['Killed']:,}", "kill", "Processes that a signal ended"))
    for result, tone, meaning in _RESULTS:
        if counts[result]:
            found.append(Counter(result, f"{counts[result]:,}", tone, meaning))
    if let := filters_words(m):
        tip = f"hwpoison/corrupt-filter-enable is set: of injected errors only those in these pages are handled: {let}"
        found.append(Counter("Filter", "on", "warn", tip))
    return found


def killed(m: Machine) -> int:
    """The number of processes that a signal ended."""
    ends = Endings(map(attrgetter("ended"), m.processes.view.values()))  # there may be ten thousand, at each step
    return ends.total() - sum(ends[end] for end in _NOT_KILLED)


def was_killed(process: Process) -> bool:
    """Return whether a signal ended the process."""
    return process.ended not in _NOT_KILLED
