"""Markdown as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.view.words.plain import plain


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("The **kernel** *unmaps* the `page`.", "The kernel unmaps the page."),
        ("# A heading\nand text", "A heading\nand text"),
        ("one line\nof a paragraph\n\nthe next", "one line of a paragraph\n\nthe next"),
        ("- first\n- second\n  goes on", "• first\n• second goes on"),
        ("1. first\n2. second", "1. first\n2. second"),
        ("> quoted", "quoted"),
        ("see [the manual](https://kernel.org/doc) and <https://lwn.net>",
         "see the manual (https://kernel.org/doc) and https://lwn.net"),
        ("![a picture](file:///etc/passwd)", "a picture"),
        ("mm_struct and vm_area_struct stay", "mm_struct and vm_area_struct stay"),
        ("`**kept**` and 2 * 3 * 4", "**kept** and 2 * 3 * 4"),
        ("```\na = *p;\n  b\n```\nafter", "a = *p;\n  b\nafter"),
        (r"not \*marked\*", "not *marked*"),
        ("above\n\n---\n\nbelow", "above\n\nbelow"),
        ("__strong__ _weak_ ~~gone~~", "strong weak gone"),
        ("<b>tags</b> stay text", "<b>tags</b> stay text"),
        ("", ""),
    ],
)  # fmt: skip
def test_marks_are_gone_and_words_stay(markdown: str, shown: str) -> None:
    assert plain(markdown) == shown


@given(st.text(alphabet="ab *_`#>-[]()!\n\\<~1.", max_size=80))
def test_any_text_has_a_plain_form_with_all_its_letters(text: str) -> None:
    shown = plain(text)
    assert [c for c in shown if c in "ab"] == [c for c in text if c in "ab"] or "](" in text or "```" in text
