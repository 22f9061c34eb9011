"""A start with a file that takes long to open: its map is seen at once; where it is damaged the program ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.opening.start import start_of_large
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import exported_from

# Runs the program with a file; prints what the map shows when it is first painted, and when the window is complete.
PROGRAM = """
import sys, threading
from hwpoison_gui import cli
from hwpoison_gui.opening import first_frames
from hwpoison_gui.opening import opening
from hwpoison_gui.gui.app import run
first_frames._LEAST = 1
begin, open_file = run.begin, opening.open_file
painted = threading.Event()

def begin_and_look(start, then, **kind):
    def look():
        if window.map.view.item.paints:
            print("painted", *shown(), flush=True)
            painted.set()
        else:
            run.QTimer.singleShot(1, look)

    def shown():
        plane = window.map.plane
        gap = plane.layout.height - plane.frames // plane.layout.width
        return plane.frames, plane.counts().tolist(), window.map.layout_name, gap >= 3

    def wait():
        if window.is_complete and (len(sys.argv) == 2 or window.controller.machine.second is not None):
            print("complete", *shown(), window.controller.machine.file, flush=True)
            run.QApplication.exit()
        else:
            run.QTimer.singleShot(1, wait)

    window = begin(start, lambda window: (then(window), wait()), **kind)
    look()
    return window

def open_when_painted(*arguments):
    assert painted.wait(30)
    return open_file(*arguments)

import hwpoison_gui.opening.start
run.begin, hwpoison_gui.opening.start.open_file = begin_and_look, open_when_painted
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "m.npz"
    save_snapshot(exported_from(desktop(8192, 3), "Linux version 6.12.0-made-up"), path)
    return path


def run_with(path: Path, *second: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(path.parent)}
    command = [sys.executable, "-c", PROGRAM, str(path), *map(str, second)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_the_map_is_there_before_the_machine(snapshot: Path) -> None:
    """Under the user's layout, which leaves a gap between the two zones."""
    settings = snapshot.parent / "hwpoison-gui" / "hwpoison-gui.conf"
    settings.parent.mkdir()
    settings.write_text("[General]\nlayout=zones\n")
    done = run_with(snapshot)
    assert done.returncode == 0, done.stderr
    (painted, complete) = done.stdout.splitlines()
    word, frames, shown = painted.split(maxsplit=2)
    assert (word, frames) == ("painted", "8192") and shown.endswith("zones True")
    assert complete == f"complete {frames} {shown} {snapshot}"


def test_the_map_of_the_first_is_there_before_it_is_compared_with_a_second(snapshot: Path) -> None:
    second = snapshot.with_name("n.npz")
    shutil.copy(snapshot, second)
    done = run_with(snapshot, second)
    assert done.returncode == 0, done.stderr
    painted, complete = done.stdout.splitlines()
    assert painted.startswith("painted 8192") and complete.endswith(str(snapshot))
    second.write_bytes(b"%PDF-1.7\n" * 9)
    with pytest.raises(SourceError, match="a PDF document; documents cannot be opened"):
        start_of_large(snapshot, second)


def test_a_file_that_turns_out_to_be_damaged_ends_the_program(snapshot: Path) -> None:
    snapshot.write_bytes(snapshot.read_bytes().replace(b"pagemap_va.npy", b"pagemap_vx.npy"))
    done = run_with(snapshot)
    assert done.returncode == 2 and done.stdout.startswith("painted") and "complete" not in done.stdout
    assert done.stderr.startswith(f"{snapshot}: ") and "pagemap_va: the array is missing" in done.stderr
    assert len(done.stderr.splitlines()) == 1
