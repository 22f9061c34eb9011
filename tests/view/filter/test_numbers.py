"""Comparisons in filters: every operator and quantity against the machine's own columns and records."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.filter.numbers import ALIASES, QUANTITIES, comparison_of
from hwpoison_gui.view.filter.terms import FilterError
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED
from hwpoison_gui.view.map.plane import FramePlane
from tests.workbench import do

OPERATORS = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip


def desktop() -> Machine:
    return Session.fresh(8192, 2, "desktop").machine


MACHINE = desktop()
PAGES = np.flatnonzero((MACHINE.flags.view & np.uint64(pf.NOPAGE)) == 0)


def found(m: Machine, text: str) -> set[int]:
    parsed = parse(text)
    assert parsed is not None
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    plane.set_filter(plane.settled(parsed.match(m, lambda _: np.zeros(m.frames, np.uint8))))
    return set(np.flatnonzero(plane.found(slice(0, m.frames))).tolist())


@given(st.sampled_from([*OPERATORS]), st.integers(0, 20), st.booleans())
def test_columns_against_numbers(sign: str, number: int, spaced: bool) -> None:
    space = " " if spaced and sign not in ("=", "==") else ""
    for name, column in (("mapcount", MACHINE.mapcount.view), ("refs", MACHINE.refcount.view)):
        expected = {pfn for pfn in PAGES.tolist() if OPERATORS[sign](int(column[pfn]), number)}
        assert found(MACHINE, f"{name}{space}{sign}{space}{number}") == expected
        assert found(MACHINE, f"{number}{sign}{name}") == {
            pfn for pfn in PAGES.tolist() if OPERATORS[sign](number, int(column[pfn]))
        }


@given(st.sampled_from([*OPERATORS]), st.integers(0, 4), st.sampled_from("+-"))
def test_a_column_against_another_and_a_constant(sign: str, number: int, plus: str) -> None:
    refs, maps = MACHINE.refcount.view.astype(int), MACHINE.mapcount.view.astype(int)
    other = maps + number if plus == "+" else maps - number
    expected = {pfn for pfn in PAGES.tolist() if OPERATORS[sign](int(refs[pfn]), int(other[pfn]))}
    assert found(MACHINE, f"refcount{sign}mapcount{plus}{number}") == expected
    assert found(MACHINE, f"lru refcount{sign}mapcount{plus}{number}") == expected & found(MACHINE, "lru")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("pfn<0x10", ",16"),
        ("pfn>=4K", "4096,"),
        ("address<16M", "0,4096"),
        ("address=0x1000", "1"),
        ("mappings>3", "mapcount>3"),
        ("references!=1", "refcount!=1"),
        ("mapcount>=1K", "mapcount>=1024"),
    ],
)
def test_suffixes_and_other_names(text: str, same: str) -> None:
    holes = {pfn for pfn in range(MACHINE.frames) if MACHINE.page(pfn) & pf.NOPAGE}
    assert found(MACHINE, text) == found(MACHINE, same) - holes


@pytest.fixture(name="session", scope="module")
def _session() -> Session:
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/srv/data.bin", pages=8)
    for name, pages in (("small", 2), ("large", 40)):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="heap", pages=64)
        for page in range(pages):
            do(session, "write", task=name, at=f"heap+{page}")
    do(session, "mmap", task="small", name="m", pages=8, file="/srv/data.bin", shared=True)
    do(session, "read", task="small", at="m+1")
    do(session, "mmap", task="small", name="big", pages=512, huge="thp")
    do(session, "write", task="small", at="big+5")
    return session


def test_the_index_is_that_of_the_page_in_its_file_or_address(session: Session) -> None:
    m, pfn = session.machine, session.resolve_frame
    assert {pfn("/srv/data.bin@1")} <= found(m, "index=1") and pfn("/srv/data.bin@1") not in found(m, "index<1")
    small = next(process for process in m.living() if process.name == "small")
    heap = next(vma for vma in m.vmas_of(small.mm) if vma.name == "heap")
    assert pfn("small:heap+1") in found(m, f"index={(heap.start >> 12) + 1:#x} anon")
    assert found(m, "index>=0").isdisjoint(found(m, "buddy")), "a free page has no index"
    head = m.compound_head(pfn("small:big+5"))
    assert page_index(m, head + 5) - page_index(m, head) == 5


def test_the_order_is_that_of_the_whole_compound_page(session: Session) -> None:
    m = session.machine
    head = m.compound_head(session.resolve_frame("small:big+5"))
    assert found(m, "order=9") == set(range(head, head + 512))
    assert session.resolve_frame("small:heap+1") in found(m, "order<9")


def test_numbers_of_processes_find_what_these_have_mapped(session: Session) -> None:
    m = session.machine
    assert found(m, "rss>1M") == found(m, "small")
    assert found(m, "rss=160K") == found(m, "large")
    assert found(m, "threads>=1") == found(m, "small") | found(m, "large")
    assert found(m, "rss>1G") == set()


def test_names_of_lenses_and_of_the_legend_are_words(session: Session) -> None:
    m = session.machine
    assert found(m, "free") == found(m, "kind:free") == found(m, "buddy")
    assert found(m, "Slab") == found(m, "slab")
    assert found(m, "page-table") == found(m, '"page table"') == found(m, "kind:page-table")
    for lens in BY_KEY.values():
        if lens is not CHANGED:
            assert parse(f"{lens.name}:free") is not None


def test_every_quantity_has_a_meaning_and_can_be_compared(session: Session) -> None:
    for name in (*QUANTITIES, *ALIASES):
        found(session.machine, f"{name}>=1")
        assert QUANTITIES[ALIASES.get(name, name)].meaning
    assert comparison_of("refcount-mapcount>=3+1", 0).left == ((1, "refcount"), (-1, "mapcount"))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_a_list_is_any_of_its_numbers_or_none_of_them(numbers: list[int]) -> None:
    listed, refs = ",".join(map(str, numbers)), MACHINE.refcount.view
    assert found(MACHINE, f"refcount={listed}") == {pfn for pfn in PAGES.tolist() if int(refs[pfn]) in numbers}
    assert found(MACHINE, f"refcount!={listed}") == {pfn for pfn in PAGES.tolist() if int(refs[pfn]) not in numbers}


def test_a_list_may_hold_sums_and_be_of_processes(session: Session) -> None:
    m = session.machine
    assert found(m, "refcount=mapcount,mapcount+1") == found(m, "refcount=mapcount") | found(m, "refcount=mapcount+1")
    assert found(m, "threads=1,2,3") == found(m, "threads=1") | found(m, "threads=2") | found(m, "threads=3")


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("mapcount>=1,2", 10, "a list of numbers stands after = or !="),
        ("mapcount>=14,refcount!=mapcount+1", 10, "a space separates terms: mapcount>=14 refcount!=mapcount+1"),
        ("order=0,9,refcount>1", 6, "a space separates terms: order=0,9 refcount>1"),
        ("1,2=mapcount", 0, "a list of numbers stands on the right"),
        ("dirty,mapcount=1", 0, "a space separates terms: dirty mapcount=1"),
        ("ksm,lru,mapcount>=2", 0, "a space separates terms: ksm,lru mapcount>=2"),
        ("mapcount=1,", 11, "a number is missing"),
        ("mapcount=1,x", 11, "no number has that name"),
        ("mapcount,2", 0, "compare it with a number: mapcount>=14 or mapcount=1,2"),
    ],
)
def test_a_list_that_means_nothing_says_where_lists_may_be(text: str, at: int, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert words in caught.value.message and caught.value.at == at
