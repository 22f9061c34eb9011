"""Names in the order that people expect."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hwpoison_gui.view.base.natural import natural


def test_numbers_in_names_count_by_value() -> None:
    names = ["a", "A2", "a10", "b", "worker-1", "worker-2", "Worker-9", "worker-10", "worker-100", "worker-100b"]
    assert all(natural(one) < natural(other) for one, other in pairwise(names))


@pytest.mark.parametrize(("one", "other"), [("w7", "w007"), ("Server", "server")])
def test_leading_zeros_and_case_make_no_difference(one: str, other: str) -> None:
    assert natural(one) == natural(other)
