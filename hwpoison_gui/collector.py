"""Keeps Python's collector of cycles from running for a while."""

from __future__ import annotations

import gc
from typing import ClassVar


class Pause:
    """Keeps the collector from running until `end` is called once or more; pauses may overlap.

    Recording and walking make no cycles, and looking for them takes as long again. And the collector runs in the thread
    that happens to allocate: in a worker it would take apart what is left of widgets, whose C++ halves the other thread
    may be painting or deleting: a segmentation fault.
    """

    _running: ClassVar[set[Pause]] = set()
    _was_on: ClassVar[bool] = False

    def __init__(self) -> None:
        if not self._running:
            Pause._was_on = gc.isenabled()
            gc.disable()
        self._running.add(self)

    def end(self) -> None:
        """End this pause."""
        if self in self._running:
            self._running.remove(self)
            if not self._running and self._was_on:
                gc.enable()
