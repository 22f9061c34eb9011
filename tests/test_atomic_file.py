"""Files are replaced as a whole, and what killed writers left is removed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwpoison_gui import atomic_file

LEFT = ".hwpoison-gui-0123456789abcdef.tmp"


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def old(path: Path) -> None:
    os.utime(path, (time.time() - 3600,) * 2)


def test_an_exception_in_the_block_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic_file.write(path, b"old", 0o600)
    with pytest.raises(KeyError), atomic_file.writing(path) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_bytes() == b"old" and names(tmp_path) == ["a"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_for_its_owner_alone_was_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with atomic_file.writing(path, 0o600) as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_loop_of_links_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        atomic_file.write(tmp_path / "a", b"x")
    assert names(tmp_path) == ["a", "b"]


def test_an_error_names_the_file_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        atomic_file.write(tmp_path / "no" / "x.csv", b"x")
    assert refused.value.filename == str(tmp_path / "no" / "x.csv")


def test_a_link_to_nothing_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    atomic_file.write(tmp_path / "a", b"x")
    assert (tmp_path / "b").read_bytes() == b"x" and (tmp_path / "a").is_symlink()


def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from hwpoison_gui import atomic_file
with atomic_file.writing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print(flush=True)
    input()
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None and writer.stdin is not None
    with writer.stdout, writer.stdin:
        writer.stdout.readline()
        (left,) = names(tmp_path)
        old(tmp_path / left)
        atomic_file.write(tmp_path / "b", b"x")
        assert names(tmp_path) == [left, "b"]  # its writer lives
        writer.kill()
        writer.wait()
    atomic_file.write(tmp_path / "b", b"y")
    assert names(tmp_path) == ["b"]


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / LEFT).write_bytes(b"young")
    (tmp_path / ".hwpoison-gui-mine.tmp").write_bytes(b"")
    (tmp_path / LEFT.replace("0", "1")).mkdir()
    target = tmp_path / "target"
    target.write_bytes(b"theirs")
    link = tmp_path / LEFT.replace("0", "2")
    link.symlink_to(target)
    for path in (tmp_path / ".hwpoison-gui-mine.tmp", target):
        old(path)
    before = names(tmp_path)
    atomic_file.remove_leftovers(tmp_path)
    assert names(tmp_path) == before
    old(tmp_path / LEFT)
    atomic_file.remove_leftovers(tmp_path)
    assert names(tmp_path) == [name for name in before if name != LEFT]
    atomic_file.remove_leftovers(tmp_path / "nowhere")
