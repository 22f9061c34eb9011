"""The walk: what each step leaves on the reverse map, and that looking does not touch."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.page_flags import HWPOISON
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.walk.state import _SKIPS, Follower, map_for, state_of
from hwpoison_gui.view.words.tables import WORDS
from tests.workbench import Workbench, do


def forked(early_kill: int, **second: str) -> Session:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "fork", task="a", child="b", **second)
    do(session, "poison", frame="a:m+0")
    return session


def test_looking_at_any_step_changes_nothing_and_the_map_stays_the_same() -> None:
    session = forked(1)
    poison = session.operations[-1]
    graphs = set()
    for position in range(poison.first + 1, poison.last + 1):
        session.seek(position)
        digest = session.machine.gate.digest()
        graph = map_for(session, poison.outcome.pfn or 0)
        assert graph is not None
        graphs.add(graph)
        state_of(session, graph)
        assert session.machine.gate.digest() == digest
    assert len(graphs) == 1
    assert [mapper.task for mapper in graphs.pop().mappers] == ["a:101", "b:102"]


@pytest.mark.parametrize("profile", ["6.1", "6.12"])
def test_a_tail_of_a_poisoned_hugetlb_page_is_shown_as_poisoned(profile: str) -> None:
    """PG_hwpoison is set on the head alone, and every PTE of the page is a hwpoison entry."""
    bench = Workbench(profile, huge_pages=2, early_kill=0)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("write", task="a", at="m+5")
    session, pfn = bench.session, bench.session.resolve_frame("a:m+5")
    bench.do("poison", frame="a:m+5")
    click = session.operations[-1]
    seen = []
    for position in (click.first, click.last):
        session.seek(position)
        graph = map_for(session, pfn)
        assert graph is not None
        seen.append(state_of(session, graph).poisoned)
    assert seen == [False, True] and not session.machine.page(pfn) & HWPOISON


@pytest.mark.parametrize(
    ("sigbus", "kind"), [("default", "killed"), ("handler", "handled"), ("ignored", "ignored"), ("blocked", "pending")]
)
def test_what_becomes_of_a_task_is_told(sigbus: str, kind: str) -> None:
    session = forked(1, sigbus=sigbus)
    graph = map_for(session, -1)
    assert graph is not None
    state = state_of(session, graph)
    fates = {mapper.task: state.standings[mapper.tgid].kind for mapper in graph.mappers}
    assert fates == {"a:101": "killed", "b:102": kind}


def test_late_kill_leaves_hwpoison_entries_and_says_why_nobody_was_told() -> None:
    session = forked(0)
    graph = map_for(session, -1)
    assert graph is not None
    state = state_of(session, graph)
    assert set(state.entries.values()) == {"hwpoison"}
    assert {skipped.short for skipped in state.skipped.values()} == {"not now: early_kill is 0"}
    assert not state.visited


@pytest.mark.parametrize("early_kill", [0, 1])
@pytest.mark.parametrize("sigbus", ["default", "handler", "blocked"])
def test_a_state_carried_on_is_the_same_as_one_made_anew(early_kill: int, sigbus: str) -> None:
    session = forked(early_kill, sigbus=sigbus)
    pfn = session.operations[-1].outcome.pfn or 0
    if session.alive("b"):
        do(session, "read", task="b", at="m+0")
    do(session, "poison", frame="any:slab")
    total = len(session.steps)
    ways = [*range(total + 1), *range(total, -1, -1), *range(0, total, 3), total, total // 2, total]
    for position in ways:
        session.seek(position)
        graph = map_for(session, pfn)
        assert graph is not None
        assert state_of(session, graph) == Follower(graph).state_at(session), position


def test_the_present_pair_is_pointed_at() -> None:
    session = forked(1)
    poison = session.operations[-1]
    seen = []
    for position in range(poison.first + 1, poison.last + 1):
        session.seek(position)
        graph = map_for(session, -1)
        assert graph is not None
        state = state_of(session, graph)
        if state.act is Act.VISIT:
            seen.append([m.task for m in graph.mappers if m.vma in state.current_vmas])
    assert seen == [["a:101"], ["b:102"]]


@pytest.mark.parametrize(("profile", "visited"), [("6.1", 0), ("6.12", 2), ("7.2", 2)])
def test_a_merged_page_that_a_process_has_twice_is_found_once(profile: str, visited: int) -> None:
    session = merged(profile, areas=1)
    graph = map_for(session, -1)
    assert graph is not None
    state = state_of(session, graph)
    assert len(state.visited) == visited and not state.skipped


def test_another_vma_of_a_process_on_the_list_is_said_to_be_listed() -> None:
    session = merged("7.2", areas=2)
    graph = map_for(session, -1)
    assert graph is not None
    state = state_of(session, graph)
    assert {one.short for one in state.skipped.values()} == {"on to_kill already"}
    assert len(state.visited) == len(state.skipped) == 2


def merged(profile: str, areas: int) -> Session:
    """Two early-kill processes, each with two pages merged into the broken one, in `areas` VMAs."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 1})
    for name in "ab":
        do(session, "task", name=name, sigbus="handler")
        for area in range(areas):
            do(session, "mmap", task=name, name=f"m{area}", pages=2 // areas)
            for page in range(2 // areas):
                do(session, "write", task=name, at=f"m{area}+{page}", value="p")
            do(session, "madvise", task=name, at=f"m{area}+0", pages=2 // areas, advice="mergeable")
    do(session, "poison", frame="a:m0+0")
    return session


def test_every_reason_to_skip_a_pair_is_said_in_a_few_words() -> None:
    sites = {site for site in WORDS if site.act is Act.SKIP}
    assert sites == set(_SKIPS)


def test_after_a_file_page_is_dropped_its_former_users_are_still_known() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=2)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "mmap", task="a", name="m", pages=2, file="/f", fd="d", shared=True)
    do(session, "read", task="a", at="m+0")
    do(session, "poison", frame="/f@0")
    graph = map_for(session, -1)
    assert graph is not None and graph.mapping.title == "/f"
    assert [mapper.task for mapper in graph.mappers] == ["a:101"]
    state = state_of(session, graph)
    assert state.unmapped and set(state.entries.values()) == {"none"}


def test_a_pair_whose_pte_maps_another_frame_is_said_to_have_one() -> None:
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    for child in ("b", "c"):
        do(session, "fork", task="a", child=child)
    do(session, "write", task="b", at="m+0", value="y")
    do(session, "munmap", task="c", at="m+0", pages=1)
    do(session, "poison", frame="a:m+0")
    graph = map_for(session, -1)
    assert graph is not None
    state = state_of(session, graph)
    said = {mapper.task: skip.short for mapper in graph.mappers if (skip := state.skip_of(mapper.vma)) is not None}
    assert said["b:102"] == "its PTE maps another frame" and state.entries[graph.mappers[1].vma] == "other"
