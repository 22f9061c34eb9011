"""Fields of stat and signal masks of threads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.threads import disposition_of, flags_of, has_signal, policy_of

REST = "1 1 1 0 -1 4194304 7 8 9\n"


@pytest.mark.parametrize("comm", ["cat", "a b", ")", "(x) S 1 1 1 0 -1 99", "", "\u2028", "a\\nb"])
def test_flags_behind_any_name(comm: str) -> None:
    assert flags_of(f"12 ({comm}) S {REST}") == 0x400000


@pytest.mark.parametrize("stat", ["", "12", "12 (cat)", "12 (cat) S 1 1 1 0 -1", "12 (cat) S 1 1 1 0 -1 x", "12 (cat)"])
def test_what_is_no_line_of_stat(stat: str) -> None:
    assert flags_of(stat) is None


@given(st.text())
def test_any_text_has_flags_or_none(stat: str) -> None:
    flags = flags_of(stat)
    assert flags is None or 0 <= flags < 1 << 32


@pytest.mark.parametrize(
    ("flags", "policy"),
    [(0x400000, "default"), (0x400080, "late"), (0x8400080, "early"), (0x8400000, "default")],
)
def test_policy(flags: int, policy: str) -> None:
    assert policy_of(flags) == policy


def test_masks() -> None:
    assert has_signal("0000000000000040", 7) and not has_signal("0000000000000040", 11)
    assert has_signal("8" + "0" * 15, 64)
    for odd in ("", "xyz", "0x40", "4 0", "٤٠", "1" * 33, "-40"):
        with pytest.raises(MalformedError):
            has_signal(odd, 7)
    assert disposition_of({"SigIgn": "40", "SigCgt": "40"}, 7) == "ignored"
