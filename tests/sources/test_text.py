"""Text files of /proc: read whole, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwpoison_gui
from hwpoison_gui.sources.text import lines_of, number_of, text_of, text_or_empty


def test_long_texts_and_odd_bytes(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("line\n" * 50_000)
    assert text_of(tmp_path / "long") == "line\n" * 50_000
    (tmp_path / "odd").write_bytes(b"a\xffb")
    assert text_of(tmp_path / "odd") == "a\\xffb"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert text_or_empty(tmp_path / "none") == ""
    with pytest.raises(FileNotFoundError):
        text_of(tmp_path / "none")


@given(st.lists(st.text().map(lambda text: text.replace("\n", ""))))
def test_only_a_newline_ends_a_line(lines: list[str]) -> None:
    assert lines_of("".join(f"{line}\n" for line in lines)) == lines
    assert lines_of("\n".join([*lines, "last"])) == [*lines, "last"]


def test_nothing_splits_at_more_than_a_newline() -> None:
    """Names of files and processes may contain CR, U+0085 or U+2028, at which str.splitlines() splits."""
    package = Path(hwpoison_gui.__file__).parent
    assert [path for path in package.rglob("*.py") if ".splitlines(" in path.read_text()] == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", None), ("12", 12), ("99", 99), ("100", None), ("²", None), ("٣", None), ("", None), ("+1", None),
     ("1_0", None), (" 1", None), ("9" * 5000, None)],
)  # fmt: skip
def test_numbers(text: str, number: int | None) -> None:
    assert number_of(text, 99) == number
