"""What a start loads: the machine without Qt, and the window without what nobody has asked for yet."""

from __future__ import annotations

import os
import subprocess
import sys

START = """
import sys
from hwpoison_gui.opening import default_machine
opened = default_machine()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"PySide6", "shiboken6"}))
from hwpoison_gui.gui.app.run import application
from hwpoison_gui.gui.window.main_window import MainWindow
app = application()
window = MainWindow(opened, remember=False)
window.show()
app.processEvents()
print(window.map.view.item.paints > 0)
later = ["numpy.ma", "numpy.random", "hashlib", "difflib", "PySide6.QtNetwork", "PySide6.QtTest"]
later += ["hwpoison_gui.gui." + name for name in ("compare.window", "window.command_palette", "app.pictures")]
later += ["hwpoison_gui.session." + name for name in ("scenario.check", "fidelity.report", "scenario.writer")]
later += ["hwpoison_gui.sources." + name for name in ("live", "recording", "raw")]
print([name for name in later if name in sys.modules])
"""


def test_a_start_loads_what_it_shows() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    assert done.stdout.splitlines() == ["[]", "True", "[]"]
