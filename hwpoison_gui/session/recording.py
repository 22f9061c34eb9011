"""An operation while it is carried out: it goes on when asked to, and can be given up with nothing changed.

Ten thousand users of a frame take most of a second; who has something else to do meanwhile records in slices.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Final

from hwpoison_gui.kernel.mark import Mark, Steps
from hwpoison_gui.session.outcome import OpResult, Outcome
from hwpoison_gui.session.timeline import Timeline

_MANY: Final = 1000  # steps of an operation


class Recording:
    """Records the steps of `marks`, from the newest step on. `outcome` is None until the operation is complete.

    Changes after its last mark get a step labelled `last`, as does an operation without marks. `done` makes the
    outcome of what the operation returns, `undone` hears that it was given up or failed, and is forgotten.
    """

    def __init__(
        self,
        timeline: Timeline,
        operation: int,
        marks: Steps[OpResult],
        last: Mark,
        done: Callable[[OpResult], Outcome],
        undone: Callable[[], None],
    ) -> None:
        self._timeline, self._operation, self._marks, self._last = timeline, operation, marks, last
        self._done, self._undone = done, undone
        self._first = timeline.position
        self.outcome: Outcome | None = None
        # Records only add up, and no cycle holds them: looking for cycles among them doubles the time of long ones.
        self._collects = gc.isenabled()
        gc.disable()

    @property
    def steps(self) -> int:
        """How many there are so far."""
        return self._timeline.position - self._first

    def advance(self, seconds: float = math.inf) -> bool:
        """Goes on for about so long; tells whether the operation is complete.

        Raises what the operation raises, with nothing changed.
        """
        end = time.monotonic() + seconds
        try:
            while self.outcome is None:
                try:
                    mark = next(self._marks)
                except StopIteration as stop:
                    self._finish(stop.value)
                    break
                self._timeline.add(mark, self._operation)
                if time.monotonic() > end:
                    return False
        except BaseException:
            self.give_up()
            raise
        return True

    def _finish(self, result: OpResult) -> None:
        if self._timeline.changed or not self.steps:
            self._timeline.add(self._last, self._operation)
        if self.steps > _MANY:
            gc.freeze()  # a million records: the collector need not look through them again
        self._collect_again()
        self.outcome = self._done(result)

    def give_up(self) -> None:
        """Takes all of it back: the machine is as it was before, and so is what lay ahead."""
        assert self.outcome is None, "it is complete"
        self._marks.close()
        self._timeline.take_back(self._first)
        self._collect_again()
        self._undone()

    def _collect_again(self) -> None:
        if self._collects:
            gc.enable()
