"""The playback row of the window: sentence, operations and transport below each other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.timeline.sentence import Form, SentenceBar

_LOW: Final = 900  # height of windows, at 100 % text, below which the sentence takes less room
_ROOM, _ROOM_OF_TEXT = 255, 330  # window height in which all parts fit: a constant, and what grows with the text size


class PlaybackStage(QWidget):
    """As high as its parts, whatever happens: a frame that is selected or breaks moves no panel under the mouse.

    Only a window that is too low for its text has no operations and transport before there are any.
    """

    heightChanged = Signal()

    def __init__(self, parent: QWidget, sentence: SentenceBar, operations: QWidget, transport: QWidget) -> None:
        super().__init__(parent)
        self._sentence, self._played = sentence, (operations, transport)
        self._has_steps = False
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for part in (sentence, operations, transport):
            box.addWidget(part)
        for fixed in (self, transport):
            fixed.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._suit()

    def set_content(self, has_steps: bool) -> None:
        """`has_steps`: there is something to play."""
        self._has_steps = has_steps
        self._suit()

    def follow_window(self) -> None:
        """From now on adapts to the height of the window and to the size of text."""
        self.window().installEventFilter(self)
        self._suit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange):
            self._suit()
        return super().eventFilter(watched, event)

    def _suit(self) -> None:
        height = self.window().height()
        tight = height < look.px(look.TIGHT_WINDOW)
        form = Form.ONE_LINE if tight else Form.LOW if height < look.px(_LOW) else Form.LARGE
        hidden = not self._has_steps and height < _ROOM + look.px(_ROOM_OF_TEXT)
        if form is self._sentence.form and hidden is self._played[0].isHidden():
            return
        self._sentence.set_form(form)
        for part in self._played:
            part.setHidden(hidden)
        self.heightChanged.emit()
