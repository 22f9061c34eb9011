"""Writes what a machine exported as a snapshot, which `recording.py` reads; docs/snapshot-format.md has the format.

A copy of live memory shows what all processes use: the file is readable by its owner only.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.lib.format as npy

from hwpoison_gui import atomic_file
from hwpoison_gui.sources import frame_runs
from hwpoison_gui.sources.assemble import Exported
from hwpoison_gui.sources.errors import stop_if
from hwpoison_gui.sources.frames import Cancelled, never
from hwpoison_gui.sources.live import COPY_NOTE
from hwpoison_gui.sources.maps import ProcessText
from hwpoison_gui.sources.recording import CGROUP_COLUMN, FORMAT, FRAME_COLUMNS, INSIDE, PMD_COLUMN

PRIVATE: Final = 0o600
_AT_ONCE: Final = frame_runs.members("kpageflags")  # not compressed: the first picture waits for them
_CHUNK: Final = 1 << 18  # values compressed between two looks at `cancelled`


def save_snapshot(exported: Exported, path: Path, cancelled: Cancelled = never) -> None:
    """Write a snapshot to a file, for its owner only.

    Raises OSError, CancelledError; the file that it replaces is untouched then.
    """
    with atomic_file.writing(path, PRIVATE) as file:
        write_snapshot(file, exported, cancelled)


def write_snapshot(file: IO[bytes], exported: Exported, cancelled: Cancelled = never) -> None:
    """Write a snapshot to a stream, which need not be seekable. Raises CancelledError."""
    columns: dict[str, np.ndarray[Any, Any]] = {
        "kpageflags": exported.kpageflags,
        "kpagecount": exported.kpagecount,
        "pagemap_pid": exported.pagemap_pid,
        "pagemap_va": exported.pagemap_va,
        "pagemap_entry": exported.pagemap_entry,
    }
    if exported.hidden.pte_pmd is not None:
        columns[PMD_COLUMN] = exported.hidden.pte_pmd.astype(np.uint8)
    if exported.cgroup is not None:
        columns[CGROUP_COLUMN] = exported.cgroup
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        # without a date, like the arrays: the capture time is in the JSON, if it may be known
        archive.writestr(zipfile.ZipInfo(INSIDE), json_of(exported), zipfile.ZIP_DEFLATED, 1)
        for name, column in as_runs(columns).items():
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_STORED if name in _AT_ONCE else zipfile.ZIP_DEFLATED
            info._compresslevel = 1  # type: ignore[attr-defined]  # public from Python 3.13 on
            with archive.open(info, "w", force_zip64=True) as member:
                npy.write_array_header_1_0(member, npy.header_data_from_array_1_0(column))
                for start in range(0, len(column), _CHUNK):
                    stop_if(cancelled)
                    member.write(np.ascontiguousarray(column[start : start + _CHUNK]).tobytes())


def as_runs(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a snapshot: those with a value per frame as runs, and process numbers in 4 bytes each."""
    made: dict[str, Any] = {}
    for name, column in columns.items():
        if name in (*FRAME_COLUMNS, CGROUP_COLUMN):
            made |= frame_runs.arrays_of(name, column)
        else:
            made[name] = column.astype(np.int32) if name == "pagemap_pid" else column
    return made


def json_of(exported: Exported) -> bytes:
    """The JSON of a snapshot."""
    content = {
        **FORMAT,
        "version": exported.version,
        "meminfo": exported.meminfo,
        "captured": exported.capture.time,
        "boot": exported.capture.boot or None,
        "partial": bool(exported.capture.pids) or None,
        "sysctl": dict(exported.sysctl),
        "mounts": dict(exported.mounts),
        "zones": [zone._asdict() for zone in exported.zones] or None,
        "notes": [note for note in exported.notes if note != COPY_NOTE],
        "cgroups": {str(number): path for number, path in exported.cgroups.items()} or None,
        "texts": dict(exported.texts) or None,
        "processes": [_process(one) for one in exported.processes],
    }
    return json.dumps({key: value for key, value in content.items() if value is not None}, indent=1).encode("ascii")


def _process(one: ProcessText) -> dict[str, Any]:
    threads = [{"tid": thread.tid, "flags": thread.flags, "SigBlk": thread.sig_blk} for thread in one.threads]
    return {
        "pid": one.pid,
        "ppid": one.ppid,
        "comm": one.comm,
        "pid_ns": one.pid_ns,
        "status": dict(one.status),
        "threads": threads,
        "maps": list(one.maps),
    }
