"""The line of a frame: head or tail of a huge page, who shares a merged one, and what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.outcome import summary as module
from hwpoison_gui.view.outcome.summary import summary, users_of
from hwpoison_gui.view.rmap.graph import mapping_of
from hwpoison_gui.view.walk.state import map_for, state_of
from hwpoison_gui.view.walk.words import no_users_words
from tests.view.outcome.previews import preview
from tests.workbench import Workbench, do


def test_a_huge_page_says_head_or_tail_its_number_and_its_head() -> None:
    bench = Workbench(huge_pages=1)
    head = bench.m.huge_free.of(0)[0]
    assert f"{head:#x}  hugetlb, head of 512 pages" in summary(bench.m, head)
    assert f"{head + 5:#x}  hugetlb, tail 5 of 512, head {head:#x}" in summary(bench.m, head + 5)
    words = bench.m.flags.view
    tails = np.flatnonzero((words & np.uint64(pf.COMPOUND_TAIL) != 0) & (words & np.uint64(pf.HUGE | pf.THP) == 0))
    slab = int(tails[0])
    assert "compound page, tail 1 of" in summary(bench.m, bench.m.compound_head(slab) + 1)


def test_a_dissolved_huge_page_is_no_longer_called_huge() -> None:
    bench = Workbench(huge_pages=1)
    pfn = bench.m.huge_free.of(0)[0] + 1
    bench.do("poison", frame=f"pfn:{pfn:#x}")
    graph = map_for(bench.session, pfn)
    assert graph is not None and graph.kind.key == "huge"
    state = state_of(bench.session, graph)
    assert state.kind.key == "free" and no_users_words(state) == "Free: no process uses it."


def test_a_merged_page_names_who_shares_it() -> None:
    bench = Workbench()
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task)
        bench.do("write", task=task, at="m+0", value="x")
        bench.do("madvise", task=task, at="m+0", pages=1, advice="mergeable")
    said = summary(bench.m, bench.pfn())
    assert "merged by KSM" in said and "mapped by a:101, b:102" in said
    mapping = mapping_of(bench.m, bench.pfn())
    assert (mapping.kind, mapping.title) == ("ksm", "KSM stable node") and "2 PTEs share it" in mapping.detail


def test_a_frame_without_flags_and_references_is_not_said_to_be_the_kernels() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    pfn = bench.pfn()
    bench.m.flags.load(np.array([pfn]), np.array([0], np.uint64))
    bench.m.refcount.load(np.array([pfn]), np.array([0], np.int32))
    bench.m.mapcount.load(np.array([pfn]), np.array([0], np.int32))
    bench.m.mapping.load(np.array([pfn]), np.array([0], np.uint32))
    assert "refcount 0" in summary(bench.m, pfn) and "it is left as it is" in preview(bench.m, pfn)
    bench.do("poison", frame=f"pfn:{pfn:#x}")
    said = sentence_of(bench.session)
    assert "kernel’s own" not in said.text + said.detail and "may be free on a per-CPU list" in said.detail


def test_a_search_for_who_shares_a_merged_page_is_not_begun_on_a_large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench()
    bench.area(pages=2)
    bench.do("write", task="a", at="m+1", value="own")
    for name in "mn":
        if name == "n":
            bench.area("n")
        bench.do("write", task="a", at=f"{name}+0", value="x")
        bench.do("madvise", task="a", at=f"{name}+0", pages=1, advice="mergeable")
    merged, own = bench.pfn("a:m+0"), bench.pfn("a:m+1")
    monkeypatch.setattr(module, "_MOST_SEARCHED", sum(bench.m.rss.view.values()))
    assert users_of(bench.m, merged) == ["a:101"]
    monkeypatch.setattr(module, "_MOST_SEARCHED", sum(bench.m.rss.view.values()) - 1)
    assert users_of(bench.m, merged) == [] and "mapped 2 times" in summary(bench.m, merged)
    assert users_of(bench.m, own) == ["a:101"], "its mapping leads to them"


@pytest.fixture(name="session")
def _session() -> Session:
    """`a` has a private page and two of a file; `b` to `e` are forked by it."""
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=4)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "mmap", task="a", name="f", pages=4, file="/f", shared=True)
    for page in (0, 3):
        do(session, "read", task="a", at=f"f+{page}")
    for name in ("b", "c", "d"):
        do(session, "fork", task="a", child=name)
    return session


def said(session: Session, frame: str) -> str:
    pfn = session.resolve_frame(frame)
    return summary(session.machine, pfn).removeprefix(f"{pfn:#x}  ")


def test_what_it_is_where_it_is_and_who_maps_it(session: Session) -> None:
    assert said(session, "/f@0") == "file (page cache) · /f page 0 · mapped by a:101"
    assert said(session, "/f@3") == "file (page cache) · /f page 3 · mapped by a:101"
    assert said(session, "any:free") == "free (buddy)"


def test_three_names_are_said_of_more(session: Session) -> None:
    do(session, "exit", task="d")
    assert said(session, "a:m+0") == "anonymous · mapped by a:101, b:102, c:103"
    for name in ("e", "f"):
        do(session, "fork", task="a", child=name)
    assert said(session, "a:m+0") == "anonymous · mapped by a:101, b:102, c:103 and 2 more"


def test_of_very_many_only_the_count_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    pfn = session.resolve_frame("a:m+0")
    monkeypatch.setattr(module, "_MOST_MAPPERS", 4)
    assert users_of(session.machine, pfn) == ["a:101", "b:102", "c:103", "d:104"]
    do(session, "fork", task="a", child="e")
    assert users_of(session.machine, pfn) == []
    assert said(session, "a:m+0") == "anonymous · mapped 5 times"


def test_one_user_that_the_reverse_map_does_not_find_is_said_too(session: Session) -> None:
    pfn = session.resolve_frame("any:free")
    session.machine.mapcount.load(pfn, 1)
    assert said(session, f"pfn:{pfn:#x}") == "free (buddy) · mapped 1 time"
