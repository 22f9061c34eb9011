"""Times of the map: open, patch, lens, pan and zoom, hover; medians, and ratios to a baseline of the same run.

    python tests/bench/map_bench.py [--frames 65536,6000000,16777216] [--size 1280x720] [--rounds 120]

On a display it waits for exposure (before it nothing is painted), and every figure counts real paints. Times are
the processor's: other work on the machine adds less to them. A terabyte is 268435456 frames and takes 8 GB.
The baseline is what a plain program does: the whole plane through a colour table into a 32-bit image,
drawn by nearest neighbour.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from table import Found, Row

from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.sources.frame_runs import runs_of
from hwpoison_gui.view.base.palette import DARK
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map import lenses, roles
from hwpoison_gui.view.map.lens_colours import colour_table
from hwpoison_gui.view.map.plane import FramePlane

WORDS = np.array([0x400, 0, 0x100000000, 0x5828, 0x40000582C, 0x868, 0x487C, 0x10080, 0x4000000, 0x411800], np.uint64)


LENS_MS = {1 << 24: 12.0, 1 << 28: 200.0}  # targets of a change of the lens, by frames


def synthetic(frames: int) -> np.ndarray:
    """Flag words in runs, as memory has them, of some 100 kinds; 20 frames are poisoned."""
    rng = np.random.default_rng(7)
    words = np.unique(np.concatenate([WORDS, WORDS[rng.integers(0, 10, 90)] ^ rng.integers(0, 120, 90, np.uint64)]))
    runs = rng.geometric(1 / 24, frames // 16 + 16)
    flags = np.repeat(words[rng.integers(0, len(words), len(runs))], runs)[:frames]
    flags = np.resize(flags, frames)
    flags[rng.integers(0, frames, 20)] |= np.uint64(pf.HWPOISON)
    return flags


def timed(act: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        act()
        times.append((time.thread_time() - start) * 1e3)
    return float(np.median(times)), float(np.percentile(times, 95))


class Plain(QWidget):
    """The baseline: the whole plane as a 32-bit image, made and drawn at every paint."""

    def __init__(self, plane: np.ndarray, remake: bool) -> None:
        super().__init__()
        self._plane, self._remake = plane, remake
        self._table = np.array(colour_table(DARK, lenses.KIND), np.uint32)
        self._pixels = self._table[plane]
        self.paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        self.paints += 1
        if self._remake:
            self._pixels = self._table[self._plane]
        height, width = self._plane.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        QPainter(self).drawImage(self.rect(), image)


def shown(widget: QWidget, size: tuple[int, int]) -> QWidget:
    """Shows a widget and waits until the screen really has it."""
    widget.resize(*size)
    widget.show()
    deadline = time.monotonic() + 10
    while not (widget.windowHandle() and widget.windowHandle().isExposed()):
        if time.monotonic() > deadline:
            sys.exit("the window was never exposed")
        QApplication.processEvents()
    for _ in range(5):
        QApplication.processEvents()
    return widget


def repainted(widget: FrameMapWidget) -> None:
    """One paint, now; that it happened is checked."""
    before = widget.view.item.paints
    widget.view.viewport().repaint()
    assert widget.view.item.paints == before + 1, "no paint, or more than one"


def flights(widget: FrameMapWidget) -> Iterator[Callable[[], None]]:
    """Movements of the camera with the paint of each: in, about and out again."""
    view = widget.view
    while True:
        for steps in (*(1,) * 16, *(-1,) * 16):
            for dx, dy in ((0, 0), (-37, 11), (23, -29)):

                def move(steps: int = steps, dx: int = dx, dy: int = dy) -> None:
                    camera = view.camera.panned(dx, dy) if dx else view.camera.zoomed(steps, 500, 300)
                    view.look(camera)
                    repainted(widget)

                yield move


def indexed(plane: FramePlane) -> None:
    """What the window does beside other work, once nothing changes any more."""
    if plane.needs_index():
        to_the_end(plane.index())


def change_lens(widget: FrameMapWidget, rounds: int) -> tuple[float, float]:
    """A change of the lens, with the paint of all frames."""
    plane, kinds = widget.plane, itertools.cycle((lenses.STATE, lenses.KIND))
    assert plane is not None

    def change() -> None:
        plane.set_lens(next(kinds))
        widget.lens_changed()
        repainted(widget)

    widget.fit()
    return timed(change, rounds)


def bench_paint(widget: FrameMapWidget, flags: np.ndarray, rounds: int) -> dict[str, tuple[float, float]]:
    """Patch, paint, flight and hover of the map."""
    plane = widget.plane
    assert plane is not None
    rng = np.random.default_rng(1)
    pfns = iter(rng.integers(0, flags.size, 10_000))

    def patch() -> None:
        pfn = np.array([next(pfns)])
        flags[pfn] ^= np.uint64(pf.HWPOISON)
        widget.frames_changed(pfn)

    def patch_and_paint() -> None:
        patch()
        repainted(widget)

    def hover() -> None:
        widget.view.hover(QPointF(*(rng.integers(100, 600, 2).tolist())))
        repainted(widget)

    found = {"patch": timed(patch, 400), "patch and paint": timed(patch_and_paint, rounds)}
    users = np.unique(rng.integers(0, flags.size, 300))
    widget.set_highlights([(users, roles.owned(1)), (users[:9], roles.UNMAPPED), ([int(users[5])], roles.TARGET)])
    widget.select(int(users[5]))
    indexed(plane)
    flight = flights(widget)
    found["pan and zoom, overlays on"] = timed(lambda: next(flight)(), max(rounds, 96 * 3))
    widget.fit()
    found["hover"] = timed(hover, rounds)
    return found


def bench(table: Found, frames: int, size: tuple[int, int], rounds: int) -> dict[str, tuple[float, float]]:
    """All figures of one machine size, printed."""
    flags = synthetic(frames)
    zeros = np.zeros(frames, np.int32)
    few = max(3, rounds // 30)
    opening = timed(lambda: FramePlane(flags, zeros, zeros).pyramid.level(1), few)
    widget = shown(FrameMapWidget(), size)
    assert isinstance(widget, FrameMapWidget)
    widget.set_source(flags, zeros, zeros)
    repainted(widget)
    found = bench_paint(widget, flags, rounds)
    plane = widget.plane
    assert plane is not None
    indexed(plane)
    lens = change_lens(widget, max(5, few))
    codes = plane.pyramid.level(0)
    widget.close()
    plain = shown(Plain(codes, remake=False), size)
    redraw = timed(plain.repaint, few)
    plain.close()
    plain = shown(Plain(codes, remake=True), size)
    remade = timed(plain.repaint, few)
    plain.close()
    table.of = f"map of {frames:,}: "
    remake, redrawn = "whole image remade and redrawn", "whole image redrawn"
    flight = found["pan and zoom, overlays on"]
    table.add("flag words to plane and pyramid", opening)
    table.add("lens change, painted", lens, remade, remake, LENS_MS.get(frames), or_times=0.5)
    table.add("patch one frame", found["patch"], remade, remake)
    table.add("patch one frame, and paint", found["patch and paint"], remade, remake)
    table.add("pan and zoom, overlays on", flight, redraw, redrawn, 3.0)
    table.add("pan and zoom, 95th percentile", flight[1], redraw, redrawn, 5.0)
    table.add("hover", found["hover"], redraw, redrawn)
    return {**found, "lens": lens, "open": opening}


def terabyte(table: Found, size: tuple[int, int], rounds: int, base: dict[str, tuple[float, float]]) -> None:
    """Lens, pan and zoom of 268 million frames, of which the flag words are given as runs: they take no 8 GB so."""
    runs = runs_of(synthetic(1 << 20))
    plane = FramePlane.picture(runs.words.astype(np.uint64), np.tile(runs.lengths, 256), np.tile(runs.ids, 256))
    widget = shown(FrameMapWidget(), size)
    assert isinstance(widget, FrameMapWidget)
    widget.set_source(plane.flags, plane.refcount, plane.mapcount, plane=plane)
    repainted(widget)
    table.of = f"map of {plane.frames:,}: "
    table.add("lens change before it is indexed, painted", change_lens(widget, 5))
    table.add("indexed", timed(lambda: indexed(plane), 1))
    table.add("lens change, painted", change_lens(widget, 9), target=LENS_MS[plane.frames])
    indexed(plane)
    flight = flights(widget)
    times, name = timed(lambda: next(flight)(), max(rounds, 96 * 3)), "pan and zoom, overlays on"
    table.add("pan and zoom", times, target=3.0)
    table.add("pan and zoom, 95th percentile", times[1], target=5.0)
    table.add("pan and zoom, ratio", times, base[name], "the least number of frames", 1.2, relative=True)
    widget.close()


def rows(sizes: Sequence[int] = (65536, 1 << 24), size: tuple[int, int] = (1280, 720), rounds: int = 120) -> list[Row]:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    table = Found()
    results = [bench(table, frames, size, rounds) for frames in sizes]
    for frames, result in zip(sizes[1:], results[1:], strict=True):
        table.of = f"map of {frames:,}: "
        for name in ("patch", "patch and paint", "pan and zoom, overlays on", "hover"):
            target = 1.2 if name.startswith("pan") else None
            table.add(f"{name}, ratio", result[name], results[0][name], f"{sizes[0]:,} frames", target, relative=True)
    if sizes[-1] < 1 << 28:
        terabyte(table, size, rounds, results[0])
    del app
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="65536,6000000,16777216")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--rounds", type=int, default=120)
    options = parser.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    rows([int(part) for part in options.frames.split(",")], (width, height), options.rounds)


if __name__ == "__main__":
    main()
