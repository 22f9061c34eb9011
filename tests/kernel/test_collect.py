"""collect_procs(): every process with a VMA over the page is visited, and told or passed by.

After mm/memory-failure.c: collect_procs_anon(), collect_procs_file(), task_early_kill(), add_to_kill().
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.collect import ENTER_ANON, LATE, REQUIRED, ToKill, collect_procs, page_shift, task_early_kill
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.lookup import text_of
from tests.workbench import Workbench, do, run


def test_who_is_passed_by_is_promised_no_signal_that_a_clean_page_never_gives() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "file", path="/srv/data", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/srv/data", shared=True)
    do(session, "read", task="a", at="m+0")
    do(session, "poison", frame="a:m+0")
    (passed,) = [text_of(step.mark) for step in session.steps if step.mark.site is LATE]
    assert "not signalled now" in passed and "touches" not in passed
    do(session, "read", task="a", at="m+0")  # from the disk again, and nobody notices
    assert not any(process.ended for process in session.machine.processes.view.values())


both = pytest.mark.parametrize("profile", tuple(PROFILES))


def users(profile: str, early_kill: int = 1) -> Workbench:
    """`a` and `b` map a file's page, `c` could, `d` maps another page of it, `e` has nothing to do with it."""
    bench = Workbench(profile, early_kill)
    bench.do("file", path="/f", pages=2)
    for task in "bcde":
        bench.do("task", name=task)
    for task in "abc":
        bench.area(task=task, file="/f", shared=True)
    bench.area(task="d", file="/f", offset=1, shared=True)
    for task in "ab":
        bench.do("read", task=task, at="m+0")
    bench.area("n", task="b", file="/f", pages=2, shared=True)
    return bench


def listed(bench: Workbench, entries: list[ToKill]) -> list[tuple[str, str]]:
    """(task, address) of the entries, as they are named."""
    found = []
    for entry in entries:
        name = bench.m.processes.view[bench.m.tasks.view[entry.tid].tgid].name
        found.append((name, bench.session.address_name(name, entry.address) or ""))
    return found


@both
def test_users_of_a_files_page_are_listed_mapped_there_or_not(profile: str) -> None:
    """collect_procs_file(): vma->vm_mm == t->mm is enough, once for each VMA."""
    bench = users(profile)
    found = run(collect_procs(bench.m, bench.pfn()))
    assert listed(bench, found) == [("a", "m+0"), ("b", "m+0"), ("b", "n+0"), ("c", "m+0")]
    assert {entry.lsb for entry in found} == {12}
    assert all(bench.m.vmas.view[entry.vma].address_of(0) == entry.address for entry in found)


@both
def test_users_of_an_anonymous_page_are_listed_where_an_entry_maps_it(profile: str) -> None:
    """collect_procs_anon(): page_mapped_in_vma()."""
    bench = Workbench(profile, early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0")
    for child in "bc":
        bench.do("fork", task="a", child=child)
    bench.do("write", task="b", at="m+0")
    found = run(collect_procs(bench.m, bench.pfn()))
    assert listed(bench, found) == [("a", "m+0"), ("c", "m+0")]


@both
@pytest.mark.parametrize("sysctl", (0, 1))
def test_a_policy_of_its_own_comes_before_the_sysctl(profile: str, sysctl: int) -> None:
    bench = users(profile, sysctl)
    for task, policy in (("a", "early"), ("b", "late")):
        bench.do("prctl", task=task, mce_kill=policy)
    found = run(collect_procs(bench.m, bench.pfn()))
    assert {name for name, _ in listed(bench, found)} == ({"a", "c"} if sysctl else {"a"})


@both
def test_the_thread_that_ran_into_it_is_told_whatever_its_policy(profile: str) -> None:
    bench = users(profile, early_kill=0)
    bench.do("task", name="t", threads=2, mce_kill="late")
    bench.area(task="t", file="/f", shared=True)
    process, m = bench.session.world.process("t"), bench.m
    second = process.threads[1]
    assert task_early_kill(m, process, 0) is None
    assert task_early_kill(m, process, bench.session.world.process("a").tgid) is None
    assert task_early_kill(m, process, second) == second
    found = run(collect_procs(m, bench.pfn(), second))
    assert [(entry.tid, entry.vma in m.vmas.view) for entry in found] == [(second, True)]


@both
def test_the_dead_are_not_visited(profile: str) -> None:
    bench = users(profile)
    bench.do("exit", task="b")
    assert {name for name, _ in listed(bench, run(collect_procs(bench.m, bench.pfn())))} == {"a", "c"}


@pytest.mark.parametrize(
    "early_kill, current, counts", ((1, "", (5, 4, 4, 2)), (0, "", (0, 4, 0, 0)), (0, "e", (1, 4, 0, 1)))
)
def test_the_walk_is_summed_up(early_kill: int, current: str, counts: tuple[int, ...]) -> None:
    """Tasks to signal now, VMAs, entries found, and tasks without any of these VMAs, that of the error included."""
    bench = users("6.1", early_kill)
    *_, last = collect_procs(bench.m, bench.pfn(), bench.session.world.process(current).tgid if current else 0)
    assert last.args == counts


def test_the_size_of_what_is_lost() -> None:
    bench = Workbench(huge_pages=1)
    bench.area()
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    for at in ("m+0", "h+3"):
        bench.do("write", task="a", at=at)
    assert page_shift(bench.m, bench.pfn()) == 12
    assert (
        page_shift(bench.m, bench.pfn("a:h+3")) == page_shift(bench.m, bench.m.compound_head(bench.pfn("a:h+3"))) == 21
    )


@both
def test_only_an_entry_that_is_present_counts(profile: str) -> None:
    bench = Workbench(profile, early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0")
    pfn, m = bench.pfn(), bench.m
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> 12
    m.set_pte(mm, vpn, ptes.hwpoison_pte(pfn))
    assert not run(collect_procs(m, pfn))


def test_each_pair_of_a_task_and_a_vma_is_visited() -> None:
    """collect_procs_file(): for_each_process() x vma_interval_tree_foreach()."""
    bench = Workbench(early_kill=1)
    bench.do("file", path="/f", pages=1)
    bench.do("task", name="b")
    bench.do("task", name="c")
    for task, name in (("a", "m"), ("a", "n"), ("b", "m"), ("b", "n")):
        bench.area(name, task, file="/f", shared=True)
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert bench.m.counter("pairs_visited") == 3 * 4


@pytest.mark.parametrize(("policy", "said"), (("default", True), ("late", True), ("early", False)))
def test_whoever_injects_with_madvise_is_listed_for_the_action_required_error(policy: str, said: bool) -> None:
    bench = Workbench("6.12")
    bench.area()
    bench.do("prctl", task="a", mce_kill=policy)
    bench.do("write", task="a", at="m+0")
    before = len(bench.session.steps)
    done = bench.do("poison", frame="a:m+0", via="madvise", task="a")
    assert [signal.code for signal in done.signals] == ["BUS_MCEERR_AR"]
    words = [text_of(step.mark) for step in bench.session.steps[before:] if step.mark.site is REQUIRED]
    assert len(words) == said and all("action required" in one and "madvise()" in one for one in words)


def test_of_a_crowd_each_process_is_asked_for_its_threads() -> None:
    """find_early_kill_thread(): the first thread whose policy is early, which need not be the main one."""
    session = Session.fresh(8192, profile="6.1")
    do(session, "task", name="top", mce_kill="late")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0")
    for number in range(20):
        do(session, "fork", task="top", child=f"c{number}", threads=2 - number % 2, mce_kill="late")
    m = session.machine
    others = [process.threads[1] for process in m.living() if len(process.threads) > 1]
    for tid in others:
        m.put(m.tasks, tid, m.tasks.view[tid]._replace(mce_kill="early"))
    steps = collect_procs(m, session.resolve_frame("top:m+0"))
    assert next(steps).site is ENTER_ANON
    assert [entry.tid for entry in run(steps)] == others
