"""Loads a machine in a thread (a file, or this computer's own memory), with progress and cancellation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.view.map.plane import FramePlane

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.opening.first_frames import Picture

Work = Callable[[Progress, Cancelled], Opened]

_LARGE = 1 << 20  # frames from which freed memory is worth returning
_PAINTED_S = 0.2  # the longest that loading waits for the first picture: threads would share the processor


def with_plane(opened: Opened) -> Opened:
    """Add the map's per-frame data: for tens of millions of frames it must not be built in the GUI thread."""
    m = opened.session.machine
    opened = opened._replace(plane=FramePlane(m.flags.view, m.refcount.view, m.mapcount.view))
    if m.frames >= _LARGE:
        _give_back_memory()
    return opened


def _give_back_memory() -> None:
    """Return to the system what opening took and freed: glibc keeps what lies below a page table, a third of all."""
    from ctypes import CDLL

    trim = getattr(CDLL(None), "malloc_trim", None)  # only glibc has it
    if trim is not None:
        trim(0)


class Loader(Background):
    """Loads one machine at a time; the present machine stays open meanwhile."""

    remains = "the machine shown stays as it is"

    loaded = Signal(object)  # the Opened, if `start` was given no `show`
    pictured = Signal(object)  # the Picture of what is being loaded; `painted` is to be called

    def __init__(self, above: QWidget) -> None:
        super().__init__(above)
        self._painted = threading.Event()

    def start(
        self,
        title: str,
        work: Work,
        show: Callable[[Opened], None] | None = None,
        picture: Callable[[], Picture | None] | None = None,
    ) -> None:
        """Start loading.

        `title` describes it; `show` takes the machine (default: `loaded` is emitted). `picture` makes what can be shown
        of it before anything else is loaded, if there is something.
        """

        def load(progress: Progress, cancelled: Cancelled) -> Opened:
            found = picture() if picture is not None else None
            if found is not None and not cancelled():
                self.pictured.emit(found)
                self._painted.wait(_PAINTED_S)
            return with_plane(work(progress, cancelled))

        self._painted.clear()
        self.run(title, load, show or self.loaded.emit)

    def painted(self) -> None:
        """The picture is painted, or not wanted: loading goes on."""
        self._painted.set()
