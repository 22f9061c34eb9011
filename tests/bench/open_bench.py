"""From the command to open a file to the first correct picture, and until the machine can be used; window offscreen.

    python tests/bench/open_bench.py [--frames 16777216] [--rounds 5]

A desktop is open; a made-up machine is opened as a user opens it: as a snapshot, also under the layouts by zone and by
geometry of DRAM, as a recording with a word a frame, and as raw page flags. Times are wall
times of the whole: thread, progress dialog and paints. The baseline is what a plain program does before it can paint:
it reads the flag words, 8 bytes per frame, from a compressed array, or from the raw file. The first picture is compared
with that of the open machine, pixel by pixel.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QImage
from table import HEAD, Row, SkippedError

from hwpoison_gui.gui.app.run import application
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.kernel.presets.containers import containers
from hwpoison_gui.opening.opening import default_machine
from hwpoison_gui.sources.recording_writer import json_of, save_snapshot
from hwpoison_gui.sources.synthetic import exported_from

SIZE = 1280, 800
FEW = 2  # rounds
COLUMNS = "kpageflags", "kpagecount", "pagemap_pid", "pagemap_va", "pagemap_entry"


class Opened(NamedTuple):
    """Milliseconds until the first picture and until the machine is open, and whether both are the same picture.

    `busy`: of the processor, until the first picture.
    """

    first: float
    busy: float
    whole: float
    same: bool


def opened(window: MainWindow, path: Path) -> Opened:
    """Open a file in the window, and wait until it is open."""
    app, first = application(), window.machines.first
    picture: list[tuple[float, float, QImage]] = []

    def seen(*_: object) -> None:
        shown = first.shown
        if shown is not None:
            picture.append((time.perf_counter(), time.process_time(), shown.grab().toImage()))

    window.machines.loader.pictured.connect(seen)  # after the window's own slot, which paints
    start, busy = time.perf_counter(), time.process_time()
    window.machines.open_path(path)
    while window.machines.loader.busy or window.controller.machine.file != str(path):
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    whole = time.perf_counter()
    window.machines.loader.pictured.disconnect(seen)
    if not picture:
        raise SkippedError(f"{path.name} has no first picture")
    window.map.view.item.focused = False
    after = window.map.grab().toImage()
    at, used, before = picture[0]
    return Opened(1e3 * (at - start), 1e3 * (used - busy), 1e3 * (whole - start), after == before)


def plainly(read: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def rows(frames: int = 1 << 24, rounds: int = 5) -> list[Row]:
    application()
    window = MainWindow(default_machine(), remember=False)
    window.resize(*SIZE)
    window.show()
    while not window.is_complete:
        application().processEvents()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exported = exported_from(containers(frames, 1), "Linux version 6.12.0-made-up", 2)
        save_snapshot(exported, folder / "machine.npz")
        exported.kpageflags.tofile(folder / "flags")
        (folder / "plain.json").write_bytes(json_of(exported))
        np.savez_compressed(folder / "plain.npz", **{name: getattr(exported, name) for name in COLUMNS})
        del exported
        snapshot = [opened(window, folder / "machine.npz") for _ in range(rounds)]
        raw = [opened(window, folder / "flags") for _ in range(rounds)]
        words = [opened(window, folder / "plain.npz") for _ in range(FEW)]
        arranged = []
        for layout in ("zones", "dram"):
            window.map.set_layout(layout)
            arranged.append([opened(window, folder / "machine.npz") for _ in range(FEW)])
        packed = plainly(lambda: np.load(folder / "plain.npz")["kpageflags"], rounds)
        unpacked = plainly(lambda: np.fromfile(folder / "flags", np.uint64), rounds)
    made = []
    for name, found, against, base, target in (
        ("a snapshot", snapshot, "unpacking the flag words", packed, 50.0),
        ("raw words", raw, "reading the file", unpacked, 150.0),
        ("a recording", words, "unpacking the flag words", packed, None),
        ("a snapshot by zone", arranged[0], "unpacking the flag words", packed, 50.0),
        ("a snapshot by DRAM", arranged[1], "unpacking the flag words", packed, None),
    ):
        of = f"open {name} of {frames:,}: "
        made += [
            Row(f"{of}first picture, wall time", min(one.first for one in found), against, base, target),
            Row(f"{of}first picture, processor", min(one.busy for one in found), against, base, target),
            Row(f"{of}usable", min(one.whole for one in found), against, base),
        ]
    if not all(one.same for one in (*snapshot, *raw, *words, *arranged[0], *arranged[1])):
        print("the first picture differs from that of the open machine")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1 << 24)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(HEAD)
    for row in rows(options.frames, options.rounds):
        print(row.line())


if __name__ == "__main__":
    main()
