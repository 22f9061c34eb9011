"""An uncaught exception is logged before its report is shown."""

from __future__ import annotations

import subprocess
import sys

FAILING = """
from PySide6.QtCore import QTimer
from hwpoison_gui.gui.app import crash, run

app = run.application()
crash.install()
QTimer.singleShot(0, lambda: 1 // 0)
QTimer.singleShot(20, app.quit)
app.exec()
"""


def test_an_uncaught_exception_is_logged() -> None:
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, timeout=60)
    assert not done.returncode
    assert done.stderr.startswith("CRITICAL: Traceback (most recent call last):"), done.stderr
    assert "ZeroDivisionError" in done.stderr
