"""The phases of the 6.12 handler, and what it does that no recorded case shows."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import collect, collect_ksm
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.handler import Handler
from hwpoison_gui.kernel.mark import Mark, Site
from hwpoison_gui.kernel.phases_6_12 import LOCK_WAITED, LOCKED, lock_page
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.view.words.lookup import why_of
from tests import invariants
from tests.workbench import Workbench, run


def written(early_kill: int = 0, tasks: str = "a", **area: object) -> Workbench:
    """A page of private memory that `tasks` have written to, the first before it forked the others."""
    bench = Workbench("6.12", early_kill=early_kill, frames=16384)
    bench.area(**area)
    bench.do("write", task="a", at="m+0")
    for task in tasks[1:]:
        bench.do("fork", task="a", child=task)
    return bench


@pytest.mark.parametrize("frame", ("any:slab", "any:reserved", "any:zero", "any:pgtable", "any:kernel-text"))
def test_pages_of_the_kernel(frame: str) -> None:
    outcome = Workbench("6.12").do("poison", frame=frame)
    assert (outcome.kind, outcome.result, outcome.errno) == ("get hwpoison page", "Ignored", "EBUSY")


def test_counts_follow_the_result_lines_that_count() -> None:
    bench = Workbench("6.12")
    bench.do("remember", name="it", frame="any:free")
    for frame in ("@it", "@it", "any:slab"):
        bench.do("poison", frame=frame)
    bench.do("soft_offline", frame="any:free")
    assert bench.m.mf_stats() == {"total": 2, "ignored": 1, "failed": 0, "delayed": 0, "recovered": 1}
    assert bench.session.corrupted_kb() == 12


def test_one_who_injects_twice_is_signalled_twice() -> None:
    """A huge page that cannot be split stays mapped: the second error finds the caller by its page table."""
    bench = written(pages=512, huge="thp")
    bench.do("pin", frame="a:m+5")
    head, references = bench.pfn("head:a:m+5"), int(bench.m.refcount.view[bench.pfn("head:a:m+5")])
    for kind in ("unsplit thp", "already poisoned page"):
        outcome = bench.do("poison", frame="a:m+5", via="madvise", task="a")
        assert (outcome.kind, outcome.errno) == (kind, "EHWPOISON")
        (signal,) = outcome.signals
        assert (signal.code, signal.addr) == ("BUS_MCEERR_AR", bench.session.resolve_address("a", "m+5"))
        assert bench.m.refcount.view[head] == references, "the injector's is given back"


@pytest.mark.parametrize("kind_of_page", ("written", "read"))
def test_users_of_a_page_that_stays_mapped_live_on(kind_of_page: str) -> None:
    """kill_procs(): SIGKILL is left for an unknown address; `forcekill` holds for a clean page that stays mapped."""
    bench = Workbench("6.12", early_kill=1)
    bench.do("file", path="/srv/f", pages=1)
    bench.area(file="/srv/f", shared=True)
    bench.do("write" if kind_of_page == "written" else "read", task="a", at="m+0")
    bench.m.add_to(bench.m.mapcount, bench.pfn(), 1)  # an entry that the reverse map does not lead to
    outcome = bench.do("poison", frame="a:m+0")
    assert [(seen.signal, seen.effect) for seen in outcome.signals] == [("SIGBUS", "handled")]
    assert (outcome.kind, outcome.result, outcome.errno) == ("unmapping failed page", "Failed", "EBUSY")
    assert any("failed to unmap page (folio mapcount=1)" in line for line in outcome.log)


def test_a_thread_that_cannot_go_on_is_killed_for_a_clean_page() -> None:
    bench = Workbench("6.12")
    bench.do("file", path="/srv/f", pages=1)
    bench.area(file="/srv/f", shared=True)
    bench.do("read", task="a", at="m+0")
    outcome = bench.do("poison", frame="a:m+0", via="srar", task="a", rip_valid=False)
    assert (outcome.kind, outcome.result) == ("clean LRU page", "Recovered")
    assert [seen.code for seen in outcome.signals] == ["BUS_MCEERR_AR"]
    last = bench.session.operations[-1]
    assert "RIPV is clear" in why_of(bench.session.steps.marks[last.first])
    assert bench.session.pte_state("a", "m+0") == "hwpoison" and not any("was clean" in line for line in outcome.log)


def test_further_frames_of_a_huge_page_are_listed_and_counted() -> None:
    bench = Workbench("6.12", huge_pages=1)
    bench.do("file", path="/h", pages=512, filesystem="hugetlbfs")
    bench.do("open", task="a", path="/h", fd="f")
    kinds = [bench.do("poison", frame=f"/h@{page}").kind for page in (5, 6, 5)]
    assert kinds == ["huge page", "huge page", "already poisoned page"] and bench.session.corrupted_kb() == 8
    assert [bench.do("pread", task="a", fd="f", page=page).errno for page in range(4, 8)] == [0, "EIO", "EIO", 0]
    assert bench.m.mf_stats()["failed"] == 1


def test_an_offline_page_stays_poisoned() -> None:
    bench = Workbench("6.12")
    bench.do("remember", name="it", frame="any:kernel")
    bench.do("poison", frame="@it")
    bench.m.set_flags(bench.pfn("@it"), pf.OFFLINE)
    assert bench.do("unpoison", frame="@it").errno == "EBUSY"
    assert "HWPOISON" in bench.flags(bench.pfn("@it"))


def test_a_page_is_locked_when_the_lock_is_reported_and_off_the_lru_its_users_are_not_looked_for() -> None:
    bench = written()
    h = Handler(bench.m, bench.pfn())
    steps = lock_page(h)
    assert next(steps).site is LOCKED and "LOCKED" in bench.flags(h.pfn)
    assert run(steps) is None
    bench.m.clear_flags(h.pfn, pf.LOCKED | pf.LRU)
    assert run(lock_page(h)) is not None


# -- Soft offline can be switched off


def test_soft_offline_is_refused_once_in_the_log() -> None:
    bench = written()
    bench.do("sysctl", name="enable_soft_offline", value=0)
    pfn, count = bench.pfn(), int(bench.m.refcount.view[bench.pfn()])
    first = bench.do("soft_offline", frame="a:m+0")
    second = bench.do("soft_offline", frame="a:m+0", via="madvise", task="a")
    assert (first.errno, second.errno) == ("EOPNOTSUPP", "EOPNOTSUPP")
    assert (first.log, second.log) == (("Soft offline: disabled by /proc/sys/vm/enable_soft_offline",), ())
    assert bench.pfn() == pfn and bench.m.refcount.view[pfn] == count
    bench.do("sysctl", name="enable_soft_offline", value=1)
    assert bench.do("soft_offline", frame="a:m+0").errno == 0 and bench.pfn() != pfn


@pytest.mark.parametrize("locked, site", ((True, LOCK_WAITED), (False, LOCKED)))
def test_the_handler_waits_for_the_lock_of_a_page(locked: bool, site: Site) -> None:
    bench = written()
    bench.m.set_flags(bench.pfn(), pf.LOCKED * locked)
    bench.m.gate.take()
    bench.do("poison", frame="a:m+0")
    assert {mark.site for mark in bench.session.steps.marks} & {LOCK_WAITED, LOCKED} == {site}


# -- A page that KSM merged


def merged(early_kill: int = 1, tasks: str = "ab") -> Workbench:
    """A page of each task, `a` first, merged into one."""
    bench = Workbench("6.12", early_kill=early_kill)
    for task in tasks[1:]:
        bench.do("task", name=task, sigbus="handler")
    for task in tasks:
        bench.area(task=task)
        bench.do("write", task=task, at="m+0", value="same")
    for task in tasks:
        bench.do("madvise", task=task, at="m+0", advice="mergeable")
    return bench


def killed(bench: Workbench) -> list[str]:
    """The tasks in the order of the kill lines."""
    lines = [line for line in bench.do("poison", frame="a:m+0").log if "Sending SIGBUS to" in line]
    return [line.split("Sending SIGBUS to ")[1].partition(":")[0] for line in lines]


def test_the_last_merged_is_signalled_first() -> None:
    bench = merged(tasks="abc")
    assert killed(bench) == ["c", "b", "a"]
    assert {bench.session.pte_state(task, "m+0") for task in "abc"} == {"hwpoison"}
    invariants.check(bench.m)


def test_the_order_is_that_of_the_calls() -> None:
    bench = Workbench("6.12", early_kill=1)
    bench.do("task", name="b", sigbus="handler")
    for task in "ba":
        bench.area(task=task)
        bench.do("write", task=task, at="m+0", value="same")
        bench.do("madvise", task=task, at="m+0", advice="mergeable")
    assert killed(bench) == ["a", "b"]


def test_one_task_is_signalled_once() -> None:
    bench = Workbench("6.12", early_kill=1)
    bench.area(pages=3)
    for page in range(3):
        bench.do("write", task="a", at=f"m+{page}", value="same")
    bench.do("madvise", task="a", at="m+0", pages=3, advice="mergeable")
    assert bench.session.mapcount(bench.pfn()) == 3 and killed(bench) == ["a"]
    assert {bench.session.pte_state("a", f"m+{page}") for page in range(3)} == {"hwpoison"}


def test_who_has_a_copy_by_now_is_signalled_until_the_next_scan() -> None:
    """collect_procs_ksm() asks the rmap items, not the page tables."""
    bench = merged(tasks="abc")
    bench.do("write", task="b", at="m+0", value="other")
    assert not ptes.maps_frame(bench.m.pte(bench.m.processes.view[102].mm, bench.pfn("b:m+0")), bench.pfn())
    assert killed(bench) == ["c", "b", "a"]
    bench = merged(tasks="abc")
    bench.do("write", task="b", at="m+0", value="other")
    bench.do("madvise", task="b", at="m+0", advice="mergeable")
    assert killed(bench) == ["c", "a"]


def test_a_child_is_found_by_the_anon_vma_of_its_parent() -> None:
    bench = merged()
    bench.do("fork", task="b", child="c")
    assert killed(bench) == ["b", "c", "a"]


def marks_of(bench: Workbench, *sites: Site) -> list[Mark]:
    bench.do("poison", frame="a:m+0")
    return [mark for mark in bench.session.steps.marks if mark.site in sites]


def test_the_walk_is_summed_up() -> None:
    """Each item meets each early task, and of each the VMAs of the item's anon_vma; who has none is a stranger."""
    bench = merged()
    bench.do("fork", task="b", child="c")
    bench.do("task", name="d")
    for late in "ef":
        bench.do("task", name=late, mce_kill="late")
    (mark,) = marks_of(bench, collect_ksm.SUM)
    early = sum(process.name not in "ef" for process in bench.m.living())
    strangers = early - 3
    # The item of `b` finds its VMA and that of `c`, that of `a` its own.
    assert strangers >= 1 and mark.args == (early, 3, 3, strangers)
    assert bench.m.counter("pairs_visited") == early * 3


def test_late_tasks_are_passed_by_one_by_one() -> None:
    bench = merged(early_kill=0)
    marks = marks_of(bench, collect.LATE, collect_ksm.SUM)
    assert [mark.site for mark in marks] == [collect.LATE, collect.LATE, collect_ksm.SUM]
    assert marks[-1].args == (0, 0, 0, 0)


def test_the_thread_that_ran_into_it_is_named_once_where_its_policy_is_late() -> None:
    """task_early_kill(): force_early. Two of its pages are merged into this one."""
    bench = Workbench("6.12")
    bench.area(pages=2)
    for page in range(2):
        bench.do("write", task="a", at=f"m+{page}", value="same")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    bench.do("poison", frame="a:m+0", via="madvise", task="a")
    marks = [mark for mark in bench.session.steps.marks if mark.site is collect.REQUIRED]
    assert [mark.tasks for mark in marks] == [(bench.session.tid_of("a"),)]


def test_a_step_names_the_entry_of_the_item() -> None:
    bench = merged()
    marks = marks_of(bench, collect_ksm.ADDED)
    places = [(bench.session.tid_of(task), bench.session.resolve_address(task, "m+0")) for task in "ba"]
    assert [mark.ptes for mark in marks] == [((mm, address >> PAGE_SHIFT),) for mm, address in places]


def test_what_mlock_has_unshared_is_merged_again() -> None:
    bench = merged(early_kill=0)
    bench.do("mlock", task="b", at="m+0")
    assert bench.pfn("a:m+0") == bench.pfn("b:m+0")


def test_of_a_recorded_page_the_page_tables_tell() -> None:
    bench = merged()
    for number in list(bench.m.rmap_items.of(int(bench.m.mapping.view[bench.pfn()]) >> 2)):
        bench.m.delete(bench.m.rmap_items, (int(bench.m.mapping.view[bench.pfn()]) >> 2, number))
    assert sorted(killed(bench)) == ["a", "b"]
