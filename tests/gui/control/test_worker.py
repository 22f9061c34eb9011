"""A worker thread never collects cycles: they may hold halves of widgets."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.worker import Cancelled, Progress, Worker
from tests.gui.waiting import until


class Loop:
    """Garbage that only the collector frees."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _collector(qapp) -> Iterator[None]:
    until(gc.isenabled)  # a thread of a window that an earlier test has closed may still be at work
    was = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was else gc.disable)()


def litter(_: Progress, __: Cancelled) -> int:
    return len([Loop() for _ in range(50_000)])


def test_no_cycle_is_collected_in_a_thread(qtbot) -> None:
    threads: set[int] = set()
    note = lambda phase, info: threads.add(threading.get_ident())  # noqa: E731
    parent, done = QObject(), list[object]()
    gc.callbacks.append(note)
    try:
        workers = [Worker(litter, parent) for _ in range(2)]
        for worker in workers:
            worker.made.connect(done.append)
            worker.start()
        assert not gc.isenabled()
        until(lambda: len(done) == 2 and gc.isenabled())
    finally:
        gc.callbacks.remove(note)
    assert threads <= {threading.get_ident()}
    for worker in workers:
        worker.wait()


def test_it_goes_on_after_a_thread_that_was_waited_for_and_deleted(qtbot) -> None:
    parent = QObject()
    worker = Worker(litter, parent)
    worker.start()
    worker.wait()
    worker.deleteLater()
    until(gc.isenabled)


def test_what_was_off_stays_off(qtbot) -> None:
    gc.disable()
    parent, done = QObject(), list[object]()
    worker = Worker(litter, parent)
    worker.made.connect(done.append)
    worker.start()
    until(lambda: done and worker.isFinished())
    worker.wait()
    until(lambda: worker._pause is None)
    assert not gc.isenabled()


def test_it_goes_on_after_a_thread_whose_window_was_deleted(qtbot) -> None:
    parent = QObject()
    worker = Worker(litter, parent)
    worker.start()
    worker.wait()
    shiboken6.delete(parent)  # what the thread has to say is not heard any more
    assert gc.isenabled()
