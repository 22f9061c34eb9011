"""Code that is kept in the user's cache: used only for the same source, and only if the file is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.user import kept_code
from hwpoison_gui.user.kept_code import KeptCode


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the cache, with the code of one module."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = KeptCode()
    kept.add("a = 1", "a.py", compile("a = 1", "a.py", "exec"))
    kept.keep()
    (file,) = tmp_path.rglob("qt.code")
    return file


def test_code_is_used_for_the_same_source(file: Path) -> None:
    code = KeptCode().find("a = 1", "a.py")
    assert code is not None and code.co_filename == "a.py"
    assert KeptCode().find("a = 2", "a.py") is None
    assert KeptCode().find("a = 1", "b.py") is None


def test_a_damaged_or_foreign_file_is_as_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:50], whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]):
        file.write_bytes(damaged)
        assert KeptCode().find("a = 1", "a.py") is None
    file.write_bytes(whole)
    file.chmod(0o666)  # others may write to it
    assert KeptCode().find("a = 1", "a.py") is None
    file.chmod(0o600)
    assert KeptCode().find("a = 1", "a.py") is not None
    monkeypatch.setattr(kept_code, "_HEAD", b"another interpreter")
    assert KeptCode().find("a = 1", "a.py") is None
