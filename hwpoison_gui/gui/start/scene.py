"""The scene of the start page: a page of memory that four processes share, near enough to read, and how it breaks.

It has a machine of its own: what happens here is no work of the user's, and the open machine stays as it is.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.zones import starts_of
from hwpoison_gui.view.outcome.verdict import verdict
from hwpoison_gui.view.story.pace import Pace
from hwpoison_gui.view.words.scene import end_words, shared_words, step_words

PAGE: Final = "server:heap+0"
_SECONDS: Final = 14.0  # for the whole walk
_NEAR: Final = 22.0  # width of a cell, in pixels at 100 % text
_TEXT: Final = 1.1
_FOR_MAP: Final = 700  # width below which there is no room for the map beside the reverse map, at 100 % text


class Scene(QWidget):
    """Map and reverse map of the page. `told` carries a sentence on each step; `ended`: the walk is complete."""

    told = Signal(str)
    ended = Signal()
    fired = Signal()  # a click on the page itself

    def __init__(self, parent: QWidget, opened: Opened, appearance: Appearance) -> None:
        super().__init__(parent)
        theme = appearance.theme
        self.controller = Controller(opened, self)
        self.present = Present(self.controller, theme, self)
        self.map, self.rmap = FrameMapWidget(self, theme), RmapView(self, theme)
        self.map.setMinimumSize(1, 1)
        self.rmap.setMinimumSize(1, 1)
        self.rmap.set_scale(_TEXT)
        for part in (self.map.view, self.rmap):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        row.addWidget(self.map, 2)
        row.addWidget(self.rmap, 5)
        self.frame = opened.session.resolve_frame(PAGE)
        self._booted = len(opened.session.steps)
        self._words = ""
        self._connect(appearance)
        m = opened.session.machine
        self.map.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones))
        self.present.show_machine()
        self.controller.selection.select(self.frame)
        self.map.select(self.frame, reveal=False)

    def _connect(self, appearance: Appearance) -> None:
        c = self.controller
        for changed in (self.present.opened, self.present.looked):
            changed.connect(self._show)
        self.present.moved.connect(self._moved)
        c.playback.phaseChanged.connect(self.rmap.set_phase)
        c.playback.phaseChanged.connect(self.map.set_pulse_phase)
        c.playback.playingChanged.connect(self._played)
        self.map.fired.connect(self._clicked)
        for part in (self.map, self.rmap):
            part.set_motion(not appearance.still)
            appearance.motionChanged.connect(part.set_motion)
        c.playback.set_motion(not appearance.still)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and text size."""
        self.present.set_theme(theme)
        self.map.set_theme(theme)
        self.rmap.set_theme(theme)
        self._show()
        self._look()

    # -- what is shown

    def _show(self) -> None:
        present = self.present
        self.rmap.set_walk(present.graph, present.state, present.colours, None)
        self.map.set_highlights(highlights_of(self.controller.session, None, present.numbers))

    def _moved(self, moved: Moved) -> None:
        self.map.frames_changed(moved.pfns)
        self._show()
        step = moment_of(self.controller.session).step
        if step is not None and self.begun:
            words = step_words(step.mark.act, self.controller.session.operations[-1]) or self._words
        else:
            words = shared_words(int(self.controller.session.machine.mapcount.view[self.frame]))
        if words != self._words:
            self._words = words
            self.told.emit(words)

    def _look(self) -> None:
        """The camera on the page, near enough to read."""
        plane, camera = self.map.plane, self.map.view.camera
        self.map.setVisible(self.width() >= look.px(_FOR_MAP))
        if plane is not None:
            x, y = plane.layout.position(self.frame)
            cell = max(_NEAR * look.scale(), camera.fit_cell)
            camera = Camera(plane.layout.width, plane.layout.height, *self.map.view.room(), cell)
            self.map.view.look(camera.centred(x + 0.5, y + 0.5))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._look)

    # -- what happens

    @property
    def begun(self) -> bool:
        """Whether the page is broken, or breaks now."""
        return self.controller.session.position > self._booted

    @property
    def over(self) -> bool:
        """Whether the walk has arrived."""
        session = self.controller.session
        return self.begun and session.position == len(session.steps) and not self.controller.playback.playing

    @property
    def verdict(self) -> str:
        """Verdict on the operation; empty until the walk is over."""
        session = self.controller.session
        return verdict(session, session.operations[-1]) if self.over else ""

    @property
    def deaths(self) -> str:
        """Sentence on how many processes the operation killed; empty until the walk is over, and without any."""
        return end_words(self.controller.session.operations[-1]) if self.over else ""

    def play(self) -> None:
        """Break the page, from the beginning."""
        c, session = self.controller, self.controller.session
        if c.occupied:
            return
        self._words = ""
        if len(session.steps) == self._booted:
            c.act("poison", {"frame": f"pfn:{self.frame:#x}"})
        operation = session.operations[-1]
        marks = session.steps.marks[operation.first : operation.last]
        pace = Pace(marks)
        c.playback.set_speed(sum(pace.time(step) for step in range(len(marks))) / 1000 / _SECONDS)
        c.seek(operation.first + 1)
        c.playback.play()

    def finish(self) -> None:
        """Arrive at once."""
        if self.controller.playback.playing:
            self.controller.finish()

    def _played(self, playing: bool) -> None:
        if not playing:
            QTimer.singleShot(0, self, self._arrived)

    def _arrived(self) -> None:
        if self.over:
            self.ended.emit()

    def _clicked(self, pfn: int) -> None:
        self.map.select(self.frame, reveal=False)
        if pfn == self.frame:
            self.fired.emit()

    def stop(self) -> None:
        """Nothing moves any more."""
        self.controller.playback.pause()
        self.controller.work.give_up()
