"""The impact of all errors on each process does not depend on the frame that a view shows."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.impacts import MOST_ERRORS, Fate
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.outcome.fates import fates_now, find_fates
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.verdict import verdict
from tests.workbench import do


def machine(profile: str = "v7") -> tuple[Session, dict[str, int]]:
    """Late kill; `a` has private pages, `b` with a handler others."""
    session = Session.fresh(profile=profile, sysctl={"memory_failure_early_kill": 0})
    for name, sigbus in (("a", "default"), ("b", "handler")):
        do(session, "task", name=name, sigbus=sigbus)
        do(session, "mmap", task=name, name="m", pages=12)
        for page in range(12):
            do(session, "write", task=name, at=f"m+{page}")
    return session, {name: session.world.process(name).tgid for name in "ab"}


def test_an_error_in_another_frame_does_not_hide_the_first() -> None:
    session, tgids = machine()
    first = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    second = session.resolve_frame("b:m+0")
    do(session, "poison", frame="b:m+0")
    wanted = {tgids["a"]: Fate(impacts.LATER, first), tgids["b"]: Fate(impacts.CAUGHT, second)}
    assert to_the_end(find_fates(session)) == wanted and fates_now(session) == wanted
    do(session, "poison", frame="any:free")
    assert fates_now(session) == wanted


def test_in_the_middle_of_an_operation_they_are_those_before_it() -> None:
    session, tgids = machine()
    do(session, "poison", frame="a:m+0")
    before = fates_now(session)
    do(session, "poison", frame="b:m+0")
    second = session.operations[-1]
    for position in range(second.first, second.last):
        session.seek(position)
        assert fates_now(session) == before != {}
    session.seek(session.operations[-2].first)
    assert fates_now(session) == {}
    session.seek(second.last)
    assert fates_now(session).keys() == set(tgids.values())


def test_the_newest_errors_are_looked_at() -> None:
    session, tgids = machine()
    for page in range(MOST_ERRORS + 1):
        do(session, "poison", frame=f"{'b' if page else 'a'}:m+{page}")
    assert fates_now(session).keys() == {tgids["b"]}


@pytest.mark.parametrize(("task", "kind", "words"), [("a", impacts.LATER, "dies on touch"),
                                                    ("b", impacts.CAUGHT, "will be signalled on touch")])  # fmt: skip
def test_a_hwpoison_entry_that_unpoison_leaves_is_shown(task: str, kind: str, words: str) -> None:
    session, tgids = machine("6.1")
    pfn = session.resolve_frame(f"{task}:m+0")
    do(session, "poison", frame=f"{task}:m+0")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    tgid, label = tgids[task], session.label_of(tgids[task])
    assert impact_now(session, pfn) == {tgid: kind} and fates_now(session) == {tgid: Fate(kind, pfn)}
    said = verdict(session, session.operations[-1])
    assert said == f"Unpoisoned, but 1 process still has its hwpoison entry: {label} {words}."
    facts = facts_of(session, pfn)
    assert [(fact.name, fact.value) for fact in facts.hits] == [(impacts.IMPACTS[kind].meaning, label)]
    assert [(pte.task, pte.state) for pte in facts.ptes] == [(label, "hwpoison")]
    do(session, "read", task=task, at="m+0")
    assert [seen.code for seen in session.operations[-1].outcome.signals] == ["BUS_MCEERR_AR"]
    assert (tgid in fates_now(session)) == (task == "b")


def test_entries_that_unpoison_leaves_are_told_by_what_their_next_touch_does() -> None:
    session, tgids = machine("6.1")
    do(session, "fork", task="a", child="c", sigbus="handler")
    pfn = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    child, said = session.world.process("c").label, verdict(session, session.operations[-1])
    assert said.startswith("Unpoisoned, but 2 processes still have their hwpoison entries: ")
    assert f"{session.label_of(tgids['a'])} dies on touch" in said
    assert f"{child} will be signalled on touch" in said
    assert said.count(child) == said.count(session.label_of(tgids["a"])) == 1


def test_after_the_entry_is_gone_nothing_is_left() -> None:
    session, _ = machine("6.1")
    pfn = session.resolve_frame("b:m+0")
    do(session, "poison", frame="b:m+0")
    do(session, "unpoison", frame=f"pfn:{pfn:#x}")
    do(session, "munmap", task="b", at="m+0", pages=1)
    assert impact_now(session, pfn) == {} and fates_now(session) == {}


@pytest.mark.parametrize("early", [0, 1])
def test_of_many_frames_all_errors_count_and_what_has_happened_since(early: int) -> None:
    session, tgids = machine("6.1")
    do(session, "sysctl", name="memory_failure_early_kill", value=early)
    pages = [f"{task}:m+{page}" for task in "ab" for page in range(MOST_ERRORS + 2)]
    frames = [hex(session.resolve_frame(page)) for page in pages]
    do(session, "poison", frames=frames)
    a, b = (impacts.DEAD, impacts.SIGNALLED) if early else (impacts.LATER, impacts.CAUGHT)
    wanted = {tgids["a"]: a, tgids["b"]: b}
    assert {tgid: fate.kind for tgid, fate in fates_now(session).items()} == wanted
    do(session, "poison", frame="any:free")
    fates = fates_now(session)
    assert {tgid: fate.kind for tgid, fate in fates.items()} == wanted
    assert all(hex(fate.pfn) in frames for fate in fates.values())
    do(session, "exit", task="b")
    assert fates_now(session).keys() == {tgids["a"]}
    session.seek(session.operations[-4].last)
    assert fates_now(session) == {}


def with_an_older_error(task: str = "a") -> tuple[Session, dict[str, int], int]:
    """One error in a page of a process, and after it, in the same operation, MOST_ERRORS in those of `b`."""
    session, tgids = machine("6.1")
    older = session.resolve_frame(f"{task}:m+0")
    pages = [hex(session.resolve_frame(f"b:m+{page}")) for page in range(1, MOST_ERRORS + 1)]
    do(session, "poison", frames=[hex(older), *pages])
    return session, tgids, older


def test_a_process_that_an_older_error_of_many_killed_on_touch_is_dead() -> None:
    session, tgids, older = with_an_older_error()
    assert fates_now(session)[tgids["a"]] == Fate(impacts.LATER, older)
    do(session, "read", task="a", at="m+0")
    assert fates_now(session)[tgids["a"]] == Fate(impacts.DEAD, older)


def test_an_older_error_of_many_hits_nobody_after_unpoison() -> None:
    session, tgids, older = with_an_older_error()
    do(session, "munmap", task="a", at="m+0", pages=1)
    do(session, "unpoison", frame=f"pfn:{older:#x}")
    assert session.operations[-1].outcome.errno == 0
    assert fates_now(session).keys() == {tgids["b"]}


def test_an_older_error_of_many_in_a_tail_of_a_hugetlb_page_counts() -> None:
    session = Session.fresh(8192, huge_pages=1, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    for name in "ab":
        do(session, "task", name=name)
    do(session, "file", path="/huge", pages=512, filesystem="hugetlbfs")
    do(session, "mmap", task="a", name="h", pages=512, file="/huge", shared=True)
    do(session, "mmap", task="b", name="m", pages=MOST_ERRORS)
    do(session, "write", task="a", at="h+0")
    for page in range(MOST_ERRORS):
        do(session, "write", task="b", at=f"m+{page}")
    tail = session.resolve_frame("a:h+5")
    do(
        session,
        "poison",
        frames=[hex(tail), *(hex(session.resolve_frame(f"b:m+{page}")) for page in range(MOST_ERRORS))],
    )
    assert fates_now(session)[session.world.process("a").tgid] == Fate(impacts.LATER, tail)


def test_only_errors_that_broke_a_frame_take_the_place_of_older_ones() -> None:
    session, tgids = machine("6.1")
    first = session.resolve_frame("a:m+0")
    do(session, "poison", frame="a:m+0")
    do(session, "munmap", task="a", at="m+1", pages=1)
    do(session, "poison", frame="a:m+1", via="madvise", task="a")
    assert session.operations[-1].outcome.pfn is None
    for page in range(MOST_ERRORS):
        do(session, "poison", frame=f"pfn:{session.machine.frames + page:#x}")
    for page in range(MOST_ERRORS):
        do(session, "unpoison", frame=f"b:m+{page}")
    do(session, "debugfs", name="corrupt-filter-memcg", value=99)
    do(session, "debugfs", name="corrupt-filter-enable", value=1)
    for page in range(MOST_ERRORS):
        assert do(session, "poison", frame=f"b:m+{page}").filtered
    assert fates_now(session) == {tgids["a"]: Fate(impacts.LATER, first)}


def test_an_error_beyond_the_memory_takes_the_place_of_no_older_one() -> None:
    session, tgids = machine("6.1")
    for page in range(MOST_ERRORS):
        do(session, "poison", frame=f"{'b' if page else 'a'}:m+{page}")
    for pfn in (session.machine.frames, session.machine.frames + 1):
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert fates_now(session).keys() == set(tgids.values())


def test_an_entry_that_unpoison_left_counts_when_its_frame_is_poisoned_again() -> None:
    """unpoison_memory() leaves the PTE as it is: whatever the newer error hits, `a` is killed when it touches it."""
    session, tgids = machine("6.1")
    older, other = (session.resolve_frame(f"{task}:m+0") for task in "ab")
    for pfn in (older, other):
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    do(session, "unpoison", frames=[hex(older), hex(other)])
    do(session, "poison", frame=f"pfn:{older:#x}")
    for page in range(1, MOST_ERRORS + 1):
        do(session, "poison", frame=f"b:m+{page}")
    assert fates_now(session)[tgids["a"]] == Fate(impacts.LATER, older)
    do(session, "read", task="a", at="m+0")
    assert session.operations[-1].outcome.signals[0].effect == "killed"
