"""Gives other numbers to what identifies a machine or its processes: pids, inodes, cgroups and PID namespaces.

Equal numbers stay equal and pids keep their order; 0, and pid 1, keep their meaning and their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from hwpoison_gui.sources.assemble import Exported
from hwpoison_gui.sources.maps import MOST_PID, ProcessText
from hwpoison_gui.sources.text import number_of

_INIT: Final = 1
_FILE: Final = re.compile(r"((?:\S+\s+){3})(\S+)(\s+)(\d+)(.*)", re.ASCII | re.DOTALL)  # of maps: device and inode
_OWN: Final = ("Tgid", "Pid", "PPid")  # of status: a pid in the initial namespace
_NESTED: Final = ("NSpid", "NStgid")  # the same, and then one in each further namespace


def renumbered(exported: Exported) -> Exported:
    """Return the same machine with other pids, inodes, and numbers of cgroups and PID namespaces."""
    pids = _pids(exported)
    inodes, spaces = _Numbers(), _Numbers()
    before = np.array(sorted(pids), np.int64)
    after = np.array([pids[pid] for pid in before.tolist()], np.int64)
    cgroup, cgroups = exported.cgroup, dict(exported.cgroups)
    if cgroup is not None:
        words, which = np.unique(cgroup, return_inverse=True)
        numbers = np.arange(len(words), dtype=np.uint64) + np.uint64(len(words) > 0 and words[0] != 0)
        cgroup = numbers[which]
        of_word = dict(zip(words.tolist(), numbers.tolist(), strict=True))
        cgroups = {of_word[number]: name for number, name in cgroups.items() if number in of_word}
    return replace(
        exported,
        pagemap_pid=after[np.searchsorted(before, exported.pagemap_pid)],
        processes=tuple(_process(one, pids, inodes, spaces) for one in exported.processes),
        cgroup=cgroup,
        cgroups=cgroups,
        capture=exported.capture._replace(pids=tuple(pids[pid] for pid in exported.capture.pids)),
    )


class _Numbers:
    """Numbers keys from 1 on, in the order in which they come."""

    def __init__(self) -> None:
        self._known = dict[object, int]()

    def __call__(self, key: object) -> int:
        return self._known.setdefault(key, len(self._known) + 1)


def _pids(exported: Exported) -> dict[int, int]:
    """The new number of each process and thread."""
    known = set(np.unique(exported.pagemap_pid).tolist()) | {0, _INIT}
    for one in exported.processes:
        known |= {one.pid, one.ppid, *(thread.tid for thread in one.threads)}
    return {pid: number for number, pid in enumerate(sorted(known))}


def _process(one: ProcessText, pids: dict[int, int], inodes: _Numbers, spaces: _Numbers) -> ProcessText:
    status = dict(one.status)
    for name in (*_OWN, *_NESTED):
        if name in status:
            status[name] = "\t".join(_status(status[name], pids))
    return replace(
        one,
        pid=pids[one.pid],
        ppid=pids[one.ppid],
        status=status,
        maps=tuple(_line(line, inodes) for line in one.maps),
        threads=tuple(thread._replace(tid=pids[thread.tid]) for thread in one.threads),
        pid_ns=spaces(one.pid_ns) if one.pid_ns else 0,
    )


def _status(words: str, pids: dict[int, int]) -> Iterable[str]:
    """Yield the renumbered pids of a line of status; in inner namespaces only the init's, 1, has a meaning."""
    for place, word in enumerate(words.split()):
        number = number_of(word, MOST_PID) or 0
        yield str(pids.get(number, 0) if place == 0 else _INIT if number == _INIT else _INIT + 1)


def _line(line: str, inodes: _Numbers) -> str:
    found = _FILE.fullmatch(line)
    if found is None or int(found[4]) == 0:
        return line
    return f"{found[1]}{found[2]}{found[3]}{inodes((found[2], int(found[4])))}{found[5]}"
