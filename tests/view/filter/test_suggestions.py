"""Suggestions for filters: only words that mean something, and where they go."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.filter.suggestions import EXAMPLES, MOST, words_for


@pytest.fixture(scope="module", name="session")
def _session() -> Session:
    return Session.fresh(8192, 2, "desktop")


def texts(session: Session, typed: str) -> list[str]:
    return [word.text for word in words_for(session.machine, typed)[1]]


@pytest.mark.parametrize(
    ("typed", "at", "some"),
    [
        ("sw", 0, {"swapcache", "swapbacked"}),
        ("lru,~di", 5, {"dirty"}),
        ("=anon,LR", 6, {"lru"}),
        ("lru ~", 5, {"dirty", "anon"}),
        ("dirty postgr", 6, {"postgres"}),
        ("postgres:he", 0, {"postgres:heap"}),
        ("outc", 0, {"outcome:"}),
        ("outcome:d", 0, {"outcome:data-lost"}),
        ("zone:", 0, {"zone:dma", "zone:dma32"}),
        ("node:", 0, {"node:0"}),
        ("/usr/l", 0, set()),
        ("lru Web", 4, {'"Web Content"'}),
        ('"Web C', 0, {'"Web Content"'}),
        ('lru "Web Content":he', 4, {'"Web Content":heap'}),
        ("mapc", 0, {"mapcount>=", "mapcount:"}),
        ("mappi", 0, {"mappings>=", "mappings:"}),
        ("lru mapcount", 4, {"mapcount>=", "mapcount=", "mapcount!=", "mapcount<"}),
        ("refcount!=", 10, {"mapcount", "index", "order"}),
        ("refcount!=ma", 10, {"mapcount"}),
        ("refcount>=mapcount+", 19, {"index"}),
        ("rs", 0, {"rss>="}),
        ("pag", 0, {"page-table"}),
        ("mappings:3", 0, {"mappings:3-to-9"}),
    ],
)
def test_words_end_what_is_typed(session: Session, typed: str, at: int, some: set[str]) -> None:
    where, words = words_for(session.machine, typed)
    assert where == at
    begun = typed[at:].lower().replace('"', "")
    assert words and all(word.text.replace('"', "").lower().startswith(begun) and word.meaning for word in words)
    assert some <= {word.text for word in words}
    assert len(words) <= MOST


@pytest.mark.parametrize(
    "typed", ["", "lru ", "12", "0x1000+", "rss>", "mapcount>=1", "dirty", "nothing-begins-like-this", "changed:"]
)
def test_where_there_is_nothing_to_say_nothing_is_said(session: Session, typed: str) -> None:
    assert texts(session, typed) == []


@pytest.mark.parametrize(
    "typed",
    ["=", "postgres:", "task:", "pid:", "path:/", "node:", "zone:", "/", "k", "p", "kind:", "mapcount:", "owner:"],
)
def test_every_word_that_is_suggested_means_something(session: Session, typed: str) -> None:
    at, words = words_for(session.machine, typed)
    assert words
    for word in words:
        text = typed[:at] + word.text
        if not text.endswith((":", "=", "<", ">")):
            parsed = parse(text)
            assert parsed is not None
            parsed.match(session.machine, lambda _: np.zeros(session.machine.frames, np.uint8))


def test_every_flag_is_suggested(session: Session) -> None:
    assert texts(session, "~") == [*(flag.name.lower() for flag in pf.FLAGS), "hugetlb"]
    assert texts(session, "huget") == ["hugetlb"]


def test_examples_are_written_as_the_grammar_has_it() -> None:
    assert all(parse(word.text) and word.meaning for word in EXAMPLES)
