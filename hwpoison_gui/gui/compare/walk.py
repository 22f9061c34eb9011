"""The walk over both sides of a comparison: seeks them in slices, tick by tick, and plays them by the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.compare.side import CompareSide
from hwpoison_gui.gui.control.compare_builder import Compared
from hwpoison_gui.gui.control.playback import Clock
from hwpoison_gui.gui.control.slices import LongWork, Work
from hwpoison_gui.session.session import SLICE_SECONDS
from hwpoison_gui.view.facts.groundwork import is_long
from hwpoison_gui.view.story.pace import PaceTogether


class Walk(Clock):
    """`pace_of` gives speed, and whether to skim, as they are chosen for the window's own playback."""

    sought = Signal(int)  # tick; the sides follow

    def __init__(
        self, parent: QObject, sides: Sequence[CompareSide], pace_of: Callable[[], tuple[float, bool]]
    ) -> None:
        super().__init__(parent)
        self._sides, self._pace_of = sides, pace_of
        self._compared: Compared | None = None
        self._pace = PaceTogether((), ())
        self._work = LongWork(self)
        self.at = 0
        self.seekWanted.connect(lambda at: None if self._work.busy else self._go(at))

    @property
    def speed(self) -> float:
        return self._pace_of()[0]

    @property
    def busy(self) -> bool:
        """Whether the sides are on their way to a tick."""
        return self._work.busy

    @property
    def last(self) -> int:
        return len(self._compared.ticks) - 1 if self._compared is not None else 0

    def set_compared(self, compared: Compared | None) -> None:
        """Set what is walked, or None while it is built."""
        self.stop()
        self._compared, self.at = compared, 0

    def seek(self, at: int, at_once: float | None = None) -> None:
        """Stop playback, and seek both sides to a tick. `at_once`: seconds of it before other events are handled."""
        self.pause()
        self._go(at, at_once)

    def toggle(self) -> None:
        """Start playback, from the start if at the end; or pause."""
        if self.playing:
            self.pause()
        elif self._compared is not None and self.last:
            if self.at == self.last:
                self._go(0)
            self.play()

    def stop(self) -> None:
        """Stop playback and walking."""
        self.pause()
        self._work.give_up()

    def forget(self) -> None:
        super().forget()
        if self._compared is not None:
            clicks = [(side.session, side.click) for side in (self._compared.left, self._compared.right)]
            marks = [session.steps.marks[click.first :] if click else [] for session, click in clicks]
            self._pace = PaceTogether(marks, self._compared.ticks, skim=self._pace_of()[1])

    def _here(self) -> int:
        return self.at

    def _end(self) -> int:
        return self.last

    def _duration(self, at: int) -> float:
        return self._pace.time(at)

    def _go(self, at: int, at_once: float | None = None) -> None:
        if self._compared is None:
            return
        self.at = min(max(at, 0), self.last)
        self._work.give_up()  # an earlier seek may still be walking
        sessions = self._compared.left.session, self._compared.right.session
        if at_once is None and any(is_long(session, -1) for session in sessions):
            at_once = SLICE_SECONDS
        self._work.start(self._going(self._compared.ticks[self.at]), lambda _: None, at_once)
        self.sought.emit(self.at)

    def _going(self, tick: Sequence[int]) -> Work:
        for side, within in zip(self._sides, tick, strict=True):
            for _ in side.going(within):
                yield ""
        for side in self._sides:
            for _ in side.showing():
                yield ""
            yield ""
