"""The strings inside a scenario: addresses, pages, threads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.session import grammar
from hwpoison_gui.session.grammar import (
    Address,
    AnyPage,
    FilePage,
    HeadPage,
    NamedPage,
    Page,
    PfnPage,
    TaskPage,
    is_name,
    is_path,
    parse_address,
    parse_page,
    split_thread,
)

PAGES: dict[str, Page] = {
    "writer:m+0": TaskPage("writer", Address("m", 0)),
    "/srv/data@12": FilePage("/srv/data", 12),
    "/srv/a@b@0": FilePage("/srv/a@b", 0),
    "memfd:x@3": FilePage("memfd:x", 3),
    "pfn:0x1F": PfnPage(31),
    "@bad": NamedPage("bad"),
    "any:free": AnyPage("free"),
    "head:any:slab-tail": HeadPage(AnyPage("slab-tail")),
    "head:head:@bad": HeadPage(NamedPage("bad")),
}


@pytest.mark.parametrize(("text", "page"), PAGES.items(), ids=PAGES)
def test_pages(text: str, page: Page) -> None:
    assert parse_page(text) == page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m+0",
        "a:m",
        "a:m+",
        "a:m+-1",
        "a:m+01",
        "pfn:12",
        "pfn:0x",
        "@",
        "/f@",
        "/f@x",
        "@a@0",
        "head:",
        "a:m+0\n",
        "a:b:m+0",
    ],
)
def test_no_pages(text: str) -> None:
    assert parse_page(text) is None


def test_addresses() -> None:
    assert parse_address("m+7") == Address("m", 7)
    assert [parse_address(text) for text in ("m", "+1", "m+1+2", "m +1 ", "a:m+1", "m+" + "9" * 17)] == [None] * 6


def test_threads() -> None:
    assert [split_thread(text) for text in ("a", "a/2", "a/", "a/x", "a/-1")] == [("a", 0), ("a", 2), None, None, None]


@given(st.text(), st.text(), st.integers(0, 10**9))
def test_what_may_be_a_name_reads_back(task: str, area: str, page: int) -> None:
    if is_name(task) and is_name(area):
        assert parse_page(f"{task}:{area}+{page}") == TaskPage(task, Address(area, page))
        assert parse_page(f"@{task}") == NamedPage(task)
    if is_path(task):
        assert parse_page(f"{task}@{page}") == FilePage(task, page)


@given(st.text(st.sampled_from("ahednypf:+@/{}0x1")))
def test_any_text_is_answered(text: str) -> None:
    parse_page(text)
    assert "\n" not in grammar.PAGE_FORMS
