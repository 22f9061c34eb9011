"""Cold start to the first painted window, phase by phase, beside a bare QMainWindow in the same run.

    python tests/bench/startup_bench.py [--rounds 5] [--platform offscreen] [--platform xcb]

Every round is a process of its own; the smallest of the rounds counts, as other work on the machine only adds.
"processor" is its time of all threads, to which other work adds less.
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

PHASES = ("interpreter", "numpy", "model", "machine", "Qt", "widgets", "window", "first paint")
TARGETS = {"offscreen": 350, "xcb": 450}  # milliseconds

_CLOCK = """
import sys, time, json
began, laps, last = float(sys.argv[1]), {}, float(sys.argv[1])
def lap(name):
    global last
    now = time.time()
    laps[name] = laps.get(name, 0) + (now - last) * 1e3
    last = now

def report():
    print(json.dumps({**laps, "processor": time.process_time() * 1e3}))
    sys.stdout.flush()
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
report()
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
import gc, os
gc.disable()  # in the order of cli.main(), and with what it sets
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy
lap("numpy")
from hwpoison_gui.opening import default_machine
lap("model")
opened = default_machine()
lap("machine")
import PySide6.QtWidgets
lap("Qt")
from hwpoison_gui.gui.app.run import application as make
from hwpoison_gui.gui.window.main_window import MainWindow
lap("widgets")
application = make()
lap("Qt")
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
    """The smallest of each phase, and of the whole, of some starts."""
    once(code, platform, cache)
    starts = [once(code, platform, cache) for _ in range(rounds)]
    found = {phase: min(laps[phase] for laps in starts) for phase in starts[0]}
    found["all"] = min(sum(laps[phase] for phase in PHASES if phase in laps) for laps in starts)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--platform", action="append", choices=tuple(TARGETS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        for platform in options.platform or ["offscreen", *(["xcb"] if os.environ.get("DISPLAY") else [])]:
            bare = smallest(BARE, platform, options.rounds, cache)
            whole = smallest(WHOLE, platform, options.rounds, cache)
            print(f"{platform:<14} {'program':>9} {'bare':>9}   milliseconds")
            for phase in (*PHASES, "all", "processor"):
                left = f"{bare[phase]:9.0f}" if phase in bare else " " * 9
                print(f"  {phase:<12} {whole[phase]:9.0f} {left}")
            ratios = [f"{name} {whole[name] / bare[name]:.2f}" for name in ("all", "processor")]
            print(f"  ratio to bare: {', '.join(ratios)}; target {TARGETS[platform]} ms in all")


if __name__ == "__main__":
    main()
