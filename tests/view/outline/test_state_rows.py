"""The state table of a moment: a fact once the handler looked, a preview before, and the rows that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import matched_by, matched_row, step_of_table
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outline.state_rows import DOES, FITS, MEANS, OPEN, SPARED, TRIED, rows_of, table_for
from tests.paths import DATA
from tests.workbench import do

CASES = DATA / "cases"
SOME = [file for profile in ("v7", "6.1") for file in sorted((CASES / profile).glob("*.toml"))[3::6]]


def with_a_page(value: str = "x") -> Session:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value=value)
    return session


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_first_row_that_fits_is_lit_those_before_say_which_bit_those_after_are_spared(profile: Profile) -> None:
    rows = rows_of(profile, pf.LRU | pf.UPTODATE)
    lit = [row for row in rows if row.state == FITS]
    assert len(lit) == 1 and "clean LRU" in lit[0].kind
    before, after = rows[: lit[0].number], rows[lit[0].number + 1 :]
    assert all(row.state == TRIED and row.why for row in before)
    assert all(row.state == SPARED and not row.why for row in after)
    dirty = next(row for row in before if row.kind in ("LRU", "dirty LRU page"))
    assert dirty.why == "DIRTY clear"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_without_a_page_nothing_is_decided(profile: Profile) -> None:
    rows = rows_of(profile, None)
    assert [row.kind for row in rows] == [row.kind for row in profile.results.states]
    assert all(row.state == OPEN and all(bit.has is None for bit in row.bits) for row in rows)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_action_has_words(profile: Profile) -> None:
    assert all(row.does and row.means for row in rows_of(profile, None))
    assert DOES.keys() == MEANS.keys() == set(Effect)


def test_a_preview_becomes_a_fact_when_the_handler_looks() -> None:
    session = with_a_page()
    pfn = session.resolve_frame("a:m+0")
    selected = table_for(session, pfn)
    assert not selected.fact and "if it broke now" in selected.caption
    do(session, "poison", frame="a:m+0")
    operation = session.operations[-1]
    look = step_of_table(session, operation)
    assert look is not None
    session.seek(look)
    before = table_for(session, pfn)
    session.seek(look + 1)
    after = table_for(session, pfn)
    assert not before.fact and after.fact and after.step == look + 1
    for table in (selected, before, after):
        assert next(row.kind for row in table.rows if row.state == FITS) == "LRU"
    assert "LRU" in after.remembered and "LRU" in after.flags


def test_a_frame_that_does_not_come_so_far_says_where_it_stops() -> None:
    session = with_a_page()
    free = session.resolve_frame("any:free")
    table = table_for(session, free)
    assert "free or high order kernel" in table.caption
    assert all(row.state == OPEN for row in table.rows)


def test_another_frame_is_previewed_only_when_the_operation_is_complete() -> None:
    session = with_a_page()
    do(session, "write", task="a", at="m+1", value="y")
    other = session.resolve_frame("a:m+1")
    do(session, "poison", frame="a:m+0")
    assert table_for(session, other).pfn == other
    session.seek(len(session.steps) - 3)
    assert table_for(session, other).pfn == session.operations[-1].outcome.pfn


@pytest.mark.parametrize("file", SOME, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_flags_shown_are_those_that_decided_in_the_recorded_cases(file: Path) -> None:
    scenario = load(file)
    session = replay.boot(scenario)
    for _ in replay.play(session, scenario):
        operation = session.operations[-1]
        pfn, number = operation.outcome.pfn, step_of_table(session, operation)
        if operation.name != "poison" or pfn is None or not 0 <= pfn < session.machine.frames:
            continue
        found = matched_by(session.steps.marks[number], pfn) if number is not None else None
        if found is not None:
            assert found.word is not None
            states = session.machine.profile.results.states
            assert matching_row(states, found.word) is matched_row(session, operation)
        if operation.args["via"] == "corrupt-pfn":
            session.seek(operation.first)
            predicted = predict(session.machine, pfn).matched
            session.seek(operation.last)
            assert (predicted.word, predicted.own) == ((found.word, found.own) if found is not None else (None, 0))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_no_file_is_noted_for_an_anonymous_page(profile: Profile) -> None:
    def does(word: int) -> list[str]:
        return [row.does for row in rows_of(profile, word) if row.state == FITS]

    assert does(pf.LRU | pf.DIRTY) == ["note EIO, drop it"]
    assert does(pf.LRU | pf.DIRTY | pf.ANON) == ["mark ERROR"]
