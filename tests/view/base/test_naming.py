"""Names in a sentence, of one to very many."""

from __future__ import annotations

from hwpoison_gui.view.base.naming import listed, names


def test_few_are_all_named_and_many_are_counted() -> None:
    assert [names("abcde"[:many], 3) for many in range(5)] == ["", "a", "a and b", "a, b and c", "a, b, c and 1 more"]
    assert [listed("abcde"[:many], 3) for many in range(5)] == ["", "a", "a, b", "a, b, c", "a, b, c and 1 more"]
    assert names(["w"] * 1204).endswith(" and 1,200 more")
