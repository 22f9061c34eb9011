"""Return values of a page fault, and the page-table page that it may need first.

After include/linux/mm_types.h (enum vm_fault_reason) and pte_alloc() of mm/memory.c.
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .machine import Machine
from .page_alloc import alloc_page

# Reasons why the access cannot be repeated.
VM_FAULT_HWPOISON: Final = "VM_FAULT_HWPOISON"
VM_FAULT_SIGBUS: Final = "VM_FAULT_SIGBUS"
VM_FAULT_OOM: Final = "VM_FAULT_OOM"
FAULT_DONE: Final = ""


def pte_alloc(m: Machine, mm: int, vpn: int) -> bool:
    """See that a page-table page exists for the entry; False without memory."""
    if vpn >> 9 in m.pgtables.of(mm):
        return True
    pfn = alloc_page(m)
    if pfn is None:
        return False
    m.set_flags(pfn, pf.PGTABLE)
    m.put(m.pgtables, (mm, vpn >> 9), pfn)
    return True
