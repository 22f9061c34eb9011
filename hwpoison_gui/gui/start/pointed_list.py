"""A list that knows which row the pointer is over."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QListView, QWidget

from hwpoison_gui.gui.look.viewport import know_viewport


class PointedList(QListView):
    """`row_under_pointer`: -1 over none. A delegate's `option.state` has PySide create the 566 constants of QStyle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        know_viewport(self)
        self.row_under_pointer = -1
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self._point_at(index.row()))
        self.viewportEntered.connect(lambda: self._point_at(-1))

    def _point_at(self, row: int) -> None:
        """Qt paints the rows again that the pointer leaves and enters."""
        self.row_under_pointer = row

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(-1)
        return super().viewportEvent(event)

    def reset(self) -> None:
        self._point_at(-1)
        super().reset()
