"""pte_alloc(): one page-table page for 512 PTEs."""

from __future__ import annotations

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.page_alloc import alloc_page
from hwpoison_gui.kernel.vm_fault import pte_alloc
from tests.workbench import Workbench

MM, VPN = 77, 5 << 9


def test_a_page_table_page_serves_the_512_entries_around_it() -> None:
    m = Workbench().m
    assert pte_alloc(m, MM, VPN + 3)
    (pfn,) = m.pgtables.of(MM).values()
    assert m.page(pfn) & pf.PGTABLE and int(m.refcount.view[pfn]) == 1
    assert pte_alloc(m, MM, VPN + 511) and len(m.pgtables.of(MM)) == 1
    assert pte_alloc(m, MM, VPN + 512) and len(m.pgtables.of(MM)) == 2


def test_without_memory_there_is_none() -> None:
    m = Workbench(frames=1024).m
    assert pte_alloc(m, MM, VPN)
    while alloc_page(m) is not None:
        pass
    assert not pte_alloc(m, MM, VPN + 512) and len(m.pgtables.of(MM)) == 1
    assert pte_alloc(m, MM, VPN + 1), "its page exists already"
