"""Cold start to the first painted window, phase by phase, beside a bare QMainWindow in the same run.

    python tests/bench/startup_bench.py [--rounds 5] [--platform offscreen] [--platform xcb]

Every round is a process of its own; the smallest of the rounds counts, as other work on the machine only adds.
Without --platform: offscreen, and X11 where there is a display. The files are in the disk's cache, and
compiled: a first round that nobody counts sees to that.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PHASES = ("interpreter", "Qt", "numpy", "pyqtgraph", "program", "machine", "window", "first paint")
TARGETS = {"offscreen": 350, "xcb": 450}  # milliseconds

_CLOCK = """
import sys, time, json
began, laps, last = float(sys.argv[1]), {}, float(sys.argv[1])
def lap(name):
    global last
    now = time.time()
    laps[name] = laps.get(name, 0) + (now - last) * 1e3
    last = now
lap("interpreter")
"""

_PAINTED = """
from PySide6.QtCore import QEvent, QObject, QTimer
class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and window.windowHandle().isExposed():
            QTimer.singleShot(0, application.quit)
        return False
painted = Painted()
part.installEventFilter(painted)
window.show()
QTimer.singleShot(20000, application.quit)
application.exec()
lap("first paint")
print(json.dumps(laps))
sys.stdout.flush()
import os
os._exit(0)
"""

BARE = f"""{_CLOCK}
from PySide6.QtWidgets import QApplication, QMainWindow
lap("Qt")
application = QApplication([])
window = part = QMainWindow()
window.resize(1280, 800)
lap("window")
{_PAINTED}"""

WHOLE = f"""{_CLOCK}
import gc
gc.disable()  # as app.begin() does
import PySide6.QtWidgets
lap("Qt")
import numpy
lap("numpy")
from hwpoison_gui.gui import frame_map_view
lap("pyqtgraph")
from hwpoison_gui.gui.app import application as make
from hwpoison_gui.gui.main_window import MainWindow
from hwpoison_gui.gui.opening import default_machine
lap("program")
application = make()
lap("Qt")
opened = default_machine()
lap("machine")
window = MainWindow(opened, remember=False)
part = window.map.view.viewport()
lap("window")
{_PAINTED}"""


def once(code: str, platform: str, cache: str) -> dict[str, float]:
    """Milliseconds of each phase of one start."""
    environment = {**os.environ, "QT_QPA_PLATFORM": platform, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", code, repr(time.time())], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def smallest(code: str, platform: str, rounds: int, cache: str) -> dict[str, float]:
    """The quickest start of some, phase by phase."""
    once(code, platform, cache)
    return min((once(code, platform, cache) for _ in range(rounds)), key=lambda laps: sum(laps.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--platform", action="append", choices=tuple(TARGETS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        for platform in options.platform or ["offscreen", *(["xcb"] if os.environ.get("DISPLAY") else [])]:
            bare = smallest(BARE, platform, options.rounds, cache)
            whole = smallest(WHOLE, platform, options.rounds, cache)
            print(f"{platform:<14} {'program':>9} {'bare':>9}   milliseconds")
            for phase in PHASES:
                left = f"{bare[phase]:9.0f}" if phase in bare else " " * 9
                print(f"  {phase:<12} {whole.get(phase, 0.0):9.0f} {left}")
            total, base = sum(whole.values()), sum(bare.values())
            print(f"  {'all':<12} {total:9.0f} {base:9.0f}   ratio {total / base:.2f}, target {TARGETS[platform]} ms")


if __name__ == "__main__":
    main()
