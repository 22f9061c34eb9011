"""Keeps the sentence of the present step and the timeline track up to date."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.timeline.sentence import SentenceBar
from hwpoison_gui.gui.timeline.transport import Transport
from hwpoison_gui.view.facts.sentence import AboutFrame, is_about, sentence_of


class TimelineLink(QObject):
    """The track seeks, and the sentence shows another frame that it names."""

    def __init__(
        self,
        sentence: SentenceBar,
        transport: Transport,
        controller: Controller,
        present: Present,
        show_frame: Callable[[int], None],
    ) -> None:
        super().__init__(sentence)
        self._sentence, self._transport, self._controller = sentence, transport, controller
        self._hover = HoverText(self._show_sentence, lambda: not controller.busy and not present.late, sentence)
        self._where, self._left = "", 0  # the present position in words, and seconds for reading it that are left
        self._known = self._asked = NONE  # the frame selected last, and the one selected since the last move
        sentence.frameWanted.connect(show_frame)
        transport.timeline.seekRequested.connect(controller.seek)
        controller.playback.speedChanged.connect(transport.show_speed)
        controller.playback.waited.connect(self._waited)
        present.opened.connect(self._opened)
        present.moved.connect(self._moved)
        present.looked.connect(self._looked)

    def _opened(self) -> None:
        self._hover.set_session(self._controller.session)
        self._transport.timeline.set_steps(self._controller.session)
        self._show()
        self._transport.show_speed(self._controller.playback.speed)

    def _moved(self, moved: Moved) -> None:
        if moved.acted:
            self._transport.timeline.set_steps(self._controller.session)
        self._show()

    def _looked(self) -> None:
        frame = self._controller.selection.frame
        if frame != self._known:
            self._known = self._asked = frame
        self._show_sentence()

    def _show(self) -> None:
        self._known, self._asked = self._controller.selection.frame, NONE
        self._show_sentence()
        self._transport.timeline.set_position(self._controller.session.position)

    def _show_sentence(self) -> None:
        session, frame = self._controller.session, self._controller.selection.frame
        other = frame != NONE and not is_about(session, frame)
        about, no_memory = self._hover.lines(frame) if other else AboutFrame(), self._controller.machine.records_only
        shown = sentence_of(session, about, frame == self._asked, no_memory)
        self._sentence.set_sentence(shown._replace(to=-1) if shown.to == frame else shown)
        self._where = shown.where
        self._show_where()

    def _waited(self, share: float, left: float) -> None:
        """Show that playback runs while it leaves time for reading: by a ring that fills, without motion by seconds."""
        moves = self._controller.playback.motion
        self._transport.timeline.set_waited(share if moves else 0.0)
        seconds = 0 if moves else ceil(left)
        if seconds != self._left:
            self._left = seconds
            self._show_where()

    def _show_where(self) -> None:
        self._transport.where.setText(f"{self._left} s · {self._where}" if self._left else self._where)
