"""Processes come and go: what a child shares with its parent, who may write to it, and what an end gives back.

After kernel/fork.c, copy_page_range() of mm/memory.c, anon_vma_fork() of mm/rmap.c and kernel/exit.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.exit_mmap import exit_mmap
from hwpoison_gui.kernel.fork import EXITED, FIRST_PID, create_task, do_group_exit
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process, SigInfo
from tests import invariants
from tests.workbench import Workbench, run

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


# -- exit


def everything(m: Machine, tgid: int) -> list[object]:
    """Return what a machine knows of a process besides its record and its threads."""
    tables = (m.ptes, m.pgtables, m.mm_vmas, m.fds)
    vmas = [vma for vma in m.vmas.view.values() if vma.mm == tgid]
    return [
        *(table.of(tgid) for table in tables if table.of(tgid)),
        *vmas,
        m.mmap_base.view.get(tgid),
        m.rss.view.get(tgid),
    ]


@both
def test_an_end_leaves_the_record_alone(profile: str) -> None:
    bench = family(profile)
    bench.do("open", task="b", path="/f", fd="f")
    tgid, m = bench.session.world.process("b").tgid, bench.m
    assert len(everything(m, tgid)) > 6
    bench.do("exit", task="b")
    assert everything(m, tgid) == [None, None]
    assert m.processes.view[tgid].ended and not m.processes.view[tgid].mm
    assert bench.do("read", task="a", at="m+1").value == "m+1"
    invariants.check(m)


@both
def test_the_last_to_end_gives_all_memory_back(profile: str) -> None:
    bench = Workbench(profile)
    bench.do("exit", task="a")
    m = bench.m

    def free() -> set[int]:
        return {pfn for pfn in range(m.frames) if m.page(pfn) & pf.BUDDY} | set(m.pcp.of(0))

    before = free()
    bench.do("task", name="t")
    bench.area(task="t", pages=5, shared=True)
    bench.area("n", task="t", pages=5)
    for at in ("m+0", "n+0", "n+4"):
        bench.do("write", task="t", at=at)
    bench.do("fork", task="t", child="u")
    bench.do("write", task="u", at="n+4")
    bench.do("exit", task="t")
    bench.do("exit", task="u")
    assert free() == before
    tables = (m.vmas, m.ptes, m.pgtables, m.anon_vma_chain, m.vma_anon_vmas, m.i_mmap, m.file_users, m.content, m.rss)
    assert not any(table.view for table in tables)


@both
def test_shared_memory_outlives_who_made_it(profile: str) -> None:
    """iput(): a file without a name stays while a VMA maps it."""
    bench = Workbench(profile)
    bench.area(pages=2, shared=True)
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    bench.do("exit", task="a")
    assert bench.do("read", task="b", at="m+0").value == "x"
    bench.do("exit", task="b")
    assert not bench.m.page_cache.view


def test_an_exit_passes_dirty_bits_of_files_on() -> None:
    """zap_pte_range(): set_page_dirty() where the entry was dirty and the page is a file's."""
    bench = Workbench("v7")
    bench.do("file", path="/f", pages=2)
    bench.area(file="/f", pages=2, shared=True)
    bench.do("read", task="a", at="m+1")
    bench.do("write", task="a", at="m+0", value="x")
    written, m = bench.pfn(), bench.m
    read = bench.pfn("a:m+1")
    m.clear_flags(written, pf.DIRTY)
    bench.do("exit", task="a")
    assert m.page(written) & pf.DIRTY and not m.page(read) & pf.DIRTY
    assert not (m.page(written) | m.page(read)) & pf.MMAP
    assert m.refcount.get(written) == m.refcount.get(read) == 1, "the page cache has them"
    invariants.check(m)


@both
def test_one_by_one_and_all_at_once_come_to_the_same(profile: str) -> None:
    """exit_mmap() takes plain entries in whole columns; munmap() takes each by itself."""
    at_once, one_by_one = family(profile), family(profile)
    for bench in (at_once, one_by_one):
        bench.do("write", task="b", at="m+0", value="alone")
        bench.do("read", task="b", at="m+1")
        assert {"SWAPCACHE", "MMAP"} <= bench.flags(bench.pfn("b:m+1"))
        for at in ("f+0", "f+1", "s+0"):
            bench.do("read", task="b", at=at)
        bench.do("mlock", task="b", at="f+0", pages=1)
        assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(bench.pfn("a:f+0"))
    m, other = at_once.m, one_by_one.m
    exit_mmap(m, at_once.session.world.process("b").mm)
    process = one_by_one.session.world.process("b")
    for name in "msfpl":
        pages = 4 if name in "mfp" else 2 if name == "s" else 1
        one_by_one.do("munmap", task="b", at=f"{name}+0", pages=pages)
    exit_mmap(other, process.mm)
    for column in ("flags", "refcount", "mapcount"):
        mask = 0xFFFF_FFFF_FFFF_FFFF ^ pf.BUDDY if column == "flags" else -1
        mine, its = getattr(m, column).view.tolist(), getattr(other, column).view.tolist()
        assert [value & mask for value in mine] == [value & mask for value in its], column
    assert m.ptes.view == other.ptes.view and m.swap_map.view == other.swap_map.view
    invariants.check(m)
    invariants.check(other)


def test_a_signal_ends_a_process_with_all_its_threads() -> None:
    bench = Workbench()
    bench.do("task", name="b", threads=3)
    process, m = bench.session.world.process("b"), bench.m
    info = SigInfo("SIGBUS", "BUS_ADRERR")
    for tid in process.threads:
        m.put(m.pending, tid, (info,))
    run(do_group_exit(m, [(process.tgid, info)]))
    assert "SIGBUS" in m.processes.view[process.tgid].ended
    assert not m.pending.view
    assert [one.name for one in m.living()] == ["a"]


def ended(bench: Workbench, *names: str, signal: str = "SIGBUS") -> list[str]:
    """Kill the processes, all at once; returns the names of those that ended, in that order."""
    m, info = bench.m, SigInfo(signal, "SI_KERNEL")
    doomed = [(bench.session.world.process(name).tgid, info) for name in names]
    marks = [mark for part in do_group_exit(m, doomed) for mark in part.marks]  # type: ignore[union-attr]
    return [m.processes.view[mark.value("tgid")].name for mark in marks if mark.site is EXITED]


@pytest.mark.parametrize(
    "profile, signal, code",
    (
        ("v7", "SIGBUS", ""),
        ("6.1", "SIGBUS", " exitcode=0x00000007"),
        ("6.1", "SIGKILL", " exitcode=0x00000009"),
        ("6.1", "SIGSEGV", " exitcode=0x0000000b"),
    ),
)
def test_the_machine_stops_when_its_init_dies(profile: str, signal: str, code: str) -> None:
    """do_exit(): panic(); who was to die next does not run any more. 2.6.32 does not print the status."""
    bench = Workbench(profile)
    for number, name in enumerate(("init", "b"), 1):
        bench.do("task", name=name, pid=number)
    m = bench.m
    assert ended(bench, "init", "b", signal=signal) == []
    assert m.panicked and m.counter("panic") == 1
    assert [m.processes.view[number].ended for number in (1, 2)] == [signal, ""]
    line = m.log.view[len(m.log.view) - 1]
    assert line.fatal and line.text == f"Kernel panic - not syncing: Attempted to kill init!{code}"


def test_an_init_that_exits_has_no_signal_in_its_status() -> None:
    bench = Workbench()
    bench.do("task", name="init", pid=1)
    bench.do("exit", task="init")
    assert bench.m.log.view[len(bench.m.log.view) - 1].text.endswith("exitcode=0x00000000")


def test_a_pid_namespace_ends_with_its_init() -> None:
    """zap_pid_ns_processes(): SIGKILL for all in it, those in namespaces below it included, once each."""
    bench = Workbench()
    bench.do("task", name="pod", newpid=True)
    bench.do("fork", task="pod", child="inner")
    bench.do("fork", task="inner", child="nested", newpid=True)
    bench.do("fork", task="nested", child="innermost")
    of = {name: bench.session.world.process(name).tgid for name in ("inner", "innermost")}
    assert ended(bench, "nested", "pod", "inner", "a") == ["nested", "innermost", "pod", "inner", "a"]
    killed = bench.m.processes.view[of["inner"]]
    assert killed.end == "SIGKILL (SI_KERNEL)" and not killed.mm
    taken = [(one.tid, one.effect) for one in bench.m.deliveries.view.values()]
    assert taken == [(of["innermost"], "killed"), (of["inner"], "killed")]


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
