"""Page migration: move a page's content to another frame and remap its users.

After mm/migrate.c (6.1). A page with references besides its mappings, its cache and the caller's is not moved.
"""

from __future__ import annotations

import errno
from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .gate import ABSENT
from .hugetlb_pool import alloc_fresh_huge_page, alloc_huge_page, available_huge_pages
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memcontrol import charge_as
from .page_alloc import alloc_page, put_page
from .records import HPAGE_PMD_NR, PAGE_SHIFT
from .rmap import mappings_of, page_add_rmap, page_remove_rmap

NO_MEMORY: Final = site("migrate_pages", Act.DECIDE, "failed", name="no memory")
HELD: Final = site("migrate_pages", Act.DECIDE, "failed")
MOVED: Final = site("migrate_pages", Act.FLAG, "moved")
REMAPPED: Final = site("remove_migration_pte", Act.MAP, args="comm address")

# Flags copied to the new frame (folio_migrate_flags()).
_MOVED: Final = (
    pf.ERROR | pf.REFERENCED | pf.UPTODATE | pf.ACTIVE | pf.UNEVICTABLE | pf.MLOCKED | pf.OWNER_PRIVATE
    | pf.MAPPEDTODISK | pf.DIRTY | pf.SWAPBACKED | pf.SWAPCACHE | pf.PRIVATE | pf.ANON | pf.KSM | pf.LRU
)  # fmt: skip


def extra_references(m: Machine, pfn: int, held: int) -> int:
    """Number of references besides those of mappings, caches, private data, and `held` of the caller."""
    entries = len(mappings_of(m, pfn))
    cached = (m.inode_of(pfn) is not None) + bool(m.page(pfn) & pf.SWAPCACHE) + bool(m.page(pfn) & pf.PRIVATE)
    return int(m.refcount.view[pfn]) - entries - cached - held


def migrate_page(m: Machine, pfn: int) -> Steps[int]:
    """migrate_pages() for one page to which the caller holds a reference: 0, 1 if others hold it too, or -ENOMEM."""
    huge = bool(m.page(pfn) & pf.HUGE)
    new = _new_page(m, huge)
    if new is None:
        yield Mark(NO_MEMORY, (), (pfn,))
        return -errno.ENOMEM
    if extra_references(m, pfn, held=1):
        put_page(m, new)
        yield Mark(HELD, (), (pfn,))
        return 1
    mapped = mappings_of(m, pfn)
    for vma, address in mapped:
        if m.pte(vma.mm, address >> PAGE_SHIFT) & ptes.DIRTY:
            m.set_flags(pfn, pf.DIRTY)
    _move(m, pfn, new, huge)
    for vma, address in mapped:
        _remap(m, vma.mm, address >> PAGE_SHIFT, pfn, new, huge)
        yield _moved(m, vma.mm, vma.id, address, pfn, new)
    put_page(m, new)
    yield Mark(MOVED, (), (pfn, new))
    return 0


def _new_page(m: Machine, huge: bool) -> int | None:
    """alloc_migration_target(): a frame; for `huge` a page of the pool, or a fresh one if none is free."""
    if not huge:
        return alloc_page(m)
    return alloc_huge_page(m, 0, -1) if available_huge_pages(m) > 0 else alloc_fresh_huge_page(m)


def _move(m: Machine, pfn: int, new: int, huge: bool) -> None:
    """move_to_new_folio(): move content, flags, and the slot in the page cache or swap cache."""
    for number in range(HPAGE_PMD_NR if huge else 1):
        m.put(m.content, new + number, m.content.view.get(pfn + number, ABSENT))
        m.put(m.content, pfn + number, ABSENT)
    charge_as(m, range(new, new + 1), pfn)
    word = m.page(pfn)
    m.set_flags(new, word & (_MOVED & ~pf.LRU if huge else _MOVED))
    for column in (m.mapping, m.index):
        m.put(column, new, int(column.view[pfn]))
    inode = m.inode_of(pfn)
    if inode is not None:
        m.put(m.page_cache, (inode.id, int(m.index.view[pfn])), new)
    if word & pf.SWAPCACHE:
        offset = m.page_private.view[pfn]
        m.put(m.swap_cache, offset, new)
        m.put(m.page_private, new, offset)
        m.delete(m.page_private, pfn)
    references = (inode is not None) + bool(word & pf.SWAPCACHE) + bool(word & pf.PRIVATE)
    m.add_to(m.refcount, new, references)
    m.add_to(m.refcount, pfn, -references)
    m.put(m.mapping, pfn, 0)
    m.clear_flags(pfn, _MOVED & ~pf.UPTODATE)


def _remap(m: Machine, mm: int, vpn: int, pfn: int, new: int, huge: bool) -> None:
    """remove_migration_pte(): point the PTE to the new frame, with its old permissions."""
    flags = m.pte(mm, vpn) & ptes.FLAGS & ~ptes.PRESENT
    m.set_pte(mm, vpn, ptes.mk_pte(new, flags))
    page_remove_rmap(m, pfn, huge)
    m.add_to(m.refcount, pfn, -1)
    page_add_rmap(m, new, huge)
    m.add_to(m.refcount, new, 1)


def _moved(m: Machine, mm: int, vma: int, address: int, pfn: int, new: int) -> Mark:
    owner = m.processes.view[mm]
    return Mark(REMAPPED, (owner.comm, address), (pfn, new), (vma,), ((mm, address >> PAGE_SHIFT),), (owner.tgid,))
