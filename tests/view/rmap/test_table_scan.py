"""Entries found by looking through all page tables are those that the reverse map finds, and more."""

from __future__ import annotations

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import mappings_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import find_swap_holders
from hwpoison_gui.view.rmap.table_scan import entries_naming
from tests.workbench import do


def test_present_entries_are_those_of_the_reverse_map() -> None:
    session = Session.fresh(4096, 3, "desktop")
    m = session.machine
    shared = [int(pfn) for pfn in (m.mapcount.view > 1).nonzero()[0][::40]]
    for pfn in shared:
        found = {place for places in entries_naming(m, ptes.PRESENT, pfn) for place in places}
        assert found == {(vma.mm, address >> PAGE_SHIFT) for vma, address in mappings_of(m, pfn)}
    assert shared


def test_a_page_that_was_only_read_in_has_its_holders_all_the_same() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "swapin", task="a", at="m+0")
    m, pfn = session.machine, session.resolve_frame("a:m+0")
    slot = m.page_private.view[pfn]
    assert not m.mapcount.view[pfn]
    at = [place for places in entries_naming(m, ptes.SWAP, slot) for place in places]
    assert (
        {mm for mm, _ in at}
        == {place.mm for place in to_the_end(find_swap_holders(m, pfn, ()))}
        == {session.world.task_names.view[name] for name in "ab"}
    )
    assert not any(places for places in entries_naming(m, ptes.PRESENT, slot))
