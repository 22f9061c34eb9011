"""A worker thread never collects cycles: they may hold halves of widgets."""

from __future__ import annotations

import gc
import threading
import time
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


def test_progress_is_not_reported_more_often_than_it_can_be_seen(qtbot) -> None:
    def work(progress: Progress, cancelled: Cancelled) -> None:
        for number in range(100_000):
            progress(number / 100_000, str(number))

    parent, said, done = QObject(), list[tuple[float, str]](), list[object]()
    worker = Worker(work, parent)
    worker.progressed.connect(lambda share, doing: said.append((share, doing)))
    worker.made.connect(done.append)
    worker.start()
    until(lambda: bool(done))
    worker.wait()
    assert said[0] == (0.0, "0") and len(said) < 1000
    assert said == sorted(said)


class Endless:
    """Work that counts until it is cancelled."""

    done = 0

    def __call__(self, progress: Progress, cancelled: Cancelled) -> None:
        while not cancelled():
            self.done += 1

    def stands(self) -> bool:
        """Whether it stands still, once it had the time to go on."""
        before = self.done
        time.sleep(0.05)
        return self.done == before


def test_it_stands_still_while_the_window_handles_an_event(qtbot, monkeypatch) -> None:
    monkeypatch.setattr("hwpoison_gui.gui.control.worker._PATIENCE", 60.0)
    parent, work = QObject(), Endless()
    worker = Worker(work, parent)
    worker.start()
    until(lambda: work.done > 0)
    assert any(work.stands() for _ in range(100))  # this test is the event: none is handled meanwhile
    stood = work.done
    until(lambda: work.done > stood)
    worker.cancel()
    assert worker.wait(10_000)


def test_it_does_not_stand_still_for_a_thread_that_waits_for_it(qtbot, monkeypatch) -> None:
    monkeypatch.setattr("hwpoison_gui.gui.control.worker._PATIENCE", 60.0)
    parent, done = QObject(), []

    def work(progress: Progress, cancelled: Cancelled) -> None:
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            done.append(cancelled())

    worker = Worker(work, parent)
    worker.start()
    assert worker.wait(10_000) and done


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
