"""An operation under way: it runs in slices, and can be given up, which undoes it.

Ten thousand mappers of a frame take a tenth of a second, and more where they die of it; slices let the caller process
events in between.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Generator, Iterator, Sized
from typing import Final

from hwpoison_gui.collector import Pause
from hwpoison_gui.kernel.mark import Mark, Run
from hwpoison_gui.session.outcome import OpResult, Outcome
from hwpoison_gui.session.steps import RunOfFrames
from hwpoison_gui.session.timeline import Timeline

_MANY: Final = 1000  # steps of an operation


class Recording:
    """Records the steps of an operation at the end of the timeline. `outcome` is None until it is complete.

    Parameters
    ----------
    operation
        Its number in the session.
    marks
        The generator of the operation.
    last
        Label of the step of the changes after the last mark, and of the only step if there is no mark.
    done
        Called once at the end with the result; returns the outcome.
    undone
        Called once if the operation was given up or failed, after its changes were undone.
    parts
        Of an operation on many frames, those that are complete.
    """

    def __init__(
        self,
        timeline: Timeline,
        operation: int,
        marks: Generator[Mark | Run | RunOfFrames, None, OpResult],
        last: Mark,
        done: Callable[[OpResult], Outcome],
        undone: Callable[[], None],
        parts: Sized = (),
    ) -> None:
        self._timeline, self._operation, self._marks, self._last = timeline, operation, marks, last
        self._done, self._undone = done, undone
        self._first = timeline.position
        self.parts = parts
        self.outcome: Outcome | None = None
        self._pause = Pause()

    @property
    def steps(self) -> int:
        """The number of steps recorded so far."""
        return self._timeline.position - self._first

    def advance(self, seconds: float = math.inf) -> bool:
        """Run for about `seconds`, at least to the next mark. Returns whether the operation is complete.

        Errors of the operation are raised after its changes were undone.
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
            gc.freeze()  # up to a million records that the collector need not scan again
        self._pause.end()
        self.outcome = self._done(result)

    def give_up(self) -> None:
        """Undo the operation: the machine and the later steps are as they were before it."""
        for _ in self.giving_up():
            pass

    def giving_up(self) -> Iterator[None]:
        """`give_up` in slices. If the iterator is closed early, the rest is undone at once."""
        assert self.outcome is None, "it is complete"
        self._marks.close()
        try:
            yield from self._timeline.taking_back(self._first)
        finally:
            for _ in self._timeline.taking_back(self._first):
                pass
            self._pause.end()
            self._undone()
