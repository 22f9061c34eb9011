"""Small recordings and a made-up /proc, so that every way of reading memory is tried without privilege."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PRESENT, SWAPPED, FILE = 1 << 63, 1 << 62, 1 << 61

# Eight frames: 1 and 2 anonymous, 3 and 4 of a file, 5 a private copy, 6 free, 7 poisoned.
FLAGS = [1 << 32, 0x5868, 0x5868, 0x868, 0x868, 0x5868, 0x400, 0x80000]
COUNTS = [0, 1, 2, 2, 1, 1, 0, 0]
MAPS = {
    10: ("400000-403000 r-xp 00001000 fe:00 77   /bin/a program\n7f0000000000-7f0000004000 rw-p 00000000 00:00 0 \n"),
    11: ("400000-403000 r-xp 00001000 fe:00 77   /bin/a program\n7f0000000000-7f0000004000 rw-p 00000000 00:00 0 \n"),
}
ENTRIES = {
    (10, 0x400000): PRESENT | FILE | 3,
    (10, 0x401000): PRESENT | FILE | 4,
    (10, 0x402000): PRESENT | 5,
    (10, 0x7F0000000000): PRESENT | 1,
    (10, 0x7F0000001000): PRESENT | 2,
    (11, 0x400000): PRESENT | FILE | 3,
    (11, 0x7F0000001000): PRESENT | 2,
    (11, 0x7F0000002000): SWAPPED | 9 << 5,
    (11, 0x7F0000003000): SWAPPED | 7 << 5 | 26,
}
STATUS = {
    10: {"Name": "writer", "PPid": "1", "Threads": "3", "SigBlk": "0000000000000000", "SigIgn": "0000000000000000",
         "SigCgt": "0000000000000040"},
    11: {"Name": "reader", "PPid": "10", "Threads": "1", "SigBlk": "0000000000000000", "SigIgn": "0000000000000040",
         "SigCgt": "0000000000000000"},
}  # fmt: skip
MEMINFO = "MemTotal:  32 kB\nHardwareCorrupted:     4 kB\n"

Recording = Callable[..., Path]


def arrays() -> dict[str, Any]:
    """The arrays of a whole small recording."""
    return {
        "kpageflags": np.array(FLAGS, np.uint64),
        "kpagecount": np.array(COUNTS, np.uint64),
        "pagemap_pid": np.array([pid for pid, _ in ENTRIES], np.int32),
        "pagemap_va": np.array([va for _, va in ENTRIES], np.uint64),
        "pagemap_entry": np.array(list(ENTRIES.values()), np.uint64),
    }


def texts() -> dict[str, Any]:
    """The notes of a whole small recording."""
    processes = [{"pid": 2, "ppid": 0, "comm": "kthreadd", "status": {}, "maps": []}]
    for pid, status in STATUS.items():
        ppid = int(status["PPid"])
        maps = MAPS[pid].splitlines()
        processes.append({"pid": pid, "ppid": ppid, "comm": status["Name"], "status": dict(status), "maps": maps})
    return {"processes": processes, "meminfo": MEMINFO, "version": "Linux version 6.1.0-test", "sysctl": {}}


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Write a recording with some arrays and texts changed (None leaves one out); its path comes back."""

    def write(
        changed: Mapping[str, Any] | None = None,
        noted: Mapping[str, Any] | None = None,
        hidden: Mapping[str, Any] | None = None,
    ) -> Path:
        columns = {**arrays(), **(changed or {})}
        np.savez(tmp_path / "small.npz", **{name: column for name, column in columns.items() if column is not None})
        notes = {**texts(), **(noted or {})}
        content = {name: note for name, note in notes.items() if note is not None}
        (tmp_path / "small.json").write_text(json.dumps(content))
        if hidden is not None:
            np.savez(tmp_path / "small_hidden.npz", **hidden)
        return tmp_path / "small.npz"

    return write


@pytest.fixture
def fake_proc(tmp_path: Path) -> Path:
    """A made-up /proc of the same eight frames and two processes. Pagemaps are sparse files."""
    proc = tmp_path / "proc"
    (proc / "sys" / "vm").mkdir(parents=True)
    (proc / "sys" / "kernel").mkdir()
    (proc / "sys" / "kernel" / "hostname").write_text("made-up\n")
    (proc / "sys" / "vm" / "memory_failure_early_kill").write_text("1\n")
    (proc / "version").write_text("Linux version 6.18.0 (nobody@nowhere) #1 SMP\n")
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "zoneinfo").write_text("Node 0, zone DMA\n  spanned  8\n  present  8\n  start_pfn:  0\n")
    (proc / "kpageflags").write_bytes(np.array(FLAGS, np.uint64).tobytes())
    (proc / "kpagecount").write_bytes(np.array(COUNTS, np.uint64).tobytes())
    (proc / "uptime").write_text("1 1\n")
    _process(proc / "2", {"Name": "kthreadd", "PPid": "0"}, "", {})
    for pid, status in STATUS.items():
        _process(proc / str(pid), status, MAPS[pid], {va: entry for (of, va), entry in ENTRIES.items() if of == pid})
    (proc / "self").symlink_to("10")
    (proc / "10" / "mountinfo").write_text("27 1 254:0 / / rw,relatime - xfs /dev/vda rw\n")
    return proc


def add_thread(folder: Path, tid: int, flags: int, sig_blk: str = "0000000000000000") -> None:
    """Add a thread to a process of the made-up /proc. Its name has what a parser of stat may stumble over."""
    (folder / "task" / str(tid)).mkdir(parents=True)
    (folder / "task" / str(tid) / "stat").write_text(f"{tid} (a ) (b) S 1 1 1 0 -1 {flags} 7 8 9\n")
    (folder / "task" / str(tid) / "status").write_text(f"Name:\ta ) (b)\nSigBlk:\t{sig_blk}\n")


def _process(folder: Path, status: Mapping[str, str], maps: str, entries: Mapping[int, int]) -> None:
    folder.mkdir()
    (folder / "status").write_text("".join(f"{name}:\t{value}\n" for name, value in status.items()))
    add_thread(folder, int(folder.name), 0x400000)
    (folder / "maps").write_text(maps)
    with open(folder / "pagemap", "wb") as file:
        for va, entry in entries.items():
            file.seek(va // 4096 * 8)
            file.write(entry.to_bytes(8, "little"))
