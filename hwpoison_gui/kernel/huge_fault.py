"""Faults that map or split transparent huge pages, of anonymous memory and of tmpfs.

After do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page() and do_set_pmd(), mm/huge_memory.c, mm/memory.c and
mm/shmem.c. Each returns None where the fault must map a small page instead.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .filemap import can
from .huge_memory import (
    PMD_SIZE,
    alloc_transhuge_page,
    fits_huge,
    get_huge_zero_page,
    is_empty_pmd,
    set_pmd,
    split_huge_pmd,
)
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import get_page
from .page_mapping import mapping_word
from .records import HPAGE_PMD_NR, PAGE_SHIFT, Inode, Vma
from .rmap import anon_vma_prepare, set_anon
from .vm_fault import FAULT_DONE, pte_alloc

REUSED: Final = site("do_huge_pmd_wp_page", Act.MAP, "reuse")
SPLIT: Final = site("do_huge_pmd_wp_page", Act.MAP, "split")


def do_huge_pmd_anonymous_page(m: Machine, vma: Vma, address: int, write: bool) -> Steps[str | None]:
    """First access to 2 MiB: a write allocates a huge page, a read maps the huge zero page."""
    if not fits_huge(vma, address) or not is_empty_pmd(m, vma.mm, address):
        return None
    base = address & -PMD_SIZE
    if not write:
        zero = get_huge_zero_page(m)
        if not zero:
            return None
        yield set_pmd(m, vma, base, zero, ptes.SPECIAL)
        return FAULT_DONE
    head = alloc_transhuge_page(m, pf.ANON | m.profile.mm.exclusive)
    if head is None:
        return None
    pte_alloc(m, vma.mm, base >> PAGE_SHIFT)  # deposited for a later split of the huge PTE
    vma = anon_vma_prepare(m, vma)
    set_anon(m, head, vma, base)
    yield set_pmd(m, vma, base, head, ptes.RW | ptes.DIRTY)
    return FAULT_DONE


def do_huge_pmd_wp_page(m: Machine, vma: Vma, address: int, entry: int) -> Steps[str]:
    """Reuse a read-only huge page that is written to, or split its huge PTE so that one small page is copied.

    Returns FAULT_DONE: the access is tried again.
    """
    vpn, head = address >> PAGE_SHIFT & -HPAGE_PMD_NR, ptes.value_of(entry)
    mine = not entry & ptes.SPECIAL and (m.page(head) & m.profile.mm.exclusive or m.refcount.view[head] == 1)
    if mine or vma.shared:
        m.set_pte(vma.mm, vpn, entry | ptes.RW | ptes.DIRTY)
        m.set_flags(head, pf.DIRTY if vma.shared else m.profile.mm.exclusive)
        where = REUSED
    else:
        split_huge_pmd(m, vma, vpn)
        where = SPLIT
    yield Mark(where, (), (head,), (vma.id,), ((vma.mm, vpn),))
    return FAULT_DONE


def do_huge_file_fault(m: Machine, vma: Vma, address: int, write: bool) -> Steps[str | None]:
    """do_set_pmd(): map a huge page of tmpfs with one huge PTE, allocated now if the file has no page there."""
    if not fits_huge(vma, address) or not vma.shared or not is_empty_pmd(m, vma.mm, address):
        return None
    inode, base = m.inodes.view[vma.mapping], address & -PMD_SIZE
    index = vma.index_of(base)
    if not can(inode, "swapbacked") or index % HPAGE_PMD_NR:
        return None
    head = _huge_page_of(m, inode, index)
    if head is None or (m.flags.view[head : head + HPAGE_PMD_NR] & pf.HWPOISON).any():
        return None
    get_page(m, head)
    flags = ptes.RW if vma.prot == "rw" else 0
    if write:
        flags |= ptes.DIRTY
        m.set_flags(head, pf.DIRTY)
    yield set_pmd(m, vma, base, head, flags)
    return FAULT_DONE


def _huge_page_of(m: Machine, inode: Inode, index: int) -> int | None:
    """The huge page at `index` of the file, allocated if all 2 MiB are a hole; or None."""
    cache = m.page_cache.of(inode.id)
    head = cache.get(index)
    if head is not None:
        return head if m.page(head) & pf.COMPOUND_HEAD else None
    span = range(index, index + HPAGE_PMD_NR)
    if span.stop > inode.pages or any(n in cache or n in m.shmem_swap.of(inode.id) for n in span):
        return None
    head = alloc_transhuge_page(m, 0)
    if head is None:
        return None
    m.put(m.page_cache, (inode.id, index), head)
    m.put(m.mapping, head, mapping_word(inode.id))
    m.put(m.index, head, index)
    m.put(m.refcount, head, HPAGE_PMD_NR)  # the page cache holds one per 4 KiB page
    return head
