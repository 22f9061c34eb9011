"""The speaker's own window: notes, what comes next, and the time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.stage.board import words
from hwpoison_gui.gui.stage.keys import HELP
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import title_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.story.stops import is_told
from hwpoison_gui.view.words.plain import plain

_SECOND: Final = 1000  # ms
_MOST_OF_SCREEN: Final = 0.8
_TITLE_BAR: Final = 24  # pixels, at 100 % text
_OFF_PATH: Final = "Off the path: R, or PageDown after the last stop, returns to stop {}"
_NO_NOTES: Final = "No notes here."


class SpeakerWindow(QWidget):
    """Shows what the audience does not see; keys go to the stage. `closed` is emitted however it is closed.

    `began`: when the presentation did, by time.monotonic(); it goes on while this window is hidden.
    """

    closed = Signal()

    def __init__(self, stage: QWidget, theme: Theme, began: float, above: QWidget | None = None) -> None:
        super().__init__(above, Qt.WindowType.Window)
        self._stage = stage
        self.setWindowTitle("Speaker notes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._began = began
        self._planned = self._left = 0  # seconds
        self.now, self.next, self.keys = words(self), words(self), words(self)
        self.keys.setText(" · ".join(HELP))
        self.notes = QPlainTextEdit(self)
        self.notes.setReadOnly(True)
        self.notes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.notes.setAccessibleName("Notes for the speaker")
        self.clock, self.elapsed, self.left = QLabel(self), QLabel(self), QLabel(self)
        times = QHBoxLayout()
        times.setSpacing(look.LARGE)
        for label in (self.elapsed, self.left):
            times.addWidget(label)
        times.addStretch(1)
        times.addWidget(self.clock)
        box = QVBoxLayout(self)
        box.addLayout(times)
        box.addWidget(self.now)
        box.addWidget(self.notes, 1)
        box.addWidget(self.next)
        box.addWidget(self.keys)
        for label in (self.now, self.next):
            label.setFont(look.font(look.TITLE))
        for label in (self.clock, self.elapsed, self.left):
            label.setFont(look.font(look.HEADLINE))
        self.notes.setFont(look.font(look.HEADLINE))
        for label in (self.next, self.keys):
            look.ink(label, theme.muted)
        if above is not None:
            self._place_over(above)
        self._tick = QTimer(self)
        self._tick.setInterval(_SECOND)
        self._tick.timeout.connect(self._show_time)
        self._tick.start()
        self._show_time()

    def _place_over(self, stage: QWidget) -> None:
        """On one screen it covers the lower right: caption, map and the way of a decision stay in view."""
        self.keys.hide()
        least = self.minimumSizeHint()
        size = QSize(stage.width() // 2, stage.height() * 2 // 5).expandedTo(least).boundedTo(stage.size())
        corner = stage.geometry().bottomRight()
        self.resize(size)
        self.move(corner.x() - size.width(), corner.y() - size.height() - look.px(_TITLE_BAR))

    def sizeHint(self) -> QSize:
        return QSize(look.px(720), look.px(480)).boundedTo(self.screen().availableSize() * _MOST_OF_SCREEN)

    def show_stop(
        self, session: Session, stops: Sequence[int], stop: int, seconds: Sequence[float], resume: int | None = None
    ) -> None:
        """Show the notes of a stop, and the caption or title of the next operation that is shown.

        `seconds`: that each stop of the path takes; `resume`: the stop of it that was left.
        """
        operation = session.operation_at(stops[stop])
        self.now.setText(plain(operation.telling.caption) or title_of(operation) if operation else "")
        self.notes.setPlainText(plain(operation.telling.notes) if operation and operation.telling.notes else _NO_NOTES)
        number = session.operations.index(operation) + 1 if operation else 0
        ahead = (plain(one.telling.caption) or title_of(one) for one in session.operations[number:] if is_told(one))
        self.next.setText(f"Next: {next(ahead, 'the end')}" if resume is None else _OFF_PATH.format(resume))
        here = stop if resume is None else resume
        self._planned, self._left = round(sum(seconds)), round(sum(seconds[here + 1 :]))
        self._show_time()

    def _show_time(self) -> None:
        gone = int(time.monotonic() - self._began)
        self.clock.setText(time.strftime("%H:%M"))
        self.elapsed.setText(f"{_minutes(gone)} of about {_minutes(self._planned)}")
        ahead = self._planned - self._left - gone  # so that the numbers add up
        pace = f", {_minutes(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}" if ahead else ""
        self.left.setText(f"about {_minutes(self._left)} left{pace}")

    def come_forward(self) -> None:
        """Show it above the stage, with the focus."""
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._stage.keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed.emit()
        super().closeEvent(event)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
