"""A start loads the parts of pyqtgraph that the map needs; whoever wants the rest gets it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PARTS = "from hwpoison_gui.gui.pyqtgraph_parts import GraphicsObject, GraphicsView, ViewBox, internals\nimport sys\n"
PLOT = "'pyqtgraph.graphicsItems.PlotItem.PlotItem' in sys.modules"


def said(code: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_the_parts_come_without_the_rest() -> None:
    map_shown = (
        "from PySide6.QtWidgets import QApplication\napplication = QApplication([])\n"
        "from hwpoison_gui.gui.frame_map import FrameMapWidget\nshown = FrameMapWidget()\nshown.show()\nshown.grab()\n"
    )
    assert said(f"{PARTS}{map_shown}print({PLOT})") == "False"


@pytest.mark.parametrize("whole", ["pyqtgraph.PlotWidget", "pyqtgraph.Qt.QtTest", "pyqtgraph.mkPen"])
def test_any_other_name_loads_the_whole_and_the_parts_belong_to_it(whole: str) -> None:
    code = (
        f"{PARTS}import pyqtgraph\n{whole}\n"
        "from PySide6.QtWidgets import QApplication\napplication = QApplication([])\n"
        "plot = pyqtgraph.PlotWidget()\nplot.plot([1, 3, 2])\nplot.grab()\n"
        "print(pyqtgraph.ViewBox is ViewBox and isinstance(plot, GraphicsView), pyqtgraph.getConfigOption('antialias'))"
    )
    assert said(code) == "True False"


def test_with_the_whole_there_already_the_parts_are_its_own() -> None:
    assert said(f"import pyqtgraph\n{PARTS}print(pyqtgraph.ViewBox is ViewBox, {PLOT})") == "True True"


def test_where_the_parts_do_not_fit_together_the_whole_is_loaded() -> None:
    code = (
        "import importlib.util, sys\n"
        "find = importlib.util.spec_from_file_location\n"
        "def refuse(*args, **keys): raise ImportError\n"
        f"importlib.util.spec_from_file_location = refuse\n{PARTS}"
        f"importlib.util.spec_from_file_location = find\nprint({PLOT})"
    )
    assert said(code) == "True"
