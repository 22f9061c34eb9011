"""A label of one line that is cut with an ellipsis where there is no room for it; its tip says all of it then."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget


class ElidedLabel(QLabel):
    """Never wider than its room: long words must not move anything. `text()` is always the whole.

    With word wrap it has as many lines as it has room for, and is one cut line where they are not enough.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown(self) -> str:
        """What of the text is seen."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    @property
    def is_cut(self) -> bool:
        if self.wordWrap():
            return self.heightForWidth(self.width()) > self.height()
        return self.shown != self.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut or self.hasSelectedText():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment() | Qt.TextFlag.TextSingleLine, self.shown)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.is_cut:
            tip = f"{self.text()}\n{self.toolTip()}".rstrip()
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)
