"""User memory that the kernel itself reads, and pins: references besides those of page tables.

After mm/gup.c, arch/x86/lib/usercopy.c and fs/splice.c, whose vmsplice() takes pins. Addresses are in bytes.

A page in a pipe, or under direct I/O, is held by the processes that mapped it then, and by their children, which share
the pipe: the reference goes with the last of them. Nobody's page stays pinned.
"""

from __future__ import annotations

from typing import Final

from . import pte as ptes
from .filemap import content_of
from .gate import ABSENT
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory import Access, handle_mm_fault
from .page_alloc import get_page, put_page
from .records import PAGE_SHIFT
from .rmap import mappings_of
from .vm_fault import VM_FAULT_HWPOISON, VM_FAULT_OOM

COPIED: Final = site("copy_from_user", args="address")
NOT_COPIED: Final = {
    errno: site("copy_from_user", Act.DECIDE, errno, "address found") for errno in ("EFAULT", "ENOMEM")
}
PINNED: Final = site("get_page", Act.FLAG)
UNPINNED: Final = site("put_page", Act.FLAG)
RELEASED: Final = site("put_page", Act.DECIDE, "released at exit")

_GUP_ERRNO: Final = {VM_FAULT_OOM: "ENOMEM", VM_FAULT_HWPOISON: "EHWPOISON"}


def follow_page(m: Machine, mm: int, address: int) -> Steps[int | str]:
    """get_user_pages() for reading one page. Returns its frame number, or the name of an errno."""
    while True:
        vma = m.find_vma(mm, address)
        if vma is None or vma.prot == "none":
            return "EFAULT"
        vpn = address >> PAGE_SHIFT
        entry = m.pte(mm, vpn)
        if entry & ptes.PRESENT:
            return ptes.value_of(entry) + (vpn % 512 if entry & ptes.PSE else 0)
        fault = yield from handle_mm_fault(m, vma, address, False)
        if fault:
            return _GUP_ERRNO.get(fault, "EFAULT")


def copy_from_user(m: Machine, mm: int, address: int) -> Steps[Access]:
    """Read a user page in the kernel; failure is EFAULT, or ENOMEM, without a signal."""
    found = yield from follow_page(m, mm, address)
    if isinstance(found, str):
        errno = "ENOMEM" if found == "ENOMEM" else "EFAULT"
        yield Mark(NOT_COPIED[errno], (address, found))
        return Access(None, errno)
    yield Mark(COPIED, (address,), (found,))
    return Access(content_of(m, found))


def pin_page(m: Machine, pfn: int) -> Mark:
    """Take a reference for the processes that map the frame."""
    get_page(m, pfn)
    m.add_to(m.pins, pfn, 1)
    holders = {m.processes.view[vma.mm].tgid for vma, _ in mappings_of(m, pfn)}
    m.put(m.pin_holders, pfn, tuple(sorted({*m.pin_holders.view.get(pfn, ()), *holders})) or ABSENT)
    return Mark(PINNED, (), (pfn,))


def is_pinned(m: Machine, pfn: int) -> bool:
    """Return whether `unpin_page` has a reference to give back, or one that its holders took along when they exited."""
    return pfn in m.pins.view or m.pin_holders.view.get(pfn) == ()


def unpin_page(m: Machine, pfn: int) -> Mark:
    """Give the reference back, unless it went with its holders."""
    if pfn not in m.pins.view:
        m.delete(m.pin_holders, pfn)
        return Mark(RELEASED, (), (pfn,))
    m.add_to(m.pins, pfn, -1)
    if pfn not in m.pins.view:
        m.put(m.pin_holders, pfn, ABSENT)
    put_page(m, pfn)
    return Mark(UNPINNED, (), (pfn,))


def share_pins(m: Machine, parent: int, child: int) -> None:
    """fork(): the child has the pipes of its parent."""
    for pfn, holders in list(m.pin_holders.view.items()):
        if parent in holders:
            m.put(m.pin_holders, pfn, (*holders, child))


def release_pins(m: Machine, tgid: int) -> None:
    """exit(): the last holder of a pin closes the pipe."""
    for pfn, holders in [pin for pin in m.pin_holders.view.items() if tgid in pin[1]]:
        left = tuple(holder for holder in holders if holder != tgid)
        m.put(m.pin_holders, pfn, left)
        if not left:
            for _ in range(m.pins.view[pfn]):
                put_page(m, pfn)
            m.delete(m.pins, pfn)
