"""PID namespace of each process, and the init of each namespace.

After kernel/pid_namespace.c. NSpid of /proc/PID/status has the number of a process in each of its namespaces, the
outermost first: a process whose last number is 1 is the init of its namespace (child_reaper). Which namespace another
process is in says the link /proc/PID/ns/pid; where it was not read, the nearest ancestor that is an init of that level,
since orphans become children of the init of their namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hwpoison_gui.sources.maps import MOST_PID, ProcessText
from hwpoison_gui.sources.text import number_of

_MOST_LEVELS: Final = 33  # MAX_PID_NS_LEVEL, and the initial namespace
_INIT: Final = 1


def inits_of(processes: Sequence[ProcessText]) -> dict[int, tuple[int, ...]]:
    """The pids of the inits of the namespaces that each process is in, by its pid, the outermost first.

    The initial namespace is left out: processes that are in no other are missing. An init is the last of its own.
    """
    numbers = {process.pid: _numbers(process) for process in processes}
    nested = [process for process in processes if len(numbers[process.pid]) > 1]
    inits = {process.pid: process for process in nested if numbers[process.pid][-1] == _INIT}
    parents = {process.pid: process.ppid for process in processes}
    of_link = {process.pid_ns: pid for pid, process in inits.items() if process.pid_ns}
    found: dict[int, tuple[int, ...]] = {}
    for process in sorted(nested, key=lambda process: len(numbers[process.pid])):
        pid, level = process.pid, len(numbers[process.pid]) - 1
        own = pid if pid in inits else of_link.get(process.pid_ns) or _ancestor(pid, level, parents, numbers)
        if own is None:
            continue
        above = found.get(own) if own != pid else None
        if above is None:
            outer = _ancestor(own, level - 1, parents, numbers) if level > 1 else None
            above = (*found.get(outer or 0, ()), own)
        found[pid] = above
    return found


def _numbers(process: ProcessText) -> tuple[int, ...]:
    """NSpid; empty where the kernel (before 4.1) or the recording does not have it."""
    found = [number_of(word, MOST_PID) for word in process.status.get("NSpid", "").split()[:_MOST_LEVELS]]
    return tuple(number or 0 for number in found)


def _ancestor(pid: int, level: int, parents: Mapping[int, int], numbers: Mapping[int, tuple[int, ...]]) -> int | None:
    """The nearest ancestor that is the init of a namespace of this level; None if there is none."""
    seen = {pid}
    while (pid := parents.get(pid, 0)) and pid not in seen:
        seen.add(pid)
        own = numbers.get(pid, ())
        if len(own) == level + 1 and own[-1] == _INIT:
            return pid
    return None
