"""Counts of users for many frames at once are what the reverse map of each frame comes to."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.collect_ksm import rmap_items_of
from hwpoison_gui.kernel.gate import ABSENT, Whole
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import rmap_addresses, rmap_walk_ksm
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome import users as module
from hwpoison_gui.view.outcome.users import INITS, USER_COUNTS, Users, distinct
from tests.view.outcome.states import scramble, with_huge_pages
from tests.workbench import do


def users_of(m: Machine) -> Users:
    users = Users(m)
    for _ in users.work():
        pass
    return users


def counts_of(users: Users, pfns: list[int]) -> dict[int, dict[str, int]]:
    counts = {name: np.zeros(len(pfns), np.int64) for name in USER_COUNTS}
    users.count(np.array(pfns, np.int64), counts)
    return {pfn: {name: int(counts[name][at]) for name in USER_COUNTS} for at, pfn in enumerate(pfns)}


def listed_mms(m: Machine) -> set[int]:
    find = m.profile.users.early_kill_thread
    return {process.mm for process in m.living() if process.mm and find(m, process) is not None}


def mms_of_inits(m: Machine, listed: set[int]) -> dict[str, set[int]]:
    """Address spaces of the inits that a touch would kill, and of those that are listed."""
    inits = [process for process in m.living() if process.is_global_init or process.is_namespace_init]
    die = [one for one in inits if one.sigbus != "handler" or m.tasks.view[one.tgid].blocked]
    return {
        "init": {one.mm for one in die if one.tgid == 1},
        "namespace": {one.mm for one in die if one.tgid != 1},
        "listed_init": {one.mm for one in inits if one.tgid == 1} & listed,
        "listed_namespace": {one.mm for one in inits if one.tgid != 1} & listed,
    }


def counts_of_touches(init: str, vma: Vma) -> bool:
    """Whether a VMA counts for an init: for a touch, where it may be read; for a signal, in any case."""
    return init.startswith("listed") or vma.prot != "none"


def is_readable(m: Machine, mm: int, vpn: int) -> bool:
    vma = m.find_vma(mm, vpn << PAGE_SHIFT)
    return vma is None or vma.prot != "none"


def counted_one_by_one(m: Machine, pfn: int, listed: set[int]) -> dict[str, int]:
    """The same numbers by the reverse map of one frame."""
    found: Counter[str] = Counter(dict.fromkeys(USER_COUNTS, 0))
    inits = mms_of_inits(m, listed)
    for anon_vma in {item.anon_vma for item in rmap_items_of(m, pfn)} if m.page(pfn) & pf.KSM else ():
        mms = {m.vmas.view[vma].mm for vma in m.anon_vma_chain.of(anon_vma)}
        found["listed_vmas"] += not mms.isdisjoint(listed)
        for name in ("listed_init", "listed_namespace"):
            found[f"{name}_vmas"] += not mms.isdisjoint(inits[name])
    for vma, address in rmap_walk_ksm(m, pfn) if m.page(pfn) & pf.KSM else rmap_addresses(m, pfn):
        entry, is_listed = m.pte(vma.mm, address >> PAGE_SHIFT), vma.mm in listed
        here = ptes.maps_frame(entry, pfn)
        found["found"] += here
        found["readable"] += here and vma.prot != "none"
        found["dirty"] += here and bool(entry & ptes.DIRTY)
        found["written"] += here and vma.shared and bool(entry & (ptes.DIRTY | ptes.RW))
        found["listed"] += here and is_listed
        found["huge_listed"] += here and is_listed and bool(entry & ptes.PSE)
        sorts = [f"{name}_" for name, mms in inits.items() if vma.mm in mms and counts_of_touches(name, vma)]
        for sort in sorts:
            found[f"{sort}found"] += here
        if m.inode_of(m.compound_head(pfn)) is not None:
            found["listed_vmas"] += is_listed
            for sort in sorts:
                found[f"{sort}vmas"] += 1
            for sort in ("", *sorts) if vma.prot != "none" else ():
                found[f"{sort}taken"] += entry != 0 and not here
            found["vmas"] += vma.prot != "none"
    for offset, cached in m.swap_cache.view.items():
        if cached == pfn:
            for mm in m.ptes.view:
                swapped = sum(
                    ptes.state_of(word) == "swap" and ptes.value_of(word) == offset and is_readable(m, mm, vpn)
                    for vpn, word in m.ptes.of(mm).items()
                )
                for sort in ("", *(f"{name}_" for name, mms in inits.items() if mm in mms)):
                    found[f"{sort}swapped"] += swapped
    return dict(found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_reverse_map(profile: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    m = with_huge_pages(profile, rng).machine
    for state in ("made", "scrambled"):
        listed, in_use = listed_mms(m), np.flatnonzero((m.mapping.view > 0) | (m.mapcount.view > 0))
        huge = (m.flags.view[in_use] & np.uint64(pf.THP | pf.HUGE)) != 0
        pfns = in_use[~huge | (in_use % 64 < 2) | (in_use % 512 == 511)].tolist()
        expected = {pfn: counted_one_by_one(m, pfn, listed) for pfn in pfns}
        assert counts_of(users_of(m), pfns) == expected, state
        monkeypatch.setattr(module, "_PTES_PER_SLICE", 100)  # more than one slice, the last one shorter
        users = users_of(m)
        assert counts_of(users, pfns) == expected, state
        assert counts_of(users, pfns[3:-3]) == {pfn: expected[pfn] for pfn in pfns[3:-3]}, "not from the first frame"
        leads = np.array([pfn for pfn in pfns if expected[pfn]["found"]] + list(m.swap_cache.view.values()))
        assert np.array_equal(np.intersect1d(users.used(), pfns), np.intersect1d(leads, pfns))
        waited = [expected[pfn]["vmas"] > expected[pfn]["taken"] + expected[pfn]["readable"] for pfn in pfns]
        unmapped = [pfn for pfn in pfns if not expected[pfn]["found"]]
        assert users.waited_for(np.array(unmapped)).tolist() == [
            wait for pfn, wait in zip(pfns, waited, strict=True) if not expected[pfn]["found"]
        ]
        for init in INITS:
            waits = [here[f"{init}_vmas"] > here[f"{init}_taken"] for here in map(expected.__getitem__, unmapped)]
            assert users.waited_for(np.array(unmapped), init).tolist() == waits
        scramble(m, rng)


@pytest.mark.parametrize("profile", ["6.12", "7.2"])
@pytest.mark.parametrize("seed", [0, 2])
def test_entries_stand_for_the_rmap_items_that_nobody_recorded(profile: str, seed: int) -> None:
    m = with_huge_pages(profile, np.random.default_rng(seed)).machine
    unknown = set(tuple(m.rmap_items.view)[::2])
    for node in unknown:
        m.put(Whole(m.rmap_items), node, ABSENT)
    m.gate.take()
    merged = np.flatnonzero(m.flags.view & np.uint64(pf.KSM)).tolist()
    counts, listed = counts_of(users_of(m), merged), listed_mms(m)
    assert counts == {pfn: counted_one_by_one(m, pfn, listed) for pfn in merged}
    assert any(counts[pfn]["listed_vmas"] for pfn in merged if mapping_number(m.mapping.get(pfn)) in unknown)


def test_each_rmap_item_leads_to_those_of_its_own_anon_vma() -> None:
    """Three processes that are no relatives have one anon_vma each, with numbers in a row."""
    session = Session.fresh(4096, profile="6.12", sysctl={"memory_failure_early_kill": 0})
    for name, policy in (("a", "late"), ("b", "late"), ("c", "early")):
        do(session, "task", name=name, mce_kill=policy)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="x")
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    m, pfn = session.machine, session.resolve_frame("a:m+0")
    counts = counts_of(users_of(m), [pfn])[pfn]
    assert counts == counted_one_by_one(m, pfn, listed_mms(m)) and counts["listed_vmas"] == 1


def test_a_vma_beyond_the_greatest_index_does_not_cover_the_next_file() -> None:
    """mmap() takes any offset; page->index has 32 bits here."""
    session = Session.fresh(4096)
    for path in ("/e", "/f", "/g"):
        do(session, "file", path=path, pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "open", task="a", path="/g", fd="d")
    do(session, "pread", task="a", fd="d", page=0)
    m, pfn = session.machine, session.resolve_frame("/g@0")
    vma = next(vma for vma in m.vmas.view.values() if vma.mapping)
    m.put(m.vmas, vma.id, vma._replace(pgoff=1 << 32))
    m.gate.take()
    assert not any(counts_of(users_of(m), [pfn])[pfn].values())


@pytest.mark.parametrize("profile", PROFILES)
def test_the_work_says_how_much_of_it_is_done(profile: str) -> None:
    m = with_huge_pages(profile, np.random.default_rng(1)).machine
    done = list(Users(m).work())
    assert done == sorted(done) and done[0] >= 0 and done[-1] == 1
    assert sum(one < 0.5 for one in done) == len(m.ptes.view), "an address space at a time"


def test_without_processes_there_are_no_users() -> None:
    m = Session.fresh(4096).machine
    for id_ in tuple(m.vmas.view):
        m.delete(m.vmas, id_)
    for mm in tuple(m.mm_vmas.view):
        for id_ in tuple(m.mm_vmas.of(mm)):
            m.delete(m.mm_vmas, (mm, id_))
    assert not len(users_of(m).used()) and not len(users_of(m).mms)
    m.set_pte(7, 7, ptes.swp_pte(7))
    users = users_of(m)
    assert not len(users.used()) and users.mms.tolist() == [7], "a swap entry outside of all VMAs"
    assert set(counts_of(users, [5, 6])[5].values()) == {0}


def test_swap_holders_are_those_with_an_entry_for_the_slot() -> None:
    session = Session.fresh(8192)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    for page in range(2):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    for child in ("b", "c", "d"):
        do(session, "fork", task="a", child=child)
    do(session, "madvise", task="a", at="m+0", pages=2, advice="pageout")
    do(session, "swapin", task="a", at="m+0")
    do(session, "munmap", task="c", at="m+0", pages=1)
    m = session.machine
    (pfn,) = [pfn for pfn in m.swap_cache.view.values() if m.page_private.view.get(pfn) is not None][:1]
    users = users_of(m)
    offset = m.page_private.view[pfn]
    holders = [
        (mm, vpn)
        for mm in sorted(m.ptes.view)
        for vpn, word in m.ptes.of(mm).items()
        if word & ~ptes.SWP_EXCLUSIVE == ptes.swp_pte(offset)
    ]
    places = users.swap_holders_of(pfn)
    assert [(place.mm, place.vpn) for place in places] == holders and len(holders) > 1
    assert all(m.vmas.view[place.vma] == m.find_vma(place.mm, place.vpn << PAGE_SHIFT) for place in places)
    assert users.swap_holders_of(pfn + 1) == []
    m.clear_flags(pfn, pf.SWAPCACHE)
    assert users.swap_holders_of(pfn) == [], "page->private of another page is no slot"


def test_distinct_numbers_come_in_order() -> None:
    assert distinct(np.array([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.zeros(0, np.int64)).tolist() == []


def test_an_entry_that_is_not_present_takes_its_place_all_the_same() -> None:
    """A private copy in swap: its process, whose VMA is the first of all, does not wait for the page of the file."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/f", pages=2)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/f")
    do(session, "write", task="a", at="m+0", value="own")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    assert session.pte_state("a", "m+0") == "swap"
    m, pfn = session.machine, session.resolve_frame("/f@0")
    counts = counts_of(users_of(m), [pfn])[pfn]
    assert (counts["vmas"], counts["taken"], counts["found"]) == (1, 1, 0)
    assert not users_of(m).waited_for(np.array([pfn])).any()


def test_what_no_reverse_map_leads_back_from_is_not_found() -> None:
    """An anonymous page at another index, of another anon_vma, and an entry for a frame beyond memory."""
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=3)
    for page in range(3):
        do(session, "write", task="a", at=f"m+{page}")
    m = session.machine
    pfns = [session.resolve_frame(f"a:m+{page}") for page in range(3)]
    m.index.load(pfns[1], m.index.get(pfns[1]) + 7)
    m.mapping.load(pfns[2], m.mapping.get(pfns[2]) + (1000 << 2))
    mm = session.world.task_names.view["a"]
    m.set_pte(mm, (session.resolve_address("a", "m+2") >> PAGE_SHIFT) + 100, ptes.mk_pte(m.frames, 0))
    found = counts_of(users_of(m), pfns)
    assert [found[pfn]["found"] for pfn in pfns] == [1, 0, 0]


def test_swap_entries_are_counted_for_the_frames_that_they_lead_to() -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="a", pid=1)
    do(session, "mmap", task="a", name="m", pages=3)
    for page in range(3):
        do(session, "write", task="a", at=f"m+{page}", value=f"{page}")
        do(session, "madvise", task="a", at=f"m+{page}", pages=1, advice="pageout")
    do(session, "fork", task="a", child="b")
    do(session, "munmap", task="b", at="m+0", pages=1)
    do(session, "mprotect", task="b", at="m+2", pages=1, prot="none")
    for page in range(3):
        do(session, "swapin", task="a", at=f"m+{page}")
    m = session.machine
    cached = dict(sorted(m.swap_cache.view.items()))
    assert len(cached) == 3
    counts = counts_of(users_of(m), sorted(cached.values()))
    assert [counts[pfn]["swapped"] for pfn in cached.values()] == [1, 2, 1], "PROT_NONE is not touched"
    assert [counts[pfn]["init_swapped"] for pfn in cached.values()] == [1, 1, 1]


def test_a_hwpoison_entry_leads_to_no_frame_even_if_the_frame_is_in_its_file_still() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/f", pages=1, filesystem="nofs")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1, file="/f", shared=True)
        do(session, "write", task=name, at="m+0", value=name)
    pfn = session.resolve_frame("/f@0")
    do(session, "poison", frame="/f@0")
    assert session.pte_state("a", "m+0") == "hwpoison" and session.resolve_frame("/f@0") == pfn
    counts = counts_of(users_of(session.machine), [pfn])[pfn]
    assert (counts["vmas"], counts["taken"], counts["found"]) == (2, 2, 0)
