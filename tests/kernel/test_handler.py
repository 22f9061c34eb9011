"""Common parts of the handler's phases: its log lines, its one report, and the choice of a row."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import (
    MF_ACTION_REQUIRED,
    MF_COUNT_INCREASED,
    MF_SOFT_OFFLINE,
    MF_SW_SIMULATED,
    Handler,
    action_result,
    frames_of,
)
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import ActionResult, LogLine
from tests.workbench import Workbench


@pytest.mark.parametrize("profile, word, line, counted", (
    ("v7", pf.DIRTY, "MCE 0xbb8: dirty LRU page recovery: Recovered", 0),
    ("v7", 0, "MCE 0xbb8: LRU page recovery: Recovered", 0),
    ("6.1", pf.DIRTY, "Memory failure: 0xbb8: recovery action for LRU: Recovered", 1),
))  # fmt: skip
def test_a_result_is_logged_and_kept(profile: str, word: int, line: str, counted: int) -> None:
    """action_result(): 2009 counts poisoned pages where the flag is set, 6.1 here."""
    m = Workbench(profile).m
    m.put(m.flags, 3000, word)
    mark = action_result(Handler(m, 3000), "LRU", "Recovered")
    assert list(m.log.view.values())[-1] == LogLine(line, 3000)
    assert list(m.results.view.values()) == [ActionResult(3000, "LRU", "Recovered", bool(word & pf.DIRTY))]
    assert (m.counter("result:Recovered"), m.counter("num_poisoned_pages")) == (1, counted)
    assert mark.frames == (3000,) and mark.args == ("LRU", "Recovered")


@pytest.mark.parametrize("pfn", (-1, 8192, 1 << 40))
def test_a_frame_that_is_not_there_has_a_result_too(pfn: int) -> None:
    m = Workbench("v7").m
    mark = action_result(Handler(m, pfn), "memory outside kernel control", "Ignored")
    assert not list(m.results.view.values())[-1].dirty and mark.frames == () == frames_of(m, pfn)
    assert [frames_of(m, there) for there in (0, 8191)] == [(0,), (8191,)]


def test_the_first_frame_can_be_dirty() -> None:
    m = Workbench("v7").m
    m.set_flags(0, pf.DIRTY)
    action_result(Handler(m, 0), "it", "Ignored")
    assert list(m.results.view.values())[-1].dirty


def test_flags_are_told_apart() -> None:
    """enum mf_flags, include/linux/mm.h (6.1)."""
    assert (MF_COUNT_INCREASED, MF_ACTION_REQUIRED, MF_SOFT_OFFLINE, MF_SW_SIMULATED) == (1, 2, 8, 32)


def test_a_handler_begins_with_nothing_known() -> None:
    h = Handler(Workbench().m, 7)
    assert (h.page, h.extra, h.flags, h.current, h.kind, h.lru_flag, h.page_flags) == (7, 0, 0, 0, "", 0, 0)
    assert h.unmapped and not h.to_kill and h.trapno == 18, "the vector of a machine check"


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_an_outcome_says_that_the_frame_was_poisoned_before(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("remember", name="it", frame="a:m+0")
    assert [bench.do("poison", frame="@it").already_poisoned for _ in range(2)] == [False, True]
