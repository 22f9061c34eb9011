"""Facts of two clicks: what is the same and what differs, with tasks that fare alike in one row."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import Recipe, Settings, Side
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.compare import (
    LOG,
    Row,
    Value,
    column_of,
    differences,
    facts_of,
    headline,
    matrix_rows,
    rows_of,
    settings_words,
)
from tests.workbench import do

SHARERS = 12


def boot(profile: str) -> Session:
    return Session.fresh(4096, profile=profile)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    session = boot("v7")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=4)
    do(session, "write", task="a", at="m+0", value="x")
    for number in range(SHARERS - 1):
        do(session, "fork", task="a", child=f"b{number}")
    do(session, "prctl", task="b0", thread=0, mce_kill="late")
    found = compare.recipe_of(session, boot, session.resolve_frame("a:m+0"))
    assert found is not None
    return found


def side(recipe: Recipe, profile: str = "v7", early: int = 1, recovery: int = 1) -> Side:
    settings = Settings(profile, {SYSCTL_EARLY_KILL: early, SYSCTL_RECOVERY: recovery})
    return compare.build(recipe, settings, lambda share, doing: None, lambda: False)


def found(rows: list[Row]) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row.aspect, row.subject): (row.values[0].text, row.values[1].text) for row in rows}


def test_a_matrix_says_the_same_as_its_pairs(recipe: Recipe) -> None:
    sides = [side(recipe), side(recipe, early=0), side(recipe, "6.1"), side(recipe, "6.1", early=0)]
    rows = matrix_rows([column_of(one) for one in sides])
    facts = {(row.aspect, subject): row.values for row in rows if row.aspect != LOG for subject in row.subjects}
    for number, one in enumerate(sides):
        assert {key: values[number] for key, values in facts.items() if key in facts_of(one)} == facts_of(one)
    assert [row.subject for row in rows if row.aspect == LOG][-1] == "and so on"


def test_equal_settings_differ_in_nothing(recipe: Recipe) -> None:
    sides = side(recipe), side(recipe)
    rows = rows_of(*sides)
    assert rows and not differences(rows)
    assert headline(rows, sides).startswith("Nothing differs")


def test_early_against_late(recipe: Recipe) -> None:
    rows = rows_of(side(recipe), side(recipe, early=0))
    differing = found(differences(rows))
    others = "11: a:101, b1:103, b2:104, b3:105 and 7 more"
    assert differing["Signal", others] == ("SIGBUS BUS_MCEERR_AO: killed", "–")
    assert differing["Afterwards", others] == ("Killed", "Dies on touch")
    assert differing["Page table entry", others] == ("gone with its process", "hwpoison entry")
    assert differing["Counter", "Killed"] == ("11", "–")
    same = found([row for row in rows if row.same])
    assert same["Result", "result"] == ("Recovered", "Recovered")
    assert same["Afterwards", "b0:102"] == ("Dies on touch",) * 2


def test_long_logs_are_cut_and_say_how_much(recipe: Recipe) -> None:
    rows = [row for row in rows_of(side(recipe), side(recipe, early=0)) if row.aspect == LOG]
    assert rows[6].subject == "and so on" and rows[6].values[0].text == "5 more lines" and not rows[6].same
    assert len(rows) == 8 and rows[7].same


def test_recovery_off(recipe: Recipe) -> None:
    differing = found(differences(rows_of(side(recipe), side(recipe, recovery=0))))
    assert differing["Result", "result"] == ("Recovered", "panic")
    assert differing["Counter", "HardwareCorrupted"] == ("4 kB", "0 kB")
    assert differing["Frame", "mapped"] == ("0 times", f"{SHARERS} times")


def test_kernels(recipe: Recipe) -> None:
    left, right = side(recipe), side(recipe, "6.1")
    differing = found(differences(rows_of(left, right)))
    assert differing["Result", "kind"] == ("dirty LRU", "dirty LRU page")
    assert settings_words(left.settings) == "v7, early kill, recovery on"
    assert settings_words(right.settings).startswith("6.1")


def test_what_is_not_possible_is_a_result(recipe: Recipe) -> None:
    impossible = Recipe(boot, (), compare.with_defaults("poison", frame="nobody:m+0"))
    sides = side(impossible), side(impossible, early=0)
    rows = rows_of(*sides)
    assert headline(rows, sides) == headline(rows, [column_of(one) for one in sides])
    assert headline(rows, sides).startswith("Nothing was compared")
    assert [row.values[0].text.startswith("not possible") for row in rows] == [True]


def test_equal_words_may_stand_for_different_things(recipe: Recipe) -> None:
    row = Row(LOG, ("and so on",), (Value("5 more lines"), Value("5 more lines")), differs=True)
    assert not row.same and headline([row], [side(recipe)]) == "1 thing differs: kernel log."


def test_a_task_that_blocks_the_signal_has_a_whole_fate() -> None:
    session = boot("v7")
    do(session, "task", name="a", sigbus="blocked")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    recipe = compare.recipe_of(session, boot, session.resolve_frame("a:m+0"))
    assert recipe is not None
    fates = {value.text for key, value in facts_of(side(recipe)).items() if key[0] == "Afterwards"}
    assert fates == {"Signal pending"}


def test_counters_are_those_of_the_click() -> None:
    """What earlier errors came to under a kernel is no difference of this one."""
    session = boot("6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "poison", frame="any:slab")
    do(session, "poison", frame="a:m+0")
    recipe = compare.recipe_of(session, boot, session.operations[-1].outcome.pfn or 0)
    assert recipe is not None and len(recipe.before) == 4
    counted = {key[1]: value.text for key, value in facts_of(side(recipe)).items() if key[0] == "Counter"}
    assert counted == {"HardwareCorrupted": "4 kB", "Recovered": "1", "Killed": "1"}


def test_a_kernel_says_what_it_has_not() -> None:
    session = boot("6.12")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=512, huge="thp")
    do(session, "write", task="a", at="m+0", value="x")
    m, pfn = session.machine, session.resolve_frame("a:m+5")
    m.profile = PROFILES["v7"]  # a recording of a newer kernel
    click = do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert click.pfn == pfn
    made = compare.Side(compare.settings_of(session), session, session.operations[-1].first, session.operations[-1])
    why = "not modelled: this kernel has no folios larger than a page, the memory is of another one"
    assert {key: value.text for key, value in facts_of(made).items()} == {("Result", "result"): why}
    assert click.log and not column_of(made).log
    known = compare.build(
        compare.Recipe(boot, (), compare.with_defaults("poison", frame="any:free")), compare.settings_of(boot("6.12")),
        lambda share, doing: None, lambda: False)  # fmt: skip
    columns = [column_of(known), column_of(known), column_of(made)]
    assert {row.subject for row in matrix_rows(columns) if not row.same} == {"result"}, "it differs from nothing else"
    assert any(not row.same for row in matrix_rows([*columns[:2], column_of(made)._replace(modelled=True)])[1:])
    other = compare.build(
        compare.Recipe(boot, (), compare.with_defaults("poison", frame="pfn:0x5")), compare.settings_of(boot("6.12")),
        lambda share, doing: None, lambda: False)  # fmt: skip
    assert "not modelled" not in facts_of(other)["Result", "result"].text and column_of(other).log
