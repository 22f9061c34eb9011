"""hugetlb as processes use it: files, mappings, reservations, faults.

After mm/hugetlb.c and fs/hugetlbfs/inode.c. Shared mappings map the pages of a file; a private mapping
allocates its own. A mapping without a file has an unnamed one.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from . import pte as ptes
from .filemap import DISK, ZERO, content_of, store
from .gate import ABSENT
from .hugetlb_pool import alloc_huge_page, available_huge_pages, reserve, unreserve
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_alloc import get_page, put_page
from .page_mapping import mapping_word
from .records import HPAGE_PMD_NR, HPAGE_RESV_OWNER, HPAGE_RESV_UNMAPPED, PAGE_SHIFT, Inode, Vma
from .rmap import anon_vma_prepare, page_add_rmap, page_remove_rmap, set_anon
from .vm_fault import FAULT_DONE, VM_FAULT_HWPOISON, VM_FAULT_SIGBUS

POISON: Final = site("hugetlb_fault", Act.DECIDE, "hwpoison", "path")
MAPPED: Final = site("hugetlb_fault", Act.MAP, args="address")
REUSED: Final = site("hugetlb_cow", Act.MAP)
NOT_COPIED: Final = site("hugetlb_cow", Act.DECIDE, "no huge page")
TAKEN: Final = site("unmap_ref_private", Act.UNMAP, args="comm address")
TAKEN_BEFORE: Final = site("hugetlb_no_page", Act.DECIDE, "HPAGE_RESV_UNMAPPED")


def hugetlb_file_setup(m: Machine, pages: int) -> int:
    """Create the unnamed file behind anonymous hugetlb memory. Returns its inode number."""
    number = m.new_id("inode")
    m.put(m.inodes, number, Inode(number, f"/anon_hugepage ({number})", "hugetlbfs", pages, linked=False))
    return number


def fallocate(m: Machine, inode: Inode) -> bool:
    """hugetlbfs_fallocate(): allocate all pages of the file. False if the pool is too small."""
    for index in range(0, inode.pages, HPAGE_PMD_NR):
        head = alloc_huge_page(m, inode.id, index)
        if head is None:
            return False
        for number in range(HPAGE_PMD_NR):
            store(m, head + number, DISK)
        huge_add_to_page_cache(m, head, inode.id, index)
    return True


def huge_add_to_page_cache(m: Machine, head: int, inode: int, index: int) -> None:
    """Add a huge page to the file's page cache, which takes over the caller's reference.

    Since 4.20 it is dirty at once, so that reclaim does not drop it (hugetlb_add_to_page_cache()).
    """
    m.put(m.page_cache, (inode, index), head)
    m.put(m.mapping, head, mapping_word(inode))
    m.put(m.index, head, index)
    if m.profile.has("hugetlb_files_are_dirty"):
        m.set_flags(head, pf.DIRTY)


def resv_owner(vma: Vma) -> int:
    """Owner of a mapping's reservation: its inode if it is shared, else its address space."""
    return vma.mapping if vma.shared else -vma.mm


def _resv_index(vma: Vma, address: int) -> int:
    at = vma.index_of(address) if vma.shared else address >> PAGE_SHIFT
    return at & -HPAGE_PMD_NR


def hugetlb_reserve_pages(m: Machine, vma: Vma) -> bool:
    """Reserve all pages of a new mapping, so that its faults cannot fail. False if too few are available."""
    step = HPAGE_PMD_NR << PAGE_SHIFT
    owner = resv_owner(vma)
    spare = max(0, m.counter("nr_overcommit_huge_pages") - m.counter("surplus_huge_pages"))
    most = available_huge_pages(m) + spare + len(m.page_cache.of(vma.mapping)) + len(m.huge_resv.of(owner))
    if (vma.end - vma.start) // step > most:
        return False
    wanted = [_resv_index(vma, address) for address in range(vma.start, vma.end, step)]
    if vma.shared:
        wanted = [index for index in wanted if index not in m.page_cache.of(vma.mapping)]
    return reserve(m, owner, wanted)


def hugetlb_vm_op_close(m: Machine, vma: Vma) -> None:
    """Return what a private mapping has reserved and not used when it is closed."""
    if vma.huge == "hugetlb" and not vma.shared:
        unreserve(m, -vma.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)


def move_reservation(m: Machine, vma: Vma, by: int) -> None:
    """Move what a private mapping has reserved and not used, `by` bytes upwards, for mremap()."""
    if vma.huge != "hugetlb" or vma.shared:
        return
    for index in sorted(m.huge_resv.of(-vma.mm)):
        if vma.start >> PAGE_SHIFT <= index < vma.end >> PAGE_SHIFT:
            m.delete(m.huge_resv, (-vma.mm, index))
            m.put(m.huge_resv, (-vma.mm, index + (by >> PAGE_SHIFT)), True)


def hugetlb_fault(m: Machine, vma: Vma, address: int, write: bool, current: int = 0) -> Steps[str]:
    """Map the huge page that contains `address`. Returns FAULT_DONE or a VM_FAULT_ name.

    `current`: the thread that runs; 0 for the main thread of the address space.
    """
    base = address & -(HPAGE_PMD_NR << PAGE_SHIFT)
    entry = m.ptes.value(vma.mm, base >> PAGE_SHIFT)
    if entry & ptes.HWPOISON:
        yield _met_poison(vma, base, ptes.value_of(entry), "")
        return VM_FAULT_HWPOISON
    if entry & ptes.PRESENT:
        return (yield from hugetlb_wp(m, vma, base, entry))
    return (yield from hugetlb_no_page(m, vma, base, write, current or vma.mm))


def _met_poison(vma: Vma, base: int, head: int, path: str) -> Mark:
    at = ((vma.mm, base >> PAGE_SHIFT),)
    return Mark(POISON, (path,), (head,), (vma.id,), at)


def hugetlb_no_page(m: Machine, vma: Vma, base: int, write: bool, current: int) -> Steps[str]:
    """Map the page of the page cache at a first access, or allocate one, from the reservation if there is one.

    `base`: address of the huge page. `current`: the thread that runs. A VMA that lost a page to the owner of the
    mapping gets none any more: a page of zeros would look like its data. Returns as hugetlb_fault().
    """
    if vma.resv & HPAGE_RESV_UNMAPPED:
        m.printk(m.profile.log.inadequate_pool.format(pid=current), fatal=True)
        yield Mark(TAKEN_BEFORE, (), (), (vma.id,), ((vma.mm, base >> PAGE_SHIFT),), (current,))
        return VM_FAULT_SIGBUS
    inode, index = m.inodes.view[vma.mapping], vma.index_of(base)
    head = m.page_cache.of(inode.id).get(index)
    if head is not None:
        if m.page(head) & pf.HWPOISON and m.profile.has("hugetlb_fault_checks_poison"):
            yield _met_poison(vma, base, head, inode.path)
            return VM_FAULT_HWPOISON
        get_page(m, head)
    elif index >= inode.pages:
        return VM_FAULT_SIGBUS
    else:
        head = alloc_huge_page(m, resv_owner(vma), _resv_index(vma, base))
        if head is None:
            return m.profile.mm.no_huge_page
        if vma.shared:
            huge_add_to_page_cache(m, head, inode.id, index)
            get_page(m, head)
        else:
            _make_anon(m, vma, base, head)
    writable = vma.shared and vma.prot == "rw"
    yield _map(m, vma, base, head, ptes.RW | ptes.DIRTY if writable else 0)
    if write and not writable:
        return (yield from hugetlb_wp(m, vma, base, m.ptes.of(vma.mm)[base >> PAGE_SHIFT]))
    return FAULT_DONE


def _make_anon(m: Machine, vma: Vma, base: int, head: int) -> None:
    vma = anon_vma_prepare(m, vma)
    set_anon(m, head, vma, base)
    for frame in range(head, head + HPAGE_PMD_NR):
        m.set_flags(frame, pf.ANON)


def _map(m: Machine, vma: Vma, base: int, head: int, flags: int) -> Mark:
    m.set_pte(vma.mm, base >> PAGE_SHIFT, ptes.mk_pte(head, flags | ptes.PSE | ptes.ACCESSED))
    page_add_rmap(m, head, huge=True)
    return Mark(MAPPED, (base,), (head,), (vma.id,), ((vma.mm, base >> PAGE_SHIFT),))


def hugetlb_wp(m: Machine, vma: Vma, base: int, entry: int) -> Steps[str]:
    """Write to a huge page mapped read-only: reuse it if it has no other user, else copy it as a whole.

    The owner of the mapping must not use its reservation for a copy, which is for its first accesses. If the pool has
    no other page, the owner takes the page away from the processes that share it. `base`: address of the huge page;
    `entry`: its PTE. Returns as hugetlb_fault().
    """
    vpn, old = base >> PAGE_SHIFT, ptes.value_of(entry)
    if _has_no_other_user(m, vma, old):
        yield _reuse(m, vma, vpn, entry)
        return FAULT_DONE
    outside_reserve = bool(vma.resv & HPAGE_RESV_OWNER) and old != _cached(m, vma, base)
    copy = alloc_huge_page(m, resv_owner(vma), _resv_index(vma, base), avoid_reserve=outside_reserve)
    if copy is None:
        yield Mark(NOT_COPIED, (), (old,), (vma.id,), ((vma.mm, vpn),))
        if not outside_reserve:
            return m.profile.mm.no_huge_page
        yield from unmap_ref_private(m, vma, base, old)
        # With a user that is left, at another address since mremap(), 6.1 tries for ever; 2.6.32 stops with a BUG().
        if not _has_no_other_user(m, vma, old):
            return m.profile.mm.no_huge_page
        yield _reuse(m, vma, vpn, entry)
        return FAULT_DONE
    for number in range(HPAGE_PMD_NR):
        m.put(m.content, copy + number, m.content.view.get(old + number, ABSENT))
    m.set_pte(vma.mm, vpn, 0)
    page_remove_rmap(m, old, huge=True)
    put_page(m, old)
    _make_anon(m, vma, base, copy)
    yield _map(m, vma, base, copy, ptes.RW | ptes.DIRTY)
    return FAULT_DONE


def _cached(m: Machine, vma: Vma, base: int) -> int | None:
    return m.page_cache.of(vma.mapping).get(vma.index_of(base))


def _has_no_other_user(m: Machine, vma: Vma, head: int) -> bool:
    return vma.shared or m.profile.mm.reuses_huge(m, head)


def _reuse(m: Machine, vma: Vma, vpn: int, entry: int) -> Mark:
    m.set_pte(vma.mm, vpn, entry | ptes.RW | ptes.DIRTY)
    return Mark(REUSED, (), (ptes.value_of(entry),), (), ((vma.mm, vpn),))


def store_huge(m: Machine, pfn: int, tag: str) -> None:
    """Set the content of a 4 KiB page of a hugetlb page; the caller sets the dirty bit.

    Content is a tag, not bytes, and a scenario writes down only a few stores of a program that fills a huge page with
    one value. So a store of the tag that the page before it holds counts as filling: pages nobody has stored to get
    the tag, too. In recorded cases (hugetlb_shared_tail_read_others) they are read, and hold it.
    """
    store(m, pfn, tag)
    head = m.compound_head(pfn)
    if pfn > head and content_of(m, pfn - 1) == tag:
        for frame in range(head, head + HPAGE_PMD_NR):
            if content_of(m, frame) == ZERO:
                store(m, frame, tag)


def unmap_ref_private(m: Machine, owner: Vma, base: int, head: int) -> Steps[None]:
    """Unmap a huge page from the other private VMAs of its file that do not own its reservation, and mark them.

    As the kernel does, look at the owner's address in every address space.
    """
    index, vpn = owner.index_of(base), base >> PAGE_SHIFT
    for vma in [m.vmas.view[id_] for id_ in sorted(m.i_mmap.of(owner.mapping))]:
        if vma.id == owner.id or vma.shared or vma.resv & HPAGE_RESV_OWNER or vma.address_of(index) < 0:
            continue
        if not ptes.maps_frame(m.ptes.value(vma.mm, vpn), head):
            continue
        m.put(m.vmas, vma.id, vma._replace(resv=vma.resv | HPAGE_RESV_UNMAPPED))
        m.set_pte(vma.mm, vpn, 0)
        page_remove_rmap(m, head, huge=True)
        put_page(m, head)
        user = m.processes.view[vma.mm]
        yield Mark(TAKEN, (user.comm, base), (head,), (vma.id,), ((vma.mm, vpn),), (user.tgid,))


def hugetlbfs_read(m: Machine, inode: Inode, index: int) -> str | None:
    """Content that read() of the page returns: zeros for a hole, None for EIO."""
    head = m.page_cache.of(inode.id).get(index & -HPAGE_PMD_NR)
    if head is None:
        return "zero"
    pfn = head + index % HPAGE_PMD_NR
    return None if m.profile.files.io_refuses(m, pfn) else content_of(m, pfn)
