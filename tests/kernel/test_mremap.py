"""Moved areas: page-table entries keep what they say, and the reverse map finds them at their new addresses.

After mm/mremap.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT, PAGE_SIZE, TASK_SIZE
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


@both
def test_entries_of_any_sort_move_along(profile: str) -> None:
    """move_page_tables(): present, swap and hwpoison entries keep what they say."""
    bench = Workbench(profile)
    bench.area(pages=4)
    for page in range(3):
        bench.do("write", task="a", at=f"m+{page}", value=f"v{page}")
    bench.do("madvise", task="a", at="m+1", advice="pageout")
    bench.do("poison", frame="a:m+2")
    rss = dict(bench.m.rss.view)
    bench.do("mremap", task="a", at="m+0", pages=4, name="n")
    assert [bench.session.pte_state("a", f"n+{page}") for page in range(4)] == ["present", "swap", "hwpoison", "none"]
    assert dict(bench.m.rss.view) == rss
    assert [bench.do("read", task="a", at=f"n+{page}").value for page in (0, 1)] == ["v0", "v1"]
    assert bench.do("read", task="a", at="n+2").signals[0].code == "BUS_MCEERR_AR"
    invariants.check(bench.m)


def test_huge_pages_move_to_an_aligned_address() -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=512, huge="thp")
    bench.do("write", task="a", at="t+3", value="x")
    bench.area("odd")
    bench.do("mremap", task="a", at="t+0", pages=512, name="n")
    assert bench.session.resolve_address("a", "n+0") % (2 << 20) == 0
    assert bench.do("read", task="a", at="n+3").value == "x"
    invariants.check(bench.m)


@both
def test_what_has_moved_is_found_by_the_reverse_map(profile: str) -> None:
    bench = Workbench(profile, early_kill=1)
    bench.area(pages=2)
    bench.do("write", task="a", at="m+1")
    bench.do("mremap", task="a", at="m+1", pages=1, name="n")
    outcome = bench.do("poison", frame="a:n+0")
    assert outcome.signals[0].addr == bench.session.resolve_address("a", "n+0")
    assert bench.session.pte_state("a", "n+0") == "hwpoison"


@pytest.mark.parametrize("huge", (False, True))
def test_what_moves_is_aligned_only_where_huge_pages_move_as_a_whole(huge: bool) -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=1536, huge="thp" if huge else "none")
    bench.area("odd", pages=3)
    start = bench.session.resolve_address("a", "t+0") >> PAGE_SHIFT
    aligned = -start % 512
    m, mm = bench.m, bench.session.world.process("a").mm
    following = m.mmap_base.view[mm]
    assert following % (2 << 20)
    bench.do("mremap", task="a", at=f"t+{aligned + 1}" if huge else f"t+{aligned}", pages=5, name="n")
    assert bench.session.resolve_address("a", "n+0") == following


def test_what_moves_is_aligned_as_its_huge_pages_are_though_small_ones_move_along() -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=1024, huge="thp")
    bench.area("small", fixed="t+512")
    bench.do("mremap", task="a", at="t+0", pages=513, name="n")
    assert bench.session.resolve_address("a", "n+0") % (2 << 20) == 0


def test_without_room_for_it_nothing_moves() -> None:
    bench = Workbench()
    bench.area(pages=2)
    bench.do("write", task="a", at="m+1", value="x")
    bench.m.put(bench.m.mmap_base, bench.session.world.process("a").mm, TASK_SIZE - PAGE_SIZE)
    assert bench.do("mremap", task="a", at="m+0", pages=2, name="n").errno == "ENOMEM"
    assert bench.do("read", task="a", at="m+1").value == "x"
    invariants.check(bench.m)
