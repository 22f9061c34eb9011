"""Creation of processes: new ones, and fork with its copied page tables.

After kernel/fork.c and copy_page_range() of mm/memory.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from . import page_flags as pf
from . import pte as ptes
from .exit_mmap import FEW, exit_mmap
from .gup import share_pins
from .ksm import ksm_fork
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .mmap import link_vma
from .packed_blocks import Pairs
from .page_alloc import get_page
from .records import PAGE_SHIFT, Process, Task, Vma
from .rmap import anon_vma_clone, anon_vma_link, page_add_rmap
from .vm_fault import pte_alloc

COPIED: Final = site("copy_page_range", Act.MAP, args="area start copied")

_PGD: Final = -1  # stands for the page directory among the numbers of page tables, which are vpn >> 9
FIRST_PID = 100
TASK_UNMAPPED_BASE = 0x7F00_0000_0000


def create_task(
    m: Machine,
    process: Process,
    mce_kill: str,
    blocked: bool,
    threads: int,
    tgid: int = 0,
    newpid: bool = False,
    tables: Sequence[int] = (),
) -> int | None:
    """Create a thread group with an empty address space. Returns its tgid, or None without memory.

    Parameters
    ----------
    process : Process
        Template for comm, name, ppid, PID namespaces and signal dispositions.
    mce_kill, blocked
        PR_MCE_KILL policy and SIGBUS mask of every thread.
    threads : int
        Number of threads, at least 1.
    tgid : int
        Used if not 0; else the next free number.
    newpid : bool
        CLONE_NEWPID: the process is the init of a new PID namespace.
    tables : Sequence[int]
        Numbers of the page tables that the address space starts with, as `tables_to_copy` returns them.
    """
    tgid = tgid or _new_pid(m)
    if not all(pte_alloc(m, tgid, table << 9) for table in (_PGD, *tables)):
        exit_mmap(m, tgid)
        return None
    tids = (tgid, *(_new_pid(m) for _ in range(threads - 1)))
    m.put(m.mmap_base, tgid, TASK_UNMAPPED_BASE)
    pid_ns = (*process.pid_ns, tgid) if newpid else process.pid_ns
    made = process._replace(tgid=tgid, mm=tgid, threads=tids, ended="", pid_ns=pid_ns)
    m.put(m.processes, tgid, made._replace(unkillable=made.is_global_init or made.is_namespace_init))
    for number, tid in enumerate(tids):
        m.put(m.tasks, tid, Task(tid, tgid, number, mce_kill, blocked))
    return tgid


def _new_pid(m: Machine) -> int:
    pid = FIRST_PID + m.new_id("pid")
    return pid if pid not in m.tasks.view else _new_pid(m)


def tables_to_copy(m: Machine, mm: int) -> list[int]:
    """Numbers of the page tables that a copy of the address space needs, in order of address.

    copy_pte_range() allocates them one after another, and fork fails with ENOMEM if it cannot; the child is freed with
    what was copied so far. Here they are allocated before the child exists, so that nothing has to be taken back. What
    stays in Linux of a failed fork, private pages that are write-protected in the parent, does not happen here.
    """
    small = [vma for vma in m.vmas_of(mm) if is_copied(m, vma) and vma.huge != "hugetlb"]
    return list(dict.fromkeys(vpn >> 9 for vma in small for vpn, _ in _entries_of(m, vma)))


def dup_mm(m: Machine, parent: int, child: int) -> Steps[None]:
    """dup_mmap(): copy all VMAs to the child, and those page-table entries that a fault could not restore.

    The child has the page tables for them, see `tables_to_copy`.
    """
    m.put(m.mmap_base, child, m.mmap_base.view[parent])
    ksm_fork(m, parent, child)
    for vma in m.vmas_of(parent):
        copy = vma._replace(id=m.new_id("vma"), mm=child, locked=False, resv=0)
        copy = anon_vma_fork(m, copy, vma)
        link_vma(m, copy)
        copied = copy_page_range(m, vma, copy)
        yield Mark(COPIED, (vma.name, vma.start, copied), vmas=(vma.id, copy.id), tasks=(child,))


def anon_vma_fork(m: Machine, copy: Vma, parent: Vma) -> Vma:
    """Link the child's VMA, a copy, to the anon_vmas of the parent's, and give it the anon_vma of its own new pages."""
    if not parent.anon_vma:
        return copy
    anon_vma_clone(m, copy.id, parent.id)
    if not m.profile.has("anon_vma_chain"):
        return copy
    own = m.new_id("anon_vma")
    anon_vma_link(m, copy.id, own)
    return copy._replace(anon_vma=own)


def is_copied(m: Machine, vma: Vma) -> bool:
    """vma_needs_copy(): whether fork copies the page-table entries of a VMA, and does not leave them to faults."""
    return bool(vma.anon_vma) or (vma.huge == "hugetlb" and m.profile.has("fork_copies_hugetlb"))


def _entries_of(m: Machine, vma: Vma) -> list[tuple[int, int]]:
    return m.ptes.between(vma.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)


def copy_page_range(m: Machine, vma: Vma, copy: Vma) -> int:
    """Copy page-table entries to the child, which has the page tables for them. Returns how many."""
    if not is_copied(m, vma):
        return 0
    entries = _entries_of(m, vma)
    others = entries if len(entries) <= FEW or vma.shared else _copy_small_pages(m, vma, copy, entries)
    for vpn, entry in others:
        _copy_one_pte(m, vma, copy, vpn, entry)
    return len(entries)


def _copy_small_pages(m: Machine, vma: Vma, copy: Vma, entries: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Copy the entries of small pages of private memory in whole columns; returns all others, (vpn, entry)."""
    vpns, words = np.array(entries, np.int64).T
    small = words & (ptes.PRESENT | ptes.SPECIAL) == ptes.PRESENT
    small[small] = m.flags.view[words[small] >> PAGE_SHIFT] & np.uint64(_NOT_SMALL) == 0
    written = small & (words & ptes.RW != 0)
    _put_entries(m, vma.mm, vpns[written], words[written] & ~ptes.RW)
    _put_entries(m, copy.mm, vpns[small], words[small] & ~(ptes.RW | ptes.ACCESSED))
    m.add_to(m.rss, copy.mm, int(np.count_nonzero(small)))
    pfns = words[small] >> PAGE_SHIFT
    for column in (m.refcount, m.mapcount):
        m.put_cells(column, pfns, column.view[pfns] + np.int32(1))
    flags = m.flags.view[pfns] | np.uint64(pf.MMAP)
    anon = flags & np.uint64(pf.ANON) != 0
    m.put_cells(m.flags, pfns, np.where(anon, flags & ~np.uint64(m.profile.mm.exclusive), flags))
    return [entry for entry, is_small in zip(entries, small.tolist(), strict=True) if not is_small]


# Compound pages, where several frames are counted, and KSM pages, which a VMA may map more than once.
_NOT_SMALL: Final = pf.COMPOUND_HEAD | pf.COMPOUND_TAIL | pf.KSM


def _put_entries(m: Machine, mm: int, vpns: npt.NDArray[np.int64], entries: npt.NDArray[np.int64]) -> None:
    m.gate.put_each(m.ptes, Pairs([mm] * len(vpns), vpns.tolist()), entries.tolist())


def _copy_one_pte(m: Machine, vma: Vma, copy: Vma, vpn: int, entry: int) -> None:
    if entry & ptes.SWAP:
        m.add_to(m.swap_map, ptes.value_of(entry), 1)
        entry &= ~ptes.SWP_EXCLUSIVE
        m.set_pte(vma.mm, vpn, entry)
    elif entry & ptes.PRESENT:
        entry = _share(m, vma, vpn, entry)
    m.set_pte(copy.mm, vpn, entry)


def _share(m: Machine, vma: Vma, vpn: int, entry: int) -> int:
    """Map the page once more; write-protect private memory in both processes. Returns the child's entry."""
    pfn = ptes.value_of(entry)
    if not vma.shared:
        entry &= ~ptes.RW
        m.set_pte(vma.mm, vpn, entry)
    else:
        entry &= ~ptes.DIRTY
    if not entry & ptes.SPECIAL:
        get_page(m, pfn)
        page_add_rmap(m, pfn, huge=bool(entry & ptes.PSE))
        if m.page(pfn) & pf.ANON:
            m.clear_flags(pfn, m.profile.mm.exclusive)
    return entry & ~ptes.ACCESSED


def dup_fds(m: Machine, parent: int, child: int) -> None:
    """dup_fd(): give the child descriptors of the same open file descriptions, pipes included."""
    share_pins(m, parent, child)
    for fd, description in m.fds.of(parent).items():
        m.put(m.fds, (child, fd), description)
        m.add_to(m.file_users, description, 1)
