"""Page faults: what loads and stores do to the page tables, and where they meet poison.

After mm/memory.c (handle_mm_fault() and the do_*_page() below it) and arch/x86/mm/fault.c.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

from . import page_flags as pf
from . import pte as ptes
from .anon_folio import do_anonymous_folio
from .filemap import ZERO, can, content_of, find_get_page, read_page, store
from .folio import folio_frames
from .gate import ABSENT
from .huge_fault import do_huge_file_fault, do_huge_pmd_anonymous_page, do_huge_pmd_wp_page
from .hugetlb import POISON as HUGETLB_POISON
from .hugetlb import hugetlb_fault, store_huge
from .machine import Machine
from .mark import Act, Mark, Site, Steps, site
from .page_alloc import alloc_page, get_page, put_page
from .records import (
    BUS_ADRERR,
    BUS_MCEERR_AR,
    PAGE_SHIFT,
    PAGE_SIZE,
    SEGV_ACCERR,
    SEGV_MAPERR,
    Inode,
    SigInfo,
    Vma,
)
from .rmap import anon_vma_prepare, mappings_of, munlock_page, page_add_rmap, page_remove_rmap, set_anon
from .signal import force_sig
from .swap import free_page_and_swap_cache, read_swap_cache, swap_free
from .truncate import invalidate_inode_page
from .vm_fault import FAULT_DONE, VM_FAULT_HWPOISON, VM_FAULT_OOM, VM_FAULT_SIGBUS, pte_alloc

READ: Final = site("access", Act.FLAG, args="comm address", name="read")
WRITTEN: Final = site("access", Act.FLAG, args="comm address", name="write")
BAD_AREA: Final = site("bad_area", Act.SIGNAL, args="comm address code")
TOUCHED_POISON: Final = site("do_sigbus", Act.SIGNAL, VM_FAULT_HWPOISON, "comm address")
TOUCHED_NOTHING: Final = site("do_sigbus", Act.SIGNAL, VM_FAULT_SIGBUS, "comm address")
HWPOISON_ENTRY: Final = site("do_swap_page", Act.DECIDE, "is_hwpoison_entry", "address")
POISONED_SWAP_CACHE: Final = site("do_swap_page", Act.DECIDE, "PageHWPoison", "offset")
POISONED_FILE_PAGE: Final = site("__do_fault", Act.DECIDE, "PageHWPoison", "path index")
DROPPED_AT_FAULT: Final = site("invalidate_inode_page", Act.DROP, args="path index", name="at a fault")
ZERO_PAGE: Final = site("do_anonymous_page", Act.MAP, args="address", name="zero page")
NEW_PAGE: Final = site("do_anonymous_page", Act.MAP, args="address")
MAPPED_AROUND: Final = site("filemap_map_pages", Act.MAP, args="address path index")
FILE_PAGE: Final = site("__do_fault", Act.MAP, args="address path index")
PRIVATE_COPY: Final = site("do_cow_fault", Act.MAP, args="address")
SHARED_WRITE: Final = site("do_wp_page", Act.MAP, args="address", name="shared")
REUSED: Final = site("do_wp_page", Act.MAP, args="address", name="reuse")
COPIED: Final = site("wp_page_copy", Act.MAP, args="address old")
SWAPPED_IN: Final = site("do_swap_page", Act.MAP, args="address")
# Faults that meet a poisoned page; their marks name its frame, a hugetlb page by its head.
MEETS_POISON: Final = frozenset({HWPOISON_ENTRY, POISONED_SWAP_CACHE, POISONED_FILE_PAGE, HUGETLB_POISON})


class Access(Record):
    """Result of a load or store: the tag read (None for a store or a failure), and an errno name or 0."""

    value: str | None
    errno: int | str = 0


def access(m: Machine, tid: int, address: int, write: str | None = None) -> Steps[Access]:
    """A load, or a store of tag `write`, by thread `tid`: fault until it succeeds or a signal is sent."""
    mm = m.processes.view[m.tasks.view[tid].tgid].mm
    while True:
        vma = m.find_vma(mm, address)
        if vma is None or vma.prot == "none" or (write is not None and vma.prot != "rw"):
            yield bad_area(m, tid, address, SEGV_ACCERR if vma else SEGV_MAPERR)
            return Access(None)
        entry = m.pte(mm, address >> PAGE_SHIFT)
        if entry & ptes.PRESENT and (write is None or entry & ptes.RW):
            came = _touch(m, vma, address, entry, write)
            yield _touched(m, tid, vma, address, entry, write)
            return came
        fault = yield from handle_mm_fault(m, vma, address, write is not None, tid)
        if fault == VM_FAULT_OOM:
            return Access(None, "ENOMEM")
        if fault:
            yield do_sigbus(m, tid, vma, address, fault)
            return Access(None)


def _touch(m: Machine, vma: Vma, address: int, entry: int, write: str | None) -> Access:
    """The access by the CPU: set the accessed and dirty bits, then read or store the data."""
    vpn = address >> PAGE_SHIFT
    pfn = ptes.value_of(entry)
    if entry & ptes.PSE:
        pfn, vpn = pfn + vpn % 512, vpn & -512
    m.set_pte(vma.mm, vpn, entry | ptes.ACCESSED | (ptes.DIRTY if write is not None else 0))
    if write is None:
        return Access(content_of(m, pfn))
    (store_huge if m.page(pfn) & pf.HUGE else store)(m, pfn, write)
    return Access(None)


def _touched(m: Machine, tid: int, vma: Vma, address: int, entry: int, write: str | None) -> Mark:
    who = m.processes.view[m.tasks.view[tid].tgid]
    return Mark(
        READ if write is None else WRITTEN,
        (who.comm, address),
        (ptes.value_of(entry),),
        (vma.id,),
        ((vma.mm, address >> PAGE_SHIFT),),
        (tid,),
    )


def bad_area(m: Machine, tid: int, address: int, code: str) -> Mark:
    """bad_area_access_error(): force SIGSEGV."""
    force_sig(m, tid, SigInfo("SIGSEGV", code, address))
    who = m.processes.view[m.tasks.view[tid].tgid]
    return Mark(BAD_AREA, (who.comm, address, code), tasks=(tid,))


def do_sigbus(m: Machine, tid: int, vma: Vma, address: int, fault: str) -> Mark:
    """do_sigbus(): force SIGBUS, with BUS_MCEERR_AR where the fault met poison, else BUS_ADRERR."""
    who = m.processes.view[m.tasks.view[tid].tgid]
    touched = address & -PAGE_SIZE
    if fault == VM_FAULT_HWPOISON:
        lsb = 21 if vma.huge == "hugetlb" else PAGE_SHIFT
        m.printk(m.profile.log.fault_kill.format(comm=who.comm, pid=tid, address=touched), fatal=True)
        force_sig(m, tid, SigInfo("SIGBUS", BUS_MCEERR_AR, touched, lsb))
        where = TOUCHED_POISON
    else:
        force_sig(m, tid, SigInfo("SIGBUS", BUS_ADRERR, touched, 0))
        where = TOUCHED_NOTHING
    return Mark(where, (who.comm, touched), (), (vma.id,), ((vma.mm, address >> PAGE_SHIFT),), (tid,))


def handle_mm_fault(m: Machine, vma: Vma, address: int, write: bool, current: int = 0) -> Steps[str]:
    """Make the page present. Returns FAULT_DONE, or the VM_FAULT_ name that says why it is not.

    `current`: the thread that runs; 0 for the main thread of the address space.
    """
    entry = m.pte(vma.mm, address >> PAGE_SHIFT)
    if vma.huge == "hugetlb":
        return (yield from hugetlb_fault(m, vma, address, write, current))
    if entry & ptes.HWPOISON:
        pfn = ptes.value_of(entry)
        yield Mark(HWPOISON_ENTRY, (address,), (pfn,), (vma.id,), ((vma.mm, address >> PAGE_SHIFT),))
        return VM_FAULT_HWPOISON
    if entry & ptes.SWAP:
        return (yield from do_swap_page(m, vma, address, entry, write))
    if entry & ptes.PRESENT:
        return (yield from (do_huge_pmd_wp_page if entry & ptes.PSE else do_wp_page)(m, vma, address, entry))
    huge = do_huge_file_fault if vma.mapping else do_huge_pmd_anonymous_page
    done = yield from huge(m, vma, address, write)
    if done is not None:
        return done
    return (yield from (do_fault if vma.mapping else do_anonymous_page)(m, vma, address, write))


def map_page(m: Machine, vma: Vma, address: int, pfn: int, flags: int) -> bool:
    """Set a present PTE and increment mapcount; the PTE takes over the caller's reference.

    Returns False without memory for a page table; the reference is dropped then.
    """
    vpn = address >> PAGE_SHIFT
    if not pte_alloc(m, vma.mm, vpn):
        put_page(m, pfn)
        return False
    m.set_pte(vma.mm, vpn, ptes.mk_pte(pfn, flags | ptes.ACCESSED))
    page_add_rmap(m, pfn)
    if vma.locked and not m.page(pfn) & pf.THP:
        m.set_flags(pfn, pf.MLOCKED | pf.UNEVICTABLE)
    return True


def drop_present(m: Machine, entry: int) -> None:
    """Drop the mapping of a present PTE that was just cleared; the dirty bit moves to the page if it is a file's."""
    if entry & ptes.SPECIAL:
        return
    pfn = ptes.value_of(entry)
    if entry & ptes.DIRTY and not m.page(pfn) & pf.ANON:
        m.set_flags(m.compound_head(pfn), pf.DIRTY)
    page_remove_rmap(m, pfn, huge=bool(entry & ptes.PSE))
    munlock_page(m, pfn)
    free_page_and_swap_cache(m, pfn)


def zap_pte(m: Machine, mm: int, vpn: int) -> None:
    """zap_pte_range() for one PTE of any type: clear it and drop its reference to the page or swap entry."""
    entry = m.ptes.value(mm, vpn)
    m.replace_pte(mm, vpn, entry, 0)
    if entry & ptes.PRESENT:
        drop_present(m, entry)
    elif entry & ptes.SWAP:
        swap_free(m, ptes.value_of(entry))


def _new_anon_page(m: Machine, vma: Vma, address: int, content: str) -> int | None:
    pfn = alloc_page(m)
    if pfn is None:
        return None
    vma = anon_vma_prepare(m, vma)
    set_anon(m, pfn, vma, address)
    m.set_flags(pfn, pf.UPTODATE | pf.LRU | pf.ANON | pf.SWAPBACKED | m.profile.mm.exclusive)
    m.put(m.content, pfn, ABSENT if content == ZERO else content)
    return pfn


def _mapped(where: Site, vma: Vma, address: int, pfn: int, *args: object) -> Mark:
    return Mark(where, (address, *args), (pfn,), (vma.id,), ((vma.mm, address >> PAGE_SHIFT),))


def do_anonymous_page(m: Machine, vma: Vma, address: int, write: bool) -> Steps[str]:
    """Map a page at a first access to anonymous memory: a write allocates it, a read maps the zero page.

    Returns as handle_mm_fault().
    """
    if not write:
        zero = m.special.view["zero"][0]
        if not pte_alloc(m, vma.mm, address >> PAGE_SHIFT):
            return VM_FAULT_OOM
        m.set_pte(vma.mm, address >> PAGE_SHIFT, ptes.mk_pte(zero, ptes.SPECIAL | ptes.ACCESSED))
        yield _mapped(ZERO_PAGE, vma, address, zero)
        return FAULT_DONE
    if vma.folio > 1 and (yield from do_anonymous_folio(m, vma, address)):
        return FAULT_DONE
    pfn = _new_anon_page(m, vma, address, ZERO)
    if pfn is None or not map_page(m, vma, address, pfn, ptes.RW | ptes.DIRTY):
        return VM_FAULT_OOM
    yield _mapped(NEW_PAGE, vma, address, pfn)
    return FAULT_DONE


def do_fault(m: Machine, vma: Vma, address: int, write: bool) -> Steps[str]:
    """Map the page-cache page at a fault on a file (__do_fault()), read in if needed; a private write copies it.

    Returns as handle_mm_fault().
    """
    inode, index = m.inodes.view[vma.mapping], vma.index_of(address)
    if index >= inode.pages:
        return VM_FAULT_SIGBUS
    pfn = read_page(m, inode, index)
    if pfn is None:
        return VM_FAULT_OOM
    if m.page(pfn) & pf.HWPOISON:
        yield Mark(POISONED_FILE_PAGE, (inode.path, index), (pfn,), (vma.id,))
        return (yield from _poisoned_in_cache(m, inode, index, m.compound_head(pfn)))
    if not m.page(m.compound_head(pfn)) & pf.UPTODATE:
        return VM_FAULT_SIGBUS
    if write and not vma.shared:
        return (yield from _do_cow_fault(m, vma, address, pfn))
    if not write and m.profile.mm.fault_around > 1:
        do_fault_around(m, vma, address, inode)
    if m.pte(vma.mm, address >> PAGE_SHIFT) & ptes.PRESENT:
        yield _mapped(MAPPED_AROUND, vma, address, pfn, inode.path, index)
        return FAULT_DONE
    get_page(m, pfn)
    flags = ptes.RW | ptes.DIRTY if write else 0
    if vma.shared and vma.prot == "rw" and not can(inode, "writeback"):
        flags |= ptes.RW
    if write:
        page_mkwrite(m, pfn)
    if not map_page(m, vma, address, pfn, flags):
        return VM_FAULT_OOM
    yield _mapped(FILE_PAGE, vma, address, pfn, inode.path, index)
    return FAULT_DONE


def _poisoned_in_cache(m: Machine, inode: Inode, index: int, head: int) -> Steps[str]:
    """Unmap a poisoned folio from all processes, and drop it if it is clean and has no other users.

    Returns FAULT_DONE if it was dropped, so that the fault is tried again, else VM_FAULT_HWPOISON.
    """
    if not m.profile.has("fault_drops_clean_poison"):
        return VM_FAULT_HWPOISON
    for frame in folio_frames(m, head):  # huge entries go with the head
        for mapper, address in mappings_of(m, frame) if m.mapcount.view[frame] else ():
            zap_pte(m, mapper.mm, address >> PAGE_SHIFT)
    if not invalidate_inode_page(m, head, extra=0):
        return VM_FAULT_HWPOISON
    yield Mark(DROPPED_AT_FAULT, (inode.path, index), (head,))
    return FAULT_DONE


def do_fault_around(m: Machine, vma: Vma, address: int, inode: Inode) -> None:
    """filemap_map_pages(): map the cached pages around a read fault, `fault_around` of them, aligned by address."""
    span = m.profile.mm.fault_around << PAGE_SHIFT
    first = max(address & -span, vma.start)
    for at in range(first, min((address & -span) + span, vma.end), PAGE_SIZE):
        index = vma.index_of(at)
        pfn = find_get_page(m, inode.id, index) if index < inode.pages else None
        if pfn is None or m.pte(vma.mm, at >> PAGE_SHIFT):
            continue
        word = m.page(m.compound_head(pfn))
        if not word & pf.UPTODATE or word & pf.LOCKED or m.page(pfn) & pf.HWPOISON:
            continue
        get_page(m, pfn)
        writable = vma.shared and vma.prot == "rw" and not can(inode, "writeback")
        map_page(m, vma, at, pfn, ptes.RW if writable else 0)


def page_mkwrite(m: Machine, pfn: int) -> None:
    """Notify the file system of a write through a mapping: it sets DIRTY and allocates blocks."""
    inode = m.inode_of(pfn)
    blocks = pf.MAPPEDTODISK if inode is not None and can(inode, "block") else 0
    m.set_flags(m.compound_head(pfn), pf.DIRTY | blocks)


def _do_cow_fault(m: Machine, vma: Vma, address: int, source: int) -> Steps[str]:
    pfn = _new_anon_page(m, vma, address, content_of(m, source))
    if pfn is None or not map_page(m, vma, address, pfn, ptes.RW | ptes.DIRTY):
        return VM_FAULT_OOM
    yield _mapped(PRIVATE_COPY, vma, address, pfn)
    return FAULT_DONE


def do_wp_page(m: Machine, vma: Vma, address: int, entry: int) -> Steps[str]:
    """Write to a page mapped read-only: reuse it, notify its file system, or copy it. Returns as handle_mm_fault()."""
    vpn, pfn = address >> PAGE_SHIFT, ptes.value_of(entry)
    if vma.shared and vma.mapping:
        page_mkwrite(m, pfn)
        m.set_pte(vma.mm, vpn, entry | ptes.RW | ptes.DIRTY)
        yield _mapped(SHARED_WRITE, vma, address, pfn)
        return FAULT_DONE
    if m.page(pfn) & pf.ANON and m.profile.mm.reuses(m, vma, address, pfn):
        m.set_pte(vma.mm, vpn, entry | ptes.RW | ptes.DIRTY)
        yield _mapped(REUSED, vma, address, pfn)
        return FAULT_DONE
    copy = _new_anon_page(m, vma, address, content_of(m, pfn))
    if copy is None:
        return VM_FAULT_OOM
    m.set_pte(vma.mm, vpn, 0)
    drop_present(m, entry & ~ptes.DIRTY)
    if not map_page(m, vma, address, copy, ptes.RW | ptes.DIRTY):
        return VM_FAULT_OOM
    yield _mapped(COPIED, vma, address, copy, pfn)
    return FAULT_DONE


def do_swap_page(m: Machine, vma: Vma, address: int, entry: int, write: bool) -> Steps[str]:
    """Map the swap-cache page at a fault on a swap entry, read in if needed.

    Returns as handle_mm_fault(): VM_FAULT_HWPOISON for a poisoned page.
    """
    vpn, offset = address >> PAGE_SHIFT, ptes.value_of(entry)
    pfn = read_swap_cache(m, offset)
    if pfn is None:
        return VM_FAULT_OOM
    if m.page(pfn) & pf.HWPOISON:
        yield Mark(POISONED_SWAP_CACHE, (offset,), (pfn,), (vma.id,), ((vma.mm, vpn),))
        return VM_FAULT_HWPOISON
    if not m.page(pfn) & pf.UPTODATE:
        return VM_FAULT_SIGBUS
    vma = anon_vma_prepare(m, vma)
    get_page(m, pfn)
    if not m.mapcount.view[pfn]:
        set_anon(m, pfn, vma, address)
        m.set_flags(pfn, pf.ANON)
    map_page(m, vma, address, pfn, m.profile.mm.swap_in(m, vma, pfn, entry, write))
    m.profile.mm.swapped_in(m, vma, pfn, entry)
    yield _mapped(SWAPPED_IN, vma, address, pfn)
    return FAULT_DONE
