"""An error in a huge page of hugetlb: the whole of it is lost to its users, 4 KiB of it for good."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.memory_failure_hugetlb import FREE_HUGE_PAGE
from hwpoison_gui.view.words.lookup import text_of
from tests.workbench import Workbench


def shared(early_kill: int = 0) -> Workbench:
    bench = Workbench(huge_pages=2, early_kill=early_kill)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs", hole=True)
    bench.area(pages=512, file="/huge/f", shared=True)
    bench.do("write", task="a", at="m+5")
    return bench


def test_the_head_is_marked_for_all() -> None:
    bench = shared()
    pfn = bench.pfn("a:m+5")
    bench.do("poison", frame="a:m+5")
    assert not bench.m.page(pfn) & pf.HWPOISON
    assert bench.m.page(pfn - 5) & pf.HWPOISON
    assert list(bench.m.raw_hwp.of(pfn - 5)) == [pfn]


def test_a_second_frame_counts_though_it_is_refused() -> None:
    bench = shared()
    bench.do("poison", frame="a:m+5")
    outcome = bench.do("poison", frame="a:m+6")
    assert (outcome.errno, outcome.result, bench.session.corrupted_kb()) == ("EHWPOISON", None, 8)
    assert bench.do("poison", frame="a:m+6").errno == "EHWPOISON"
    assert bench.session.corrupted_kb() == 8


def test_early_kill_names_the_start_and_the_size() -> None:
    bench = shared(early_kill=1)
    (signal,) = bench.do("poison", frame="a:m+5").signals
    assert (signal.code, signal.lsb) == ("BUS_MCEERR_AO", 21)
    assert signal.addr == bench.session.resolve_address("a", "m+0")


def test_a_private_one_is_dissolved() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+5")
    pfn = bench.pfn("a:m+5")
    assert bench.do("poison", frame="a:m+5").kind == "huge page"
    assert bench.flags(pfn) == {"HWPOISON"}
    assert bench.m.page(pfn + 1) & pf.BUDDY
    assert bench.m.counter("nr_huge_pages") == 1


def test_a_free_one_that_is_reserved_fails() -> None:
    """dissolve_free_huge_page(): what the pool has promised to a mapping is not taken from it."""
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    outcome = bench.do("poison", frame=f"pfn:{bench.m.huge_free.of(0)[0] + 5:#x}")
    assert (outcome.kind, outcome.result, outcome.errno) == ("free huge page", "Failed", "EBUSY")


def test_a_held_one_fails() -> None:
    bench = shared()
    bench.do("pin", frame="a:m+5")
    outcome = bench.do("poison", frame="a:m+5")
    assert (outcome.result, outcome.errno) == ("Failed", "EBUSY")
    assert any(line.endswith("huge page still referenced by 1 users") for line in outcome.log)


@pytest.mark.parametrize("profile", ["6.1", "6.12", "7.2"])
def test_of_a_free_one_it_is_said_that_4_kib_are_withheld(profile: str) -> None:
    bench = Workbench(profile=profile, huge_pages=2)
    assert bench.do("poison", frame="any:free-huge").result == "Recovered"
    marks = [step.mark for step in bench.session.steps]
    said = next(text_of(mark) for mark in marks if mark.site is FREE_HUGE_PAGE)
    assert "dissolved" in said and "only the bad 4 KiB" in said and "for all 2 MiB" not in said
    assert bench.session.corrupted_kb() == 4
