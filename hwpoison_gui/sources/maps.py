"""Parses the lines of /proc/PID/maps and the fields of /proc/PID/status, for recordings and the live machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hwpoison_gui.kernel.image import ProcessImage, VmaImage
from hwpoison_gui.sources.errors import MalformedError

PAGE_SHIFT: Final = 12
# Five-level page tables have 57 address bits, half of that for user space; [vsyscall] lies above and is no VMA.
USER_END: Final = 1 << 56

SIGBUS: Final = 7
_SIGBUS_BIT: Final = 1 << (SIGBUS - 1)

_LINE: Final = re.compile(
    r"([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16})"
    r" ([0-9a-f]{1,8}:[0-9a-f]{1,8}) (\d{1,20})(?:\s+(.*))?",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ProcessText:
    """A process as /proc prints it: the fields of status by name and the lines of maps."""

    pid: int
    ppid: int
    comm: str
    status: Mapping[str, str]
    maps: tuple[str, ...]


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


def sigbus_of(status: Mapping[str, str]) -> str:
    """Disposition of SIGBUS by the masks SigBlk, SigIgn and SigCgt of status; `default` where they are missing."""
    masks = {name: _mask(status, name) for name in ("SigBlk", "SigIgn", "SigCgt")}
    if masks["SigIgn"] & _SIGBUS_BIT:
        return "ignored"
    if masks["SigBlk"] & _SIGBUS_BIT:
        return "blocked"
    return "handler" if masks["SigCgt"] & _SIGBUS_BIT else "default"


def process_image(text: ProcessText) -> ProcessImage:
    """The process in the form that a machine is booted from. Raises MalformedError."""
    threads = text.status.get("Threads", "1").strip()
    if not (threads.isascii() and threads.isdigit() and 1 <= len(threads) <= 7):
        raise MalformedError(f"process {text.pid}", f"Threads is {threads[:40]!r}")
    try:
        vmas = parse_maps(text.maps)
    except MalformedError as bad:
        raise MalformedError(f"process {text.pid}, {bad.where}", bad.why) from None
    return ProcessImage(
        pid=text.pid,
        ppid=text.ppid,
        comm=text.comm,
        vmas=vmas,
        threads=max(1, int(threads)),
        sigbus=sigbus_of(text.status),
    )


def meminfo_kb(text: str, name: str) -> int:
    """A value of /proc/meminfo in kB; 0 if the kernel does not print it."""
    match = re.search(rf"^{re.escape(name)}:\s*(\d{{1,18}})\b", text, re.ASCII | re.MULTILINE)
    return int(match.group(1)) if match else 0


def _mask(status: Mapping[str, str], name: str) -> int:
    value = status.get(name, "0").strip()
    if not re.fullmatch(r"[0-9a-f]{1,32}", value, re.ASCII):
        raise MalformedError("status", f"{name} is {value[:40]!r}")
    return int(value, 16)
