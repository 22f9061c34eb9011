"""Rows that no page comes to, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import matching_row
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outline.reachable import unreachable
from hwpoison_gui.view.outline.tables import ENTRANCES
from tests.view.outcome.states import with_huge_pages


def never(name: str) -> dict[str, str]:
    profile = PROFILES[name]
    found = unreachable(profile)
    return {f"{number} {profile.results.states[number].kind}": why for number, why in found.items()}


def test_in_2009_only_lru_pages_come_to_the_table() -> None:
    found = never("v7")
    assert [key.partition(" ")[2] for key in found] == [
        "reserved kernel", "free kernel", "kernel slab", "huge", "huge", "anonymous", "unknown page state",
    ]  # fmt: skip
    assert "non LRU" in found["2 kernel slab"]
    assert "earlier row" in found["13 anonymous"] and "earlier row" in found["14 unknown page state"]


def test_in_6_1_slab_and_mlocked_rows_are_never_reached() -> None:
    assert {key.partition(" ")[2] for key in never("6.1")} == {
        "kernel slab page", "dirty mlocked LRU page", "clean mlocked LRU page",
    }  # fmt: skip


def test_a_reason_names_the_exit_as_the_kernel_does() -> None:
    assert never("6.1")["1 kernel slab page"].endswith("the handler stops before (unknown page)")
    profile = PROFILES["v7"]
    exits = dict(profile.results.exits)
    told = exits.pop("not on LRU")
    for given, said in (({"not on LRU": told._replace(kind="odd")}, "stops before (odd)"), ({}, "stops before")):
        other = replace(profile, results=replace(profile.results, exits={**exits, **given}))
        assert unreachable(other)[2] == f"slab pages are on no LRU list, the handler {said}"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_kernel_has_entrances_and_every_reason_is_said(profile: Profile) -> None:
    assert profile.phase("take_reference") in ENTRANCES
    assert all(unreachable(profile).values())


def test_no_lru_page_of_2009_fits_a_row_that_is_never_reached() -> None:
    profile = PROFILES["v7"]
    found = unreachable(profile)
    for word in range(1 << 6):
        flags = pf.LRU
        for bit, flag in enumerate((pf.DIRTY, pf.SWAPCACHE, pf.UNEVICTABLE, pf.MLOCKED, pf.SWAPBACKED, pf.ANON)):
            flags |= flag if word >> bit & 1 else 0
        assert profile.results.states.index(matching_row(profile.results.states, flags)) not in found


def rows_reached(session: Session) -> set[int]:
    """Numbers of the rows that the handler comes to, by a dry run for each class of frames."""
    states = session.machine.profile.results.states
    rows = [one.matched.row for one in Assessment.of(session.machine).predictions]
    return {states.index(row) for row in rows if row is not None}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_handler_comes_to_no_row_that_is_called_unreachable(profile: Profile) -> None:
    """On machines as a kernel makes them; a recording of a running one may contradict itself."""
    desktop = Session.fresh(1 << 13, 1, "desktop", profile=profile.name)
    machines = [desktop, *(with_huge_pages(profile.name, np.random.default_rng(seed)) for seed in range(3))]
    reached = set[int]().union(*map(rows_reached, machines))
    assert len(reached) >= 3
    assert reached.isdisjoint(unreachable(profile))
