"""The text of the map's label: the frame in a line, and what breaking it would come to, counted between events."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer

from hwpoison_gui.gui.frame_map import FrameMapWidget
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.preview import Hover

_SLICE: Final = 0.006


class HoverText(QObject):
    """Gives the map its texts, for one session at a time."""

    def __init__(self, frame_map: FrameMapWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._map = frame_map
        self._hover: Hover | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count)

    def set_session(self, session: Session) -> None:
        """Another machine."""
        self._timer.stop()
        self._hover = Hover(session)
        self._map.set_summary(self._text)

    def _text(self, pfn: int) -> str:
        assert self._hover is not None
        if self._hover.session.recording is not None:
            return ""  # a frame that is between two moments is in a state that nobody ever sees
        text = self._hover(pfn)
        if self._hover.counting and not self._timer.isActive():
            self._timer.start(0)
        return text

    def _count(self) -> None:
        assert self._hover is not None
        if self._hover.session.recording is not None:
            return
        self._hover.work(_SLICE)
        if self._hover.counting:
            self._timer.start(0)
        else:
            self._map.view.describe(self._map.view.item.described)
