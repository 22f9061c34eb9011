"""Each process with a VMA linked to an rmap item's anon_vma is listed once, in the order of the items."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.collect import LATE, ToKill
from hwpoison_gui.kernel.collect_ksm import ADDED, ENTER, LISTED, SUM, collect_procs_ksm
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.session.session import Session
from tests.workbench import do

profiles = pytest.mark.parametrize("profile", ["6.12", "7.2"])


def with_merged(profile: str, **pages: int) -> Session:
    """Early processes, by name, with so many pages each; all of them are merged into one."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 1})
    for name, count in pages.items():
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=count)
        for page in range(count):
            do(session, "write", task=name, at=f"m+{page}", value="x")
        do(session, "madvise", task=name, at="m+0", pages=count, advice="mergeable")
    return session


def collected(session: Session, pfn: int) -> tuple[list[Mark], list[ToKill]]:
    marks, walk = [], collect_procs_ksm(session.machine, pfn, 0)
    while True:
        try:
            marks.append(next(walk))
        except StopIteration as stop:
            return marks, stop.value


@profiles
def test_a_process_with_two_of_the_pages_is_listed_once(profile: str) -> None:
    session = with_merged(profile, a=2)
    marks, to_kill = collected(session, session.resolve_frame("a:m+0"))
    assert [mark.site for mark in marks] == [ENTER, ADDED, LISTED, SUM]
    assert [entry.address for entry in to_kill] == [session.resolve_address("a", "m+1")]  # merged last, listed first


@profiles
def test_a_child_without_a_pte_is_listed_by_the_item_of_its_parent(profile: str) -> None:
    session = with_merged(profile, a=1, b=1)
    do(session, "fork", task="a", child="c")
    do(session, "write", task="c", at="m+0", value="y")
    pfn = session.resolve_frame("a:m+0")
    assert session.machine.mapcount.get(pfn) == 2
    a, b, c = (session.world.process(name).tgid for name in "abc")
    assert [entry.tid for entry in collected(session, pfn)[1]] == [b, a, c]
    do(session, "prctl", task="c", mce_kill="late")
    marks, to_kill = collected(session, pfn)
    assert [entry.tid for entry in to_kill] == [b, a]
    assert [mark.tasks for mark in marks if mark.site is LATE] == [(c,)]


@profiles
def test_signals_are_logged_in_the_order_of_the_items(profile: str) -> None:
    session = with_merged(profile, a=1, b=1, c=1)
    logged = len(session.machine.log.view)
    do(session, "poison", frame="a:m+0")
    lines = [line.text for line in session.machine.log.view.values()][logged:]
    pids = [str(session.world.task_names.view[name]) for name in "cba"]
    assert [next(pid for pid in pids if f":{pid} " in line) for line in lines if "Sending SIGBUS" in line] == pids
