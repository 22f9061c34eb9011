"""Memory of an open machine, a frame: what stays, and the most while it is opened.

    python tests/bench/memory_bench.py [--frames 16777216,268435456] [FILE...]

A made-up machine is written as a snapshot by another process, opened, and its map made, with all its levels and its
index. Memory is that of the process beyond what it had before (VmRSS and VmHWM). The baseline is what the columns of a
machine take if every page of them is used. A terabyte needs 10 GB for some minutes. FILE: a snapshot of a real machine,
measured after that.
"""

from __future__ import annotations

import argparse
import gc
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from table import Found, Row

from hwpoison_gui.gui.control.loader import with_plane
from hwpoison_gui.opening.opening import default_machine, open_file
from hwpoison_gui.view.base.slicing import to_the_end

COLUMNS = 24.0  # bytes a frame: flags, two counts, mapping and index
TARGET = 24.0


def status() -> tuple[int, int]:
    """Bytes that this process has, and has had at most."""
    text = Path("/proc/self/status").read_text()
    now, most = (int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) << 10 for name in ("VmRSS", "VmHWM"))  # type: ignore[index]
    return now, most


def rows(sizes: Sequence[int] = (1 << 24,), files: Sequence[Path] = ()) -> list[Row]:
    found = Found()
    with_plane(default_machine())  # imports what opening needs
    for frames in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "machine.npz")
            make = ("-m", "hwpoison_gui", "make-machine", str(path), "--frames", str(frames), "--nodes", "4")
            subprocess.run([sys.executable, *make], check=True, capture_output=True)
            measure(path, found)
    for file in files:
        measure(file, found)
    return found


def measure(path: Path, found: Found) -> None:
    """Open a file, and add what it takes; the most that was taken so far counts."""
    gc.collect()
    before, _ = status()
    opened = with_plane(open_file(path))
    assert opened.plane is not None
    opened.plane.pyramid.level(1)
    if opened.plane.needs_index():
        to_the_end(opened.plane.index())
    gc.collect()
    now, most = status()
    m = opened.session.machine
    entries = sum(len(m.ptes.arrays(mm)[0]) for mm in m.ptes.view)
    found.of = f"machine of {m.frames:,}, {entries:,} PTEs: "
    found.add("memory", (now - before) / m.frames, COLUMNS, "its columns", TARGET, unit="B/fr.")
    found.add("most while opening", (most - before) / m.frames, COLUMNS, "its columns", unit="B/fr.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="16777216", help="sizes of made-up machines; empty: none")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows([int(part) for part in options.frames.split(",") if part], options.files)


if __name__ == "__main__":
    main()
