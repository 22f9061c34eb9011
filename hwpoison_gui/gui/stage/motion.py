"""The way from one stop to another: the camera flies to where it happens, then the steps follow each other."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.story.pace import FLIGHT_MS, MOST_WALK_MS, STEP_MS


def between(start: Camera, end: Camera, share: float) -> Camera:
    """The camera on its way: sizes change by equal factors, so that the flight seems even at any distance."""
    if share >= 1.0:
        return end
    cell = start.cell * (end.cell / start.cell) ** share
    # The middle moves as the size does: near the larger size it hardly moves, and what is flown to stays in view.
    far, here, near = 1 / start.cell, 1 / cell, 1 / end.cell
    moved = share if math.isclose(far, near) else (far - here) / (far - near)
    x0, y0 = start.at(start.view_width / 2, start.view_height / 2)
    x1, y1 = end.at(end.view_width / 2, end.view_height / 2)
    return end.centred(x0 + (x1 - x0) * moved, y0 + (y1 - y0) * moved, cell)


class Motion(QObject):
    """Runs one way at a time.

    `fly` gets the share of the flight that is done; `walk` a timeline position and the share of its step.
    """

    def __init__(self, parent: QObject, fly: Callable[[float], None], walk: Callable[[int, float], None]) -> None:
        super().__init__(parent)
        self._fly, self._walk = fly, walk
        self._then: Callable[[], None] = lambda: None
        self._from = self._to = 0
        self._share = 0.0  # share of the time that the flight takes
        self._on = True
        self._clock = QVariantAnimation(self)
        self._clock.setStartValue(0.0)
        self._clock.setEndValue(1.0)
        self._clock.valueChanged.connect(lambda value: self._tick(float(value)))
        self._clock.finished.connect(self._arrived)
        self._ease = QEasingCurve(QEasingCurve.Type.InOutCubic)

    @property
    def moving(self) -> bool:
        return self._clock.state() == QVariantAnimation.State.Running

    def set_motion(self, on: bool) -> None:
        """Without motion, a way is a cut."""
        self._on = on

    def start(self, here: int, there: int, flight: bool, then: Callable[[], None]) -> None:
        """Go from one timeline position to another; `then` is called on arrival."""
        self.stop()
        self._from, self._to, self._then = here, there, then
        walk_ms = min(MOST_WALK_MS, STEP_MS * abs(there - here))
        flight_ms = FLIGHT_MS if flight else 0
        if not self._on or not walk_ms + flight_ms:
            self._arrived()
            return
        self._share = flight_ms / (flight_ms + walk_ms)
        self._clock.setDuration(flight_ms + walk_ms)
        self._clock.start()

    def finish(self) -> None:
        """Arrive at once."""
        if self.moving:
            self._clock.stop()
            self._arrived()

    def stop(self) -> None:
        """Stay where it is."""
        self._clock.stop()

    def _tick(self, share: float) -> None:
        if not self.moving:
            return
        if share < self._share:
            self._fly(self._ease.valueForProgress(share / self._share))
            return
        self._fly(1.0)
        if self._share < 1.0:
            walked = (share - self._share) / (1 - self._share) * (self._to - self._from)
            whole = int(walked)
            self._walk(self._from + whole, abs(walked - whole))

    def _arrived(self) -> None:
        self._fly(1.0)
        self._walk(self._to, 0.0)
        self._then()
