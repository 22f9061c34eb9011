"""Who could have a page, and what the next touch of it does, asked of one frame."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import _vpns_of, find_before, find_places, find_swap_holders
from hwpoison_gui.view.outcome.loss import hits_now
from hwpoison_gui.view.outcome.prediction import predict
from tests.workbench import do


@pytest.fixture(name="swapped")
def _swapped() -> Session:
    """`a` and `b` share a page that is in swap and, read back by neither, in the swap cache; `c` never had it."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="c")
    do(session, "mmap", task="c", name="m", pages=2)
    do(session, "write", task="c", at="m+1", value="y")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "fork", task="a", child="b")
    do(session, "swapin", task="a", at="m+0")
    return session


def in_swap_cache(session: Session) -> int:
    (pfn,) = session.machine.swap_cache.view.values()
    return pfn


def holders(session: Session, pfn: int, places: list[object] | None = None) -> set[str]:
    m = session.machine
    found = places if places is not None else to_the_end(find_places(m, pfn))
    return {m.processes.view[place.mm].name for place in to_the_end(find_swap_holders(m, pfn, found))}  # type: ignore[arg-type]


def test_swap_entries_are_found_by_the_reverse_map_or_in_all_page_tables(swapped: Session) -> None:
    pfn = in_swap_cache(swapped)
    assert holders(swapped, pfn) == holders(swapped, pfn, []) == {"a", "b"}


def test_only_a_page_in_the_swap_cache_has_swap_entries(swapped: Session) -> None:
    m, pfn = swapped.machine, in_swap_cache(swapped)
    m.flags.load(pfn, m.page(pfn) & ~pf.SWAPCACHE)
    assert holders(swapped, pfn) == set()
    assert holders(swapped, swapped.resolve_frame("c:m+1")) == set()


def test_an_exclusive_entry_is_an_entry_for_the_page_too() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "swapin", task="a", at="m+0")
    m, pfn = session.machine, in_swap_cache(session)
    (entry,) = m.ptes.of(session.world.task_names.view["a"]).values()
    assert entry & ptes.SWAP and entry & ptes.SWP_EXCLUSIVE
    assert holders(session, pfn) == {"a"}


def test_owners_are_those_who_map_it_and_those_who_have_it_in_swap_by_number(swapped: Session) -> None:
    m = swapped.machine
    do(swapped, "read", task="b", at="m+0")
    before = to_the_end(find_before(m, in_swap_cache(swapped)))
    a, b = (swapped.world.task_names.view[name] for name in "ab")
    assert before.page.owners == ("a:102", "b:103") and [place.mm for place in before.swapped] == [a]
    assert {mm for mm, _ in before.mapped} == {b} and not before.unused


@pytest.mark.parametrize(("dirty", "kind"), [(False, impacts.SAFE), (True, impacts.LATER)])
def test_who_has_only_a_swap_entry_for_the_page_is_hit_by_its_touch(swapped: Session, dirty: bool, kind: str) -> None:
    """me_swapcache_dirty() keeps the page in the swap cache, where do_swap_page() finds it; a clean one is read
    again. The page has not been mapped since: no reverse map leads to its users."""
    m, pfn = swapped.machine, in_swap_cache(swapped)
    m.flags.load(pfn, m.page(pfn) & ~pf.DIRTY | pf.DIRTY * dirty)
    assert not to_the_end(find_places(m, pfn))
    assert predict(m, pfn).hits == {kind: [swapped.world.task_names.view[name] for name in "ab"]}


def test_a_page_is_dirty_by_its_flag_or_by_an_entry() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=3)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "mmap", task="a", name="m", pages=3, file="/f", fd="d", shared=True)
    do(session, "read", task="a", at="m+0")
    do(session, "write", task="a", at="m+1", value="x")
    do(session, "pwrite", task="a", fd="d", page=2, value="x")
    m = session.machine
    dirty = [to_the_end(find_before(m, session.resolve_frame(f"/f@{page}"))).page.dirty for page in range(3)]
    assert dirty == [False, True, True]
    pfn = session.resolve_frame("/f@1")
    m.flags.load(pfn, m.page(pfn) & ~pf.DIRTY)
    assert to_the_end(find_before(m, pfn)).page.dirty, "the entry is dirty"


def test_places_are_in_order_of_processes_and_addresses() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=1)
    for name in ("a", "b"):
        do(session, "task", name=name)
    for name, area in (("b", "m"), ("a", "m"), ("b", "n"), ("a", "n")):
        do(session, "mmap", task=name, name=area, pages=1, file="/f", shared=True)
        do(session, "read", task=name, at=f"{area}+0")
    places = to_the_end(find_places(session.machine, session.resolve_frame("/f@0")))
    assert [(place.mm, place.vma) for place in places] == sorted((place.mm, place.vma) for place in places)
    assert [place.mm for place in places] == sorted(place.mm for place in places) and len(places) == 4


def test_owners_and_hits_are_in_order_of_their_numbers() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=1)
    for name, pid in (("c", 72), ("b", 16), ("a", 9)):  # small sets of these are in another order
        do(session, "task", name=name, pid=pid)
        do(session, "mmap", task=name, name="m", pages=1, file="/f", shared=True)
        do(session, "write", task=name, at="m+0", value=name)
    pfn = session.resolve_frame("/f@0")
    assert to_the_end(find_before(session.machine, pfn)).page.owners == ("a:9", "b:16", "c:72")
    others = []
    for number in range(12):
        do(session, "fork", task="a", child=f"d{number}")
        others.append(session.world.task_names.view[f"d{number}"])
    do(session, "poison", frame="/f@0")
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    assert list(hits_now(session, session.operations[-2])) == [9, 16, 72, *sorted(others)]


def test_a_bare_frame_has_neither_flags_nor_references() -> None:
    session = Session.fresh(4096)
    m = session.machine
    plain = [pfn for pfn in range(m.frames) if not m.page(pfn) and m.refcount.get(pfn)]
    free = session.resolve_frame("any:free")
    assert not any(to_the_end(find_before(m, pfn)).page.bare for pfn in (plain[0], free))
    assert m.page(free) and not m.refcount.get(free)
    m.refcount.load(plain[0], 0)
    assert to_the_end(find_before(m, plain[0])).page.bare


def test_merged_pages_have_their_places_in_the_same_order() -> None:
    session = Session.fresh(4096, profile="6.1")
    for name in ("a", "b"):
        do(session, "task", name=name)
    for name in ("b", "a"):  # the VMA of `b` is the older one
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="x")
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    pfn = session.resolve_frame("a:m+0")
    assert session.flags(pfn) & pf.KSM
    places = to_the_end(find_places(session.machine, pfn))
    assert [session.task_name(place.mm) for place in places] == ["a", "b"]
    assert places[0].vma > places[1].vma


def test_entries_that_count_for_a_page_are_told_by_every_bit() -> None:
    """Of an address space that may have got some by fork() or mremap(): present ones, of a huge page too, and its
    hwpoison entry; not those of neighbours, of swap, or of the page without a count (the zero page is such a one)."""
    session = Session.fresh(4096)
    do(session, "task", name="a")
    m, mm = session.machine, session.world.task_names.view["a"]
    pfn = 1024 + 5
    page = to_the_end(find_before(m, pfn)).page
    huge = ptes.mk_pte(1024, ptes.PSE)
    entries = {
        0: ptes.mk_pte(pfn, 0), 1: ptes.mk_pte(pfn, ptes.RW | ptes.DIRTY), 2: ptes.hwpoison_pte(pfn),
        3: ptes.mk_pte(pfn, ptes.SPECIAL), 4: ptes.mk_pte(pfn - 1, 0), 5: ptes.mk_pte(pfn + 1, 0),
        6: ptes.swp_pte(pfn), 7: ptes.hwpoison_pte(pfn + 1), 1024: huge, 2048: ptes.mk_pte(512, ptes.PSE),
        3072: ptes.mk_pte(1536, ptes.PSE),
    }  # fmt: skip
    for vpn, entry in entries.items():
        m.set_pte(mm, vpn, entry)
    assert sorted(_vpns_of(m, mm, page)) == [0, 1, 2, 1024 + 5]
    first, last = (to_the_end(find_before(m, number)).page for number in (1024, 1535))
    assert sorted(_vpns_of(m, mm, first)) == [1024] and sorted(_vpns_of(m, mm, last)) == [1024 + 511]
    assert sorted(_vpns_of(m, mm, to_the_end(find_before(m, 1536)).page)) == [3072]
