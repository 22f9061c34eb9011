"""Text files of /proc: read whole, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.sources.text import text_of, text_or_empty


def test_long_texts_and_odd_bytes(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("line\n" * 50_000)
    assert text_of(tmp_path / "long") == "line\n" * 50_000
    (tmp_path / "odd").write_bytes(b"a\xffb")
    assert text_of(tmp_path / "odd") == "a\\xffb"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert text_or_empty(tmp_path / "none") == ""
    with pytest.raises(FileNotFoundError):
        text_of(tmp_path / "none")
