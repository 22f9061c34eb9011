"""Numbers that identify a machine are others in an anonymized snapshot, and what they say of each other stays."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np

from hwpoison_gui import resources
from hwpoison_gui.sources.anonymous import anonymized
from hwpoison_gui.sources.assemble import Exported, assemble
from hwpoison_gui.sources.maps import ProcessText
from hwpoison_gui.sources.recording import read_recording
from hwpoison_gui.sources.renumbered import renumbered
from hwpoison_gui.sources.threads import ThreadText

VICTIM = resources.path("machines/victim_before.npz")


def _small() -> Exported:
    maps = ("400000-403000 r-xp 00001000 fe:00 77123   /bin/a\n", "500000-501000 rw-p 00000000 00:00 0 \n")
    processes = (
        ProcessText(1, 0, "init", {"Pid": "1", "NSpid": "1"}, maps, (ThreadText(1, 0),), 4026531836),
        ProcessText(4711, 1, "a", {"Pid": "4711", "PPid": "1", "NSpid": "4711\t1"}, maps,
                    (ThreadText(4711, 0), ThreadText(4720, 0)), 4026532999),
        ProcessText(4715, 4711, "b", {"Pid": "4715", "NSpid": "4715\t30"}, maps, (ThreadText(4715, 0),), 4026532999),
    )  # fmt: skip
    return replace(
        read_recording(VICTIM, hidden=False),
        pagemap_pid=np.array([4711, 1, 4715, 4711], np.int64),
        processes=processes,
        cgroup=np.array([0, 9001, 0, 9500], np.uint64),
        cgroups={9001: "/one", 9500: "/two"},
    )


def test_equal_numbers_stay_equal_and_pids_keep_their_order() -> None:
    bare = renumbered(_small())
    assert [(one.pid, one.ppid) for one in bare.processes] == [(1, 0), (2, 1), (3, 2)]
    assert [[thread.tid for thread in one.threads] for one in bare.processes] == [[1], [2, 4], [3]]
    assert bare.pagemap_pid.tolist() == [2, 1, 3, 2]
    assert [one.status["NSpid"] for one in bare.processes] == ["1", "2\t1", "3\t2"]
    assert [one.pid_ns for one in bare.processes] == [1, 2, 2]
    assert {one.maps for one in bare.processes} == {
        ("400000-403000 r-xp 00001000 fe:00 1   /bin/a\n", "500000-501000 rw-p 00000000 00:00 0 \n")
    }
    assert bare.cgroup is not None and bare.cgroup.tolist() == [0, 1, 0, 2]
    assert bare.cgroups == {1: "/one", 2: "/two"}


def test_a_real_machine_is_the_same_machine_without_its_numbers() -> None:
    exported = read_recording(VICTIM, hidden=False)
    bare = anonymized(exported)
    one, other = assemble(exported), assemble(bare)
    assert len(one.files) == len(other.files) and len(one.pagemap_va) == len(other.pagemap_va)
    pids = [process.pid for process in bare.processes]
    assert all(before < after for before, after in pairwise(pids)) and max(pids) <= 2 * len(pids) + 2
    assert re.fullmatch(r"Linux version [0-9.]+\n", bare.version) and "proc/vmstat" not in bare.texts
    assert max(file.inode for file in other.files) <= len(other.files)
