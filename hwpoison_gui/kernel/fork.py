"""Creation and end of processes: new ones, fork with its copied page tables, exit.

After kernel/fork.c, copy_page_range() of mm/memory.c and kernel/exit.c.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .exit_mmap import exit_mmap
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .mmap import link_vma, put_file
from .page_alloc import alloc_page, get_page
from .records import PAGE_SHIFT, Process, SigInfo, Task, Vma
from .rmap import anon_vma_link, page_add_rmap
from .vm_fault import pte_alloc

COPIED: Final = site("copy_page_range", Act.MAP, args="area start copied")
EXITED: Final = site("do_exit", Act.DIE, args="comm tgid why")

FIRST_PID = 100
TASK_UNMAPPED_BASE = 0x7F00_0000_0000


def create_task(m: Machine, process: Process, mce_kill: str, blocked: bool, threads: int, tgid: int = 0) -> int | None:
    """Create a thread group with an empty address space. Returns its tgid, or None without memory.

    Parameters
    ----------
    process : Process
        Template for comm, name, ppid and signal dispositions.
    mce_kill, blocked
        PR_MCE_KILL policy and SIGBUS mask of every thread.
    threads : int
        Number of threads, at least 1.
    tgid : int
        Used if not 0; else the next free number.
    """
    pgd = alloc_page(m)
    if pgd is None:
        return None
    tgid = tgid or _new_pid(m)
    tids = (tgid, *(_new_pid(m) for _ in range(threads - 1)))
    m.set_flags(pgd, pf.PGTABLE)
    m.put(m.pgtables, (tgid, -1), pgd)
    m.put(m.mmap_base, tgid, TASK_UNMAPPED_BASE)
    m.put(m.processes, tgid, process._replace(tgid=tgid, mm=tgid, threads=tids, ended=""))
    for number, tid in enumerate(tids):
        m.put(m.tasks, tid, Task(tid, tgid, number, mce_kill, blocked))
    return tgid


def _new_pid(m: Machine) -> int:
    pid = FIRST_PID + m.new_id("pid")
    return pid if pid not in m.tasks.view else _new_pid(m)


def dup_mm(m: Machine, parent: int, child: int) -> Steps[None]:
    """dup_mmap(): copy all VMAs to the child, and those page-table entries that a fault could not restore."""
    m.put(m.mmap_base, child, m.mmap_base.view[parent])
    for vma in m.vmas_of(parent):
        copy = vma._replace(id=m.new_id("vma"), mm=child, anon_vma=0, locked=False, resv=0)
        copy = anon_vma_fork(m, copy, vma)
        link_vma(m, copy)
        copied = copy_page_range(m, vma, copy)
        yield Mark(COPIED, (vma.name, vma.start, copied), vmas=(vma.id, copy.id), tasks=(child,))


def anon_vma_fork(m: Machine, copy: Vma, parent: Vma) -> Vma:
    """Link the child's VMA to the anon_vmas of the parent's, and give it the anon_vma of its own new pages."""
    if not parent.anon_vma:
        return copy
    for anon_vma in sorted(m.vma_anon_vmas.of(parent.id)):
        anon_vma_link(m, copy.id, anon_vma)
    if not m.profile.has("anon_vma_chain"):
        return copy._replace(anon_vma=parent.anon_vma)
    own = m.new_id("anon_vma")
    anon_vma_link(m, copy.id, own)
    return copy._replace(anon_vma=own)


def copy_page_range(m: Machine, vma: Vma, copy: Vma) -> int:
    """Copy page-table entries to the child. Returns how many; a VMA without an anon_vma is left to faults."""
    if not vma.anon_vma and not (vma.huge == "hugetlb" and m.profile.has("fork_copies_hugetlb")):
        return 0
    entries = m.ptes.between(vma.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)
    return sum(_copy_one_pte(m, vma, copy, vpn, entry) for vpn, entry in entries)


def _copy_one_pte(m: Machine, vma: Vma, copy: Vma, vpn: int, entry: int) -> int:
    if vma.huge != "hugetlb" and not pte_alloc(m, copy.mm, vpn):
        return 0
    if entry & ptes.SWAP:
        m.add_to(m.swap_map, ptes.value_of(entry), 1)
        entry &= ~ptes.SWP_EXCLUSIVE
        m.set_pte(vma.mm, vpn, entry)
    elif entry & ptes.PRESENT:
        entry = _share(m, vma, vpn, entry)
    m.set_pte(copy.mm, vpn, entry)
    return 1


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


def do_exit(m: Machine, tgid: int, why: str) -> Mark:
    """End a process: free its mappings, page tables and open files. Its record stays, as a zombie's does."""
    process = m.processes.view[tgid]
    exit_mmap(m, process.mm)
    for fd in sorted(m.fds.of(tgid)):
        close_fd(m, tgid, fd)
    for tid in process.threads:
        m.delete(m.pending, tid)
    m.put(m.processes, tgid, process._replace(mm=0, ended=why))
    return Mark(EXITED, (process.comm, tgid, why), tasks=process.threads)


def close_fd(m: Machine, tgid: int, fd: str) -> None:
    """close(): remove a descriptor; the last one of an open file description closes it."""
    description = m.fds.of(tgid)[fd]
    m.delete(m.fds, (tgid, fd))
    put_file(m, description)


def do_group_exit(m: Machine, doomed: list[tuple[int, SigInfo]]) -> Steps[None]:
    """End the processes that get_signal() found to be killed, given as (tgid, signal)."""
    for tgid, info in doomed:
        yield do_exit(m, tgid, f"{info.signal} ({info.code})")


def dup_fds(m: Machine, parent: int, child: int) -> None:
    """dup_fd(): give the child descriptors of the same open file descriptions."""
    for fd, description in m.fds.of(parent).items():
        m.put(m.fds, (child, fd), description)
        m.add_to(m.file_users, description, 1)
