"""Each difference between two kernels stands alone, and the case that is said to show it does."""

from __future__ import annotations

import re
from itertools import permutations

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.sources import INLINED, SOURCES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.fidelity.differences import (
    GROUPS,
    NAMED,
    differences,
    pairs,
    read_on,
    source_of,
    taken_over,
)
from hwpoison_gui.session.fidelity.shown_by import holds_under, read
from hwpoison_gui.session.scenario.reader import load
from tests.paths import ROOT

DATA = ROOT / "tests" / "data"
SHOWN = read(DATA)
# A commit, the title of one with its release, or file, function (or table, or variable) and release.
CITED = r"\b[0-9a-f]{12}\b|\"mm/[^\"]+\" \(\d+\.\d+\)|\.c, [a-z_]\w+(\(\)|\[\])?.*, \d"
PAIRS = [pytest.param(older, newer, id=newer.name) for older, newer in pairs()]


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_each_has_a_value_of_either_kernel_and_a_name_of_its_own(older: Profile, newer: Profile) -> None:
    found = list(differences(older, newer))
    assert len({one.name for one in found}) == len(found) > 0
    for one in found:
        assert one.group in GROUPS and one.meaning and one.before != one.after


def test_each_cites_the_kernel_whichever_two_are_compared() -> None:
    for one, other in permutations(PROFILES.values(), 2):
        assert [found.name for found in differences(one, other) if not re.search(CITED, found.source)] == []


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_each_citation_is_of_a_difference_or_a_name(older: Profile, newer: Profile) -> None:
    found = {one.name for one in differences(older, newer)}
    found |= {name.rpartition(".")[0] for name in found}
    for name in NAMED:
        mine, theirs = getattr(older.results, name), getattr(newer.results, name)
        found |= {f"results.{name}.{key}" for key in mine.keys() ^ theirs.keys()}
    named = {name for name in {**older.names, **newer.names} if older.called(name) != newer.called(name)}
    inlined = {name for kernel, name in INLINED if kernel == newer.name}
    assert inlined <= named and set(SOURCES[newer.name]) <= found | {f"names.{name}" for name in named - inlined}
    assert {f"names.{name}" for name in named - inlined} <= set(SOURCES[newer.name])


def test_of_several_steps_the_newest_is_cited_first() -> None:
    v7, newest = PROFILES["v7"], PROFILES["7.2"]
    source = source_of("results.exits.no page", v7, newest)
    assert source == source_of("results.exits.no page", newest, v7)
    assert source.startswith("2ec41967189c") and source.endswith(SOURCES["6.1"]["results.exits.no page"])


def test_a_difference_is_read_on_where_the_page_has_it() -> None:
    page = (ROOT / "docs" / "kernels.md").read_text()
    for one, other in permutations(PROFILES.values(), 2):
        for found in differences(one, other):
            path, _, anchor = read_on(found.name, one, other).partition("#")
            (heading,) = (
                line for line in page.splitlines() if line.startswith("## From") and as_anchor(line) == anchor
            )
            section = page.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
            key = found.name.rpartition(".")[2]  # of an exit that only one of two successive kernels has
            assert path == "docs/kernels.md" and (f"| {found.meaning} |" in section or f"| {key} |" in section)


def as_anchor(heading: str) -> str:
    return heading.removeprefix("## ").lower().replace(" ", "-").replace(".", "")


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_without_one_difference_all_the_others_are_left(older: Profile, newer: Profile) -> None:
    names = [one.name for one in differences(older, newer)]
    for one in differences(older, newer):
        assert [left.name for left in differences(older, one.without)] == [name for name in names if name != one.name]
        assert [lost.name for lost in differences(one.without, newer)] == [one.name]


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_a_search_looked_for_each(older: Profile, newer: Profile) -> None:
    assert list(SHOWN[newer.name]) == [one.name for one in differences(older, newer)], "run: hwpoison-gui fidelity"


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_the_case_holds_on_its_own_kernel_alone(older: Profile, newer: Profile) -> None:
    for one in differences(older, newer):
        path = SHOWN[newer.name].get(one.name)
        if not path:  # no recorded case shows it; the page says so
            continue
        scenario = load(DATA / path)
        assert scenario.profile in (older.name, newer.name), one.name
        wrong = one.without if scenario.profile == newer.name else taken_over(older, newer)[one.name]
        own = older if scenario.profile == older.name else newer
        assert (holds_under(scenario, own), holds_under(scenario, wrong)) == (True, False), one.name
