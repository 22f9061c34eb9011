"""The caption of a scenario, above the map: title and summary small, and large what is to be read now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import DARK, Theme

_MOST_LINES: Final = 5  # of a caption; the others are scrolled to
_MOST_IN_LOW: Final = 3  # in a window lower than _LOW
_LOW: Final = 900
_MOST_OF_HEAD: Final = 2
_BAR: Final = 4


class CaptionBar(QWidget):
    """Plain text only. As high as its longest text needs, so that the map stays where it is."""

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._texts: Sequence[str] = ()
        self._head = ""  # in full
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("caption")
        self.head = QLabel(self)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.head.setWordWrap(True)
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.text.viewport().setAutoFillBackground(False)
        self.text.document().setDocumentMargin(0)
        self.text.setAccessibleName("Caption of this step")
        box = QVBoxLayout(self)
        box.setContentsMargins(look.MEDIUM + _BAR, look.TIGHT, look.MEDIUM, look.TIGHT)
        box.setSpacing(look.HAIR)
        box.addWidget(self.head)
        box.addWidget(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and fonts."""
        self.head.setFont(look.font(look.CAPTION))
        self.text.setFont(look.font(look.HEADLINE))
        self.setStyleSheet(
            f"#caption {{ background: {theme.raised}; border-left: {_BAR}px solid {theme.accent}; }}"
            "#caption QPlainTextEdit { background: transparent; border: none; padding: 0; border-radius: 0; }"
        )
        look.ink(self.head, theme.muted)  # last: a style sheet brings back the palette that it found
        self._fit()

    def set_texts(self, texts: Sequence[str]) -> None:
        """All texts that will be shown, for the height of the bar."""
        self._texts = texts
        self._fit()

    def show_words(self, head: str, text: str) -> None:
        """Show a title and a text; hide without a text."""
        if self._head != head:
            self._head = head
            self._fit()
        if self.text.toPlainText() != text:
            self.text.setPlainText(text)
        self.setVisible(bool(text))
        self.setAccessibleName(f"{head}. {text}" if text else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _fit(self) -> None:
        margins = self.contentsMargins()
        width = max(60, self.width() - 2 * look.MEDIUM - _BAR - margins.left() - margins.right())
        low = self.window().height() < _LOW
        metrics = QFontMetrics(self.head.font())
        self.head.setText(_cut(self._head, metrics, width, _MOST_OF_HEAD))
        self.head.setToolTip(plain(self._head) if self.head.text() != self._head else "")
        self.head.setFixedHeight(_height(self.head.text(), metrics, width))
        metrics = QFontMetrics(self.text.font())
        most = (_MOST_IN_LOW if low else _MOST_LINES) * metrics.lineSpacing()
        needed = max((_height(text, metrics, width) for text in self._texts), default=0)
        self.text.setFixedHeight(min(needed, most) + look.HAIR)


def _height(text: str, metrics: QFontMetrics, width: int) -> int:
    return metrics.boundingRect(QRect(0, 0, width, 100_000), Qt.TextFlag.TextWordWrap, text).height()


def _cut(text: str, metrics: QFontMetrics, width: int, lines: int) -> str:
    """As many words of a text as fit in some lines, with an ellipsis where some are missing."""
    room = lines * metrics.lineSpacing()
    if _height(text, metrics, width) <= room:
        return text
    words = text.split()
    fitting = bisect_right(range(len(words)), room, key=lambda n: _height(f"{' '.join(words[:n])} …", metrics, width))
    return f"{' '.join(words[: max(0, fitting - 1)])} …"
