"""Processes go: what an end gives back, who dies with whom, and what stops the machine.

After kernel/exit.c, zap_pid_ns_processes() of kernel/pid_namespace.c and exit_mmap() of mm/mmap.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.exit import EXITED, do_group_exit
from hwpoison_gui.kernel.exit_mmap import exit_mmap
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import SigInfo
from tests import invariants
from tests.kernel.test_fork import family
from tests.workbench import Workbench, run

both = pytest.mark.parametrize("profile", tuple(PROFILES))


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
