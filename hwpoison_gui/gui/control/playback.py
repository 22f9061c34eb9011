"""The playback clock: seeks a session forward step by step, and reports the phase within the present step.

It runs only during playback; no other clock of the window runs on its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.pace import durations

_TICK_MS: Final = 33
SPEEDS: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


class Playback(QObject):
    """Plays from the present position to the newest step."""

    seekWanted = Signal(int)
    phaseChanged = Signal(float)  # 0 to 1 within the present step
    playingChanged = Signal(bool)
    speedChanged = Signal(float)

    def __init__(self, parent: QObject, session_of: Callable[[], Session]) -> None:
        super().__init__(parent)
        self._session_of = session_of
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._speed = 1.0
        self._spent = 0.0  # ms spent in the present step, at speed 1
        self._last = 0.0
        self._times: tuple[int, list[float]] = (-1, [])  # first step of the operation, durations of its steps

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        """`speed` is one of SPEEDS."""
        if speed != self._speed:
            self._speed = speed
            self.speedChanged.emit(speed)

    def play(self, *, again: bool = False) -> None:
        """Starts if there are steps left; with `again`, restarts from the first one at the end."""
        session = self._session_of()
        if again and session.position == len(session.steps):
            self.seekWanted.emit(0)
        if self.playing or session.position == len(session.steps):
            return
        self.forget()
        self._last = time.monotonic()
        self._timer.start()
        self.playingChanged.emit(True)

    def pause(self) -> None:
        """Pauses at the present step."""
        if self.playing:
            self._timer.stop()
            self.playingChanged.emit(False)
        self._spent = 0.0

    def forget(self) -> None:
        """Restarts the present step: the timeline or the position has changed."""
        self._times = (-1, [])
        self._spent = 0.0

    def _tick(self) -> None:
        now = time.monotonic()
        self._spent += (now - self._last) * 1000 * self._speed
        self._last = now
        session = self._session_of()
        position, total = session.position, len(session.steps)
        at = position
        while at < total and self._spent >= self._duration(session, at):
            self._spent -= self._duration(session, at)
            at += 1
        if at != position:
            self.seekWanted.emit(at)
        if at >= total:
            self.phaseChanged.emit(0.0)
            self.pause()
            return
        self.phaseChanged.emit(min(1.0, self._spent / self._duration(session, at)))

    def _duration(self, session: Session, position: int) -> float:
        """Milliseconds for which `position` is shown; the machine as booted is shown briefly."""
        operation = session.operation_at(position)
        if operation is None:
            return 250.0
        if self._times[0] != operation.first:
            marks = session.steps.marks[operation.first : operation.last]
            self._times = (operation.first, durations([mark.act for mark in marks]))
        return self._times[1][position - operation.first - 1]
