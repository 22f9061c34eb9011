"""Raw files of page flags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwpoison_gui.sources.errors import LivePermissionError, SourceError
from hwpoison_gui.sources.raw import open_raw


def test_words(tmp_path: Path) -> None:
    words = np.arange(200_000, dtype=np.uint64)
    (tmp_path / "flags").write_bytes(words.tobytes())
    image = open_raw(tmp_path / "flags")
    assert (image.kpageflags == words).all() and image.title == "flags"
    assert not image.processes and not len(image.pagemap_entry) and not image.kpagecount.any()
    assert "has no processes" in image.notes[0]


@pytest.mark.parametrize(("content", "said"), [(b"", "there are no frames"), (b"123456789", "ends within a word")])
def test_bad_files(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "flags").write_bytes(content)
    with pytest.raises(SourceError, match=said):
        open_raw(tmp_path / "flags")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_raw(tmp_path / "flags")
    with pytest.raises(SourceError, match="directory"):
        open_raw(tmp_path)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flags").write_bytes(bytes(8))

    def refuse(*asked: object, **named: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(LivePermissionError, match="not permitted"):
        open_raw(tmp_path / "flags")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=100))
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "flags").write_bytes(content)
    if content and len(content) % 8 == 0:
        assert len(open_raw(tmp_path / "flags").kpageflags) == len(content) // 8
    else:
        with pytest.raises(SourceError):
            open_raw(tmp_path / "flags")
