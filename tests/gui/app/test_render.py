"""`render` without a display: each format is made whole, or the old file stays and one line says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from PySide6.QtGui import QImage

from hwpoison_gui import atomic_file, resources
from hwpoison_gui.cli import main

LESSON = str(resources.path("lessons/05-anonymous-early-kill.toml"))
SMALL = ("--size", "320x180", "--speed", "100", "--reduced-motion")


def render(out: Path, *args: str, file: str = LESSON) -> int:
    return main(["render", file, "--to", str(out), *args])


@pytest.mark.parametrize("what", ["window", "map", "rmap", "outline", "stage"])
def test_pictures_of_each_part_are_the_same_every_time(qapp, tmp_path: Path, what: str) -> None:
    for suffix in ("png", "svg"):
        files = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
        assert [render(file, "--what", what) for file in files] == [0, 0]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert not QImage(str(tmp_path / "1.png")).isNull()


def test_size_scale_step_and_theme(qapp, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert render(out, "--what", "stage", "--size", "640x360", "--scale", "2", "--steps", "5", "--theme", "light") == 0
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1280, 720)
    assert picture.pixelColor(2, 2).lightness() > 200


def need_extra(suffix: str) -> None:
    """Skip where the package is missing that writes files of a suffix."""
    package = {"gif": "PIL", "mp4": "av", "webm": "av"}.get(suffix)
    if package is not None:
        pytest.importorskip(package, reason="needs an extra: `pictures` or `video`")


@pytest.mark.parametrize("suffix", ["gif", "apng", "mp4", "webm"])
def test_films(qapp, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    need_extra(suffix)
    out = tmp_path / f"a.{suffix}"
    assert render(out, *SMALL, "--progress") == 0
    shares = [float(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert shares == sorted(shares) and len(shares) > 10 and shares[-1] < 1
    assert out.stat().st_size > 3000 and os.listdir(tmp_path) == [out.name]


@pytest.mark.parametrize("suffix", ["gif", "apng", "mp4", "webm"])
def test_a_film_is_the_same_every_time(qapp, tmp_path: Path, suffix: str) -> None:
    need_extra(suffix)
    files = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
    assert [render(file, "--size", "320x180", "--speed", "20", "--steps", "8-12") for file in files] == [0, 0]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_part_of_the_story_as_a_page(tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    assert render(out, "--steps", "8-12") == 0
    assert '"at":8' in out.read_text() and '"at":12' in out.read_text() and '"at":13' not in out.read_text()


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("a.tiff", (), "not a format"),
        ("a.mp4", ("--size", "641x360"), "even width"),
        ("a.gif", ("--steps", "5-9999"), "there are"),
        ("a.html", ("--steps", "5-9999"), "there are"),
        ("no/where.png", (), "cannot be written: No such file"),
        ("no/where.gif", SMALL, "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(
    qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, args: tuple[str, ...], words: str
) -> None:
    need_extra(name.rpartition(".")[2])
    assert render(tmp_path / name, *args) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_machine_without_operations_has_no_film(qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = str(resources.path("machines/victim_before.npz"))
    assert render(tmp_path / "a.apng", file=machine) == 2
    assert "no operations to show" in capsys.readouterr().err
    assert render(tmp_path / "a.html", file=machine) == 2
    assert "no operations to show" in capsys.readouterr().err
    assert render(tmp_path / "a.png", "--what", "map", file=machine) == 0


@pytest.mark.parametrize(("module", "name"), [("PIL", "a.gif"), ("av", "a.mp4")])
def test_a_missing_extra_is_named(
    qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"old")
    assert render(tmp_path / name, *SMALL) == 2
    said = capsys.readouterr().err
    assert "pip install" in said and said.count("\n") == 1
    assert (tmp_path / name).read_bytes() == b"old"


@pytest.mark.parametrize("name", ["a.png", "a.apng", "a.html"])
def test_a_full_disk_leaves_the_old_file(
    qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / name).write_bytes(b"old")
    assert render(tmp_path / name, "--steps", "8") == 2
    assert "cannot be written: No space left" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == b"old" and os.listdir(tmp_path) == [name]


class _Full:
    """A file on a disk that has no more than some bytes left."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise OSError(28, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@pytest.mark.parametrize("left", [0, 2000])
@pytest.mark.parametrize("suffix", ["png", "svg", "gif", "apng", "mp4", "webm", "html"])
def test_a_disk_that_is_full_in_the_middle_leaves_the_old_file(
    qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, suffix: str, left: int
) -> None:
    need_extra(suffix)

    @contextmanager
    def opened(*args: Any) -> Iterator[_Full]:
        with open(*args) as file:
            yield _Full(file, left)

    monkeypatch.setattr(atomic_file, "open", opened, raising=False)
    out = tmp_path / f"a.{suffix}"
    out.write_bytes(b"old")
    films = SMALL if suffix in ("gif", "apng", "mp4", "webm") else ()
    assert render(out, "--steps", "12" if suffix in ("png", "svg") else "8-12", *films) == 2
    assert capsys.readouterr().err == f"{out}: cannot be written: No space left on device\n"
    assert out.read_bytes() == b"old" and os.listdir(tmp_path) == [out.name]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_interrupted_nothing_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    out = tmp_path / "a.apng"
    out.write_bytes(b"old")
    command = [sys.executable, "-m", "hwpoison_gui", "render", LESSON, "--to", str(out), "--fps", "60", "--progress"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(8):
            assert process.stdout.readline()
        assert len(os.listdir(tmp_path)) == 2
        process.send_signal(how)
        process.communicate()
    assert process.returncode == 130
    assert out.read_bytes() == b"old" and os.listdir(tmp_path) == [out.name]
