"""Counters beside the map, and what their tips claim."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.counters import counters_of
from tests.workbench import do


@pytest.mark.parametrize("profile", list(PROFILES))
def test_an_ignored_page_counts_as_corrupted_and_stays_in_use(profile: str) -> None:
    session = Session.fresh(4096, profile=profile)
    slab = session.resolve_frame("any:slab")
    assert do(session, "poison", frame=f"pfn:{slab:#x}").result == "Ignored"
    corrupted, ignored = counters_of(session)
    assert (corrupted.name, corrupted.value) == ("HardwareCorrupted", "4 kB")
    assert "Ignored ones count as well, and stay in use" in corrupted.tip
    assert (ignored.name, ignored.value) == ("Ignored", "1")
    assert session.machine.refcount.view[slab] > 0
