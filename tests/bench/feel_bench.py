"""Time for which the window stands still: the longest gap between two beats of a timer of 2 ms while something is done.

    python tests/bench/feel_bench.py [--mappers 1,300,10000] [--compare 300]

The first figure is wall time, the second the computing time of the window's thread in the longest gap, the third
how long it all takes until the window is idle; milliseconds. Ratios are of the second figure against the same with
the least mappers in the same run. What takes long goes on between beats: its whole may be long, its gaps may not.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import click_bench
from PySide6.QtCore import QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from table import Found, Row

from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.session import Session

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.walk import Walk  # imported by the command: the first time is measured

QUIET = 0.2  # seconds without anything under way: it is over
GAP_MS = 50.0  # the target, of processor time
Measured = tuple[float, float, float]


class Heart:
    """Beats, and remembers the longest gap."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._beat)

    def _beat(self) -> None:
        wall, busy = time.perf_counter(), time.thread_time()
        self._gaps = [max(self._gaps[0], wall - self._last[0]), max(self._gaps[1], busy - self._last[1])]
        self._last = wall, busy

    def during(self, run: Callable[[], object], busy: Callable[[], bool]) -> Measured:
        for _ in range(20):
            self._app.processEvents()
        self._gaps, self._last = [0.0, 0.0], (time.perf_counter(), time.thread_time())
        start = self._last[0]
        self._timer.start()
        QTimer.singleShot(0, run)
        end = idle = start
        while end - idle < QUIET:
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # the next beat is one
            end = time.perf_counter()
            if busy():
                idle = end
        self._beat()
        self._timer.stop()
        return self._gaps[0] * 1e3, self._gaps[1] * 1e3, (idle - start) * 1e3


def acts(window: MainWindow, session: Session) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield actions of users, one after the other."""
    c = window.controller

    def frame(page: int) -> int:
        return session.resolve_frame(f"parent:m+{page}")

    yield "select a frame", lambda: c.selection.select(frame(1))
    yield "select another", lambda: c.selection.select(frame(2))
    yield "click", lambda: c.fire(frame(3))
    c.playback.pause()
    click = session.operations[-1]
    yield "a step", lambda: c.step(1)
    yield "to the middle", lambda: c.seek((click.first + click.last) // 2)
    yield "a step there", lambda: c.step(1)
    yield "a step back", lambda: c.step(-1)
    yield "to the end", lambda: c.seek(click.last)
    yield "a step back from the end", lambda: c.step(-1)
    yield "to its first step", lambda: c.seek(click.first + 1)
    yield "another click", lambda: c.fire(frame(4))
    c.finish()
    yield "to the first click’s end", lambda: c.seek(click.last)
    yield "to the end of all", lambda: c.seek(len(session.steps))


def shown(mappers: int, pages: int) -> tuple[MainWindow, Session]:
    """A window on a crowd that shares `pages` pages, whose machine can be booted again."""
    frames = max(65536, mappers * 8)
    session = click_bench.machine(frames, mappers, pages=pages)
    scenario = Scenario("a crowd", memory=Memory(frames), sysctl={"memory_failure_early_kill": 1})
    window = MainWindow(Opened(session, "a crowd", scenario), remember=False)
    window.resize(1280, 800)
    window.show()
    return window, session


def bench(app: QApplication, mappers: int) -> dict[str, Measured]:
    window, session = shown(mappers, 8)
    heart = Heart(app)

    def is_busy() -> bool:
        return window.controller.busy or window.present.late

    found = {name: heart.during(run, is_busy) for name, run in acts(window, session)}
    _drop(window)
    return found


def _drop(window: MainWindow) -> None:
    """Close a window, and collect its machine: what is measured next would pay for that."""
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.unfreeze()
    gc.collect()


def compared(app: QApplication, mappers: int) -> dict[str, Measured]:
    """Compare, by its command: the window opens, and both machines are made in a thread, fork by fork."""
    window, session = shown(mappers, 2)
    window.controller.selection.select(session.resolve_frame("parent:m+1"))
    compare = window.comparison

    def is_busy() -> bool:
        made = compare.shown
        return made is None or made.building or made.walk.busy

    def walk() -> Walk:
        assert compare.shown is not None
        return compare.shown.walk

    heart = Heart(app)
    found = {"compare, both sides made": heart.during(window.actions_["compare"].trigger, is_busy)}
    found["compare, to the middle"] = heart.during(lambda: walk().seek(walk().last // 2), is_busy)
    found["compare, a step"] = heart.during(lambda: walk().seek(walk().at + 1), is_busy)
    _drop(window)
    return found


def rows(mappers: Sequence[int] = (1, 10_000), compare: Sequence[int] = (1, 10_000)) -> list[Row]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    found = Found()
    base: dict[str, Measured] = {}
    for run, wanted in ((bench, mappers), (compared, compare)):
        for many in wanted:
            measured = run(app, many)
            found.of = f"longest gap, {many:,} mappers: "
            for name, (gap, busy, whole) in measured.items():
                fewest = base[name][1] if name in base else None
                against = "the fewest mappers; " if fewest else ""
                found.add(name, busy, fewest, f"{against}wall time {gap:.0f}, in all {whole:.0f}", GAP_MS)
            base = {**measured, **base}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mappers", default="1,300,10000")
    parser.add_argument("--compare", default="1,300,10000")
    options = parser.parse_args()
    rows(*([int(part) for part in text.split(",") if part] for text in (options.mappers, options.compare)))


if __name__ == "__main__":
    main()
