"""Captures the memory of the running machine from /proc. Read-only: nothing is ever opened for writing.

`read` runs in a worker thread; it reports progress and polls for cancellation. The machine keeps running
meanwhile, so processes may exit and pages may change; processes that exited are counted, not an error.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import SYSCTLS, Capture, HiddenState, MemoryImage
from hwpoison_gui.sources.assemble import PFN_MASK, PRESENT, Exported, assemble, release_of
from hwpoison_gui.sources.errors import LivePermissionError, MalformedError, SourceError, stop_if
from hwpoison_gui.sources.frames import Cancelled, check_readable, never, read_words
from hwpoison_gui.sources.maps import MOST_PID, ProcessText
from hwpoison_gui.sources.pagemap import Tables
from hwpoison_gui.sources.text import lines_of, number_of, text_of, text_or_empty
from hwpoison_gui.sources.threads import ThreadText, flags_of
from hwpoison_gui.sources.vma_table import U64
from hwpoison_gui.sources.zoneinfo import last_frame, node_blocks, zones_of

Progress = Callable[[float, str], None]

PROC: Final = Path("/proc")
_MOST_INODE: Final = (1 << 63) - 1
_VANISHED: Final = (errno.ENOENT, errno.ESRCH, errno.EIO)
_REFUSED: Final = (errno.EACCES, errno.EPERM)
_TEXTS: Final = ("zoneinfo", "buddyinfo", "swaps", "iomem", "vmstat")  # below /proc
COPY_NOTE: Final = (
    "This is a copy of this machine's memory, read a moment ago. What is done to it here is simulated: "
    "the machine itself is never written to."
)


@dataclass(slots=True)
class _Gathered:
    """Data read of the processes so far; `vanished` and `refused` count those that could not be read."""

    texts: list[ProcessText] = field(default_factory=list)
    pids: list[npt.NDArray[np.int64]] = field(default_factory=list)
    addresses: list[U64] = field(default_factory=list)
    entries: list[U64] = field(default_factory=list)
    huge: list[npt.NDArray[np.bool_] | None] = field(default_factory=list)
    vanished: int = 0
    refused: int = 0


def quiet(share: float, doing: str) -> None:
    """The default of `progress`: do nothing."""


def capture(progress: Progress = quiet, cancelled: Cancelled = never, proc: Path = PROC) -> MemoryImage:
    """A copy of this machine's memory; see `read`."""
    image = image_of(read(progress, cancelled, proc), proc)
    progress(1.0, "done")
    return image


def image_of(exported: Exported, proc: Path = PROC) -> MemoryImage:
    """The image of what was read. Raises SourceError."""
    try:
        return assemble(exported)
    except MalformedError as bad:
        raise SourceError(proc, bad.where, bad.why) from None


def read(
    progress: Progress = quiet, cancelled: Cancelled = never, proc: Path = PROC, pids: Collection[int] = ()
) -> Exported:
    """Read what this machine exports about its memory.

    Parameters
    ----------
    progress
        Called with the share done, 0 to 1, and what is being done.
    proc
        Where /proc is mounted; /sys is expected beside it.
    pids
        The only processes to look into; all of them if it is empty.

    Raises
    ------
    SourceError, LivePermissionError, CancelledError
        Also for a process of `pids` that does not exist or cannot be read.
    """
    stop_if(cancelled)
    progress(0.0, "looking at what may be read")
    _check_pagemap(proc)
    gathered = _processes(proc, lambda share, doing: progress(0.5 * share, doing), cancelled, pids)
    guess = min(last_frame(text_or_empty(proc / "zoneinfo")), 1 << 32)
    flags = read_words(proc / "kpageflags", guess, lambda share: progress(0.5 + 0.25 * share, "page flags"), cancelled)
    counts = read_words(
        proc / "kpagecount", len(flags), lambda share: progress(0.75 + 0.15 * share, "mapping counts"), cancelled
    )
    if not len(flags):
        raise SourceError(proc / "kpageflags", "", "the kernel shows no frames")
    counts = _fitted(counts, len(flags))
    cgroup = _cgroup_of_frames(proc, len(flags), lambda share: progress(0.9 + 0.05 * share, "cgroups"), cancelled)
    progress(0.95, "finding files and sharers")
    exported = _exported(proc, flags, counts, gathered)
    capture = exported.capture._replace(pids=tuple(sorted(set(pids))))
    return replace(exported, capture=capture, cgroup=cgroup, cgroups=cgroup_paths(proc, cgroup))


def _cgroup_of_frames(proc: Path, frames: int, progress: Callable[[float], None], cancelled: Cancelled) -> U64 | None:
    """The inode number of each frame's memory cgroup; None where the kernel does not say (CONFIG_MEMCG is off)."""
    path = proc / "kpagecgroup"
    try:
        words = _fitted(read_words(path, frames, progress, cancelled), frames) if path.exists() else None
    except LivePermissionError:
        return None
    return words if words is not None and words.any() else None


def cgroup_paths(proc: Path, cgroup: U64 | None) -> dict[int, str]:
    """Paths of the memory cgroups of frames, by inode number, as far as /sys/fs/cgroup has them."""
    wanted = set(np.unique(cgroup).tolist()) - {0} if cgroup is not None else set[int]()
    root, found = proc.parent / "sys" / "fs" / "cgroup", dict[int, str]()
    for hierarchy in (root, root / "memory"):  # version 2, and version 1
        for folder, _, _ in os.walk(hierarchy) if wanted else ():
            with contextlib.suppress(OSError):
                number = os.stat(folder).st_ino
                if number in wanted:
                    found.setdefault(number, "/" + os.path.relpath(folder, hierarchy).removeprefix("."))
    return found


def _check_pagemap(proc: Path) -> None:
    """Raise LivePermissionError where frame numbers read as 0, as they do without CAP_SYS_ADMIN."""
    for name in ("kpageflags", "kpagecount", "self/pagemap"):
        if not (proc / name).exists():
            raise SourceError(proc / name, "", "this kernel does not have it (CONFIG_PROC_PAGE_MONITOR is off)")
    check_readable(proc / "kpageflags")
    path = proc / "self" / "pagemap"
    try:
        _, entries, _ = Tables().entries(path, lines_of(text_of(proc / "self" / "maps")), never)
    except OSError as error:
        raise SourceError(path, "", error.strerror or str(error)) from error
    except MalformedError as bad:
        raise SourceError(proc / "self" / "maps", bad.where, bad.why) from None
    present = entries[(entries & PRESENT) != 0]
    if len(present) and not (present & PFN_MASK).any():
        raise LivePermissionError(
            path,
            "the kernel hides frame numbers from processes without CAP_SYS_ADMIN.",
            "Start with `sudo hwpoison-gui --live`.",
        )


def _processes(proc: Path, progress: Progress, cancelled: Cancelled, wanted: Collection[int]) -> _Gathered:
    """Maps and page tables of all processes, or of those that are wanted, that live long enough to be read."""
    gathered, tables = _Gathered(), Tables()
    try:
        pids = sorted(pid for name in os.listdir(proc) if (pid := number_of(name, MOST_PID)))
    except OSError as error:
        raise SourceError(proc, "", error.strerror or str(error)) from error
    for missing in sorted(set(wanted) - set(pids)):
        raise SourceError(proc / str(missing), "", "there is no such process")
    pids = [pid for pid in pids if not wanted or pid in wanted]
    for number, pid in enumerate(pids):
        stop_if(cancelled)
        progress(number / len(pids), f"page tables of process {pid}")
        try:
            _process(f"{proc}/{pid}", pid, gathered, tables, cancelled)
        except OSError as error:
            if pid in wanted:
                raise SourceError(proc / str(pid), "", _why_not(error)) from error
            if error.errno in _VANISHED:
                gathered.vanished += 1
            elif error.errno in _REFUSED:
                gathered.refused += 1
            else:
                raise SourceError(proc / str(pid), "", error.strerror or str(error)) from error
        except MalformedError as bad:
            raise SourceError(proc / str(pid), bad.where, bad.why) from None
        if pid in wanted and (not gathered.texts or gathered.texts[-1].pid != pid):
            raise SourceError(proc / str(pid), "", "a kernel thread, which has no address space of its own")
    return gathered


def _why_not(error: OSError) -> str:
    """Return why a process could not be read, in words."""
    if error.errno in _VANISHED:
        return "this process exited during the capture"
    if error.errno in _REFUSED:
        return "the kernel does not let anyone inspect this process"
    return error.strerror or str(error)


def _process(base: str, pid: int, gathered: _Gathered, tables: Tables, cancelled: Cancelled) -> None:
    """Add one process to `gathered`, completely or not at all."""
    maps = tuple(lines_of(text_of(f"{base}/maps")))
    if not maps:
        return  # a kernel thread
    status = dict(_fields(text_of(f"{base}/status")))
    addresses, entries, huge = tables.entries(f"{base}/pagemap", maps, cancelled)
    ppid = number_of(status.get("PPid", ""), MOST_PID) or 0
    threads = _threads(base, pid, status.get("SigBlk", "0"))
    gathered.texts.append(ProcessText(pid, ppid, status.get("Name", ""), status, maps, threads, _pid_ns(base)))
    gathered.pids.append(np.full(len(addresses), pid, np.int64))
    gathered.addresses.append(addresses)
    gathered.entries.append(entries)
    gathered.huge.append(huge)


def _threads(base: str, pid: int, sig_blk: str) -> tuple[ThreadText, ...]:
    """The threads of a process that live long enough to be read, the main one first; empty if none does.

    `sig_blk` is the mask of the main thread, whose status is that of the process: making one takes the kernel long.
    """
    try:
        tids = sorted(tid for name in os.listdir(f"{base}/task") if (tid := number_of(name, MOST_PID)))
    except OSError:
        return ()
    found = []
    for tid in sorted(tids, key=lambda tid: (tid != pid, tid)):
        try:
            flags = flags_of(text_of(f"{base}/task/{tid}/stat"))
            mask = sig_blk if tid == pid else _blocked_of(text_of(f"{base}/task/{tid}/status"))
        except OSError:
            continue
        if flags is not None:
            found.append(ThreadText(tid, flags, mask))
    return tuple(found) if found and found[0].tid == pid else ()


def _blocked_of(status: str) -> str:
    """SigBlk of a status; `0` where it is missing. No name in the text can hold the newline that precedes it."""
    return status.partition("\nSigBlk:")[2].partition("\n")[0].strip(" \t") or "0"


def _pid_ns(base: str) -> int:
    """The inode number of the PID namespace of a process, from a link such as `pid:[4026531836]`; 0 if it is hidden."""
    try:
        link = os.readlink(f"{base}/ns/pid")
    except OSError:
        return 0
    return number_of(link.removeprefix("pid:[").removesuffix("]"), _MOST_INODE) or 0


def _exported(proc: Path, flags: U64, counts: U64, gathered: _Gathered) -> Exported:
    version = text_or_empty(proc / "version")
    host = text_or_empty(proc / "sys" / "kernel" / "hostname").strip() or "this machine"
    known = [huge for huge in gathered.huge if huge is not None]
    pmd = np.concatenate(known) if known and len(known) == len(gathered.huge) else None
    return Exported(
        title=f"{host}, live ({release_of(version)})",
        kpageflags=flags,
        kpagecount=counts,
        pagemap_pid=np.concatenate([np.empty(0, np.int64), *gathered.pids]),
        pagemap_va=np.concatenate([np.empty(0, np.uint64), *gathered.addresses]),
        pagemap_entry=np.concatenate([np.empty(0, np.uint64), *gathered.entries]),
        processes=gathered.texts,
        meminfo=text_or_empty(proc / "meminfo"),
        version=version,
        sysctl=_sysctls(proc),
        hidden=HiddenState(pte_pmd=pmd),
        mounts=_mounts(proc),
        zones=zones_of(text_or_empty(proc / "zoneinfo"), node_blocks(proc.parent / "sys")),
        notes=(COPY_NOTE, *_missed(gathered)),
        texts=_texts(proc),
        capture=Capture(round(time.time(), 3), _boot(proc)),
    )


def _boot(proc: Path) -> str:
    """Return a hash that identifies this boot without revealing the boot id; empty where the kernel has none."""
    boot_id = text_or_empty(proc / "sys" / "kernel" / "random" / "boot_id").strip()
    return hashlib.sha256(boot_id.encode()).hexdigest()[:16] if boot_id else ""


def _texts(proc: Path) -> dict[str, str]:
    """Files that say more of the machine, by their paths; those that are missing are left out."""
    counts = sorted((proc.parent / "sys/devices/system/node").glob("node[0-9]*/memory_failure/*"))
    files = [*(proc / name for name in _TEXTS), *counts]
    texts = {str(file.relative_to(proc.parent)): text_or_empty(file) for file in files}
    return {name: text for name, text in texts.items() if text}


def _missed(gathered: _Gathered) -> list[str]:
    said = []
    if gathered.vanished:
        said.append(f"Skipped {_processes_of(gathered.vanished)} that exited during the capture.")
    if gathered.refused:
        said.append(f"Skipped {_processes_of(gathered.refused)} that the kernel does not let anyone inspect.")
    return said


def _processes_of(number: int) -> str:
    return f"{number:,} process" if number == 1 else f"{number:,} processes"


def _mounts(proc: Path) -> dict[str, str]:
    """File-system type by device, written as in maps (`fe:00`)."""
    found = {}
    for line in lines_of(text_or_empty(proc / "self" / "mountinfo")):
        match = re.match(r"\d+ \d+ (\d{1,7}):(\d{1,7}) .* - (\S+) ", line, re.ASCII)
        if match:
            found[f"{int(match.group(1)):02x}:{int(match.group(2)):02x}"] = match.group(3)
    return found


def _sysctls(proc: Path) -> dict[str, int]:
    values = {name: text_or_empty(proc / "sys" / "vm" / name).strip() for name in SYSCTLS}
    return {name: int(value) for name, value in values.items() if value in ("0", "1")}


def _fields(status: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in lines_of(status))
    return [(name, value.strip(" \t")) for name, colon, value in pairs if colon]


def _fitted(counts: U64, frames: int) -> U64:
    """`counts` with exactly one value per frame: memory may be added or removed between the two reads."""
    missing = max(0, frames - len(counts))
    return np.concatenate((counts, np.zeros(missing, np.uint64))) if missing else counts[:frames]
