"""A label that elides text that does not fit, and shows the full text as its tip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from hwpoison_gui.gui.look.plain import plain

_UNBOUNDED: Final = 1 << 20  # pixels


class ElidedLabel(QLabel):
    """Never wider than its space, so that long text moves nothing. `text()` is always the full text.

    With word wrap it uses as many lines as fit; the last of them is elided if they are not enough.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown(self) -> str:
        """The visible part of the text."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    @property
    def is_cut(self) -> bool:
        if self.wordWrap():
            # Not heightForWidth(): of a label whose text can be selected it asks for another paint, in every paint.
            room, metrics = self.contentsRect(), self.fontMetrics()
            needed = metrics.boundingRect(0, 0, room.width(), _UNBOUNDED, Qt.TextFlag.TextWordWrap, self.text())
            return needed.height() - room.height() > metrics.lineSpacing() // 4  # less is space between lines
        return self.shown != self.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut or self.hasSelectedText():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        lines = self._lines() if self.wordWrap() else [self.shown]
        painter.drawText(self.contentsRect(), self.alignment(), "\n".join(lines))

    def _lines(self) -> list[str]:
        """The lines that fit, the last one elided."""
        room, metrics = self.contentsRect(), self.fontMetrics()
        most = max(1, (room.height() + metrics.leading() + 1) // metrics.lineSpacing())
        text, lines = self.text(), list[str]()
        layout = QTextLayout(text, self.font())
        layout.beginLayout()
        while len(lines) < most and (line := layout.createLine()).isValid():
            line.setLineWidth(room.width())
            lines.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
        layout.endLayout()
        start = layout.lineAt(len(lines) - 1).textStart()
        return [*lines[:-1], metrics.elidedText(text[start:], Qt.TextElideMode.ElideRight, room.width())]

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.is_cut:
            tip = f"{self.text()}\n{self.toolTip()}".rstrip()
            QToolTip.showText(event.globalPos(), plain(tip), self)
            return True
        return super().event(event)
