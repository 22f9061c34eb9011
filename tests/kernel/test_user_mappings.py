"""Users of a bad page: their entries afterwards, and the signals that they get."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.swap import pageout
from hwpoison_gui.kernel.user_mappings import MUST_KILL, SHAKEN, UNMAP_FAILED
from tests.workbench import Workbench, run


def shared_file(profile: str, tasks: str = "abc") -> Workbench:
    bench = Workbench(profile, early_kill=1)
    bench.do("file", path="/srv/f", pages=1)
    for task in tasks:
        if task != "a":
            bench.do("task", name=task, sigbus="handler")
        bench.area(task=task, file="/srv/f", shared=True)
    return bench


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_all_who_cover_it_are_told_once_somebody_maps_it(profile: str) -> None:
    bench = shared_file(profile)
    bench.do("write", task="b", at="m+0")
    assert [signal.task for signal in bench.do("poison", frame="b:m+0").signals] == ["a", "b", "c"]


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_nobody_is_told_of_what_can_be_read_again(profile: str) -> None:
    bench = shared_file(profile)
    bench.do("read", task="b", at="m+0")
    outcome = bench.do("poison", frame="b:m+0")
    assert outcome.signals == ()
    assert bench.session.pte_state("b", "m+0") == "none"


@pytest.mark.parametrize("profile, collected", (("v7", False), ("6.1", True)))
def test_the_list_is_made_for_clean_pages_too_since(profile: str, collected: bool) -> None:
    bench = shared_file(profile)
    bench.do("read", task="b", at="m+0")
    bench.do("poison", frame="b:m+0")
    assert ("add_to_kill" in bench.functions()) is collected


@pytest.mark.parametrize("profile, function", (("v7", "kill_proc_ao"), ("6.1", "kill_proc")))
def test_functions_have_their_kernels_names(profile: str, function: str) -> None:
    bench = shared_file(profile)
    bench.do("write", task="b", at="m+0")
    bench.do("poison", frame="b:m+0")
    assert bench.functions().count(function) == 3


def test_clean_shared_memory_is_met_without_warning() -> None:
    bench = Workbench(early_kill=1)
    bench.area(shared=True)
    bench.do("read", task="a", at="m+0")
    assert bench.do("poison", frame="a:m+0").signals == ()
    assert bench.do("read", task="a", at="m+0").signals[0].code == "BUS_MCEERR_AR"


@pytest.mark.parametrize("profile, killed", (("v7", ""), ("6.1", "abc")))
def test_who_has_a_clean_page_that_stays_mapped_is_killed_since(profile: str, killed: str) -> None:
    bench = shared_file(profile)
    bench.do("read", task="b", at="m+0")
    m, pfn = bench.session.machine, bench.session.resolve_frame("b:m+0")
    for column in (m.mapcount, m.refcount):  # of an entry that the reverse map does not lead to
        m.add_to(column, pfn, 1)
    outcome = bench.do("poison", frame="b:m+0")
    assert m.mapcount.view[pfn] == 1
    assert [(signal.task, signal.signal) for signal in outcome.signals] == [(task, "SIGKILL") for task in killed]


# -- A page that stays mapped


def stays_mapped(profile: str, written: bool) -> Workbench:
    """A file's page that `a` and `b` map, and once more where the reverse map does not find it."""
    bench = shared_file(profile, tasks="ab")
    for task in "ab":
        bench.do("write" if written else "read", task=task, at="m+0")
    if not written:
        bench.do("sync", path="/srv/f")
    bench.m.add_to(bench.m.mapcount, bench.pfn(), 1)
    return bench


@pytest.mark.parametrize("profile, written, killed", (("v7", False, ""), ("v7", True, "ab"), ("6.1", False, "ab"),
                                                      ("6.1", True, "ab")))  # fmt: skip
def test_users_of_a_page_that_stays_mapped_are_killed(profile: str, written: bool, killed: str) -> None:
    """kill_procs(): 6.1 kills where unmapping failed, though nothing was lost (`forcekill`, and `fail`); who is
    left with an entry for the page is sent SIGKILL. In 2009 a clean page was nobody's loss.
    """
    bench = stays_mapped(profile, written)
    outcome = bench.do("poison", frame="a:m+0")
    assert {seen.task for seen in outcome.signals} == set(killed)
    assert {(seen.signal, seen.effect) for seen in outcome.signals} <= {("SIGKILL", "killed")}
    assert {task for task in "ab" if not bench.session.alive(task)} == set(killed)
    assert (outcome.result == "Ignored") is (profile != "v7")


@pytest.mark.parametrize("profile, written", (("v7", True), ("v7", False), ("6.1", True), ("6.1", False)))
def test_a_page_that_nobody_maps_is_nobodys_business(profile: str, written: bool) -> None:
    bench = shared_file(profile)
    bench.do("write" if written else "read", task="b", at="m+0")
    pfn = bench.pfn("b:m+0")
    bench.do("munmap", task="b", at="m+0", pages=1)
    outcome = bench.do("poison", frame=f"pfn:{pfn:#x}")
    assert outcome.signals == () and outcome.result == "Recovered"


# -- What takes the place of a PTE


@pytest.mark.parametrize("profile", tuple(PROFILES))
@pytest.mark.parametrize("written, state", (("file", "hwpoison"), ("", "none")))
def test_a_dirty_entry_tells_that_something_is_lost(profile: str, written: str, state: str) -> None:
    """page_mkclean(): the flag of the page may be clear while an entry is dirty."""
    bench = shared_file(profile, tasks="ab")
    for task in "ab":
        bench.do("read", task=task, at="m+0")
    pfn = bench.pfn()
    if written:
        bench.do("write", task="b", at="m+0")
        bench.m.clear_flags(pfn, pf.DIRTY)
    outcome = bench.do("poison", frame="a:m+0")
    assert {bench.session.pte_state(task, "m+0") for task in "ab"} == {state}
    assert {seen.task for seen in outcome.signals} == (set("ab") if written else set())


@pytest.mark.parametrize("profile", tuple(PROFILES))
@pytest.mark.parametrize("dirty", (True, False))
def test_a_page_of_the_swap_cache_leaves_swap_entries(profile: str, dirty: bool) -> None:
    bench = Workbench(profile, early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    bench.do("pin", frame="a:m+0")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    if profile != "v7":
        run(pageout(bench.m, bench.pfn()))
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn()
    (bench.m.set_flags if dirty else bench.m.clear_flags)(pfn, pf.DIRTY)
    bench.do("unpin", frame="a:m+0")
    outcome = bench.do("poison", frame="a:m+0")
    assert bench.session.pte_state("a", "m+0") == "swap"
    assert outcome.result == ("Delayed" if dirty else "Recovered")
    assert any("keeping poisoned page in swap cache" in line for line in outcome.log)
    assert bool(outcome.signals) is dirty


# -- Who runs into the error


@pytest.mark.parametrize("sigbus, effect", (("handler", "handled"), ("ignored", "killed"), ("blocked", "killed")))
def test_who_runs_into_it_cannot_refuse(sigbus: str, effect: str) -> None:
    """kill_proc(): BUS_MCEERR_AR by force_sig_mceerr() for the thread that consumed it, BUS_MCEERR_AO for others."""
    bench = Workbench(early_kill=1)
    bench.do("task", name="b", sigbus=sigbus)
    bench.do("file", path="/srv/f", pages=1)
    for task in "ab":
        bench.area(task=task, file="/srv/f", shared=True)
        bench.do("write", task=task, at="m+0")
    outcome = bench.do("poison", frame="b:m+0", via="srar", task="b")
    seen = {one.task: (one.code, one.effect) for one in outcome.signals}
    assert seen == {"a": ("BUS_MCEERR_AO", "handled"), "b": ("BUS_MCEERR_AR", effect)}
    address = bench.session.resolve_address("a", "m+0")
    assert {(one.addr, one.lsb) for one in outcome.signals if one.task == "a"} == {(address, 12)}


# -- What the log and the steps say


def marks(bench: Workbench) -> list[Mark]:
    """Return the marks of the steps of the last operation."""
    last = bench.session.operations[-1]
    return [step.mark for step in bench.session.steps[last.first : last.last]]


def test_a_page_that_was_only_written_by_a_system_call_is_lost_too() -> None:
    """hwpoison_user_mappings(): PageDirty() decides before page_mkclean() looks at the PTEs."""
    bench = shared_file("6.1", tasks="a")
    bench.do("open", task="a", path="/srv/f", fd="f")
    bench.do("pwrite", task="a", fd="f", page=0, value="x")
    bench.do("read", task="a", at="m+0")
    outcome = bench.do("poison", frame="a:m+0")
    assert bench.session.pte_state("a", "m+0") == "hwpoison"
    assert [seen.code for seen in outcome.signals] == ["BUS_MCEERR_AO"]


@pytest.mark.parametrize("locked", (False, True))
def test_a_page_that_was_locked_is_shaken_when_it_is_unmapped(locked: bool) -> None:
    """hwpoison_user_mappings(), 6.1: munlock() may have left the page in a per-CPU list."""
    bench = Workbench("6.1", early_kill=1)
    bench.area(locked=locked)
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert (SHAKEN in [mark.site for mark in marks(bench)]) is locked


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_the_log_says_that_a_page_stays_mapped(profile: str) -> None:
    bench = stays_mapped(profile, written=True)
    outcome = bench.do("poison", frame="a:m+0")
    left = bench.m.profile.log.unmap_failed.format(left=1)
    assert sum(left in line for line in outcome.log) == 1
    assert [mark.args for mark in marks(bench) if mark.site is UNMAP_FAILED] == [(1,)]


def test_the_log_says_that_a_page_of_ksm_cannot_be_handled() -> None:
    bench = Workbench("6.1")
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.m.set_flags(bench.pfn(), pf.KSM)
    outcome = bench.do("poison", frame="a:m+0")
    assert any("can't handle KSM pages" in line for line in outcome.log)


def test_the_first_handler_goes_on_with_a_page_of_ksm_that_it_could_not_unmap() -> None:
    bench = Workbench("v7")
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.m.set_flags(bench.pfn(), pf.KSM)
    assert bench.do("poison", frame="a:m+0").result is not None
    failed = [mark for mark in bench.session.steps.marks if mark.site is UNMAP_FAILED]
    assert [mark.args for mark in failed] == [(1,)] and bench.session.pte_state("a", "m+0") == "present"


@pytest.mark.parametrize("dirty", (False, True))
def test_a_page_that_cannot_be_written_back_is_lost_dirty_or_not(dirty: bool) -> None:
    """mapping_cap_writeback_dirty(): what tmpfs has in memory is nowhere else."""
    bench = Workbench()
    bench.do("file", path="/dev/shm/f", pages=1, filesystem="tmpfs")
    bench.area(file="/dev/shm/f", shared=True)
    bench.do("read", task="a", at="m+0")
    (bench.m.set_flags if dirty else bench.m.clear_flags)(bench.pfn(), pf.DIRTY)
    bench.do("poison", frame="a:m+0")
    assert [mark.args for mark in bench.session.steps.marks if mark.site is MUST_KILL] == [(dirty, "tmpfs")]
