"""Puts the table of pages in another order: in slices between events, with progress, given up for a newer wish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.view.rows.page_order import PageOrder

_AT_ONCE: Final = 0.030  # seconds that it may take before the window breathes
_SLICE: Final = 0.012


class PageSorter(QObject):
    """One order is worked out at a time."""

    ready = Signal(object)  # the PageOrder
    progress = Signal(float)  # 0 to 1; 1 also when it is given up

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._order: PageOrder | None = None
        self._work: Iterator[float] = iter(())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._go_on(_SLICE))

    @property
    def busy(self) -> bool:
        return self._order is not None

    def start(self, order: PageOrder) -> None:
        """Begins with another order."""
        self.stop()
        self._order, self._work = order, order.work()
        self._go_on(_AT_ONCE)

    def stop(self) -> None:
        """Nothing is sorted any more."""
        self._timer.stop()
        if self._order is not None:
            self._order, self._work = None, iter(())
            self.progress.emit(1.0)

    def _go_on(self, seconds: float) -> None:
        order, end = self._order, time.monotonic() + seconds
        if order is None:
            return
        for done in self._work:
            if time.monotonic() > end:
                self.progress.emit(done)
                self._timer.start(0)
                return
        self._order = None
        self.progress.emit(1.0)
        self.ready.emit(order)
