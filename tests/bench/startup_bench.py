"""Cold start: to the first picture, and until everything is ready, beside a bare QMainWindow.

The first picture is that of the start page, or of the map in a checkout without one, and with --without-page.
Ready: everything that is seen has been painted. --leave presses Esc on the start page at that moment, when the panels
below it have no places yet, and measures how long it takes until the window is complete.

    python tests/bench/startup_bench.py [--rounds 9] [--platform offscreen] [--without-page | --leave] [--against DIR]

The program is started as a user starts it, by `hwpoison_gui.cli.main()`; --against measures another checkout in the
same run. The starts of a round follow one another, so that other work on the machine hits all of them. The bare
window uses `Qt.Key`, as every program does that handles keys: PySide makes the enumerations of `Qt` at that moment.

Every start is a process of its own. Files are in the disk's cache, compiled, and the desktop machine is in the
user's cache: a first round that is not counted sees to that. "processor" is CPU time of all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import Found, Row

PHASES = ("interpreter", "numpy and model", "Qt and window", "first paint", "rest")
SUMS = ("map", "ready", "leave", "map processor", "ready processor", "leave processor")
HERE = Path(__file__).resolve().parents[2]
Laps = dict[str, list[dict[str, float]]]
TIMES_BARE = {"map": 1.95, "ready": 2.6}  # the same as ratios
TARGETS = {"map": 450, "ready": 600}  # milliseconds, where a bare window takes 210 to 250

_CLOCK = """
import sys, time, json, os
began, laps, last = float(sys.argv[1]), {}, float(sys.argv[1])
def lap(name):
    global last
    now = time.time()
    laps[name] = (now - last) * 1e3
    last = now

def painted():
    lap("first paint")
    laps["map processor"] = time.process_time() * 1e3

def ready():
    print(json.dumps(laps))
    sys.stdout.flush()
    os._exit(0)

def watch(part):
    # The first paint of `part` in a window that is on the screen; then what the window still has to do, until it has
    # been complete and has not asked for another paint for QUIET milliseconds: the end of its last paint counts.
    from PySide6.QtCore import QEvent, QObject, QTimer
    QUIET = 60
    window = part.window()
    complete = lambda: getattr(window, "is_complete", True)
    # Below the start page panels may still be missing: it is ready as soon as there are menus.
    ready_now = lambda: complete() or (getattr(window, "starting", None) and window.menuBar().actions())
    def note():
        laps["rest"] = (time.time() - last) * 1e3
        laps["ready processor"] = time.process_time() * 1e3
    def leave():
        from PySide6.QtCore import QCoreApplication, Qt
        from PySide6.QtGui import QKeyEvent
        lap("rest")
        began = time.process_time()
        QCoreApplication.sendEvent(part, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier(0)))
        def note():
            laps["leave"] = (time.time() - last) * 1e3
            laps["leave processor"] = (time.process_time() - began) * 1e3
        return note
    def wait():
        nonlocal note
        if not ready_now():
            QTimer.singleShot(0, wait)
            return
        note()
        if "leave" in sys.argv[2:]:
            note = leave()
            if not complete():
                raise SystemExit("not complete after Esc")
        quiet = watch.quiet = QTimer(singleShot=True, interval=QUIET, timeout=ready)
        class Repainted(QObject):
            def eventFilter(self, watched, event):
                if event.type() == QEvent.Type.UpdateRequest:
                    QTimer.singleShot(0, note)
                    quiet.start()
                return False
        watch.repainted = Repainted()
        window.installEventFilter(watch.repainted)
        quiet.start()
    class Painted(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint and window.windowHandle().isExposed():
                watched.removeEventFilter(self)
                QTimer.singleShot(0, lambda: (painted(), wait()))
            return False
    watch.keep = Painted()
    part.installEventFilter(watch.keep)
    QTimer.singleShot(60000, lambda: os._exit(3))
lap("interpreter")
"""

BARE = f"""{_CLOCK}
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow
Qt.Key
application = QApplication([])
window = QMainWindow()
window.resize(1280, 800)
lap("Qt and window")
watch(window)
window.show()
application.exec()
"""

WHOLE = f"""{_CLOCK}
def run_and_watch():
    from PySide6.QtWidgets import QApplication
    lap("Qt and window")
    # Not allWidgets(): to find out what Qt's own widgets are, PySide would create every class of QtWidgets.
    window = next(widget for widget in QApplication.topLevelWidgets() if hasattr(widget, "map"))
    starting = getattr(window, "starting", None)
    watch(starting.page if starting else window.map.view.viewport())
    return loop()

class Finder:
    # Finds nothing, and so hears when Qt is asked for, and when it is there.
    def find_spec(self, name, path=None, target=None):
        global loop
        if name == "PySide6":
            lap("numpy and model")
        elif "PySide6.QtWidgets" in sys.modules:
            sys.meta_path.remove(self)
            application = sys.modules["PySide6.QtWidgets"].QApplication
            loop, application.exec = application.exec, staticmethod(run_and_watch)

sys.meta_path.insert(0, Finder())
from hwpoison_gui.cli import main
main([])
"""


def once(code: str, platform: str, folder: Path, root: Path, leave: bool = False) -> dict[str, float]:
    """Milliseconds of each phase of one start; `root` is the checkout, `folder` has its caches and settings."""
    environment = {**os.environ, "QT_QPA_PLATFORM": platform, "PYTHONPATH": str(root)}
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        environment.pop(name, None)  # compiled modules are beside their sources, as where the program is installed
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        environment[name] = str(folder / name)
    start = [sys.executable, "-P", "-c", code, repr(time.time()), *(["leave"] if leave else ())]
    done = subprocess.run(start, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr or f"a start ended with status {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    found["map"] = sum(found[phase] for phase in PHASES[:-1] if phase in found)
    found["ready"] = found["map"] + found["rest"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--platform", default="offscreen", help="offscreen, xcb or wayland")
    first = parser.add_mutually_exclusive_group()
    first.add_argument("--without-page", action="store_true", help="with the setting that the start page is not shown")
    first.add_argument("--leave", action="store_true", help="press Esc on the start page as soon as it is ready")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, measured in the same run")
    options = parser.parse_args()
    starts = {"program": HERE} | ({"against": options.against.resolve()} if options.against else {})
    report(options.platform, measured(starts, options.rounds, options.platform, options.without_page, options.leave))


def measured(starts: dict[str, Path], rounds: int, platform: str, without_page: bool, leave: bool) -> Laps:
    """The rounds of each checkout, and of the bare window."""
    code = {**{name: (WHOLE, root) for name, root in starts.items()}, "bare": (BARE, HERE)}
    laps: Laps = {name: [] for name in code}
    with tempfile.TemporaryDirectory() as folder:
        for name in code if without_page else ():
            settings = Path(folder, name, "XDG_CONFIG_HOME", "hwpoison-gui", "hwpoison-gui.conf")
            settings.parent.mkdir(parents=True)
            settings.write_text("[General]\nstart-with=desktop\n")
        for number in range(rounds + 1):
            for name, (text, root) in code.items():
                found = once(text, platform, Path(folder, name), root, leave and name != "bare")
                if number:
                    laps[name].append(found)
    return laps


def rows() -> list[Row]:
    table = Found()
    for without, seen in ((False, "start page"), (True, "map")):
        laps = measured({"program": HERE}, 7, "offscreen", without, False)
        for phase, name in (("map", "first picture"), ("ready", "everything ready")):
            least, bare = (min(one[phase] for one in laps[who]) for who in ("program", "bare"))
            table.add(f"start with the {seen}: {name}", least, bare, "a bare window", TIMES_BARE[phase], relative=True)
    return table


def report(platform: str, laps: Laps) -> None:
    """A line a phase, with the least of all rounds; of the sums the median too."""
    print(f"{platform:<16}" + "".join(f"{name:>16}" for name in laps) + "   milliseconds, least (median)")
    for phase in (*PHASES, *SUMS):
        line = ""
        for rounds in laps.values():
            values = [found[phase] for found in rounds if phase in found]
            middle = "" if phase in PHASES or not values else f" ({statistics.median(values):.0f})"
            line += f"{f'{min(values):.0f}{middle}' if values else '':>16}"
        if line.strip():
            print(f"  {phase:<15}{line}")
    for phase, target in TARGETS.items():
        ratios = [
            f"{name} {min(found[phase] for found in rounds) / min(found[phase] for found in laps['bare']):.2f}"
            for name, rounds in laps.items()
            if name != "bare"
        ]
        print(f"  {phase}: {', '.join(ratios)} of bare; target {target} ms where bare takes 210 to 250")


if __name__ == "__main__":
    main()
