"""The table of frames: owners and indexes as they are, and sorted by what is shown."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import mappings_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.facts.frame_facts import facts_of
from hwpoison_gui.view.rows.page_order import PageOrder
from hwpoison_gui.view.rows.pages import PageRows, page_cells
from tests.workbench import do


@pytest.fixture(scope="module", name="session")
def _session() -> Session:
    """A desktop, a page that parent and child share, and one that the child alone has copied."""
    session = Session.fresh(8192, 2, "desktop")
    do(session, "task", name="top")
    do(session, "mmap", task="top", name="m", pages=2)
    for page in range(2):
        do(session, "write", task="top", at=f"m+{page}", value="x")
    do(session, "fork", task="top", child="kid")
    do(session, "write", task="kid", at="m+1", value="y")
    return session


def order(session: Session, field: str) -> list[int]:
    made = PageOrder(session.machine, field)
    for _ in made.work():
        pass
    assert made.pfns is not None
    return made.pfns.tolist()


def test_anonymous_memory_is_owned_by_those_who_map_it(session: Session) -> None:
    rows = PageRows(session.machine)
    for page, owners in (("top:m+0", "kid:1804, top:1803"), ("top:m+1", "top:1803"), ("kid:m+1", "kid:1804")):
        assert rows.row(session.resolve_frame(page)).owner == owners


def test_the_index_of_an_anonymous_page_has_all_bits_of_its_address(session: Session) -> None:
    m, pfn = session.machine, session.resolve_frame("top:m+1")
    [(_, address)] = mappings_of(m, pfn)
    assert address >> PAGE_SHIFT > 0xFFFF_FFFF
    assert PageRows(m).row(pfn).pgoff == f"{address >> PAGE_SHIFT:#x}"
    assert next(fact.value for fact in facts_of(session, pfn).counts if fact.name == "Index") == (
        f"{address >> PAGE_SHIFT:#x}"
    )


def test_of_a_moved_area_only_the_lower_bits_are_known() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="top")
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0", value="x")
    do(session, "mremap", task="top", at="m+0", name="n", pages=1)
    pfn = session.resolve_frame("top:n+0")
    assert PageRows(session.machine).row(pfn).pgoff.startswith("…")
    fact = next(fact for fact in facts_of(session, pfn).counts if fact.name == "Index")
    assert fact.value.startswith("…") and "not known" in fact.meaning


def test_the_order_is_that_of_what_is_shown(session: Session) -> None:
    rows = PageRows(session.machine)
    owners = [rows.row(pfn).owner for pfn in order(session, "owner")]
    first = [owner.partition(", ")[0].partition(" and ")[0] for owner in owners]
    assert first == sorted(first, key=natural) and len(set(first)) > 20
    shown = [page_cells(rows.row(pfn))[6] for pfn in order(session, "pgoff")]
    numbers = [int(text, 16) for text in shown if text and not text.startswith("…")]
    assert numbers == sorted(numbers) and max(numbers) > 0xFFFF_FFFF


def test_a_merged_page_is_owned_by_all_who_share_it() -> None:
    session = Session.fresh(4096, profile="6.1")
    for name in ("b", "a"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1)
        do(session, "write", task=name, at="m+0", value="x")
        do(session, "madvise", task=name, at="m+0", pages=1, advice="mergeable")
    rows, pfn = PageRows(session.machine), session.resolve_frame("a:m+0")
    assert rows.row(pfn).owner == "a:102, b:101"
    do(session, "exit", task="b")
    rows.forget()
    assert rows.row(pfn).owner == "a:102"
