"""Keeps Python's collector of cycles from running for a while."""

from __future__ import annotations

import gc
import threading
from typing import ClassVar


class Pause:
    """Keeps the collector from running until `end` is called once or more; pauses may overlap.

    Recording and walking create no cycles, and searching for cycles would double their time. The collector also runs in
    whichever thread allocates: in a worker it could destroy wrappers of widgets that the GUI thread is painting or
    deleting, which is a segmentation fault.
    """

    _running: ClassVar[set[Pause]] = set()
    _was_on: ClassVar[bool] = False
    # Threads begin and end pauses: one that began while another ended would take the collector for switched off.
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self) -> None:
        with self._lock:
            if not self._running:
                Pause._was_on = gc.isenabled()
                gc.disable()
            self._running.add(self)

    def end(self) -> None:
        """End this pause."""
        with self._lock:
            if self in self._running:
                self._running.remove(self)
                if not self._running and self._was_on:
                    gc.enable()
