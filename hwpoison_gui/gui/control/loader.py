"""Loads a machine in a thread (a file, or this computer's own memory), with progress and cancellation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.opening import Opened
from hwpoison_gui.view.map.plane import FramePlane

Work = Callable[[Progress, Cancelled], Opened]


def with_plane(opened: Opened) -> Opened:
    """Adds the map's per-frame data: for tens of millions of frames it must not be built in the GUI thread."""
    m = opened.session.machine
    return opened._replace(plane=FramePlane(m.flags.view, m.refcount.view, m.mapcount.view))


class Loader(Background):
    """Loads one machine at a time; the present machine stays open meanwhile."""

    loaded = Signal(object)  # the Opened, if `start` was given no `show`

    def start(self, title: str, work: Work, show: Callable[[Opened], None] | None = None) -> None:
        """Starts loading. `title` describes it; `show` takes the machine (default: `loaded` is emitted)."""
        self.run(title, lambda progress, cancelled: with_plane(work(progress, cancelled)), show or self.loaded.emit)
