"""The user's cache folder: what is kept is whole and the user's own; where nothing can be kept nothing fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwpoison_gui.user import cache as user_cache


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "hwpoison-gui"


def test_what_is_kept_is_read_again(cache: Path) -> None:
    assert user_cache.read("a") is None
    assert user_cache.write("a", b"one")
    assert user_cache.write("a", b"two")
    assert user_cache.read("a") == b"two"
    assert [path.name for path in cache.iterdir()] == ["a"]
    assert cache.stat().st_mode & 0o777 == 0o700
    assert (cache / "a").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_below_home_where_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for value in ("", "not/absolute"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert user_cache.folder() == Path("/home/somebody/.cache/hwpoison-gui")


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert user_cache.folder() is None
    assert not user_cache.write("a", b"one")
    assert user_cache.read("a") is None


def test_a_link_is_not_followed(cache: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"theirs")
    cache.mkdir()
    (cache / "a").symlink_to(target)
    assert user_cache.read("a") is None
    assert user_cache.write("a", b"ours")
    assert user_cache.read("a") == b"ours"
    assert target.read_bytes() == b"theirs"


def test_what_is_no_file_is_not_read(cache: Path) -> None:
    cache.mkdir()
    os.mkfifo(cache / "pipe")
    (cache / "folder").mkdir()
    assert user_cache.read("pipe") is None
    assert user_cache.read("folder") is None
    assert not user_cache.write("folder", b"one")
    assert sorted(path.name for path in cache.iterdir()) == ["folder", "pipe"]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_may_write_is_not_read(cache: Path, mode: int) -> None:
    user_cache.write("a", b"one")
    (cache / "a").chmod(mode)
    assert user_cache.read("a") is None
    assert user_cache.write("a", b"two")
    assert user_cache.read("a") == b"two"


def test_what_belongs_to_somebody_else_is_neither_read_nor_added_to(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_cache.write("a", b"one")
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert user_cache.read("a") is None
    assert not user_cache.write("a", b"two")
    assert (cache / "a").read_bytes() == b"one"


def test_a_folder_is_not_made_in_one_of_somebody_else(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert not user_cache.write("a", b"one")
    assert not cache.exists()


def test_a_file_where_the_folder_should_be_is_no_error(cache: Path) -> None:
    cache.write_text("")
    assert not user_cache.write("a", b"one")
    assert user_cache.read("a") is None


def test_a_full_or_read_only_disk_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", fails)
    assert not user_cache.write("a", b"one")
    assert list(cache.iterdir()) == []


def test_many_at_once_keep_one_whole_file(cache: Path) -> None:
    code = """
import sys
from hwpoison_gui.user import cache as user_cache
for _ in range(50):
    user_cache.write("a", sys.argv[1].encode() * 500_000)
    found = user_cache.read("a")
    assert found is None or len(found) == 500_000 and len(set(found)) == 1, len(found)
"""
    running = [subprocess.Popen([sys.executable, "-c", code, letter]) for letter in "xyz"]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    assert [path.name for path in cache.iterdir()] == ["a"]
