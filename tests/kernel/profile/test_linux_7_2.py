"""Values of the profile of 7.2, read from its sources, and the writes that may reuse a page of a large folio."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import phases_7_2
from hwpoison_gui.kernel.profile.linux_6_12 import V6_12
from hwpoison_gui.kernel.profile.linux_7_2 import V7_2
from hwpoison_gui.kernel.profile.registry import nearest
from tests import invariants
from tests.workbench import Workbench


@pytest.mark.parametrize("kernel, profile", (((6, 99), V6_12), ((7, 0), V7_2), ((7, 2), V7_2)))
def test_it_stands_for_these_kernels(kernel: tuple[int, int], profile: object) -> None:
    assert nearest(kernel) is profile


def test_steps_have_the_names_of_its_functions() -> None:
    assert V6_12.called("split_huge_page_to_list") == "split_huge_page_to_list_to_order"
    assert V7_2.called("split_huge_page_to_list") == "__folio_split"


def test_its_own_phases_take_the_place_of_older_ones() -> None:
    assert {phases_7_2.check_pfn, phases_7_2.take_reference} <= set(V7_2.phases)
    assert len(V7_2.phases) == len(V6_12.phases)


def test_files_on_disk_have_large_folios() -> None:
    bench = Workbench("7.2")
    bench.do("file", path="/f", pages=16, folio=16)
    bench.area(pages=16, file="/f")
    bench.do("read", task="a", at="m+5")
    head = bench.pfn("head:/f@5")
    assert {bench.pfn(f"head:/f@{page}") for page in range(16)} == {head}


def folio_after_fork(child: bool, pinned: bool = False) -> Workbench:
    """A folio of `a` that no frame is exclusive of any more; `child`: `b` still maps it."""
    bench = Workbench("7.2")
    bench.area(pages=16, folio=16)
    bench.do("write", task="a", at="m+5", value="A")
    bench.do("fork", task="a", child="b")
    if not child:
        bench.do("exit", task="b")
    if pinned:
        bench.do("pin", frame="a:m+5")
    return bench


@pytest.mark.parametrize("child, pinned, copies", ((False, False, False), (True, False, True), (False, True, True)))
def test_a_write_reuses_a_page_that_nobody_else_refers_to(child: bool, pinned: bool, copies: bool) -> None:
    bench = folio_after_fork(child, pinned)
    pfn = bench.pfn("a:m+5")
    bench.do("write", task="a", at="m+5", value="B")
    assert (bench.pfn("a:m+5") != pfn) is copies
    assert bool(bench.m.page(pfn) & bench.m.profile.mm.exclusive) is not copies
    invariants.check(bench.m)


def test_an_exclusive_page_is_reused_whoever_holds_it() -> None:
    bench = Workbench("7.2")
    bench.area(pages=16, folio=16)
    bench.do("write", task="a", at="m+5", value="A")
    pfn = bench.pfn("a:m+5")
    bench.do("pin", frame="a:m+5")
    for prot in ("r", "rw"):
        bench.do("mprotect", task="a", at="m+0", pages=16, prot=prot)
    bench.do("write", task="a", at="m+5", value="B")
    assert bench.pfn("a:m+5") == pfn and bench.do("read", task="a", at="m+5").value == "B"
