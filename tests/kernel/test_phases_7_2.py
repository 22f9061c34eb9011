"""The phases of the 7.2 handler: a pfn without a page, and the reference to a page that the injector holds already."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import MF_COUNT_INCREASED, MF_SW_SIMULATED, Handler
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.kernel.page_alloc import get_page
from hwpoison_gui.kernel.phases_6_1 import ONLINE
from hwpoison_gui.kernel.phases_7_2 import check_pfn, take_reference
from tests import invariants
from tests.workbench import Workbench, run

NO_PAGE = "non struct page pfn"


# -- The pfn


@pytest.mark.parametrize("via, errno", (("corrupt-pfn", 0), ("hard_offline", 0), ("srao", "EOPNOTSUPP")))
def test_an_error_of_the_hardware_cannot_be_withdrawn(via: str, errno: int | str) -> None:
    """hw_memory_failure is set without MF_SW_SIMULATED, and unpoison_memory() refuses then for good."""
    bench = Workbench("7.2")
    bench.do("remember", name="it", frame="any:free")
    bench.do("poison", frame="@it", via=via)
    assert bench.do("unpoison", frame="@it").errno == errno
    assert ("HWPOISON" in bench.flags(bench.pfn("@it"))) is bool(errno)


@pytest.mark.parametrize("flags, known", ((MF_SW_SIMULATED, 0), (MF_COUNT_INCREASED, 1), (0, 1)))
def test_a_simulated_error_is_none_of_the_hardware(flags: int, known: int) -> None:
    m = Workbench("7.2").m
    for pfn in (3000, m.frames):
        run(check_pfn(Handler(m, pfn, flags=flags)))
        assert m.counter("hw_memory_failure") == known


def test_a_pfn_with_a_page_is_gone_on_with() -> None:
    m = Workbench("7.2").m
    for pfn in (0, m.frames - 1):
        marks: list[Mark] = list(check_pfn(Handler(m, pfn)))
        assert [mark.site for mark in marks] == [ONLINE] and run(check_pfn(Handler(m, pfn))) is None
    assert not m.log.view and not m.results.view


@pytest.mark.parametrize("where", ("behind", "before", "hole"))
def test_a_pfn_without_a_page_has_a_result_line_that_does_not_count(where: str) -> None:
    """memory_failure_pfn(): no driver has registered the pfn. action_result() raises no counter for MF_MSG_PFN_MAP."""
    bench = Workbench("7.2")
    m = bench.m
    pfn = {"behind": m.frames, "before": -1, "hole": 3000}[where]
    if where == "hole":
        m.set_flags(pfn, pf.NOPAGE)
    assert run(check_pfn(Handler(m, pfn))) == "EBUSY"
    (found,) = m.results.view.values()
    assert (found.kind, found.result) == (NO_PAGE, "Ignored")
    assert [line.text for line in m.log.view.values()] == [
        f"Memory failure: {pfn:#x}: recovery action for {NO_PAGE}: Ignored"
    ]
    assert bench.session.corrupted_kb() == 0 and not any(m.mf_stats().values())


@pytest.mark.parametrize("via, codes", (("hard_offline", []), ("srao", []), ("srar", ["SI_KERNEL"])))
def test_without_a_page_the_handler_stops_there_and_the_thread_that_accessed_it_dies(
    via: str, codes: list[str]
) -> None:
    """kill_me_maybe(): EBUSY is no success."""
    bench = Workbench("7.2")
    outcome = bench.do("poison", frame="pfn:0x7fffffff", via=via, **({"task": "a"} if codes else {}))
    assert (outcome.kind, outcome.result, outcome.errno) == (NO_PAGE, "Ignored", "EBUSY")
    assert [seen.code for seen in outcome.signals] == codes


# -- The reference


@pytest.mark.parametrize("held", (False, True))
def test_there_is_one_reference_whoever_took_it(held: bool) -> None:
    """get_hwpoison_page(): the one of an injector with MF_COUNT_INCREASED is kept, else one is taken."""
    bench = Workbench("7.2")
    bench.area(populate=True)
    m, pfn = bench.m, bench.pfn()
    count = int(m.refcount.view[pfn])
    if held:
        get_page(m, pfn)
    assert run(take_reference(Handler(m, pfn, flags=MF_COUNT_INCREASED if held else 0))) is None
    assert m.refcount.view[pfn] == count + 1 and not m.results.view


@pytest.mark.parametrize("frame", ("any:free", "any:free-inside", "any:free-pcp"))
def test_a_free_page_is_taken_off_the_buddy_lists(frame: str) -> None:
    bench = Workbench("7.2")
    pfn = bench.pfn(frame)
    assert run(take_reference(Handler(bench.m, pfn))) == 0
    (found,) = bench.m.results.view.values()
    assert (found.kind, found.result) == ("free buddy page", "Recovered")
    assert bench.m.refcount.view[pfn] == 1 and "BUDDY" not in bench.flags(pfn)


@pytest.mark.parametrize("held", (False, True))
@pytest.mark.parametrize("frame", ("any:slab", "any:zero", "any:pgtable"))
def test_a_page_that_cannot_be_handled_keeps_the_references_of_its_users(frame: str, held: bool) -> None:
    bench = Workbench("7.2")
    bench.area(populate=True)
    m, pfn = bench.m, bench.pfn(frame)
    count = int(m.refcount.view[pfn])
    if held:
        get_page(m, pfn)
    assert run(take_reference(Handler(m, pfn, flags=MF_COUNT_INCREASED if held else 0))) == "EBUSY"
    (found,) = m.results.view.values()
    assert (found.kind, found.result) == ("get hwpoison page", "Ignored")
    assert m.refcount.view[pfn] == count


@pytest.mark.parametrize("profile, kind", (("6.12", "reserved kernel page"), ("7.2", "get hwpoison page")))
def test_the_zero_page_is_refused_to_madvise_as_to_others(profile: str, kind: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("read", task="a", at="m+0")
    pfn = bench.pfn("any:zero")
    count = int(bench.m.refcount.view[pfn])
    outcome = bench.do("poison", frame="a:m+0", via="madvise", task="a")
    assert (outcome.kind, outcome.result) == (kind, "Ignored")
    assert int(bench.m.refcount.view[pfn]) - count == (profile == "6.12"), "its reference is given back"
    invariants.check(bench.m)
