"""The caption of a scenario, above the map: title and summary small, and large what is to be read now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import DARK, Theme

_MOST_LINES: Final = 5  # lines of a caption; the others are scrolled to
_MOST_IN_LOW: Final = 3  # in a window lower than _LOW
_LOW: Final = 900
_LEAST_LINES: Final = 3  # in any window that has room for them
_MOST_OF_HEAD: Final = 2
_BAR: Final = 4


class CaptionBar(QWidget):
    """Plain text only. As high as its longest text needs, so that the map stays where it is.

    In a window without room for that, title and summary go first, then lines of the text up to the last; they scroll.
    `least_map`: pixels of height that it leaves the map.
    """

    def __init__(self, parent: QWidget, least_map: Callable[[], int], theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._least_map = least_map
        self._texts: Sequence[str] = ()
        self._head = ""  # unshortened heading
        self._head_height = self._text_height = self._line = 0  # pixels: heading, text, one line of the text
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("caption")
        self.head = QLabel(self)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.head.setWordWrap(True)
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
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
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
            self._place()
        self.setVisible(bool(text))
        self.setAccessibleName(f"{head}. {text}" if text else "")

    def sizeHint(self) -> QSize:
        return QSize(0, self._head_height + self._text_height + look.HAIR + 2 * look.TIGHT)

    def minimumSizeHint(self) -> QSize:
        room = look.map_room(self.window()) - self._least_map()
        lines = min(max(room // max(self._line, 1), 1), _LEAST_LINES)
        return QSize(0, min(self._text_height, lines * self._line + look.HAIR))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()
        else:
            self._place()

    def _fit(self) -> None:
        """Compute the heights for the present width."""
        width = self._inner().width()
        low = self.window().height() < _LOW
        metrics = QFontMetrics(self.head.font())
        self.head.setText(_cut(self._head, metrics, width, _MOST_OF_HEAD))
        self._head_height = _height(self.head.text(), metrics, width)
        metrics = QFontMetrics(self.text.font())
        self._line = metrics.lineSpacing()
        needed = max((_height(text, metrics, width) for text in self._texts), default=0)
        self._text_height = min(needed, (_MOST_IN_LOW if low else _MOST_LINES) * self._line) + look.HAIR
        self.updateGeometry()
        self._place()

    def _inner(self) -> QRect:
        inner = self.contentsRect().adjusted(look.MEDIUM + _BAR, 0, -look.MEDIUM, 0)
        inner.setWidth(max(60, inner.width()))
        return inner

    def _place(self) -> None:
        """Show what there is room for, in whole lines."""
        inner, has_head = self._inner(), self.height() >= self.sizeHint().height()
        lines = max(1, (inner.height() - look.HAIR) // max(1, self._line))
        tall = self._text_height if has_head else min(self._text_height, lines * self._line + look.HAIR)
        top = inner.top() + (look.TIGHT if has_head else (inner.height() - tall) // 2)
        self.head.setVisible(has_head)
        self.head.setGeometry(inner.left(), top, inner.width(), self._head_height)
        below = self._head_height + look.HAIR if has_head else 0
        self.text.setGeometry(inner.left(), top + below, inner.width(), tall)
        self.head.setToolTip(plain(self._head) if self.head.text() != self._head else "")
        missing = "" if has_head else self._head
        if _height(self.text.toPlainText(), QFontMetrics(self.text.font()), inner.width()) > tall:
            missing = f"{missing}\n{self.text.toPlainText()}".strip()
        self.text.setToolTip(plain(missing))


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
