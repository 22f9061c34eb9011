"""What can be told of a frame before it breaks, in two lines; users of one that has very many are counted between
events. The label beside the pointer says it, and what is selected is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.preview import Hover

_SLICE: Final = 0.006
_REST_MS: Final = 80  # until it is seen whether the machine can be read again


class HoverText(QObject):
    """Texts for one session at a time; `counted` is called when the last one has become complete."""

    def __init__(self, counted: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._counted = counted
        self._hover: Hover | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count)

    def set_session(self, session: Session) -> None:
        """Another machine."""
        self._timer.stop()
        self._hover = Hover(session)

    def text(self, pfn: int) -> str:
        """What the frame is, and, in a second line, what breaking it would come to."""
        assert self._hover is not None
        if not self._hover.session.at_rest:
            return ""  # a frame that is between two moments is in a state that nobody ever sees
        text = self._hover(pfn)
        if self._hover.counting and not self._timer.isActive():
            self._timer.start(0)
        return text

    def _count(self) -> None:
        assert self._hover is not None
        if not self._hover.session.at_rest:
            self._timer.start(_REST_MS)
            return
        self._hover.work(_SLICE)
        if self._hover.counting:
            self._timer.start(0)
        else:
            self._counted()
