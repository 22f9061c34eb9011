"""Unpoison: an injected error is taken back, if nobody has the page any more."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import having
from tests import invariants
from tests.workbench import Workbench


def poisoned(frame: str, **args: object) -> Workbench:
    bench = Workbench(**args)  # type: ignore[arg-type]
    bench.do("remember", name="it", frame=frame)
    bench.do("poison", frame="@it")
    return bench


@pytest.mark.parametrize("kind", ("free", "free-inside", "free-pcp", "kernel", "high-order", "high-order-tail"))
def test_it_goes_free_again(kind: str) -> None:
    bench = poisoned(f"any:{kind}")
    assert bench.do("unpoison", frame="@it").errno == 0
    assert "HWPOISON" not in bench.flags(bench.pfn("@it"))
    assert bench.session.corrupted_kb() == 0
    invariants.check(bench.m)


@pytest.mark.parametrize("kind", ("slab", "pgtable", "reserved"))
def test_the_kernels_own_stay(kind: str) -> None:
    outcome = poisoned(f"any:{kind}").do("unpoison", frame="@it")
    assert (outcome.errno, outcome.log) == ("EBUSY", ())


@pytest.mark.parametrize("profile", [profile.name for profile in having("machine_check_recovery")])
def test_a_machine_check_ends_it(profile: str) -> None:
    """hw_memory_failure, set without MF_SW_SIMULATED. An error that was injected is taken back before."""
    bench = poisoned("any:free", profile=profile)
    assert bench.do("unpoison", frame="@it").errno == 0
    bench.do("poison", frame="@it")
    bench.do("poison", frame="any:slab", via="srao")
    assert bench.do("unpoison", frame="@it").errno == "EOPNOTSUPP"


def test_a_users_page_is_given_back_to_all() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("remember", name="it", frame="a:m+0")
    bench.do("poison", frame="@it")
    assert bench.do("unpoison", frame="@it").errno == 0
    assert bench.pfn("@it") in bench.do("alloc", frames=8192).handed_out


def test_all_bad_frames_of_a_huge_page_are_forgotten() -> None:
    bench = Workbench(huge_pages=1)
    bench.do("file", path="/huge/f", pages=512, filesystem="hugetlbfs")
    bench.do("remember", name="first", frame="/huge/f@0")
    for frame in ("/huge/f@0", "/huge/f@7"):
        bench.do("poison", frame=frame)
    bench.do("truncate", path="/huge/f", pages=0)
    assert bench.session.corrupted_kb() == 8
    assert bench.do("unpoison", frame="@first").errno == 0
    assert bench.session.corrupted_kb() == 0
    assert len(bench.m.huge_free.of(0)) == 1


@pytest.mark.parametrize("mapped", (True, False))
def test_a_page_that_is_still_used_stays_poisoned(mapped: bool) -> None:
    """unpoison_memory(): page_mapped(), and page_mapping() of a page that nobody maps."""
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn("/f@0")
    if not mapped:
        bench.do("munmap", task="a", at="m+0", pages=1)
    bench.m.set_flags(pfn, pf.HWPOISON)
    bench.m.put(bench.m.refcount, pfn, 1)  # further references are a reason of their own
    assert bench.do("unpoison", frame=f"pfn:{pfn:#x}").errno == "EBUSY"
    assert bench.m.page(pfn) & pf.HWPOISON


def test_a_page_that_is_not_poisoned_is_named_as_such_in_the_log() -> None:
    bench = Workbench()
    outcome = bench.do("unpoison", frame="any:free")
    assert outcome.errno == "EBUSY"
    assert outcome.log == (f"Unpoison: Page was already unpoisoned {outcome.pfn:#x}",)


def test_of_a_free_huge_page_the_flag_of_the_head_is_cleared() -> None:
    """TestClearPageHWPoison(page): a recording may have a tail with the flag, and a head without."""
    bench = Workbench("6.1", huge_pages=1)
    head = bench.pfn("any:free-huge")
    bench.m.set_flags(head + 9, pf.HWPOISON)
    bench.m.put(bench.m.raw_hwp, (head, head + 9), True)
    bench.m.gate.take()
    assert bench.do("unpoison", frame=f"pfn:{head + 9:#x}").errno == "EBUSY"
    assert bench.m.page(head + 9) & pf.HWPOISON
