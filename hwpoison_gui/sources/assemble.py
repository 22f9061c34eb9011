"""Turns what /proc exports into the image of a machine; recordings, live memory and raw files all use it.

What Linux does not export is left out, or derived by a rule that the image states in its `notes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import UNKNOWN, Capture, HiddenState, MemoryImage, ProcessImage, ZoneImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.maps import PAGE_SHIFT, USER_END, ProcessText, meminfo_kb, process_image
from hwpoison_gui.sources.own_flags import check_number, own_flags
from hwpoison_gui.sources.page_cache import Cache, page_cache
from hwpoison_gui.sources.pid_namespaces import inits_of
from hwpoison_gui.sources.vma_table import I64, U64, VmaTable, keys_of, row_of, vma_table

PRESENT: Final = np.uint64(1 << 63)
SWAPPED: Final = np.uint64(1 << 62)
PFN_MASK: Final = np.uint64((1 << 55) - 1)
_MOST_FRAMES: Final = np.uint64(1 << 44)  # of 56 bits of physical address, more than any machine has
HWPOISON_TYPE: Final = 26
# Swap types below it are swap devices in every configuration; from here on they are migration, markers and poison.
_FIRST_SPECIAL_TYPE: Final = 23

_CORRUPTED: Final = "HardwareCorrupted"
_NEIGHBOUR: Final = "VmallocChunk"  # stands shortly before it in the meminfo of any kernel
_DERIVED: Final = (
    "Reference counts are not exported: one for each mapping, the page cache, the swap cache and private data.",
    "Which processes share an anonymous page is taken from common frames and from who forked whom; "
    "the kernel's anon_vma trees are not exported.",
    "Which page-table pages belong to whom is not exported: they are assigned in order.",
)
_NO_HANDLER: Final = (
    "Its kernel has no memory_failure(): its meminfo has no HardwareCorrupted, which is there with "
    "CONFIG_MEMORY_FAILURE, and none of the sysctls. It would not handle an error; shown is what the modelled kernel "
    "would do."
)
_PARTIAL: Final = (
    "Only some processes were captured ({}): where the kernel counts more mappings of a page than they have, who else "
    "maps it is not known."
)
_MOST_PIDS: Final = 8
_GIB: Final = 1 << 18  # frames
_HUGE_PAGE: Final = 512  # frames of a page of 2 MiB
# Threads that were counted, but not listed, are alike within their process: so many of them are modelled.
_MOST_UNLISTED: Final = 1 << 16
_DIRTY_RULE: Final = (
    "Dirty bits of page-table entries are not exported: anonymous pages count as written by all who map them, "
    "except in the swap cache, merged ones, and single pages of a huge page; a file page as its own dirty flag says."
)


@dataclass(frozen=True, slots=True)
class Exported:
    """The raw data of a source, as read. The arrays are those of MemoryImage; texts are whole files of /proc."""

    title: str
    kpageflags: U64
    kpagecount: npt.NDArray[np.integer[Any]]
    pagemap_pid: npt.NDArray[np.int64]
    pagemap_va: U64
    pagemap_entry: U64
    processes: Sequence[ProcessText] = ()
    meminfo: str = ""
    version: str = ""
    sysctl: Mapping[str, int] = field(default_factory=dict)
    hidden: HiddenState = field(default_factory=HiddenState)
    mounts: Mapping[str, str] = field(default_factory=dict)
    zones: tuple[ZoneImage, ...] = ()
    notes: tuple[str, ...] = ()
    cgroup: U64 | None = None  # of each frame: the inode number of its memory cgroup, 0 for none; as kpagecgroup
    cgroups: Mapping[int, str] = field(default_factory=dict)  # their paths, by inode number
    texts: Mapping[str, str] = field(default_factory=dict)  # other files of /proc and /sys, kept as they were
    capture: Capture = UNKNOWN


def assemble(exported: Exported) -> MemoryImage:
    """The image of the exported machine. Raises MalformedError when its parts contradict each other."""
    exported = _whole(replace(exported, kpageflags=own_flags(exported.kpageflags)))
    check_number(exported.kpageflags)
    processes, unlisted = _processes(exported.processes)
    vmas = vma_table(processes)
    if len(exported.pagemap_va) and int(exported.pagemap_va.max()) >= USER_END:
        raise MalformedError("pagemap_va", "an address outside of user space")
    key = keys_of(vmas, exported.pagemap_pid, exported.pagemap_va)
    _check_unique(key)
    row = row_of(vmas, key)
    entry, keep = _usable(exported.pagemap_entry, exported.kpageflags, row)
    notes = [*exported.notes, *unlisted, *_left_out(row, keep)]
    hidden = _hidden_of(exported.hidden, keep)
    which = slice(None) if keep.all() else keep  # nothing is copied where all is kept
    entry, row, key = entry[which], row[which], key[which]
    cache = _cache(exported, vmas, row, key, entry, hidden)
    return MemoryImage(
        title=exported.title,
        kpageflags=exported.kpageflags,
        kpagecount=exported.kpagecount,
        pagemap_pid=exported.pagemap_pid[which],
        pagemap_va=exported.pagemap_va[which],
        pagemap_entry=entry,
        processes=processes,
        files=cache.files,
        cached=cache.pages,
        hidden=hidden,
        kernel=kernel_of(exported.version),
        hardware_corrupted_kb=meminfo_kb(exported.meminfo, _CORRUPTED),
        sysctl=dict(exported.sysctl),
        zones=exported.zones,
        cgroup=exported.cgroup,
        cgroups=dict(exported.cgroups),
        notes=(*notes, *_notes(exported, processes, cache)),
        capture=exported.capture,
        no_handler=_no_handler(exported),
    )


def _processes(texts: Sequence[ProcessText]) -> tuple[tuple[ProcessImage, ...], list[str]]:
    """The processes with an address space, and notes on threads that are left out. Raises MalformedError."""
    inits = inits_of(texts)
    images = [image for text in texts if (image := process_image(text, inits.get(text.pid, ()))).vmas]
    left, total = _MOST_UNLISTED, 0
    for number, image in enumerate(images):
        unlisted = image.threads - max(1, len(image.listed))
        kept = min(unlisted, left)
        left, total = left - kept, total + unlisted - kept
        if kept < unlisted:
            images[number] = image._replace(threads=image.threads - unlisted + kept)
    notes = [f"Threads that are left out, as they were counted but not listed: {total:,}."] if total else []
    return tuple(images), notes


def _whole(exported: Exported) -> Exported:
    """Return the same without a huge page of which the last frames are missing: nobody could say what they are."""
    words = exported.kpageflags
    frames = whole_frames(words[1 - _HUGE_PAGE :], len(words))
    if frames == len(words):
        return exported
    if not frames:
        raise MalformedError("kpageflags", "it ends within its first huge page")
    hidden = {
        name: None if column is None else column[:frames]
        for name in ("refcount", "mapping", "index", "private")
        for column in [getattr(exported.hidden, name)]
    }
    left_out = (
        f"The last {len(words) - frames} frames are left out: they begin with a huge page of which a part is missing."
    )
    return replace(
        exported,
        kpageflags=words[:frames],
        kpagecount=exported.kpagecount[:frames],
        cgroup=None if exported.cgroup is None else exported.cgroup[:frames],
        hidden=replace(exported.hidden, **hidden),
        notes=(*exported.notes, left_out),
    )


def whole_frames(last: U64, frames: int) -> int:
    """The number of frames without a huge page of which the last ones are missing.

    A smaller folio is whole if it is of a size that a folio has, at a place that one of that size can have.

    Parameters
    ----------
    last
        The flags of the last 511 frames, or of all where there are fewer.
    """
    heads = np.flatnonzero(last & np.uint64(pf.COMPOUND_HEAD))
    if not len(heads) or not last[heads[-1]] & np.uint64(pf.HUGE | pf.THP):
        return frames
    if not (last[heads[-1] + 1 :] & np.uint64(pf.COMPOUND_TAIL) != 0).all():
        return frames
    head = frames - len(last) + int(heads[-1])
    size = frames - head
    is_folio = head % _HUGE_PAGE != 0 and size.bit_count() == 1 and head % size == 0
    return frames if is_folio else head


def kernel_of(version: str) -> tuple[int, int] | None:
    """(major, minor) of the kernel that printed this /proc/version line; None for another text."""
    match = re.search(r"Linux version (\d{1,4})\.(\d{1,4})", version, re.ASCII)
    return (int(match.group(1)), int(match.group(2))) if match else None


def release_of(version: str) -> str:
    """The name and release in a /proc/version line, such as `Linux 6.1.0-56-amd64`."""
    match = re.match(r"Linux version (\S{1,80})", version)
    return f"Linux {match.group(1)}" if match else "Linux"


def _check_unique(key: I64) -> None:
    steps = np.diff(key)
    if (steps > 0).all():
        return
    ordered = np.sort(key)
    if (np.diff(ordered) == 0).any():
        raise MalformedError("pagemap_va", "an address of a process comes twice")


def _usable(entry: U64, kpageflags: U64, row: I64) -> tuple[U64, npt.NDArray[np.bool_]]:
    """The entries with all hwpoison entries under one swap type, and a mask of those that a machine can hold."""
    present, swapped = (entry & PRESENT) != 0, (entry & SWAPPED) != 0
    if not (present ^ swapped).all():
        raise MalformedError("pagemap_entry", "an entry that is neither or both of present and swapped")
    frames = np.uint64(len(kpageflags))
    pfn = entry & PFN_MASK
    absurd = present & (pfn >= _MOST_FRAMES)
    if absurd.any():
        number = int(np.argmax(absurd))
        raise MalformedError("pagemap_entry", f"entry {number:,} names frame {int(pfn[number]):#x}, which cannot exist")
    special = swapped & ((entry & np.uint64(31)) >= _FIRST_SPECIAL_TYPE)
    offset = (entry >> np.uint64(5)) & np.uint64((1 << 50) - 1)
    poison = special & (offset < frames)
    poison[poison] = (kpageflags[offset[poison].astype(np.int64)] & np.uint64(pf.HWPOISON)) != 0
    if poison.any():
        entry = np.where(poison, entry & ~np.uint64(31) | np.uint64(HWPOISON_TYPE), entry)
    keep = (row >= 0) & ~(present & (pfn >= frames)) & ~(special & ~poison)
    return entry, keep


def _left_out(row: I64, keep: npt.NDArray[np.bool_]) -> list[str]:
    """Note on dropped entries."""
    if keep.all():
        return []
    outside = int((row < 0).sum())
    others = int((~keep).sum()) - outside
    said = []
    if outside:
        said.append(f"{outside} page-table entries lie in no VMA of their process (memory was changing): left out.")
    if others:
        said.append(f"{others} page-table entries of devices, migrations or markers are left out.")
    return said


def _hidden_of(hidden: HiddenState, keep: npt.NDArray[np.bool_]) -> HiddenState:
    if keep.all():
        return hidden
    return replace(
        hidden,
        pte_dirty=None if hidden.pte_dirty is None else hidden.pte_dirty[keep],
        pte_pmd=None if hidden.pte_pmd is None else hidden.pte_pmd[keep],
    )


def _cache(exported: Exported, vmas: VmaTable, row: I64, key: I64, entry: U64, hidden: HiddenState) -> Cache:
    here = (entry & PRESENT) != 0
    present = slice(None) if here.all() else here
    mounts = dict(exported.mounts)
    return page_cache(vmas, exported.kpageflags, row[present], key[present], entry[present], hidden, mounts)


def _notes(exported: Exported, processes: Sequence[ProcessImage], cache: Cache) -> list[str]:
    said: list[str] = []
    texts = [text for text in exported.processes if text.maps]
    if texts and not any("SigCgt" in text.status for text in texts):
        said.append("Signal dispositions were not recorded: every process starts with the default for SIGBUS.")
    if processes:
        if not any(process.listed for process in processes):
            said.append("PR_MCE_KILL policies were not recorded: every process starts with the default policy.")
        said += _DERIVED if exported.hidden.refcount is None else _DERIVED[1:]
        if exported.hidden.pte_dirty is None:
            said.append(_DIRTY_RULE)
    said.append(_cache_note(exported, cache))
    if exported.capture.pids:
        said.insert(0, _PARTIAL.format(_pids(exported.capture.pids)))
    if _no_handler(exported):
        said.insert(0, _NO_HANDLER)
    if meminfo_kb(exported.meminfo, _CORRUPTED) is None:
        said.append("HardwareCorrupted is not in its meminfo: the frames with the flag HWPOISON are counted instead.")
    if not exported.zones:
        said.append(
            "Zones and nodes were not recorded: zones are assumed by the limits of x86, and nodes are not known."
        )
    if bare := int(np.count_nonzero(exported.kpageflags == 0)):
        size = f"{bare * 4 / 1024:,.0f} MiB" if bare < _GIB else f"{bare / _GIB:,.1f} GiB"
        said.append(
            f"{size} have no flag at all. They are taken for the kernel's own; some may be free on per-CPU lists, or "
            "memory that was never given to the allocator: Linux does not export which."
        )
    return said


def _pids(pids: Sequence[int]) -> str:
    more = f" and {len(pids) - _MOST_PIDS:,} more" if len(pids) > _MOST_PIDS else ""
    return ("PID " if len(pids) == 1 else "PIDs ") + ", ".join(map(str, pids[:_MOST_PIDS])) + more


def _no_handler(exported: Exported) -> bool:
    """Return whether the kernel was built without CONFIG_MEMORY_FAILURE.

    A complete meminfo lacks its line then, and there is no sysctl.
    """
    whole = meminfo_kb(exported.meminfo, _NEIGHBOUR) is not None
    return whole and meminfo_kb(exported.meminfo, _CORRUPTED) is None and not exported.sysctl


def _cache_note(exported: Exported, cache: Cache) -> str:
    if cache.unnamed:
        return f"Files that nobody maps have no name: {cache.unnamed}. Their pages are known by struct page."
    if exported.hidden.mapping is not None:
        return "File pages that nobody maps are known by struct page."
    return "File pages that nobody maps are not attributed to a file: Linux does not export their place."


def page_aligned(va: npt.NDArray[Any]) -> bool:
    """True if every address is page-aligned."""
    return not (va & np.uint64((1 << PAGE_SHIFT) - 1)).any()
