"""The phases of the 2009 handler: each step says by which values it was decided."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import phases
from hwpoison_gui.kernel.handler import Handler
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.words.lookup import text_of
from hwpoison_gui.view.words.words import counted
from tests.workbench import Workbench


def says(session: Session, function: str) -> str:
    """The words of the last step of a function."""
    return next(text_of(step.mark) for step in reversed(session.steps) if step.mark.site.function == function)


@pytest.mark.parametrize(
    "frame, errno, why",
    (("any:free", 0, "head of a free block"), ("any:free-inside", "EBUSY", "only the head has PG_buddy"),
     ("any:free-pcp", "EBUSY", "per-CPU list")),
)  # fmt: skip
def test_the_return_of_a_free_page_is_explained(frame: str, errno: int | str, why: str) -> None:
    bench = Workbench(profile="v7")
    assert bench.do("poison", frame=frame).errno == errno
    assert why in says(bench.session, "get_page_unless_zero")


def test_an_anonymous_page_counts_by_its_entry_and_a_file_s_by_the_area() -> None:
    bench = Workbench(profile="v7", early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert "maps the page" in says(bench.session, "add_to_kill")
    assert "anon_vma" in says(bench.session, "memory_failure")
    assert says(bench.session, "identify_page_state").startswith("PG_dirty is set, PG_lru is set: row 'LRU'")
    bench.area("s", shared=True)
    bench.do("write", task="a", at="s+0")
    bench.do("poison", frame="a:s+0")
    assert "its VMA covers" in says(bench.session, "add_to_kill")
    assert "no name by which to open" in says(bench.session, "me_pagecache_dirty")


def test_one_of_a_thing_is_counted_as_one() -> None:
    bench = Workbench(profile="v7", early_kill=1)
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert "1 early-kill task × 1 VMA = 1 pair visited" in says(bench.session, "collect_procs_anon")
    assert "Its refcount is 1;" in says(bench.session, "get_page_unless_zero")
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(1200, "entry", "entries") == "1,200 entries"


def test_a_step_says_what_shows_that_a_page_was_not_truncated() -> None:
    bench = Workbench("v7")
    bench.do("file", path="/f", pages=1)
    bench.area(file="/f", shared=True)
    bench.do("read", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    assert [step.mark.args for step in bench.session.steps if step.mark.site is phases.NOT_TRUNCATED] == [
        ("file", 0, "/f")
    ]


def test_the_line_of_a_panic_is_marked_as_fatal() -> None:
    bench = Workbench("v7")
    bench.do("sysctl", name="memory_failure_recovery", value=0)
    bench.do("poison", frame="any:free")
    assert list(bench.m.log.view.values())[-1].fatal


@pytest.mark.parametrize("under_io", (False, True))
def test_no_page_is_under_writeback_once_it_was_waited_for(under_io: bool) -> None:
    bench = Workbench("v7")
    bench.area(populate=True)
    h = Handler(bench.m, bench.pfn())
    bench.m.set_flags(h.pfn, pf.WRITEBACK if under_io else 0)
    (waited,) = phases.wait_on_page_writeback(h)
    assert waited.site is (phases.WRITEBACK_WAITED if under_io else phases.NO_WRITEBACK)
    assert "WRITEBACK" not in bench.flags(h.pfn)
