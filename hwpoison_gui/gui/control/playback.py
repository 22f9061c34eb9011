"""The clock of playback: it moves a position forward, step by step, and reports the phase within the present step.

It runs only during playback; no other clock of the window runs on its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.pace import GLANCE, MOVING_MS, Pace

_TICK_MS: Final = 33
_SHORT_MS: Final = 2000.0  # steps shorter than this do not look as if playback had stopped
_MOST_STEPS: Final = 100_000  # steps whose times are computed together
_BOOTED_MS: Final = 250.0  # milliseconds for which the machine as booted is shown


class Clock(QObject):
    """Plays from the present position to the last one. What is played says where it is, and how long it takes."""

    seekWanted = Signal(int)
    phaseChanged = Signal(float)  # 0 to 1: how far what moves within the present step has come
    waited = Signal(float, float)  # share, 0 to 1, of a step's time for reading that is over, and seconds left; or 0, 0
    playingChanged = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._spent = 0.0  # ms spent in the present step, at speed 1
        self._last = 0.0
        self._begun = -1  # the position at which playback was started
        self._was_read = False  # that position was in view before

    # -- what is played

    @property
    def speed(self) -> float:
        """Times that of reading."""
        raise NotImplementedError

    def _here(self) -> int:
        """The present position."""
        raise NotImplementedError

    def _end(self) -> int:
        """The last position."""
        raise NotImplementedError

    def _duration(self, at: int) -> float:
        """Milliseconds for which a position is shown, at speed 1."""
        raise NotImplementedError

    def _rests(self, at: int) -> bool:
        """True if playback ends at a position."""
        return at >= self._end()

    # -- playing

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def play(self, *, again: bool = False, was_read: bool = False) -> None:
        """Start if there are steps left; with `again`, restart from the first one at the end.

        `was_read`: the present step has been in view; it is left after a glance.
        """
        if again and self._here() == self._end():
            self.seekWanted.emit(0)
        if self.playing or self._here() == self._end():
            return
        self.forget()
        self._begun, self._was_read = self._here(), was_read
        self._last = time.monotonic()
        self._timer.start()
        self.playingChanged.emit(True)

    def pause(self) -> None:
        """Pause at the present step."""
        if self.playing:
            self._timer.stop()
            self.waited.emit(0.0, 0.0)
            self.playingChanged.emit(False)
        self._spent = 0.0

    def forget(self) -> None:
        """Restart the present step: the timeline or the position has changed."""
        self._spent = 0.0

    def _tick(self) -> None:
        now = time.monotonic()
        self._spent += (now - self._last) * 1000 * self.speed
        self._last = now
        position = at = self._here()
        rests = self._rests(at) and at != self._begun
        while not rests and self._spent >= self._time(at):
            self._spent -= self._time(at)
            at += 1
            rests = self._rests(at)
        if at != position:
            self.seekWanted.emit(at)
        if rests:
            self.phaseChanged.emit(0.0)
            self.pause()
            return
        time_at = self._time(at)
        self.phaseChanged.emit(min(1.0, self._spent / min(time_at, MOVING_MS)))
        if time_at < _SHORT_MS * self.speed:
            self.waited.emit(0.0, 0.0)
        else:
            self.waited.emit(self._spent / time_at, (time_at - self._spent) / self.speed / 1000)

    def _time(self, at: int) -> float:
        """Milliseconds for which a position is shown now, at speed 1."""
        whole = self._duration(at)
        return min(whole, GLANCE) if at == self._begun and self._was_read else whole


class Playback(Clock):
    """Plays a session; stops after each operation that asks for a pause. `has_captions`: they are shown."""

    speedChanged = Signal(float)

    def __init__(self, parent: QObject, session_of: Callable[[], Session], has_captions: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._session_of, self._has_captions = session_of, has_captions
        self._speed = 1.0
        self.motion = True
        self._pace: tuple[Operation | None, Pace] = None, Pace(())  # pace of the operation that is playing

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        """`speed` is one of SPEEDS in look/settings.py."""
        if speed != self._speed:
            self._speed = speed
            self.speedChanged.emit(speed)

    def set_motion(self, on: bool) -> None:
        """Without motion, the steps of a run are passed over: only its first one is shown."""
        self.motion = on
        self._pace = None, Pace(())

    def forget(self) -> None:
        super().forget()
        self._pace = None, Pace(())

    def _here(self) -> int:
        return self._session_of().position

    def _end(self) -> int:
        return len(self._session_of().steps)

    def _rests(self, at: int) -> bool:
        """Return whether playback ends here: at the newest step, or the last one before a pause."""
        if super()._rests(at):
            return True
        operation = self._session_of().operation_at(at)
        return operation is not None and at == operation.last and operation.telling.stops(operation.name)

    def _duration(self, at: int) -> float:
        """Milliseconds that a position is shown; 0 after the last step of an operation if playback began there."""
        session = self._session_of()
        operation = session.operation_at(at)
        if operation is None:
            return _BOOTED_MS
        if at == self._begun and at == operation.last:
            return 0.0
        said = operation
        # Of an operation on thousands of frames, each frame is paced by itself.
        if operation.last - operation.first > _MOST_STEPS:
            said = session.part_at(at) or operation
        if self._pace[0] is not said:
            marks = session.steps.marks[said.first : said.last]
            is_told = said.first == operation.first and self._has_captions()
            caption = operation.telling.caption if is_told else ""
            self._pace = said, Pace(marks, caption, skim=self.motion)
        return self._pace[1].time(at - said.first - 1)
