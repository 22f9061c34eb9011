"""Times of the picture in the whole window: hover, lens change, step, pan and zoom; from the event to the paint.

    python tests/bench/picture_bench.py [--frames 65536,6000000,16777216] [--size 1280x800] [--rounds 60]

A desktop of each size is booted, and its window shown as at a start, on the display or offscreen. Every figure
ends with the map painted, and paints are counted. Times are the processor's, of the one thread that there is:
other work on the machine adds less to them. Baselines of the same run are what a plain program does: the whole
window painted for hover, step, pan and zoom; for a lens all frames through a colour table into a 32-bit image
that is drawn.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from map_bench import Plain, shown  # first: it chooses the platform
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from table import Found, Row

from hwpoison_gui.gui.app.run import application
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.lenses import LENSES

TARGETS = {"hover": 16.0, "lens": 12.0, "step": 16.0, "pan and zoom": 3.0}  # milliseconds, of the median
PATIENCE = 5.0  # seconds for what is painted once


class Times(NamedTuple):
    """Median and 95th percentile in milliseconds, and paints of the map that one took, on average."""

    median: float
    p95: float
    paints: float


class Bench:
    """One window with one machine."""

    def __init__(self, frames: int, size: tuple[int, int]) -> None:
        scenario = Scenario("bench", memory=Memory(frames, "desktop", 1))
        self.window = MainWindow(Opened(Session.fresh(frames, 1, "desktop"), "bench", scenario), remember=False)
        shown(self.window, size)
        self.map, self.controller = self.window.map, self.window.controller
        self.item, self.view = self.map.view.item, self.map.view
        self.port = self.view.viewport()
        self.rng = np.random.default_rng(5)
        self.settle()

    def settle(self, seconds: float = 0.15) -> None:
        """Waits until nothing is painted any more."""
        quiet, paints = time.monotonic() + seconds, self.item.paints
        while time.monotonic() < quiet:
            QApplication.processEvents()
            if self.item.paints != paints:
                quiet, paints = time.monotonic() + seconds, self.item.paints

    def painted(self, act: Callable[[], object]) -> tuple[float, int]:
        """Milliseconds from an act to the map's paint that follows, and paints that it took."""
        before, start = self.item.paints, time.thread_time()
        act()
        while self.item.paints == before:
            QApplication.processEvents()
            if time.thread_time() - start > PATIENCE:
                raise RuntimeError("nothing was painted")
        return (time.thread_time() - start) * 1e3, self.item.paints - before

    def times(self, act: Callable[[], object], rounds: int, rest: float = 0.0) -> Times:
        """Of many acts; `rest`: seconds of quiet after each, for what follows it of its own."""
        found = []
        for _ in range(rounds):
            found.append(self.painted(act))
            if rest:
                self.settle(rest)
        took, paints = np.array([one for one, _ in found]), np.array([many for _, many in found])
        return Times(float(np.median(took)), float(np.percentile(took, 95)), float(paints.mean()))

    # -- what is measured

    def whole(self, rounds: int) -> Times:
        """The baseline: every widget that is seen is painted."""

        def update() -> None:
            for widget in self.window.findChildren(QWidget):
                widget.update()

        return self.times(update, rounds)

    def hover(self, rounds: int) -> Times:
        """The pointer goes to another frame; ends with the label painted, preview and all."""

        assert self.map.plane is not None
        pfns = iter(self.rng.permutation(self.map.plane.frames)[:rounds].tolist())

        def move() -> None:
            here = self.item.rect_of(next(pfns)).center()
            none = Qt.MouseButton.NoButton
            there = QPointF(self.port.mapToGlobal(here))
            kind = QEvent.Type.MouseMove
            event = QMouseEvent(kind, here, there, none, none, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(self.port, event)

        found = self.times(move, rounds, 0.02)
        QApplication.sendEvent(self.view, QEvent(QEvent.Type.Leave))
        return found

    def lenses(self, rounds: int) -> dict[str, tuple[float, Times]]:
        """Of each lens: milliseconds until it is there for the first time, and a change to it once it is indexed."""
        keeper = self.window.lenses
        found = {}
        for lens in LENSES:
            start = time.thread_time()
            keeper.choose(lens.key)
            while keeper.busy or keeper.lens.key != lens.key:
                QApplication.processEvents()
            first = (time.thread_time() - start) * 1e3
            self.settle()
            while self.map.plane.needs_index(keeper.sheets()):  # type: ignore[union-attr]
                QApplication.processEvents()
            other = LENSES[0] if lens is not LENSES[0] else LENSES[1]
            took = []
            for _ in range(rounds):
                self.painted(lambda other=other: keeper.choose(other.key))
                took.append(self.painted(lambda lens=lens: keeper.choose(lens.key)))
            times, paints = zip(*took, strict=True)
            p95 = float(np.percentile(times, 95))
            found[lens.name] = first, Times(float(np.median(times)), p95, float(np.mean(paints)))
        keeper.choose(LENSES[0].key)
        self.settle()
        return found

    def steps(self, rounds: int) -> Times:
        """One step on, with every panel; of the operations that clicks on shared pages are."""
        session, c = self.controller.session, self.controller
        shared = np.flatnonzero((session.machine.mapcount.view > 1) & (session.machine.mapcount.view < 9))
        for pfn in shared[:: max(1, len(shared) // 6)][:6].tolist():
            c.fire(pfn)
            while c.busy:
                QApplication.processEvents()
            c.playback.pause()  # an operation of eight mappers plays for a minute
            c.seek(len(session.steps))
            self.settle()
        c.seek(0)
        self.settle()
        return self.times(lambda: c.step(1), min(rounds, len(session.steps) - 1), 0.02)

    def flights(self) -> Iterator[Callable[[], None]]:
        """Movements of the camera: in, about and out again."""
        while True:
            for steps in (*(1,) * 16, *(-1,) * 16):
                for dx, dy in ((0, 0), (-37, 11), (23, -29)):

                    def move(steps: int = steps, dx: int = dx, dy: int = dy) -> None:
                        camera = self.view.camera
                        self.view.look(camera.panned(dx, dy) if dx else camera.zoomed(steps, 300, 200))

                    yield move

    def flight(self, rounds: int) -> Times:
        """Pan and zoom with all there is over the frames: poison, highlights, selection, filter and overview."""
        self.window.filter.set_text("lru")
        self.window.overview.set_on(True)
        self.settle()
        move = self.flights()
        found = self.times(lambda: next(move)(), max(rounds, 96 * 2))
        self.window.filter.set_text("")
        self.map.fit()
        self.settle()
        return found


def plain(bench: Bench, size: tuple[int, int], rounds: int) -> float:
    """The baseline of a lens."""
    assert bench.map.plane is not None
    widget = shown(Plain(bench.map.plane.pyramid.level(0), remake=True), size)
    took = []
    for _ in range(rounds):
        start = time.thread_time()
        widget.repaint()
        took.append((time.thread_time() - start) * 1e3)
    widget.close()
    return float(np.median(took))


def bench(table: Found, frames: int, size: tuple[int, int], rounds: int) -> dict[str, Times]:
    """All figures of one machine size, printed."""
    one = Bench(frames, size)
    gc.freeze()
    whole = one.whole(rounds).median
    found = {"hover": one.hover(rounds)}
    lenses = one.lenses(max(5, rounds // 6))
    found["step"] = one.steps(rounds)
    found["pan and zoom"] = one.flight(rounds)
    table.of = f"window of {frames:,}: "
    for name, times in found.items():
        table.add(name, times, whole, f"the whole window painted; paints {times.paints:.1f}", TARGETS[name])
    base = plain(one, size, 5)
    for name, (first, times) in lenses.items():
        against = f"a plain program; paints {times.paints:.1f}, first time {first:.0f}"
        table.add(f"lens {name}", times, base, against, TARGETS["lens"], or_times=0.5)
        found[f"lens: {name}"] = times
    one.window.close()
    one.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return found


def rows(sizes: Sequence[int] = (65536, 1 << 24), size: tuple[int, int] = (1280, 800), rounds: int = 60) -> list[Row]:
    app = application()
    table = Found()
    results = [bench(table, frames, size, rounds) for frames in sizes]
    for frames, result in zip(sizes[1:], results[1:], strict=True):
        table.of = f"window of {frames:,}: "
        for name in ("hover", "step", "pan and zoom"):
            table.add(f"{name}, ratio", result[name], results[0][name], f"{sizes[0]:,} frames")
    del app
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="65536,6000000,16777216")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    rows([int(part) for part in options.frames.split(",")], (width, height), options.rounds)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
