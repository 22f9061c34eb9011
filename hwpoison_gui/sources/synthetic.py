"""Synthetic exports of a made-up machine: the files of /proc that Linux would show, with nothing hidden."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise
from typing import Final

from hwpoison_gui.image import MemoryImage, ProcessImage, VmaImage, ZoneImage
from hwpoison_gui.sources.assemble import Exported
from hwpoison_gui.sources.maps import ProcessText
from hwpoison_gui.sources.threads import PF_MCE_EARLY, PF_MCE_PROCESS, SIGBUS, SIGSEGV, ThreadText

_POLICIES: Final = {"default": 0, "early": PF_MCE_PROCESS | PF_MCE_EARLY, "late": PF_MCE_PROCESS}
_KB: Final = 4  # KiB of a frame


def exported_from(image: MemoryImage, version: str, nodes: int = 1) -> Exported:
    """Return what Linux would export of an image; what it does not export is left out.

    Parameters
    ----------
    image
        All its processes have as many threads as they say, with the policy and mask of the process.
    version
        The text of /proc/version.
    nodes
        Memory is divided among so many nodes, in equal runs of frames.
    """
    tids = count(1 + max((process.pid for process in image.processes), default=0))
    frames = len(image.kpageflags)
    return Exported(
        title=image.title,
        kpageflags=image.kpageflags,
        kpagecount=image.kpagecount,
        pagemap_pid=image.pagemap_pid,
        pagemap_va=image.pagemap_va,
        pagemap_entry=image.pagemap_entry,
        processes=tuple(_process(process, tids) for process in image.processes),
        meminfo=f"MemTotal: {frames * _KB} kB\nHardwareCorrupted: 0 kB\n",
        version=version,
        sysctl=image.sysctl,
        mounts={file.device: file.filesystem for file in image.files},
        zones=divided(image.zones, frames, nodes),
        notes=image.notes,
    )


def divided(zones: tuple[ZoneImage, ...], frames: int, nodes: int) -> tuple[ZoneImage, ...]:
    """The zones of a machine whose memory is divided among nodes; each keeps its frames and its name."""
    edges = [frames * node // nodes for node in range(nodes + 1)]
    return tuple(
        ZoneImage(node, zone.name, max(zone.start, first), min(zone.end, last))
        for zone in zones
        for node, (first, last) in enumerate(pairwise(edges))
        if max(zone.start, first) < min(zone.end, last)
    )


def _process(process: ProcessImage, tids: Iterator[int]) -> ProcessText:
    flags, blocked = _POLICIES[process.mce_kill], _mask(SIGBUS if process.blocked else 0)
    others = [next(tids) for _ in range(process.threads - 1)]
    dispositions = {SIGBUS: process.sigbus, SIGSEGV: process.sigsegv}
    status = {
        "Threads": str(process.threads),
        "SigBlk": blocked,
        "SigIgn": _mask(*(signal for signal, what in dispositions.items() if what == "ignored")),
        "SigCgt": _mask(*(signal for signal, what in dispositions.items() if what == "handler")),
    }
    return ProcessText(
        process.pid,
        process.ppid,
        process.comm,
        status,
        tuple(map(_line, process.vmas)),
        tuple(ThreadText(tid, flags, blocked) for tid in (process.pid, *others)),
    )


def _mask(*signals: int) -> str:
    return f"{sum(1 << signal - 1 for signal in signals if signal):016x}"


def _line(vma: VmaImage) -> str:
    """A line of /proc/PID/maps."""
    return f"{vma.start:x}-{vma.end:x} {vma.perms} {vma.offset:08x} {vma.device} {vma.inode} {vma.path}".rstrip()
