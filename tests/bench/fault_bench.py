"""Many frames broken in one operation: time, memory, and how long the window stands still meanwhile.

    python tests/bench/fault_bench.py [--frames 4096,65536] [--window 65536,262144]

The first rows are of a made desktop; their baseline is the assessment of all frames of the same machine. The others
are of the recorded server, which has 262,144 frames in one DIMM. Processor time; the gaps as feel_bench.py has them.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from click_bench import act
from feel_bench import GAP_MS, Heart
from PySide6.QtWidgets import QApplication
from table import Found, Row

from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.summing import summary_of

SERVER = Path(__file__).resolve().parents[2] / "resources" / "machines" / "server.npz"
FIRST = 1 << 15
A_FRAME = 0.1  # ms, the target
MOST_MB = 1000.0


def rows(sizes: Sequence[int] = (4096, 65536), window: Sequence[int] = (65536, 1 << 18)) -> list[Row]:
    found = Found()
    for size in sizes:
        broken(found, size)
    dimm(found)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    for size in window:
        in_window(found, app, size)
    return found


def broken(found: Found, size: int) -> None:
    """The fault on a fresh desktop."""
    session = Session.fresh(FIRST + max(size, 1 << 15), 1, "desktop")
    lens = spent(lambda: Assessment.of(session.machine))
    found.add(f"fault of {size:,} frames", spent(lambda: breaks(session, FIRST, size)), lens, "the lens alone")


def dimm(found: Found) -> None:
    """All frames of the recorded server, and its summary."""
    session = open_file(SERVER).session
    frames, before = session.machine.frames, resident()
    part = spent(lambda: breaks(session, 0, frames // 64))
    session.seek(0)
    found.of = f"DIMM of {frames:,} frames: "
    whole = spent(lambda: breaks(session, 0, frames))
    found.add("a frame", whole / frames, part * 64 / frames, f"one in 64 of them; {whole / 1e3:.1f} s in all", A_FRAME)
    summed = spent(lambda: summary_of(session, session.operations[-1]))
    found.add("its summary", summed, whole, "breaking them")
    found.add("memory", resident() - before, unit="MB", target=MOST_MB)


def in_window(found: Found, app: QApplication, size: int) -> None:
    """The longest gaps of the event loop."""
    opened = open_file(SERVER)
    window = MainWindow(opened, remember=False)
    window.resize(1280, 800)
    window.show()
    heart = Heart(app)
    found.of = f"longest gap, {size:,} frames: "
    for name, run in acts(window, opened.session, size):
        gap, busy, whole = heart.during(run, lambda: window.controller.busy)
        found.add(name, busy, None, f"wall time {gap:.0f}, in all {whole:.0f}", GAP_MS)
    window.close()
    window.deleteLater()


def acts(window: MainWindow, session: Session, size: int) -> Iterator[tuple[str, Callable[[], object]]]:
    c = window.controller
    yield "break them", lambda: c.act("poison", {"frames": (f"0+{size}",)})
    yield "undo", lambda: c.step_operation(-1)
    yield "redo", lambda: c.step_operation(1)
    yield "to the middle", lambda: c.seek(len(session.steps) // 2)
    yield "a step there", lambda: c.step(1)
    yield "to the end", lambda: c.seek(len(session.steps))
    yield "select a broken frame", lambda: c.selection.select(size // 2)
    yield "list of the worst", window.actions_["worst-frames"].trigger


def breaks(session: Session, first: int, size: int) -> None:
    act(session, "poison", frames=[f"{first:#x}+{size}"])


def spent(run: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e3


def resident() -> float:
    """Megabytes that this process has."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="4096,65536")
    parser.add_argument("--window", default="65536,262144")
    options = parser.parse_args()
    rows(*([int(part) for part in text.split(",") if part] for text in (options.frames, options.window)))


if __name__ == "__main__":
    main()
