"""Parses the lines of /proc/PID/maps, and builds processes from the files of /proc, recorded or live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hwpoison_gui.image import ProcessImage, VmaImage
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.text import number_of
from hwpoison_gui.sources.threads import SIGBUS, SIGSEGV, ThreadText, disposition_of, has_signal, thread_image

PAGE_SHIFT: Final = 12
# Five-level page tables have 57 address bits, half of that for user space; [vsyscall] lies above and is no VMA.
USER_END: Final = 1 << 56

MOST_PID: Final = (1 << 31) - 1  # pid_t
MOST_THREADS: Final = 1 << 22  # PID_MAX_LIMIT: as many as a kernel can have

_LINE: Final = re.compile(
    r"([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16})"
    r" ([0-9a-f]{1,8}:[0-9a-f]{1,8}) (\d{1,20})(?:\s+(.*))?",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ProcessText:
    """A process as /proc prints it.

    Attributes
    ----------
    status : mapping
        The fields of status by name.
    maps : tuple of str
        The lines of maps.
    threads : tuple of ThreadText
        Its threads, the main one first; empty where they were not listed.
    pid_ns : int
        The inode number of /proc/PID/ns/pid; 0 where it was not read.
    """

    pid: int
    ppid: int
    comm: str
    status: Mapping[str, str]
    maps: tuple[str, ...]
    threads: tuple[ThreadText, ...] = ()
    pid_ns: int = 0


def parse_line(line: str) -> VmaImage | None:
    """The VMA of one line; None for a line that is no VMA ([vsyscall]). Raises MalformedError."""
    match = _LINE.fullmatch(line.rstrip("\n"))
    if match is None:
        raise MalformedError("maps", f"not a line of maps: {line[:80]!r}")
    first, last, perms, offset, device, inode, path = match.groups()
    start, end, at = int(first, 16), int(last, 16), int(offset, 16)
    if start >= USER_END:
        return None
    if (start | end | at) & ((1 << PAGE_SHIFT) - 1) or not start < end <= USER_END:
        raise MalformedError("maps", f"not a range of whole pages: {line[:80]!r}")
    return VmaImage(start, end, perms, at, device, int(inode), (path or "").rstrip("\n"))


def parse_maps(lines: Iterable[str]) -> tuple[VmaImage, ...]:
    """The VMAs of one process, ascending and without overlap. Raises MalformedError."""
    vmas: list[VmaImage] = []
    for line in lines:
        vma = parse_line(line)
        if vma is None:
            continue
        if vmas and vma.start < vmas[-1].end:
            raise MalformedError("maps", f"VMAs overlap or are out of order at {vma.start:#x}")
        vmas.append(vma)
    return tuple(vmas)


def is_file(vma: VmaImage) -> bool:
    """True for a file mapping, shared memory included (a System V segment may have inode 0)."""
    return vma.inode != 0 or vma.path.startswith("/")


def process_image(text: ProcessText, pid_ns: tuple[int, ...] = ()) -> ProcessImage:
    """The process in the form that a machine is booted from, in the PID namespaces of these inits.

    Raises MalformedError.
    """
    try:
        blocked = has_signal(text.status.get("SigBlk", "0"), SIGBUS)
        return ProcessImage(
            pid=text.pid,
            ppid=text.ppid,
            comm=text.comm,
            vmas=parse_maps(text.maps),
            threads=threads_of(text),
            sigbus=disposition_of(text.status, SIGBUS),
            sigsegv=disposition_of(text.status, SIGSEGV),
            blocked=blocked,
            listed=tuple(thread_image(thread) for thread in text.threads),
            pid_ns=pid_ns,
        )
    except MalformedError as bad:
        raise MalformedError(f"process {text.pid}, {bad.where}", bad.why) from None


def threads_of(text: ProcessText) -> int:
    """The number of threads of a process, at least 1. Raises MalformedError."""
    said = text.status.get("Threads", "1").strip(" \t")
    count = number_of(said, MOST_THREADS)
    if count is None:
        raise MalformedError("status", f"Threads is {said[:40]!r}; a kernel has at most {MOST_THREADS:,} threads")
    return max(1, count, len(text.threads))


def meminfo_kb(text: str, name: str) -> int | None:
    """A value of /proc/meminfo in kB; None if the kernel does not print it."""
    match = re.search(rf"^{re.escape(name)}:\s*(\d{{1,18}})\b", text, re.ASCII | re.MULTILINE)
    return int(match.group(1)) if match else None
