"""The reverse map: which VMAs and entries lead to a frame, and what is left of them when it is unmapped.

After mm/rmap.c: rmap_walk(), page_vma_mapped_walk(), page_remove_rmap(), page_mkclean(), try_to_unmap().
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel import rmap
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.swap import add_to_swap
from tests import invariants
from tests.workbench import Workbench, run

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def by_hand(m: Machine, pfn: int) -> set[tuple[int, int]]:
    """(mm, address) of every entry that maps the frame, found by looking at each of all page tables."""
    found = set()
    for mm, entries in m.ptes.view.items():
        for vpn, entry in entries.items():
            if ptes.maps_frame(entry, pfn) and not entry & ptes.SPECIAL:
                found.add((mm, vpn + pfn - ptes.value_of(entry) << PAGE_SHIFT))
    return found


def crossed(profile: str = "6.1") -> Workbench:
    """Two files, four tasks; private and shared, moved, split, forked, written to and merged pages."""
    bench = Workbench(profile, huge_pages=1)
    bench.do("file", path="/srv/f", pages=6)
    bench.do("file", path="/dev/shm/g", pages=6, filesystem="tmpfs")
    bench.area("m", pages=6)
    bench.area("f", pages=4, file="/srv/f", shared=True)
    bench.area("p", pages=4, file="/srv/f", offset=2)
    bench.area("g", pages=6, file="/dev/shm/g", shared=True)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    for at in ("m+0", "m+1", "m+2", "m+5", "f+0", "f+3", "p+0", "g+1", "g+5", "h+7"):
        bench.do("write", task="a", at=at, value=at)
    for at in ("p+1", "f+2", "m+3", "g+0"):
        bench.do("read", task="a", at=at)
    for child in "bc":
        bench.do("fork", task="a", child=child)
    bench.do("write", task="b", at="m+1", value="B")
    bench.do("munmap", task="c", at="m+2", pages=1)
    bench.do("read", task="c", at="f+0")
    bench.do("mremap", task="b", at="m+4", pages=2, name="n")
    bench.do("madvise", task="a", at="m+5", advice="pageout")
    bench.do("swapin", task="b", at="n+1")
    return bench


@both
def test_the_reverse_map_finds_every_entry_of_every_frame(profile: str) -> None:
    """rmap_walk() finds what a search of all page tables finds, and nothing else."""
    m = crossed(profile).m
    mapped = [pfn for pfn in range(m.frames) if m.mapcount.view[pfn]]
    assert len(mapped) > 512
    for pfn in mapped:
        found = [(vma.mm, address) for vma, address in rmap.mappings_of(m, pfn)]
        assert len(found) == len(set(found)) == int(m.mapcount.view[pfn])
        assert set(found) == by_hand(m, pfn)
        for vma, address in rmap.mappings_of(m, pfn):
            assert rmap.page_mapped_in_vma(m, pfn, vma) == address
            assert vma.address_of(rmap.page_index(m, pfn)) == address


def test_pages_of_ksm_are_found_at_each_of_their_addresses() -> None:
    """rmap_walk_ksm(): one frame, as many indexes as there are places."""
    bench = Workbench()
    bench.do("task", name="b")
    for task, at in (("a", "m+0"), ("a", "m+2"), ("b", "m+1")):
        if not bench.session.world.is_mapped(bench.session.world.process(task).tgid, "m"):
            bench.area(task=task, pages=3)
        bench.do("write", task=task, at=at, value="same")
        bench.do("madvise", task=task, at="m+0", pages=3, advice="mergeable")
    pfn, m = bench.pfn(), bench.m
    assert m.page(pfn) & pf.KSM
    found = [(vma.mm, address) for vma, address in rmap.mappings_of(m, pfn)]
    assert len(found) == 3 and set(found) == by_hand(m, pfn)
    assert found == sorted(found), "in order of the address space and the address"
    bench.do("madvise", task="a", at="m+0", advice="dontneed")
    bench.do("exit", task="a")
    bench.session.seek(bench.session.operations[-2].first)
    assert [(vma.mm, address) for vma, address in rmap.mappings_of(m, pfn)] == found, "whatever was undone"
    mm = bench.session.world.process("a").mm
    m.set_pte(mm, bench.session.resolve_address("a", "m+1") >> PAGE_SHIFT, ptes.swp_pte(pfn))
    assert [(vma.mm, address) for vma, address in rmap.mappings_of(m, pfn)] == found, "a swap entry is no frame"


@both
def test_vmas_come_in_order_of_their_offset_equal_ones_by_age(profile: str) -> None:
    """vma_interval_tree_foreach(): by where in the file a VMA begins."""
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=8)
    for name, offset, pages in (("u", 2, 4), ("v", 0, 8), ("w", 2, 2), ("x", 4, 4), ("y", 5, 1)):
        bench.area(name, file="/srv/f", offset=offset, pages=pages, shared=True)
    bench.do("read", task="a", at="v+4")
    m = bench.m
    pfn = bench.pfn("a:v+4")
    assert [vma.name for vma in rmap.rmap_vmas(m, pfn)] == ["v", "u", "x"], "mapped there or not"
    bench.do("read", task="a", at="v+2")
    second = bench.pfn("a:v+2")
    assert [vma.name for vma in rmap.rmap_vmas(m, second)] == ["v", "u", "w"]
    bench.do("munmap", task="a", at="u+0", pages=4)
    bench.session.seek(bench.session.operations[-1].first)
    assert [vma.name for vma in rmap.rmap_vmas(m, second)] == ["v", "u", "w"], "whatever was undone"


def test_a_page_without_a_mapping_leads_nowhere() -> None:
    bench = Workbench()
    assert rmap.rmap_vmas(bench.m, bench.pfn("any:free")) == []
    assert rmap.mappings_of(bench.m, bench.pfn("any:slab-tail")) == []


def test_a_page_that_is_elsewhere_is_not_mapped_here() -> None:
    bench = crossed()
    m, vma = bench.m, rmap.mappings_of(bench.m, bench.pfn("a:m+0"))[0][0]
    other = bench.pfn("a:g+1")
    assert rmap.page_mapped_in_vma(m, other, vma) == -1
    assert rmap.mapped_at(m, bench.pfn("a:m+0"), vma, -1) == -1
    assert rmap.mapped_at(m, bench.pfn("a:m+0"), vma, vma.start) == vma.start
    assert rmap.mapped_at(m, bench.pfn("a:m+0"), vma, vma.start + (1 << PAGE_SHIFT)) == -1


# -- anon_vma


def test_an_anon_vma_is_given_once() -> None:
    bench = Workbench()
    bench.area(pages=2)
    m = bench.m
    vma = m.vmas_of(bench.session.world.process("a").mm)[0]
    assert not vma.anon_vma
    made = rmap.anon_vma_prepare(m, vma)
    assert made.anon_vma and m.vmas.view[vma.id] == made
    assert rmap.anon_vma_prepare(m, made) is made
    assert dict(m.anon_vma_chain.of(made.anon_vma)) == {vma.id: True}
    assert dict(m.vma_anon_vmas.of(vma.id)) == {made.anon_vma: True}
    m.gate.backward(m.gate.take())
    assert not m.vmas.view[vma.id].anon_vma and not m.anon_vma_chain.view


def test_a_clone_is_found_from_all_and_unlinked_from_all() -> None:
    m = Workbench().m
    for anon_vma in (11, 12):
        rmap.anon_vma_link(m, 1, anon_vma)
    rmap.anon_vma_clone(m, 2, 1)
    assert {vma for anon_vma in (11, 12) for vma in m.anon_vma_chain.of(anon_vma)} == {1, 2}
    rmap.unlink_anon_vmas(m, 1)
    assert [list(m.anon_vma_chain.of(anon_vma)) for anon_vma in (11, 12)] == [[2], [2]]
    assert not m.vma_anon_vmas.of(1) and set(m.vma_anon_vmas.of(2)) == {11, 12}


@pytest.mark.parametrize("profile, vmas", (("v7", 2), ("6.1", 1)))
def test_a_page_of_a_child_alone_is_looked_for_in_the_parent_before_anon_vmas_of_its_own(
    profile: str, vmas: int
) -> None:
    """anon_vma_fork() of 2.6.34 gave a child an anon_vma of its own."""
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("fork", task="a", child="b")
    bench.do("write", task="b", at="m+0")
    assert len(rmap.rmap_vmas(bench.m, bench.pfn("b:m+0"))) == vmas
    assert len(rmap.rmap_vmas(bench.m, bench.pfn("a:m+0"))) == 2


def test_set_anon_says_where_a_page_belongs() -> None:
    bench = crossed()
    m, pfn = bench.m, bench.pfn("b:n+1")
    vma = rmap.mappings_of(m, bench.pfn("b:m+1"))[0][0]
    rmap.set_anon(m, pfn, vma, vma.start + (2 << PAGE_SHIFT))
    assert m.anon_vma_of(pfn) == vma.anon_vma
    assert vma.address_of(rmap.page_index(m, pfn)) == vma.start + (2 << PAGE_SHIFT)


# -- Counting


@both
def test_flags_go_with_the_last_mapping(profile: str) -> None:
    """page_remove_rmap() of 6.1 takes MLOCKED along; in 2009 munlock did that alone."""
    m = Workbench(profile).m
    pfn = 3000
    m.put(m.flags, pfn, pf.LRU | pf.LOCKED | pf.MLOCKED | pf.UNEVICTABLE)
    for _ in range(2):
        rmap.page_add_rmap(m, pfn)
    before = m.page(pfn)
    assert before & pf.MMAP
    rmap.page_remove_rmap(m, pfn)
    assert m.mapcount.get(pfn) == 1 and m.page(pfn) == before
    rmap.page_remove_rmap(m, pfn)
    kept = pf.LRU | pf.LOCKED | (pf.MLOCKED | pf.UNEVICTABLE if profile == "v7" else 0)
    assert m.mapcount.get(pfn) == 0 and m.page(pfn) & (before | pf.MMAP) == kept
    assert not m.page(pfn + 1) & pf.MMAP and not m.mapcount.get(pfn + 1)


def test_a_page_that_is_unevictable_without_a_lock_stays_so() -> None:
    m = Workbench().m
    m.set_flags(3000, pf.LRU | pf.UNEVICTABLE)
    rmap.page_add_rmap(m, 3000)
    rmap.page_remove_rmap(m, 3000)
    assert m.page(3000) & (pf.MMAP | pf.UNEVICTABLE | pf.LRU) == pf.UNEVICTABLE | pf.LRU


@both
def test_a_huge_entry_counts_for_each_of_its_frames(profile: str) -> None:
    m = Workbench(profile).m
    frames = range(2048, 2048 + 512)
    m.set_flags(frames[3], pf.MLOCKED | pf.UNEVICTABLE)
    m.set_flags(frames[5], pf.UNEVICTABLE)
    rmap.page_add_rmap(m, frames[0], huge=True)
    rmap.page_add_rmap(m, frames[7])
    assert {m.mapcount.get(pfn) for pfn in frames} == {1, 2}
    assert all(m.page(pfn) & pf.MMAP for pfn in frames)
    assert not m.mapcount.get(frames[0] - 1) and not m.mapcount.get(frames[-1] + 1)
    rmap.page_remove_rmap(m, frames[0], huge=True)
    assert [pfn for pfn in frames if m.mapcount.get(pfn) or m.page(pfn) & pf.MMAP] == [frames[7]]
    assert m.mapcount.get(frames[0] - 1) == m.mapcount.get(frames[-1] + 1) == 0
    assert bool(m.page(frames[3]) & (pf.MLOCKED | pf.UNEVICTABLE)) is (profile == "v7")
    assert m.page(frames[5]) & pf.UNEVICTABLE


# -- mlock


@both
def test_a_page_is_evictable_when_no_locked_vma_maps_it(profile: str) -> None:
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=1)
    for name in ("m", "n"):
        bench.area(name, file="/srv/f", shared=True, locked=True)
    pfn, m = bench.pfn(), bench.m
    assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(pfn)
    bench.do("munlock", task="a", at="m+0", pages=1)
    assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(pfn), "the other VMA is locked still"
    bench.do("munlock", task="a", at="n+0", pages=1)
    assert not {"MLOCKED", "UNEVICTABLE"} & bench.flags(pfn)
    invariants.check(m)


def test_an_isolated_page_keeps_unevictable() -> None:
    m = Workbench().m
    for word, left in (
        (pf.MLOCKED | pf.UNEVICTABLE | pf.LRU, pf.LRU),
        (pf.MLOCKED | pf.UNEVICTABLE | pf.LOCKED, pf.UNEVICTABLE | pf.LOCKED),
        (pf.UNEVICTABLE | pf.LRU, pf.UNEVICTABLE | pf.LRU),
    ):
        m.put(m.flags, 3000, word)
        rmap.clear_page_mlock(m, 3000)
        assert m.page(3000) == left


# -- Write protection


def shared_and_private(profile: str = "6.1") -> tuple[Workbench, int]:
    """A page of a file that `a` has written to and `b` has read, shared, and that `c` has read, private."""
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=1)
    for task, shared in (("a", True), ("b", True), ("c", False)):
        if task != "a":
            bench.do("task", name=task)
        bench.area(task=task, file="/srv/f", shared=shared)
        bench.do("read", task=task, at="m+0")
    bench.do("write", task="a", at="m+0", value="x")
    return bench, bench.pfn()


def entries(bench: Workbench, pfn: int) -> dict[str, int]:
    m = bench.m
    return {
        m.processes.view[vma.mm].name: m.pte(vma.mm, address >> PAGE_SHIFT) & (ptes.RW | ptes.DIRTY)
        for vma, address in rmap.mappings_of(m, pfn)
    }


@both
def test_writeback_finds_dirty_entries_and_protects_them(profile: str) -> None:
    bench, pfn = shared_and_private(profile)
    assert entries(bench, pfn) == {"a": ptes.RW | ptes.DIRTY, "b": 0, "c": 0}
    assert rmap.page_mkclean(bench.m, pfn) == 1
    assert entries(bench, pfn) == {"a": 0, "b": 0, "c": 0}
    assert rmap.page_mkclean(bench.m, pfn) == 0
    bench.do("write", task="a", at="m+0", value="y")
    bench.do("write", task="b", at="m+0", value="z")
    assert rmap.page_mkclean(bench.m, pfn) == 2


@pytest.mark.parametrize("bit", (ptes.RW, ptes.DIRTY))
def test_an_entry_that_is_only_writable_or_only_dirty_is_cleaned(bit: int) -> None:
    """page_mkclean_one(): pte_dirty() or pte_write()."""
    bench, pfn = shared_and_private()
    m = bench.m
    for vma, address in rmap.mappings_of(m, pfn):
        m.set_pte(vma.mm, address >> PAGE_SHIFT, ptes.mk_pte(pfn, bit))
    assert rmap.page_mkclean(m, pfn) == 2
    assert entries(bench, pfn) == {"a": 0, "b": 0, "c": bit}, "a private VMA is not looked at"


def test_a_vma_that_does_not_map_the_page_is_passed_by() -> None:
    bench, pfn = shared_and_private()
    bench.do("madvise", task="a", at="m+0", advice="dontneed")
    assert rmap.page_mkclean(bench.m, pfn) == 0
    assert bench.session.pte_state("a", "m+0") == "none"
    bench.do("write", task="b", at="m+0")
    assert rmap.page_mkclean(bench.m, pfn) == 1, "but those behind it are found"


# -- Unmapping


@both
@pytest.mark.parametrize("entry_for, state", (("hwpoison", "hwpoison"), ("none", "none")))
def test_every_entry_is_cut_and_its_dirty_bit_kept(profile: str, entry_for: str, state: str) -> None:
    bench, pfn = shared_and_private(profile)
    m = bench.m
    m.clear_flags(pfn, pf.DIRTY)
    refs, rss = int(m.refcount.view[pfn]), dict(m.rss.view)
    assert run(rmap.try_to_unmap(m, pfn, entry_for)) is True
    assert m.page(pfn) & pf.DIRTY and not m.page(pfn) & pf.MMAP
    assert m.mapcount.get(pfn) == 0 and m.refcount.get(pfn) == refs - 3
    for task in "abc":
        assert bench.session.pte_state(task, "m+0") == state
    assert {mm: count - 1 for mm, count in rss.items()} == {mm: m.rss.view.get(mm, 0) for mm in rss}
    if entry_for == "hwpoison":
        mm = bench.session.world.process("b").mm
        vpn = bench.session.resolve_address("b", "m+0") >> PAGE_SHIFT
        assert ptes.value_of(m.pte(mm, vpn)) == pfn
    invariants.check(m)


def test_a_page_whose_entries_are_clean_stays_clean() -> None:
    bench, pfn = shared_and_private()
    bench.do("sync", path="/srv/f")
    assert run(rmap.try_to_unmap(bench.m, pfn, "none")) is True
    assert not bench.m.page(pfn) & pf.DIRTY


@both
def test_a_swap_entry_counts_its_users_and_remembers_who_was_alone(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=2)
    for at in ("m+0", "m+1"):
        bench.do("write", task="a", at=at)
    bench.do("fork", task="a", child="b")
    bench.do("write", task="b", at="m+1")
    alone, shared, m = bench.pfn("b:m+1"), bench.pfn("b:m+0"), bench.m
    for pfn, users, exclusive in ((alone, 1, profile != "v7"), (shared, 2, False)):
        offset = add_to_swap(m, pfn)
        places = by_hand(m, pfn)
        assert run(rmap.try_to_unmap(m, pfn, "swap")) is True
        assert m.swap_map.view[offset] == users == len(places)
        assert not m.page(pfn) & m.profile.mm.exclusive
        for mm, address in places:
            entry = m.pte(mm, address >> PAGE_SHIFT)
            assert entry == ptes.swp_pte(offset, exclusive)
    invariants.check(m)


def test_a_huge_entry_is_cut_as_one() -> None:
    """try_to_unmap_one() of hugetlb: 512 mappings go, one reference, and a huge hwpoison entry stays."""
    bench = crossed()
    m, head = bench.m, bench.m.compound_head(bench.pfn("a:h+7"))
    places, refs = by_hand(m, head), int(m.refcount.view[head])
    assert run(rmap.try_to_unmap(m, head, "hwpoison")) is True
    assert not any(m.mapcount.view[head : head + 512])
    assert m.refcount.get(head) == refs - len(places)
    assert m.page(head) & pf.DIRTY
    for mm, address in places:
        entry = m.pte(mm, address >> PAGE_SHIFT)
        assert ptes.state_of(entry) == "hwpoison" and entry & ptes.PSE and ptes.value_of(entry) == head
    invariants.check(m)


def test_a_mark_names_the_entry_that_was_cut() -> None:
    bench, pfn = shared_and_private()
    m = bench.m
    marks = [mark for run in rmap.try_to_unmap(m, pfn, "none") for mark in run.marks]
    tgids = [bench.session.world.process(task).tgid for task in "abc"]
    assert [mark.tasks for mark in marks] == [(tgid,) for tgid in tgids]
    for mark, tgid in zip(marks, tgids, strict=True):
        vpn = bench.session.resolve_address(m.processes.view[tgid].name, "m+0") >> PAGE_SHIFT
        assert (mark.frames, mark.ptes) == ((pfn,), ((tgid, vpn),))
        assert m.vmas.view[mark.vmas[0]].mm == tgid


def test_entries_are_cut_in_the_order_of_the_reverse_map() -> None:
    """rmap_walk_file(): by where in the file a VMA begins, not by address; rmap_walk_ksm() is for KSM alone."""
    bench = Workbench()
    bench.do("file", path="/f", pages=4)
    for name, offset in (("m", 2), ("n", 0)):
        bench.area(name, file="/f", pages=4 - offset, offset=offset, shared=True)
    bench.do("read", task="a", at="m+0")
    bench.do("read", task="a", at="n+2")
    bench.do("poison", frame="a:m+0")
    cut = [step.mark.ptes[0][1] for step in bench.session.steps if step.mark.site.function == "try_to_unmap_one"]
    assert cut == [bench.session.resolve_address("a", at) >> PAGE_SHIFT for at in ("n+2", "m+0")]
