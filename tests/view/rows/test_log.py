"""Lines of the kernel log, broken where the view ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.view.rows.log import HANGING, wrapped

LINE = "MCE 0x4f64: Killing python3:583 early due to hardware memory corruption"


def test_a_long_line_goes_on_indented() -> None:
    assert wrapped(LINE, 40) == ["MCE 0x4f64: Killing python3:583 early", HANGING + "due to hardware memory corruption"]
    assert wrapped(LINE, len(LINE)) == [LINE]
    assert wrapped("x" * 45, 25) == ["x" * 25, HANGING + "x" * 20]


@given(st.lists(st.text("abc:0x", min_size=1, max_size=60), max_size=12), st.integers(20, 90))
def test_nothing_is_lost_and_nothing_sticks_out(words: list[str], columns: int) -> None:
    pieces = wrapped(" ".join(words), columns)
    assert all(len(piece) <= columns for piece in pieces)
    assert "".join(piece.replace(" ", "") for piece in pieces) == "".join(words)
