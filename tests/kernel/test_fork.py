"""Processes come: what a child shares with its parent, and who may write to it.

After kernel/fork.c, copy_page_range() of mm/memory.c and anon_vma_fork() of mm/rmap.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.fork import FIRST_PID, create_task
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def entry(bench: Workbench, task: str, at: str) -> int:
    mm = bench.session.world.process(task).mm
    return bench.m.pte(mm, bench.session.resolve_address(task, at) >> PAGE_SHIFT)


def family(profile: str = "6.1") -> Workbench:
    """`a` with private, shared, file, locked and paged-out memory, and its child `b`."""
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=4)
    bench.area("m", pages=4)
    bench.area("s", pages=2, shared=True)
    bench.area("f", file="/f", pages=4, shared=True)
    bench.area("p", file="/f", pages=4)
    bench.area("l", locked=True)
    for at in ("m+0", "m+1", "s+0", "f+0", "p+1"):
        bench.do("write", task="a", at=at, value=at)
    for at in ("m+2", "p+2", "f+3"):
        bench.do("read", task="a", at=at)
    bench.do("madvise", task="a", at="m+1", advice="pageout")
    bench.do("mprotect", task="a", at="m+2", pages=2, prot="r")
    bench.do("fork", task="a", child="b")
    return bench


# -- fork


@both
def test_parent_and_child_have_the_same_memory_until_one_writes(profile: str) -> None:
    bench = family(profile)
    for at in ("m+0", "m+1", "m+2", "s+0", "f+0", "p+1", "p+2", "f+3", "l+0"):
        values = [bench.do("read", task=task, at=at).value for task in "ab"]
        assert values[0] == values[1]
        assert bench.pfn(f"a:{at}") == bench.pfn(f"b:{at}")
    for at in ("m+0", "m+1", "p+1"):
        bench.do("write", task="b", at=at, value="of b")
        assert bench.do("read", task="a", at=at).value == at
        assert bench.do("read", task="b", at=at).value == "of b"
    for at in ("s+0", "f+0"):
        bench.do("write", task="b", at=at, value="of both")
        assert bench.do("read", task="a", at=at).value == "of both"
    invariants.check(bench.m)


@both
def test_of_private_memory_neither_side_may_write(profile: str) -> None:
    """copy_present_pte(): both entries lose RW; the child's is not accessed yet, and the dirty bit is kept."""
    bench = family(profile)
    parent, child = entry(bench, "a", "m+0"), entry(bench, "b", "m+0")
    assert not parent & ptes.RW and not child & ptes.RW
    assert parent & ptes.ACCESSED and not child & ptes.ACCESSED
    assert parent & child & ptes.DIRTY
    pfn, m = bench.pfn(), bench.m
    assert m.mapcount.get(pfn) == m.refcount.get(pfn) == 2
    assert not m.page(pfn) & pf.MAPPEDTODISK, "PG_anon_exclusive"


@both
def test_what_a_fault_can_bring_back_is_not_copied(profile: str) -> None:
    """vma_needs_copy(): shared and file mappings without an anon_vma are left to faults."""
    bench = family(profile)
    for at in ("s+0", "f+0", "f+3"):
        assert entry(bench, "a", at) and not entry(bench, "b", at)
    assert entry(bench, "b", "p+1"), "a private mapping with a copy is needed"
    assert entry(bench, "b", "p+2") & ptes.PRESENT
    assert bench.m.page(bench.pfn("b:p+2")) & pf.MAPPEDTODISK, "of a file's page it means another thing"


@both
def test_a_swap_entry_has_one_user_more_and_is_nobodys_alone(profile: str) -> None:
    bench = family(profile)
    parent, child = entry(bench, "a", "m+1"), entry(bench, "b", "m+1")
    assert parent == child and parent & ptes.SWAP and not parent & ptes.SWP_EXCLUSIVE
    assert bench.m.swap_map.view[ptes.value_of(parent)] == 2


@both
def test_the_zero_page_is_mapped_without_counting(profile: str) -> None:
    bench = family(profile)
    zero = bench.pfn("any:zero")
    for task in "ab":
        found = entry(bench, task, "m+2")
        assert ptes.value_of(found) == zero and found & ptes.SPECIAL
    assert bench.m.mapcount.get(zero) == 0 and bench.m.refcount.get(zero) == 1


@both
def test_a_hwpoison_entry_is_inherited(profile: str) -> None:
    """copy_nonpresent_pte(): an entry that is neither swap nor migration is copied as it is."""
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0")
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0")
    before = bench.m.refcount.get(pfn), bench.m.mapcount.get(pfn)
    bench.do("fork", task="a", child="b")
    assert before == (bench.m.refcount.get(pfn), bench.m.mapcount.get(pfn))
    assert entry(bench, "a", "m+0") == entry(bench, "b", "m+0") == ptes.hwpoison_pte(pfn)
    assert bench.do("read", task="b", at="m+0").signals[0].code == "BUS_MCEERR_AR"


@both
def test_vmas_are_inherited_but_not_their_locks(profile: str) -> None:
    """dup_mmap(): VM_LOCKED is cleared in the child."""
    bench = family(profile)
    m, a, b = bench.m, bench.session.world.process("a"), bench.session.world.process("b")
    mine, its = m.vmas_of(a.mm), m.vmas_of(b.mm)
    assert [(vma.start, vma.end, vma.name, vma.mapping, vma.pgoff, vma.file) for vma in mine] == [
        (vma.start, vma.end, vma.name, vma.mapping, vma.pgoff, vma.file) for vma in its
    ]
    assert not {vma.id for vma in mine} & {vma.id for vma in its}
    assert {vma.name for vma in mine if vma.locked} == {"l"} and not any(vma.locked for vma in its)
    assert m.mmap_base.view[a.mm] == m.mmap_base.view[b.mm]
    for vma in its:
        assert not vma.mapping or m.i_mmap.of(vma.mapping)[vma.id]


def test_reserved_huge_pages_stay_the_parents() -> None:
    """hugetlb_dup_vma_private(): the child of a private mapping has reserved nothing."""
    bench = Workbench(huge_pages=2)
    bench.area("h", pages=512, huge="hugetlb")
    bench.do("fork", task="a", child="b")
    mine, its = (bench.m.vmas_of(bench.session.world.process(task).mm)[0].resv for task in "ab")
    assert mine and not its


@pytest.mark.parametrize("profile, own", (("v7", False), ("6.1", True)))
def test_a_child_has_an_anon_vma_of_its_own_since(profile: str, own: bool) -> None:
    """anon_vma_fork(): the child's VMA is linked to all of the parent's, and since 2.6.34 to one of its own."""
    bench = family(profile)
    m = bench.m
    mine, its = (m.find_vma(bench.session.world.process(t).mm, bench.session.resolve_address(t, "m+0")) for t in "ab")
    assert mine is not None and its is not None
    assert (mine.anon_vma != its.anon_vma) is own
    assert set(m.vma_anon_vmas.of(its.id)) == {mine.anon_vma, its.anon_vma}
    assert set(m.vma_anon_vmas.of(mine.id)) == {mine.anon_vma}
    assert its.id in m.anon_vma_chain.of(its.anon_vma) and its.id in m.anon_vma_chain.of(mine.anon_vma)


def test_a_vma_without_an_anon_vma_gives_its_child_none() -> None:
    bench = family()
    m = bench.m
    its = m.find_vma(bench.session.world.process("b").mm, bench.session.resolve_address("b", "f+0"))
    assert its is not None and not its.anon_vma and not m.vma_anon_vmas.of(its.id)


@pytest.mark.parametrize("profile, copied", (("v7", True), ("6.1", False)))
def test_entries_of_hugetlb_are_copied_until(profile: str, copied: bool) -> None:
    bench = Workbench(profile, huge_pages=2)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+3", value="x")
    head = bench.m.compound_head(bench.pfn("a:h+3"))
    bench.do("fork", task="a", child="b")
    assert bool(entry(bench, "b", "h+3")) is copied
    assert bench.m.mapcount.get(head) == 1 + copied
    if copied:
        parent, child = entry(bench, "a", "h+0"), entry(bench, "b", "h+0")
        assert parent & ptes.RW and child & ptes.RW, "shared memory stays writable"
        assert parent & ptes.DIRTY and not child & ptes.DIRTY
        assert list(bench.m.pgtables.of(bench.session.world.process("b").mm)) == [-1], "the huge entry has no table"
    invariants.check(bench.m)


def test_entries_have_page_tables_below_them() -> None:
    bench = family()
    m, mm = bench.m, bench.session.world.process("b").mm
    assert {vpn >> 9 for vpn in m.ptes.of(mm)} == set(m.pgtables.of(mm)) - {-1}


# -- Numbers and threads


def test_numbers_are_given_once_even_where_some_were_taken_before() -> None:
    m = Workbench().m
    template = Process(0, 1, "x", "x", 0)
    first = create_task(m, template, "default", False, 1, tgid=FIRST_PID + 3)
    second = create_task(m, template, "early", True, 3)
    assert first == FIRST_PID + 3 and second is not None
    threads = m.processes.view[second].threads
    assert list(threads) == sorted(threads) and threads[0] > FIRST_PID
    assert threads[0] == second and len(set(threads) | {first}) == 4
    assert [m.tasks.view[tid].number for tid in threads] == [0, 1, 2]
    assert all(m.tasks.view[tid].tgid == second for tid in threads)
    assert {(m.tasks.view[tid].mce_kill, m.tasks.view[tid].blocked) for tid in threads} == {("early", True)}
    assert not m.processes.view[second].pid_ns, "no CLONE_NEWPID"


def test_a_new_process_has_a_page_table_and_an_address_space_of_its_own() -> None:
    m = Workbench().m
    tgid = create_task(m, Process(0, 1, "x", "x", 0, ended="exit"), "default", False, 1)
    assert tgid is not None
    assert m.processes.view[tgid].mm == tgid and not m.processes.view[tgid].ended
    assert m.page(m.pgtables.of(tgid)[-1]) & pf.PGTABLE
    other = create_task(m, Process(0, 1, "y", "y", 0), "default", False, 1)
    assert other is not None and m.pgtables.of(other)[-1] != m.pgtables.of(tgid)[-1]


def test_descriptors_of_a_child_stand_for_the_same_descriptions() -> None:
    """dup_fd(): a description is closed with its last user."""
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.do("open", task="a", path="/f", fd="f")
    bench.do("fork", task="a", child="b")
    m = bench.m
    (number,) = m.open_files.view
    assert m.file_users.view[number] == 2
    bench.do("unlink", path="/f")
    bench.do("close", task="a", fd="f")
    assert m.file_users.view[number] == 1
    assert bench.do("pread", task="b", fd="f", page=0).value == "disk"
    bench.do("exit", task="b")
    assert not m.open_files.view and not m.file_users.view and not m.page_cache.view


def test_an_address_space_begins_at_a_page() -> None:
    bench = Workbench()
    assert bench.m.mmap_base.view[bench.session.world.process("a").mm] % (2 << 20) == 0
