"""Who uses a bad page, what becomes of their entries, and who is told."""

from __future__ import annotations

import pytest

from tests.workbench import Workbench


def shared_file(profile: str, tasks: str = "abc") -> Workbench:
    bench = Workbench(profile, early_kill=1)
    bench.do("file", path="/srv/f", pages=1)
    for task in tasks:
        if task != "a":
            bench.do("task", name=task, sigbus="handler")
        bench.area(task=task, file="/srv/f", shared=True)
    return bench


@pytest.mark.parametrize("profile", ("v7", "6.1"))
def test_all_who_cover_it_are_told_once_somebody_maps_it(profile: str) -> None:
    bench = shared_file(profile)
    bench.do("write", task="b", at="m+0")
    assert [signal.task for signal in bench.do("poison", frame="b:m+0").signals] == ["a", "b", "c"]


@pytest.mark.parametrize("profile", ("v7", "6.1"))
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
