"""Markdown: hostile text reads as itself, by the rules of CommonMark's own examples."""

from __future__ import annotations

import pytest

from hwpoison_gui.export.markdown import code, plain, span, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("me_pagecache_dirty()", "me_pagecache_dirty()"),
        ("_now_", r"\_now\_"),
        ("**now**", r"\*\*now\*\*"),
        ("<img src=x onerror=y>", r"\<img src=x onerror=y>"),
        ("&lt;", r"\&lt;"),
        ("[a](http://b)", r"\[a\](http://b)"),
        ("a | b", r"a \| b"),
        ("# head", r"\# head"),
        ("1. one", r"1\. one"),
        ("- item", r"\- item"),
        ("> said", r"\> said"),
        ("a\nb", r"a\\nb"),
        ("\x1b[2J", r"\\u001b\[2J"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert code(["a", "````", "b"]) == "`````text\na\n````\nb\n`````"


def test_a_cell_ends_where_it_should() -> None:
    assert table(("a", "b"), [("x|y", "\n")]).splitlines()[-1] == r"| x\|y | \\n |"
    assert span("a`b") == "`a'b`"
