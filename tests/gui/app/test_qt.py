"""Loading Qt: what PySide would do at every start is done when it is needed, with the same result."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hwpoison_gui.gui.app import qt

# Prints what PySide says of wrong arguments and of signatures.
ASKED = """
import builtins
plain, compiled = builtins.__import__, builtins.compile
{load}
builtins.__import__ = plain
from PySide6.QtCore import QObject, QPoint

said = []
def attempt(call):
    try:
        call()
    except Exception as error:
        said.append(f"{{type(error).__name__}} {{error}}")

attempt(lambda: QPoint("x"))
attempt(lambda: QPoint(1, 2, 3))
attempt(lambda: QObject(nothing=3))
attempt(lambda: QObject().setObjectName())
attempt(lambda: QObject().setObjectName(3))
print(QPoint.__doc__, QPoint.setX.__doc__)
from PySide6.support.signature import get_signature
from PySide6.support.signature.lib import enum_sig, pyi_generator
print(get_signature(QPoint.setX), pyi_generator.generate_pyi.__name__, enum_sig.ExactEnumerator.__name__)
attempt(lambda: enum_sig.nothing)
print(*said, sep="\\n")
assert builtins.compile is compiled
"""
PLAIN, LATE = "import PySide6.QtWidgets", "from hwpoison_gui.gui.app import qt; qt.load()"


def said(load: str, cache: Path) -> str:
    """The output of a process that loads Qt so."""
    start, environment = [sys.executable, "-c", ASKED.format(load=load)], {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(start, env=environment, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


def test_what_is_said_of_wrong_arguments_is_the_same(tmp_path: Path) -> None:
    plain = said(PLAIN, tmp_path)
    assert "called with wrong argument types" in plain and "setX(self, x: int" in plain
    assert said(LATE, tmp_path) == plain
    (file,) = tmp_path.rglob("qt.code")
    kept = file.stat().st_ino
    assert said(LATE, tmp_path) == plain  # with the code that was kept
    assert file.stat().st_ino == kept  # nothing was written


def test_a_module_that_two_threads_ask_for_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(qt._sources, "late.py", b"import time\ntime.sleep(0.02)\nvalue = object()\n")
    module = {"__file__": "late.py", "__name__": "late", "__getattr__": None}
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(lambda _: qt.run_late(module, "value"), range(2))
    assert first is second is module["value"]
    for name in ("nothing", "__path__"):
        with pytest.raises(AttributeError, match=name):
            qt.run_late(module, name)


def test_an_unknown_version_is_loaded_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    late = "shibokensupport/signature/parser.py"
    code = qt._compile_late("at_once = 1", late, "exec")
    assert "at_once" not in code.co_names and qt._sources.pop(late) == "at_once = 1"
    monkeypatch.setattr(sys.modules["shiboken6"], "__version_info__", (7, 0, 0, "", ""))
    assert "at_once" in qt._compile_late("at_once = 1", late, "exec").co_names and not qt._sources
