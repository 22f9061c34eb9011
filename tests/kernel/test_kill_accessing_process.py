"""Processes whose page tables hold a poisoned frame, and the address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hwpoison_gui.kernel.kill_accessing_process import find_hwpoisoned_entry
from tests.workbench import Workbench


def test_mapped_or_poisoned() -> None:
    bench = Workbench()
    bench.area(pages=2)
    bench.do("write", task="a", at="m+1")
    pfn, mm = bench.pfn("a:m+1"), bench.session.tid_of("a")
    assert mm is not None
    address = bench.session.resolve_address("a", "m+1")
    assert find_hwpoisoned_entry(bench.m, mm, pfn) == (address, 12)
    bench.do("poison", frame="a:m+1")
    assert find_hwpoisoned_entry(bench.m, mm, pfn) == (address, 12)
    bench.do("munmap", task="a", at="m+1")
    assert find_hwpoisoned_entry(bench.m, mm, pfn) is None


def test_only_a_huge_entry_has_the_frames_behind_its_own() -> None:
    bench = Workbench()
    bench.area(pages=4)
    for at in ("m+0", "m+3"):
        bench.do("write", task="a", at=at)
    near, pfn, mm = bench.pfn("a:m+0"), bench.pfn("a:m+3"), bench.session.tid_of("a")
    assert mm is not None and 0 < pfn - near < 3
    assert find_hwpoisoned_entry(bench.m, mm, pfn) == (bench.session.resolve_address("a", "m+3"), 12)


def test_inside_a_huge_page() -> None:
    bench = Workbench()
    bench.area(pages=512, huge="thp")
    bench.do("write", task="a", at="m+5")
    mm = bench.session.tid_of("a")
    assert mm is not None
    found = find_hwpoisoned_entry(bench.m, mm, bench.pfn("a:m+7"))
    assert found == (bench.session.resolve_address("a", "m+7"), 12)


def test_an_entry_of_hugetlb_names_its_head_alone() -> None:
    bench = Workbench(huge_pages=1)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+5")
    mm = bench.session.tid_of("a")
    assert mm is not None
    assert find_hwpoisoned_entry(bench.m, mm, bench.pfn("a:m+0")) == (bench.session.resolve_address("a", "m+0"), 21)
    assert find_hwpoisoned_entry(bench.m, mm, bench.pfn("a:m+5")) is None


@pytest.mark.parametrize("profile, lacks, first, again", (
    ("6.1", "", 0, 0),
    ("6.12", "hugetlb_signal_address", 0, 5), ("6.12", "hugetlb_accessed_address", 5, 0), ("6.12", "", 5, 5),
))  # fmt: skip
def test_an_error_in_a_tail_of_hugetlb_has_its_own_address_or_that_of_the_head(
    profile: str, lacks: str, first: int, again: int
) -> None:
    """hwpoison_user_mappings() at the first error, kill_accessing_process() at the second.

    376907f3a0b3 changed the one, 057a6f2632c9 the other, which 6.12 got years later.
    """
    bench = Workbench(profile, huge_pages=1)
    bench.area(pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="m+5")
    bench.do("remember", name="it", frame="a:m+5")
    bench.m.profile = replace(bench.m.profile, features=bench.m.profile.features - {lacks})
    for page in (first, again):
        (signal,) = bench.do("poison", frame="@it", via="srar", task="a").signals
        assert (signal.code, signal.lsb) == ("BUS_MCEERR_AR", 21)
        assert signal.addr == bench.session.resolve_address("a", f"m+{page}")
