"""Address spaces: mapping, unmapping, moving, protecting and locking VMAs.

After mm/mmap.c, mm/mremap.c, mm/mprotect.c and mm/mlock.c. Addresses are in bytes, page-aligned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .anon_folio import maps_whole_folio
from .huge_memory import PMD_SIZE, split_pmds_at_edges
from .hugetlb import hugetlb_reserve_pages, hugetlb_vm_op_close, move_reservation
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory import handle_mm_fault, zap_pte
from .records import HPAGE_PMD_NR, HPAGE_RESV_OWNER, PAGE_SHIFT, PAGE_SIZE, TASK_SIZE, Vma, anon_pgoff
from .rmap import anon_vma_clone, munlock_page, unlink_anon_vmas
from .truncate import truncate_inode_pages
from .vm_fault import FAULT_DONE

NOT_RESERVED: Final = site("hugetlb_reserve_pages", Act.DECIDE, "ENOMEM", "pages")
MAPPED: Final = site("mmap_region", Act.MAP, args="pages path start")
UNMAPPED: Final = site("unmap_region", Act.UNMAP, args="pages start zapped")
MOVED: Final = site("move_vma", Act.MAP, args="pages old new")

GUARD_PAGES = 16


def link_vma(m: Machine, vma: Vma) -> None:
    """Add a VMA to its address space and its file's i_mmap, and take a reference to its open file description."""
    m.put(m.vmas, vma.id, vma)
    m.put(m.mm_vmas, (vma.mm, vma.id), True)
    if vma.mapping:
        m.put(m.i_mmap, (vma.mapping, vma.id), True)
    if vma.file:
        m.add_to(m.file_users, vma.file, 1)


def close_vma(m: Machine, vma: Vma) -> None:
    """Undo link_vma() for a VMA without PTEs."""
    unlink_anon_vmas(m, vma.id)
    m.delete(m.mm_vmas, (vma.mm, vma.id))
    if vma.mapping:
        m.delete(m.i_mmap, (vma.mapping, vma.id))
    m.delete(m.vmas, vma.id)
    if vma.file:
        put_file(m, vma.file)
    hugetlb_vm_op_close(m, vma)
    if vma.mapping:
        put_inode(m, vma.mapping)


def put_file(m: Machine, description: int) -> None:
    """fput(): drop a reference to an open file description."""
    m.add_to(m.file_users, description, -1)
    if description not in m.file_users.view:
        inode = m.open_files.view[description].inode
        m.delete(m.open_files, description)
        put_inode(m, inode)


def put_inode(m: Machine, inode: int) -> None:
    """iput(): free the pages of an unlinked file that is neither open nor mapped."""
    if not can_be_reached(m, inode):
        truncate_inode_pages(m, m.inodes.view[inode], 0)


def can_be_reached(m: Machine, inode: int) -> bool:
    """Return whether a file has a name, is open, or is mapped."""
    if m.inodes.view[inode].linked or m.i_mmap.of(inode):
        return True
    return any(file.inode == inode for file in m.open_files.view.values())


def get_unmapped_area(m: Machine, mm: int, pages: int, align: int = 1) -> int:
    """A free address, in bytes, for `pages` pages, aligned to `align` pages. -1 past the end of user addresses."""
    base = m.mmap_base.view[mm]
    align <<= PAGE_SHIFT
    base = (base + align - 1) & -align
    if base + (pages << PAGE_SHIFT) > TASK_SIZE:
        return -1
    m.put(m.mmap_base, mm, base + ((pages + GUARD_PAGES) << PAGE_SHIFT))
    return base


def alignment_of(vma: Vma) -> int:
    """The pages to which the start of a VMA is aligned, so that its huge pages or large folios are."""
    return HPAGE_PMD_NR if vma.huge != "none" else vma.folio


def do_mmap(m: Machine, vma: Vma, populate: bool) -> Steps[int | str]:
    """Map what `vma` describes, under a new id, and unmap what is there. Returns 0 or an errno name."""
    if overlapping(m, vma.mm, vma.start, vma.end):
        refused = yield from do_munmap(m, vma.mm, vma.start, vma.end)
        if refused:
            return refused
    vma = vma._replace(id=m.new_id("vma"), pgoff=vma.pgoff if vma.mapping else anon_pgoff(vma.start))
    if vma.huge == "hugetlb" and not hugetlb_reserve_pages(m, vma):
        yield Mark(NOT_RESERVED, (vma.pages,))
        return "ENOMEM"
    if vma.huge == "hugetlb" and not vma.shared:
        vma = vma._replace(resv=HPAGE_RESV_OWNER)
    link_vma(m, vma)
    path = m.inodes.view[vma.mapping].path if vma.mapping else ""
    yield Mark(MAPPED, (vma.pages, path, vma.start), vmas=(vma.id,))
    if populate or vma.locked:
        yield from populate_vma(m, vma.mm, vma.start, vma.end)  # a failure here does not fail mmap()
    return 0


def populate_vma(m: Machine, mm: int, start: int, end: int, write: bool | None = None) -> Steps[int | str]:
    """make_pages_present(): fault in a range, for writing if `write`, or if None where the profile does."""
    for address in range(start, end, PAGE_SIZE):
        vma = m.find_vma(mm, address)
        if vma is None or vma.prot == "none":
            return "ENOMEM" if vma is None else "EFAULT"
        for_write = m.profile.mm.populate_writes(vma) if write is None else write
        entry = m.pte(mm, address >> PAGE_SHIFT)
        while not entry & ptes.PRESENT or (for_write and not entry & ptes.RW):
            fault = yield from handle_mm_fault(m, vma, address, for_write)
            if fault:
                return {"VM_FAULT_OOM": "ENOMEM", "VM_FAULT_HWPOISON": "EHWPOISON"}.get(fault, "EFAULT")
            vma = m.find_vma(mm, address) or vma
            entry = m.pte(mm, address >> PAGE_SHIFT)
    return 0


def overlapping(m: Machine, mm: int, start: int, end: int) -> list[Vma]:
    """The VMAs that overlap the range, in order of address."""
    return [vma for vma in m.vmas_of(mm) if vma.start < end and start < vma.end]


def split_vma(m: Machine, vma: Vma, address: int) -> None:
    """Split a VMA at `address`; the lower part keeps the id."""
    upper = vma._replace(id=m.new_id("vma"), start=address, pgoff=vma.index_of(address))
    link_vma(m, upper)
    anon_vma_clone(m, upper.id, vma.id)
    m.put(m.vmas, vma.id, vma._replace(end=address))


def isolate_range(m: Machine, mm: int, start: int, end: int) -> list[Vma]:
    """Split VMAs at both ends of the range. Returns those inside, each as a whole."""
    split_pmds_at_edges(m, mm, start, end)
    for edge in (start, end):
        vma = m.find_vma(mm, edge)
        if vma is not None and vma.start < edge and not _cuts_huge_page(vma, edge):
            split_vma(m, vma, edge)
    return overlapping(m, mm, start, end)


def _cuts_huge_page(vma: Vma, edge: int) -> bool:
    """hugetlb_vm_op_split(): a hugetlb VMA can be split only between huge pages."""
    return vma.huge == "hugetlb" and vma.start < edge < vma.end and edge % PMD_SIZE != 0


def cuts_huge_page(m: Machine, mm: int, start: int, end: int) -> bool:
    """Return whether an end of the range lies inside a hugetlb page; most system calls return EINVAL then."""
    return any(_cuts_huge_page(vma, edge) for vma in overlapping(m, mm, start, end) for edge in (start, end))


def do_munmap(m: Machine, mm: int, start: int, end: int) -> Steps[int | str]:
    """Unmap a range, with PTEs of any type. Returns 0 or an errno name."""
    if cuts_huge_page(m, mm, start, end):
        return "EINVAL"
    for vma in isolate_range(m, mm, start, end):
        zapped = zap_page_range(m, vma, vma.start, vma.end)
        close_vma(m, vma)
        yield Mark(UNMAPPED, (vma.pages, vma.start, zapped), vmas=(vma.id,))
    return 0


def zap_page_range(m: Machine, vma: Vma, start: int, end: int, spare: Callable[[int], bool] | None = None) -> int:
    """Clear the PTEs of a range except those for which `spare` is true. Returns how many were cleared."""
    zapped = 0
    for vpn, entry in m.ptes.between(vma.mm, start >> PAGE_SHIFT, end >> PAGE_SHIFT):
        if spare is None or not spare(entry):
            zap_pte(m, vma.mm, vpn)
            zapped += 1
    return zapped


def _entries_of(m: Machine, vma: Vma) -> list[tuple[int, int]]:
    """(virtual page, page-table entry) of each entry of a VMA, ascending."""
    return m.ptes.between(vma.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)


def can_mremap(m: Machine, mm: int, start: int, end: int) -> bool:
    """vma_to_resize(): whether the kernel moves every VMA of the range; early ones move none of hugetlb."""
    return m.profile.has("hugetlb_mremap") or all(vma.huge != "hugetlb" for vma in overlapping(m, mm, start, end))


def do_mremap(m: Machine, mm: int, old: int, pages: int) -> Steps[int]:
    """Move a range that VMAs cover, with their PTEs. Returns the new address, or -1 without room or memory."""
    vmas = overlapping(m, mm, old, old + (pages << PAGE_SHIFT))
    aligned = max(map(alignment_of, vmas))
    new = get_unmapped_area(m, mm, pages, aligned if old % (aligned << PAGE_SHIFT) == 0 else 1)
    if new < 0:
        return new
    vmas = isolate_range(m, mm, old, old + (pages << PAGE_SHIFT))
    for vma in vmas:
        if vma.mergeable and (yield from unmerge_ksm_pages(m, vma)):
            return -1
    for vma in vmas:
        moved = vma._replace(id=m.new_id("vma"), start=vma.start - old + new, end=vma.end - old + new)
        link_vma(m, moved)
        anon_vma_clone(m, moved.id, vma.id)
        move_reservation(m, vma, new - old)
        for vpn, entry in _entries_of(m, vma):
            m.set_pte(mm, vpn, 0)
            m.set_pte(mm, vpn + ((new - old) >> PAGE_SHIFT), entry)
        close_vma(m, vma)
        yield Mark(MOVED, (vma.pages, vma.start, moved.start), vmas=(moved.id,))
    return new


def unmerge_ksm_pages(m: Machine, vma: Vma) -> Steps[str]:
    """Give the VMA pages of its own for those that KSM merged. Returns FAULT_DONE or a VM_FAULT_ name.

    move_vma() of mm/mremap.c, and unmerge_ksm_pages() of mm/ksm.c: a merged page is listed with its address, at which
    nobody would find it after a move. The VMA stays mergeable.
    """
    for vpn, entry in _entries_of(m, vma):
        if entry & ptes.PRESENT and not entry & ptes.SPECIAL and m.page(ptes.value_of(entry)) & pf.KSM:
            fault = yield from handle_mm_fault(m, vma, vpn << PAGE_SHIFT, write=True)
            if fault:
                return fault
            if vma.prot != "rw":  # maybe_mkwrite()
                m.set_pte(vma.mm, vpn, m.pte(vma.mm, vpn) & ~ptes.RW)
    return FAULT_DONE


def do_mprotect(m: Machine, mm: int, start: int, end: int, prot: str) -> int | str:
    """Change the protection of a range up to the first gap; clear RW in PTEs of what becomes read-only."""
    if cuts_huge_page(m, mm, start, end):
        return "EINVAL"
    until = covered_until(m, mm, start, end)
    for vma in isolate_range(m, mm, start, until):
        m.put(m.vmas, vma.id, vma._replace(prot=prot, execute=False))
        if prot == "rw":
            continue
        for vpn, entry in _entries_of(m, vma):
            if entry & ptes.PRESENT:
                m.set_pte(mm, vpn, entry & ~ptes.RW)
    return 0 if until == end else "ENOMEM"


def covered(m: Machine, mm: int, start: int, end: int) -> bool:
    """Return whether VMAs cover the whole range."""
    return covered_until(m, mm, start, end) == end


def covered_until(m: Machine, mm: int, start: int, end: int) -> int:
    """Address of the first gap in the range, or its end; system calls that go VMA by VMA stop there."""
    for vma in overlapping(m, mm, start, end):
        if vma.start > start:
            break
        start = vma.end
    return min(start, end)


def do_mlock(m: Machine, mm: int, start: int, end: int, lock: bool) -> Steps[int | str]:
    """mlock() and munlock(): set VM_LOCKED up to the first gap; without one, mlock() faults the pages in."""
    until = covered_until(m, mm, start, end)
    for vma in isolate_range(m, mm, start, until):
        if vma.huge == "hugetlb":
            continue  # never evicted anyway
        m.put(m.vmas, vma.id, vma._replace(locked=lock))
        for vpn, entry in _entries_of(m, vma):
            if entry & ptes.PRESENT and not entry & ptes.SPECIAL:
                _mlock_page(m, vma, vpn, entry, lock)
    if until != end:
        return "ENOMEM"
    if not lock:
        return 0
    errno = yield from populate_vma(m, mm, start, end)
    if not errno:
        return 0
    return "EAGAIN" if errno == "ENOMEM" else "ENOMEM"  # __mlock_posix_error_return()


def _mlock_page(m: Machine, vma: Vma, vpn: int, entry: int, lock: bool) -> None:
    """mlock_pte_range(): a large folio is locked once, where all of it is mapped; early kernels ask for a huge PTE."""
    pfn = ptes.value_of(entry)
    if not entry & ptes.PSE and m.page(pfn) & pf.THP:
        if not m.profile.has("mlock_large_folios"):
            return
        if lock and (pfn != m.compound_head(pfn) or not maps_whole_folio(m, vma, vpn, pfn)):
            return
    if lock:
        m.set_flags(pfn, pf.MLOCKED | pf.UNEVICTABLE)
    else:
        munlock_page(m, pfn)


def madvise_dontneed(m: Machine, mm: int, start: int, end: int) -> int | str:
    """MADV_DONTNEED: clear the PTEs of a range, VMA by VMA; stop at a locked one with EINVAL."""
    for vma in overlapping(m, mm, start, end):
        low, high = max(start, vma.start), min(end, vma.end)
        if vma.locked and vma.huge != "hugetlb":
            return "EINVAL"
        if vma.huge == "hugetlb":
            if low % PMD_SIZE or not m.profile.has("hugetlb_dontneed"):
                return "EINVAL"
            high &= -PMD_SIZE  # a caller unaware of huge pages must not lose more than it asked for
        split_pmds_at_edges(m, mm, low, high)
        zap_page_range(m, vma, low, high)
    return 0 if covered(m, mm, start, end) else "ENOMEM"


def unmap_mapping_range(m: Machine, inode: int, first: int, last: int | None, even_cows: bool) -> int:
    """Clear the PTEs of a file's pages `first` to `last` (exclusive; None: to the end) in all VMAs.

    With `even_cows` those of private copies, swap entries and hwpoison entries too; else only PTEs of pages of the
    page cache. Returns how many were cleared.
    """
    zapped = 0
    for id_ in sorted(m.i_mmap.of(inode)):
        vma = m.vmas.view[id_]
        low = max(vma.start, vma.start + ((first - vma.pgoff) << PAGE_SHIFT))
        high = vma.end if last is None else min(vma.end, vma.start + ((last - vma.pgoff) << PAGE_SHIFT))
        if low < high:
            split_pmds_at_edges(m, vma.mm, low, high)
            zapped += zap_page_range(m, vma, low, high, None if even_cows else lambda e: not _is_file_page(m, e))
    return zapped


def _is_file_page(m: Machine, entry: int) -> bool:
    return bool(entry & ptes.PRESENT) and not m.page(ptes.value_of(entry)) & pf.ANON
