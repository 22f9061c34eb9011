"""Boots a machine from an image: what Linux exports becomes columns, page tables and reverse maps.

What Linux does not export is derived by rules that are stated where they are applied: boot/entries.py for page
tables, boot/anon.py for anon_vma trees, boot/frames.py for reference counts and free lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from hwpoison_gui.image import FileImage, MemoryImage, ProcessImage, ThreadImage, VmaImage
from hwpoison_gui.kernel.records import label_of

from .. import page_flags as pf
from .. import pte as ptes
from ..machine import Machine
from ..memcontrol import page_memcg
from ..mmzone import zones_by_address
from ..page_mapping import mapping_number
from ..profile.type import Profile
from ..records import HPAGE_PMD_NR, HPAGE_RESV_OWNER, PAGE_SHIFT, Process, Task, Vma
from .anon import AnonFamilies, anon_families
from .compound import Compounds, compounds_of
from .entries import Entries, VmaRows, entries_of, page_table_words, vma_rows
from .files import NEWER, load_files
from .frames import free_blocks, load_frames
from .scan import frames_with

_LEAST_FRAMES: Final = 256
_SPECIAL_MOST: Final = 64  # frames of each kind to which a name such as any:slab can refer
_FREE_SPACE: Final = 1 << 40
_ANON_HUGETLB: Final = "/anon_hugepage"


def machine_from_image(image: MemoryImage, profile: Profile) -> Machine:
    """A machine in the state of the image, booted under a profile and recording."""
    image = _padded(image)
    m = Machine(len(image.kpageflags), profile)
    m.zones = image.zones or zones_by_address(m.frames)
    m.memcg = page_memcg(image.cgroup, image.cgroups) if image.cgroup is not None else None
    m.capture = image.capture
    compounds = compounds_of(image.kpageflags)
    rows = vma_rows(image)
    entries = entries_of(image, rows, compounds)
    families, entries = anon_families(image, rows, entries)
    _load_vmas(m, image, rows, entries, families, compounds)
    load_files(m, image, compounds)
    load_frames(m, image, entries, families, compounds)
    del families
    if image.capture.pids:
        m.uncaptured = np.maximum(image.kpagecount.astype(np.int64) - m.mapcount.view, 0).astype(np.int32)
    _load_page_tables(m, image, rows, entries, compounds)
    _load_processes(m, image)
    _load_free_area(m, image)
    _load_special(m, image)
    _load_counters(m, image)
    m.gate.record()
    return m


def _padded(image: MemoryImage) -> MemoryImage:
    """The image with at least 256 frames; the added ones have no memory (NOPAGE)."""
    missing = _LEAST_FRAMES - len(image.kpageflags)
    if missing <= 0:
        return image
    longer: dict[str, Any] = {}
    for name in ("refcount", "mapping", "index", "private"):
        column = getattr(image.hidden, name)
        longer[name] = None if column is None else np.pad(column, (0, missing))
    return image._replace(
        kpageflags=np.pad(image.kpageflags, (0, missing), constant_values=pf.NOPAGE),
        kpagecount=np.pad(image.kpagecount, (0, missing)),
        cgroup=None if image.cgroup is None else np.pad(image.cgroup, (0, missing)),
        hidden=replace(image.hidden, **longer),
    )


def _load_vmas(
    m: Machine, image: MemoryImage, rows: VmaRows, entries: Entries, families: AnonFamilies, compounds: Compounds
) -> None:
    inode_of = _inode_finder(image)
    folios = _folios(image, entries, compounds)
    locked = entries.locked(image, len(rows.vmas))
    thp = set(entries.row[entries.pse & ~entries.hugetlb].tolist())
    named: set[tuple[int, str]] = set()
    vmas: dict[int, Vma] = {}
    for row, (process, found) in enumerate(rows.vmas):
        mapping = inode_of(found)
        hugetlb = "ht" in found.flags or _is_hugetlb(image.files[mapping - 1] if mapping else None)
        vma = Vma(
            id=row + 1,
            mm=process.pid,
            start=found.start,
            end=found.end,
            prot=_prot(found.perms),
            shared=found.perms[3] == "s",
            mapping=mapping,
            pgoff=int(families.pgoff[row]),
            anon_vma=int(families.of_vma[row]),
            locked="lo" in found.flags or bool(locked[row]),
            huge="hugetlb" if hugetlb else "thp" if row in thp else "none",
            mergeable="mg" in found.flags,
            name=_name(process.pid, found, named),
            execute=found.perms[2] == "x",
            folio=folios.get(row, 1),
        )
        vmas[vma.id] = vma
    _mark_reservation_owners(vmas, {process.pid: process.ppid for process, _ in rows.vmas})
    m.vmas.load(vmas)
    _link_vmas(m, vmas)


def _folios(image: MemoryImage, entries: Entries, compounds: Compounds) -> dict[int, int]:
    """The pages of the largest anonymous folio below 2 MiB that each VMA maps, by row; new ones are of that size."""
    at = np.nonzero(entries.counted & ((image.kpageflags[entries.head] & np.uint64(pf.ANON)) != 0))[0]
    pages = compounds.sizes(entries.head[at])
    small = (pages > 1) & (pages < HPAGE_PMD_NR)
    found: dict[int, int] = {}
    for row, size in np.unique(np.stack((entries.row[at[small]], pages[small])), axis=1).T.tolist():
        found[row] = size  # the last one is the largest
    return found


def _mark_reservation_owners(vmas: dict[int, Vma], parents: dict[int, int]) -> None:
    """HPAGE_RESV_OWNER, which Linux does not export: a private hugetlb VMA that the parent does not have as well."""
    private = [vma for vma in vmas.values() if vma.huge == "hugetlb" and not vma.shared]
    there = {(vma.mm, vma.start, vma.mapping) for vma in private}
    for vma in private:
        if (parents[vma.mm], vma.start, vma.mapping) not in there:
            vmas[vma.id] = vma._replace(resv=HPAGE_RESV_OWNER)


def _inode_finder(image: MemoryImage) -> Callable[[VmaImage], int]:
    """Return what finds the inode of a VMA by device, inode number and path, or without the path; 0 if none."""
    files = {(file.device, file.inode, file.path): number for number, file in enumerate(image.files, 1)}
    by_inode = {(file.device, file.inode): number for number, file in enumerate(image.files, 1)}

    def find(vma: VmaImage) -> int:
        if not vma.inode and not vma.path.startswith("/"):
            return 0
        return files.get((vma.device, vma.inode, vma.path), by_inode.get((vma.device, vma.inode), 0))

    return find


def _prot(perms: str) -> str:
    """Protection by the permissions of /proc/pid/maps: rw, r or none."""
    return "rw" if perms[1] == "w" else "r" if perms[:3] != "---" else "none"


def _link_vmas(m: Machine, vmas: dict[int, Vma]) -> None:
    """Add VMAs to their address spaces and to the reverse maps of their files and anon_vmas."""
    i_mmap: dict[int, dict[int, bool]] = {}
    for vma in vmas.values():
        if vma.mapping:
            i_mmap.setdefault(vma.mapping, {})[vma.id] = True
    for inode, ids in i_mmap.items():
        m.i_mmap.load(inode, ids)
    for vma in vmas.values():
        m.mm_vmas.load(vma.mm, {vma.id: True})
        if vma.anon_vma:
            m.anon_vma_chain.load(vma.anon_vma, {vma.id: True})
            m.vma_anon_vmas.load(vma.id, {vma.anon_vma: True})


def _name(pid: int, vma: VmaImage, named: set[tuple[int, str]]) -> str:
    """Scenario name of a VMA: its own, or `[heap]` and the like. Only the first VMA of a process gets a given name."""
    name = vma.name or (vma.path if vma.path.startswith("[") else "")
    if (pid, name) in named:
        return ""
    named.add((pid, name))
    return name


def _is_hugetlb(file: FileImage | None) -> bool:
    return file is not None and (file.filesystem == "hugetlbfs" or file.path.startswith(_ANON_HUGETLB))


def _load_page_tables(m: Machine, image: MemoryImage, rows: VmaRows, entries: Entries, compounds: Compounds) -> None:
    """Load page tables and RSS, and deal out page-table pages in order: Linux does not export whose they are."""
    words = page_table_words(image, rows, entries, compounds)
    written = entries.present & (words & ptes.DIRTY != 0) & rows.shared[entries.row] & rows.file[entries.row]
    m.content.load(entries.value[written], NEWER)
    tables = iter(frames_with(image.kpageflags, pf.PGTABLE).tolist())
    processes = _by_pid(image)
    pids = np.array([process.pid for process in processes], np.int64)
    firsts, ends = np.searchsorted(entries.mm, pids).tolist(), np.searchsorted(entries.mm, pids, side="right").tolist()
    resident = np.where(entries.counted, np.where(entries.pse, HPAGE_PMD_NR, 1), 0)
    for process, first, end in zip(processes, firsts, ends, strict=True):
        span = slice(first, end)
        vpns = entries.vpn[span]
        m.ptes.load_arrays(process.pid, vpns, words[span])
        rss = int(resident[span].sum())
        if rss:
            m.rss.load({process.pid: rss})
        numbers = vpns >> 9
        # Neighbours share a page table. Not np.unique, which imports numpy.ma.
        wanted = [-1, *sorted(set(numbers[np.diff(numbers, prepend=-1) != 0].tolist()))]
        m.pgtables.load(process.pid, dict(zip(wanted, tables, strict=False)))


def _by_pid(image: MemoryImage) -> list[ProcessImage]:
    return sorted(image.processes, key=lambda process: process.pid)


def _load_processes(m: Machine, image: MemoryImage) -> None:
    """Load thread groups in order of pid. Threads that are not listed get the next free tids.

    So does one whose tid another thread has: the number was given again while the machine was being read.
    """
    owners = {thread.tid: process.pid for process in image.processes for thread in process.listed}
    owners.update({process.pid: process.pid for process in image.processes})
    taken = set(owners)
    for process in _by_pid(image):
        pid = process.pid
        known = {thread.tid: thread for thread in process.listed if owners[thread.tid] == pid}
        tids = [*known] or [pid]
        while len(tids) < process.threads:
            tid = tids[-1] + 1
            while tid in taken:
                tid += 1
            taken.add(tid)
            tids.append(tid)
        name = label_of(process.comm, pid)
        group = Process(
            pid,
            process.ppid,
            process.comm,
            name,
            pid,
            process.sigbus,
            process.sigsegv,
            tuple(tids),
            pid_ns=process.pid_ns,
        )
        m.processes.load({pid: group._replace(unkillable=group.is_global_init or group.is_namespace_init)})
        for number, tid in enumerate(tids):
            thread = known.get(tid) or ThreadImage(tid, process.mce_kill, process.blocked)
            m.tasks.load({tid: Task(tid, pid, number, thread.mce_kill, thread.blocked, process.stopped)})
        m.mmap_base.load({pid: _free_space(process)})


def _free_space(process: ProcessImage) -> int:
    """The start of a terabyte of free address space, in bytes: new VMAs are placed there."""
    base = _FREE_SPACE
    for vma in sorted(process.vmas, key=lambda vma: vma.start):
        if vma.start < base + _FREE_SPACE:
            base = max(base, (vma.end + _FREE_SPACE - 1) & -_FREE_SPACE)
    return base


def _load_free_area(m: Machine, image: MemoryImage) -> None:
    for order, heads in enumerate(free_blocks(image.kpageflags)):
        m.free_area.load(order, heads)


def _load_special(m: Machine, image: MemoryImage) -> None:
    """Load a few frames of each of the kernel's own kinds. Without a ZERO_PAGE flag the last frame is the zero page."""
    words = image.kpageflags
    masks = {
        "zero": (pf.ZERO_PAGE | pf.COMPOUND_HEAD | pf.COMPOUND_TAIL, pf.ZERO_PAGE),
        "reserved": (pf.RESERVED | pf.ZERO_PAGE, pf.RESERVED),
        "pgtable": (pf.PGTABLE, pf.PGTABLE),
        "slab": (pf.SLAB | pf.COMPOUND_TAIL, pf.SLAB),
        "slab-tail": (pf.SLAB | pf.COMPOUND_TAIL, pf.SLAB | pf.COMPOUND_TAIL),
    }
    masks["kernel"] = ((1 << 64) - 1, 0)  # no flag at all
    found = {
        kind: tuple(pfns.tolist())
        for kind, (mask, value) in masks.items()
        if len(pfns := frames_with(words, mask, value, _SPECIAL_MOST))
    }
    found.setdefault("zero", (len(words) - 1,))
    m.special.load(found)


def _poisoned_pages(image: MemoryImage) -> int:
    """HardwareCorrupted in frames; where the image does not have it, the frames with the flag HWPOISON."""
    if image.hardware_corrupted_kb is None:
        return int(np.count_nonzero(image.kpageflags & np.uint64(pf.HWPOISON)))
    return image.hardware_corrupted_kb >> (PAGE_SHIFT - 10)


def _load_counters(m: Machine, image: MemoryImage) -> None:
    """Load the highest ids in use, HardwareCorrupted, and the sysctls that are known."""
    highest = {
        "next_vma": len(m.vmas.view),
        "next_inode": max(m.inodes.view, default=0),
        "next_anon_vma": mapping_number(int(m.mapping.view.max())),
        "next_pid": max(m.tasks.view, default=0),
        "next_swap_entry": max((*m.swap_map.view, *m.swap_cache.view, 0)),
        "num_poisoned_pages": _poisoned_pages(image),
    }
    m.counters.load({name: value for name, value in highest.items() if value})
    m.sysctl.load({name: value for name, value in image.sysctl.items() if name in m.sysctl.view})
