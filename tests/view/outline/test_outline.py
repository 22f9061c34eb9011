"""The outline of an operation: where its steps belong, what was taken and what was not, long runs as one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hwpoison_gui.kernel.handler import EXITS
from hwpoison_gui.kernel.mark import SITES, Act
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import Variant, nearest
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outline.entry_points import _OPERATIONS, all_ways, parts_of
from hwpoison_gui.view.outline.outline import (
    AHEAD,
    ASIDE,
    DONE,
    ENDING,
    NOW,
    WITHIN,
    Node,
    Outline,
    find_outline,
    outline_for,
)
from hwpoison_gui.view.outline.part import Part, Silent, sites_of
from hwpoison_gui.view.outline.reachable import unreachable
from hwpoison_gui.view.outline.tables import PHASES
from hwpoison_gui.view.words.tables import WORDS
from tests.paths import DATA
from tests.workbench import do

CASES = DATA / "cases"
SOME = [file for profile in ("v7", "6.1") for file in sorted((CASES / profile).glob("*.toml"))[::6]]


def forked(children: int = 2, **sysctl: int) -> Session:
    session = Session.fresh(4096, sysctl=sysctl)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    for number in range(children):
        do(session, "fork", task="a", child=f"b{number}")
    do(session, "poison", frame="a:m+0")
    return session


def outline_of(session: Session) -> Outline:
    operation = session.operations[-1]
    return Outline(session.machine.profile, session.steps.marks, operation.first, operation.last)


def line(outline: Outline, text: str) -> Node:
    """The line that says `text`, before or after it is known."""
    return next(node for node in outline.shown() if text in node.text or text in node.told)


def state(outline: Outline, text: str, position: int) -> str:
    return line(outline, text).state(position)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_phase_of_a_kernel_is_told_and_nothing_else(profile: Profile) -> None:
    outline = Outline(profile)
    root = line(outline, "A memory error is reported")
    told = [outline.nodes[number].text for number in root.children]
    assert told == [known.title for phase in profile.phases if (known := nearest(PHASES, phase)) is not None]
    assert all(node.state(0) == AHEAD for node in outline.shown())


def test_a_kernel_between_two_others_is_told_as_the_older_one() -> None:
    """Not as the newer one, whose branches it may not have."""
    older, newer = PROFILES["6.1"], PROFILES["6.12"]
    phases = tuple(
        Variant(phase.name, "6.6", phase.run) if phase in PHASES and phase not in newer.phases else phase
        for phase in older.phases
    )
    assert len(set(phases) - set(older.phases)) > 3
    between = replace(older, phases=phases)
    assert [node.text for node in Outline(between).nodes] == [node.text for node in Outline(older).nodes]
    assert unreachable(between) == unreachable(older) != unreachable(newer)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_kernel_renames_functions_that_are_named_alone(profile: Profile) -> None:
    """A name that no site, outline or file system has would be an entry without effect."""
    assert WORDS  # all sites are declared once the words of them are read
    parts = [*parts_of(profile, ()), *(part for _, parts in _OPERATIONS for part in parts)]
    named = {site.function for site in SITES.values()} | {function for part in parts for function in functions_of(part)}
    named |= {function for one in PROFILES.values() for function in one.files.error_remove_page.values()}
    assert profile.names.keys() <= named
    assert all(name != profile.names[name] for name in profile.names)


def functions_of(part: Part) -> Iterator[str]:
    """The functions that a part and those within it name."""
    yield part.function
    for inner in part.parts:
        yield from functions_of(inner)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_way_has_a_meaning_and_is_known_by_something(profile: Profile) -> None:
    for part in parts_of(profile, ()):
        for way in all_ways(part):
            assert way.meaning
            assert isinstance(way.sign, Silent) or sites_of(way.sign)


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_step_of_the_recorded_cases_has_its_line(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        outline = outline_of(session)
        operation = session.operations[-1]
        told = any(node.kind in ("call", "decision") for node in outline.shown())
        for position in range(operation.first + 1, operation.last + 1):
            now = outline.now(position)
            assert now is not None and now.state(position) == NOW
            assert now.parent or not told, f"no part claims {session.steps[position - 1].mark}"
            assert all(outline.nodes[n].state(position) == WITHIN for n in above(outline, now) if n)
        assert all(node.state(operation.last) != AHEAD for node in outline.shown())


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_decision_that_was_made_has_one_way_taken(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        outline, end = outline_of(session), session.operations[-1].last
        for node in outline.shown():
            if node.kind == "decision" and node.state(end) == DONE:
                ways = [outline.nodes[number] for number in node.children if outline.nodes[number].kind == "way"]
                taken = [way for way in ways if way.state(end) in (DONE, NOW)]
                assert taken, node.text


def above(outline: Outline, node: Node) -> list[int]:
    found = []
    while node.parent > 0:
        found.append(node.parent)
        node = outline.nodes[node.parent]
    return found


def test_what_was_taken_what_was_not_and_what_is_still_ahead() -> None:
    session = forked(memory_failure_early_kill=1)
    outline, operation = outline_of(session), session.operations[-1]
    second = operation.first + 2
    assert state(outline, "memory_failure_recovery is 1", second) == NOW
    assert state(outline, "the kernel panics", second) == ASIDE
    assert state(outline, "PG_hwpoison is set now", second) == AHEAD
    assert state(outline, "A memory error is reported", second) == WITHIN
    end = operation.last
    assert state(outline, "Yes, from its file", end) == ASIDE
    assert state(outline, "no file on disk has a copy", end) == DONE
    assert outline.words(line(outline, "users must be signalled"), end).startswith("It cannot simply be dropped")


def test_a_way_is_told_in_general_until_it_is_taken() -> None:
    session = forked()
    outline, operation = outline_of(session), session.operations[-1]
    mapped = line(outline, "Yes: it must be unmapped.")
    assert outline.words(mapped, mapped.first) == "Yes: it must be unmapped."
    assert outline.words(mapped, mapped.first + 1) == "3 PTEs map it."
    assert mapped.branch == "mapped" and mapped.first < operation.last


def test_a_way_without_a_step_is_taken_where_the_code_came_by() -> None:
    session = forked()
    outline, operation = outline_of(session), session.operations[-1]
    question = line(outline, "Is it in the swap cache?")
    no = outline.nodes[question.children[0]]
    assert no.text == "No: PG_swapcache is clear." and no.state(operation.last) == DONE
    assert question.state(operation.last) == DONE


def test_that_no_pte_is_left_is_known_only_after_the_last_one_is_unmapped() -> None:
    session = forked()
    outline, operation = outline_of(session), session.operations[-1]
    unmap, done = line(outline, "Unmap it from every page table"), line(outline, "No PTE maps it now.")
    below = [outline.nodes[number] for number in unmap.children]
    assert [node.kind for node in below] == ["step"] * 3 + ["way"] * 2 and below[3] is done
    assert [done.state(position) for position in (unmap.first, unmap.last - 1, unmap.last)] == [AHEAD, AHEAD, DONE]
    assert done.state(operation.last) == DONE and below[4].state(operation.last) == ASIDE


def test_without_users_the_questions_about_them_are_left_aside() -> None:
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "pread", task="a", fd="d", page=0)
    do(session, "poison", frame="/f@0")
    outline, end = outline_of(session), session.operations[-1].last
    for text in ("Is it in the swap cache?", "Which tasks are signalled now?", "Unmap it from every"):
        assert state(outline, text, end) == ASIDE


def test_a_touch_of_poison_is_told_as_a_fault() -> None:
    session = forked(memory_failure_early_kill=0)
    do(session, "read", task="b0", at="m+0")
    outline, end = outline_of(session), session.operations[-1].last
    assert state(outline, "A hwpoison entry: its frame is poisoned.", end) == DONE
    assert state(outline, "A present PTE that allows the access", end) == ASIDE
    assert state(outline, "even if it is blocked or ignored", end) == DONE
    assert line(outline, "take their signals").first >= 0


def test_long_runs_are_one_line_that_counts() -> None:
    session = forked(children=9, memory_failure_early_kill=1)
    outline = outline_of(session)
    runs = {node.text: node for node in outline.nodes if node.kind == "run"}
    assert set(runs) == {"10 added to to_kill", "10 PTEs unmapped", "10 signals", "10 killed"}
    cut = runs["10 PTEs unmapped"]
    lines = len(outline.nodes)
    assert outline.words(cut, cut.first + 3).startswith("3 of 10: ")
    assert outline.words(cut, cut.last + 1) == "10 PTEs unmapped"
    assert outline.child(cut, 4).first == cut.first + 4 and outline.size(cut) == 10
    assert len(outline.nodes) == lines + 10


def test_ten_thousand_mappers_make_few_lines() -> None:
    session = forked()
    many = Outline(session.machine.profile, [session.steps.marks[-1]] * 30_000, 0, 30_000)
    assert session.steps[-1].mark.act is Act.DIE
    assert len(many.nodes) < 20


def test_other_operations_are_their_steps() -> None:
    session = Session.fresh(4096)
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    outline = outline_of(session)
    assert [node.kind for node in outline.shown()] == ["step"]


def test_what_became_of_it_is_said_at_the_end() -> None:
    session = forked(memory_failure_early_kill=1)
    outline, end = outline_of(session), session.operations[-1].last
    assert not outline.can_end(end - 1) and outline.can_end(end)
    outline.end(())
    assert not outline.can_end(end)
    assert state(outline, ENDING, end) == DONE and state(outline, ENDING, end - 1) == AHEAD


def test_the_same_operation_has_the_same_outline() -> None:
    session = forked()
    operation = session.operations[-1]
    assert outline_for(session, operation) is outline_for(session, operation)
    assert outline_for(session, None) is not outline_for(session, operation)


def test_an_outline_found_in_slices_is_the_same() -> None:
    session = forked(children=9, memory_failure_early_kill=1)
    operation, finding = session.operations[-1], None
    at_once, operation = outline_of(session), session.operations[-1]
    finding = find_outline(session, operation)
    assert next(finding) is None, "half of it is left for the next turn"
    sliced = to_the_end(finding)
    assert [vars(node) for node in sliced.nodes] == [vars(node) for node in at_once.nodes]
    assert outline_for(session, operation) is sliced


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_nothing_is_ticked_after_the_handler_has_left(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    list(replay.play(session, scenario))
    exits = set(EXITS.values())
    for operation in session.operations:
        outline = Outline(session.machine.profile, session.steps.marks, operation.first, operation.last)
        left = [at for at in range(operation.first, operation.last) if session.steps.marks[at].site in exits]
        lines = list(outline.shown())
        after = next((number for number, node in enumerate(lines) if left and node.first == left[0]), len(lines))
        ticked = [node.text for node in lines[after:] if node.first < 0 and node.state(operation.last) == DONE]
        assert not ticked


def test_a_page_of_ksm_leaves_the_handler_before_the_swap_cache_is_asked_about() -> None:
    session = Session.fresh(4096, profile="6.1")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="same")
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    do(session, "poison", frame="a:m+0")
    outline, end = outline_of(session), session.position
    assert state(outline, "It is a KSM page", end) == DONE
    for text in ("PG_swapcache is clear", "it has a mapping, or is in the swap cache"):
        assert state(outline, text, end) == ASIDE


@pytest.mark.parametrize(("frame", "asked"), [("a:m+0", "Does a filter protect it?"), ("any:slab", "Is it on an LRU")])
def test_a_refused_injection_shows_the_checks_it_passed(frame: str, asked: str) -> None:
    session = Session.fresh(4096, 0, "desktop", profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, populate=True)
    for name, value in (("flags-mask", 0x10), ("flags-value", 0x1000), ("enable", 1)):
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    do(session, "poison", frame=frame, via="corrupt-pfn")
    outline = outline_of(session)
    questions = [node.text for node in outline.shown() if "?" in node.text]
    assert len(questions) == 3
    assert state(outline, asked, len(session.steps)) == WITHIN
    at = questions.index(next(text for text in questions if asked in text))
    assert [state(outline, text, len(session.steps)) for text in questions[:at]] == [DONE] * at
