"""Fixtures of every test: Qt without a screen, settings of its own, and a check that nothing is left behind.

A test fails that leaves a top-level widget, a running thread or an active timer.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Each worker imports everything, and many tests start the program: without bytecode all is compiled every time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Before Qt is imported: it reads these once.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("HWPOISON_TEST_PLATFORM", "offscreen")
_home = tempfile.TemporaryDirectory(prefix="hwpoison-gui-tests-", ignore_cleanup_errors=True)
for _name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
    _folder = Path(_home.name, _name)
    _folder.mkdir(mode=0o700)
    os.environ[_name] = str(_folder)

# No deadline: a busy machine is no bug. The same examples at every run, so that nothing fails that nobody touched;
# who asks for a number of examples gets as many new ones of each property that has no number of its own.
_asked = os.environ.get("HWPOISON_EXAMPLES")
settings.register_profile(
    "hwpoison", deadline=None, print_blob=True, max_examples=int(_asked or 50), derandomize=_asked is None
)
settings.load_profile("hwpoison")

_PATIENCE_S = 2.0
_failed = pytest.StashKey[bool]()
# Active timers that a test left, by address: the next one is not blamed. To look for them at its start costs as much.
_known_timers: dict[int, str] = {}


def pytest_unconfigure() -> None:
    """Delete the folders of this run: a worker ends without the finalizers of its interpreter."""
    _home.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Thousands of tests are made and none is deleted: the collector would look at all of them again and again."""
    gc.disable()
    found = yield
    # A test makes a hundred thousand objects and few cycles: at Python's thresholds a twentieth of the time goes by
    # in looking for them.
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
    return found


@pytest.fixture(autouse=True, scope="module")
def what_was_there_before_is_not_looked_at() -> None:
    """Modules and collected tests live as long as the run: neither the collector nor the end of a test sees them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_is_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that passed but leaves a thread, a top-level widget or an active timer."""
    # Asked for by name: with the window's tests, Qt objects may live in reference cycles.
    qt = "qapp" in request.fixturenames
    threads = set(threading.enumerate())
    widgets = _top_level_widgets()
    yield
    if request.node.stash.get(_failed, False):
        # The traceback keeps its objects alive.
        if qt:
            _known_timers.update(_active_timers(_objects()))
        return
    _deliver_deletions()
    left = _left(threads, widgets, qt)
    if left:
        gc.collect()
        _deliver_deletions()
        left = _left(threads, widgets, qt)
    if left:
        if qt:
            _known_timers.update(_active_timers(_objects()))
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)


def _left(threads: set[threading.Thread], widgets: dict[int, str], qt: bool) -> list[str]:
    found = [f"thread {thread.name}" for thread in threading.enumerate() if _still_runs(thread, threads)]
    found += _new(_top_level_widgets(), widgets, "top-level widget")
    if qt:
        objects = _objects()
        found += _new(_active_timers(objects), _known_timers, "active timer")
        found += [f"running QThread {name}" for name in _running_qthreads(objects).values()]
    return found


def _new(now: dict[int, str], before: dict[int, str], what: str) -> list[str]:
    return [f"{what} {name}" for key, name in now.items() if key not in before]


def _still_runs(thread: threading.Thread, before: set[threading.Thread]) -> bool:
    # A dummy stands for a thread that Python did not start; Qt's are looked for by themselves.
    if thread in before or isinstance(thread, threading._DummyThread):
        return False
    thread.join(_PATIENCE_S)
    return thread.is_alive()


def _qt_runs() -> bool:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets is not None and widgets.QApplication.instance() is not None


def _deliver_deletions() -> None:
    """deleteLater() takes effect only in an event loop, which a test has no more when it ends."""
    if _qt_runs():
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _top_level_widgets() -> dict[int, str]:
    if not _qt_runs():
        return {}
    from PySide6.QtWidgets import QApplication

    # With a parent it is a popup or dialog that its parent deletes. Qt keeps one tool tip label for all.
    return {
        _address(widget): repr(widget)
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() != "QTipLabel"
    }


def _objects() -> list[object]:
    """The living Qt objects that Python knows."""
    from shiboken6 import getAllValidWrappers

    return list(getAllValidWrappers())


def _active_timers(objects: list[object]) -> dict[int, str]:
    from PySide6.QtCore import QTimer

    return {_address(thing): repr(thing) for thing in objects if isinstance(thing, QTimer) and thing.isActive()}


def _running_qthreads(objects: list[object]) -> dict[int, str]:
    from PySide6.QtCore import QThread

    main = _address(QThread.currentThread())
    threads = [thing for thing in objects if isinstance(thing, QThread) and _address(thing) != main]
    return {_address(thread): repr(thread) for thread in threads if not thread.wait(int(_PATIENCE_S * 1000))}


def _address(thing: object) -> int:
    from shiboken6 import getCppPointer

    return int(getCppPointer(thing)[0])
