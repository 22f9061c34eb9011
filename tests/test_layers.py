"""Importing what lies below the window loads no Qt, so that it runs where there is none."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import importlib, pkgutil, sys
for layer in ("dram", "export", "kernel", "opening", "session", "sources", "user", "view"):
    package = importlib.import_module("hwpoison_gui." + layer)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import hwpoison_gui.cli, hwpoison_gui.lessons
print(sorted({name.partition(".")[0] for name in sys.modules} & {"PySide6", "shiboken6"}))
"""


def test_model_loads_no_qt() -> None:
    shown = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert shown.stdout.strip() == "[]", shown.stderr
