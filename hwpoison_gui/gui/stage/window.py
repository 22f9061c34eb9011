"""The stage: map, reverse map, the decision of the moment, caption and newest log line, full screen.

It shows the session of the main window and moves its timeline, so what is clicked here happens there as well.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.stage.canvas import Canvas
from hwpoison_gui.gui.stage.keys import KEYS
from hwpoison_gui.gui.stage.motion import Motion, between
from hwpoison_gui.gui.stage.questions import Questions
from hwpoison_gui.gui.stage.speaker import SpeakerWindow
from hwpoison_gui.view.base.moment import heading_of
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.roles import TARGET
from hwpoison_gui.view.map.zones import starts_of
from hwpoison_gui.view.story.captions import Captions, first_caption
from hwpoison_gui.view.story.path import Place, StoryPath
from hwpoison_gui.view.story.stage_text import frame_kept, staged, target_at
from hwpoison_gui.view.story.stops import stops_of
from hwpoison_gui.view.words.plain import plain

_NEAR: Final = 26.0  # width of a cell that an audience can see, in pixels of a screen 720 high
_MOST_CAPTION: Final = 1200  # characters
_FAILED: Final = "The scenario ends here: its next step is impossible on this machine: {}"
_MODIFIERS: Final = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta)
_NEXT: Final = "Next: Space or PageDown begins it"
_END: Final = "End of the story"
_LEAVES: Final = "Esc leaves, PageUp goes back"
_BEGINS: Final = "Space or PageDown begins"
_OFF_PATH: Final = "Off the path: {} to stop {}"
_LEADS_ON: Final = "Next plays on, R returns"
_LEADS_BACK: Final = "Next or R returns"
_IMPOSSIBLE: Final = "From here the story cannot go on as before: {}"


class StageWindow(Canvas):
    """One presentation. `left` is emitted when it has ended."""

    left = Signal()
    returned = Signal()  # back on the path: the operations are those of the story again
    nextWanted = Signal()  # the story that was announced after this one

    def __init__(
        self,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        above: QWidget,
        place: Place | None = None,
    ) -> None:
        """Resume at `place`; without one, begin with the title."""
        super().__init__(above, appearance.theme, controller.session.machine.profile.sysctls)
        self.setWindowTitle("Stage")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._controller, self._present = controller, present
        self._captions = Captions(controller.session, "", "")
        self._typed = ""
        self._began = place.began if place else time.monotonic()  # whenever the notes are shown
        self._start = self._end = Camera(1, 1, 1, 1)
        self._path = place.path if place else StoryPath(controller.session)
        self._stops = self._path.stops if not self._is_off_path else stops_of(controller.session)
        self._stop = 0
        self._is_followed = self._hands_over = False  # by a next story, which is being opened to replace this one
        self._in_view = -1  # frame whose reverse map was shown last
        self._speaker: SpeakerWindow | None = None
        self._animate(appearance)
        self._questions = Questions(controller, self.motion, self._path, self._asked)
        self._connect(appearance)
        self._open()
        if place is not None:
            self.begin_at(place.position)

    def _animate(self, appearance: Appearance) -> None:
        self.motion = Motion(self, self._fly, self._walk)
        self.motion.set_motion(not appearance.still)

    def _connect(self, appearance: Appearance) -> None:
        """Bound methods only: Qt drops the connections with this window."""
        self.map.fired.connect(self._questions.fire)
        self.map.selected.connect(self._controller.selection.select)
        self.map.countsChanged.connect(self._count)
        self._present.opened.connect(self._another)
        self._feed = self._present.feed(self)
        self._feed.moved.connect(self._moved)
        self._controller.playback.phaseChanged.connect(self.rmap.set_phase)
        appearance.motionChanged.connect(self.motion.set_motion)
        self.rmap.set_motion(not appearance.still)
        self.map.set_motion(not appearance.still)
        for slider in self.switches:
            slider.valueWanted.connect(partial(self._questions.set_sysctl, slider.sysctl.name))
        # The other keys are the stage's own: a remote must work whatever was clicked.
        for widget in (self.map.view, self.rmap):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _open(self) -> None:
        c = self._controller
        m, scenario = c.session.machine, c.machine.scenario
        self.map.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones))
        summary = plain(scenario.summary) if scenario is not None else ""
        if c.machine.failed and not self._path.line:
            summary = _FAILED.format(plain(c.machine.failed))
        self.card.show_words(c.machine.title, summary, _BEGINS)
        self.after.show_words(_END, "", _LEAVES)
        c.seek(0)
        self._arrive(0)

    # -- what is shown

    @property
    def stop(self) -> int:
        """Number of the stop, from 0; the title card is the one of the machine as booted."""
        return self._stop

    @property
    def stops(self) -> Sequence[int]:
        """Timeline positions of the stops."""
        return tuple(self._stops)

    @property
    def _is_off_path(self) -> bool:
        return self._path.is_left(self._controller.session)

    @property
    def place(self) -> Place:
        """Current place, where another presentation can go on."""
        session = self._controller.session
        position = session.position if self._is_off_path else self._stops[self._stop]
        return Place(self._path, tuple(session.operations), position, self._began, self.has_notes)

    def _show(self) -> None:
        """Show the session's position in all parts."""
        c, present, theme = self._controller, self._present, self._theme
        session = c.session
        off = self._is_off_path
        shown = staged(session, self._path.common(session) if off else 0)
        self.board.show_words(shown, theme)
        said, failed = (_IMPOSSIBLE, self._questions.ended) if off else (_FAILED, c.machine.failed)
        failed = failed if session.position == len(session.steps) else ""
        caption = said.format(plain(failed)) if failed else self._caption(off)
        self.caption.setText(caption[:_MOST_CAPTION])
        look.ink(self.caption, theme.warn if failed else theme.text)
        if present.graph is not None or not self.motion.moving:  # on its way it passes steps that concern no frame
            self.rmap.set_walk(present.graph, present.state, present.colours, None)
        self._in_view = present.graph.pfn if present.graph is not None else self._in_view
        marked = highlights_of(session, None, present.numbers)
        if off and not marked and self._in_view >= 0:  # a sysctl concerns no frame: the story's stays marked
            marked = [(np.array([self._in_view], np.int64), TARGET)]
        self.map.set_highlights(marked)
        self.log.setText(shown.log.text if shown.log is not None else "")
        look.ink(self.log, theme.kill if shown.log is not None and shown.log.fatal else theme.muted)
        self._fit_words()
        for slider in self.switches:
            slider.set_value(session.machine.sysctl.view.get(slider.sysctl.name))
        self.where.setText(self._way_back() if off else f"{self._stop} / {len(self._stops) - 1}")
        look.ink(self.where, theme.warn if off else theme.muted)
        self.progress.set_progress(self._path.resume if off else self._stop, self._path.stops, theme)

    def _way_back(self) -> str:
        """Describe what the keys do off the path."""
        leads = _LEADS_ON if self._controller.session.position < self._stops[-1] else _LEADS_BACK
        return _OFF_PATH.format(leads, self._path.resume)

    def _caption(self, off: bool) -> str:
        """The caption at this position; off the path of the story, the title of the operation."""
        session = self._controller.session
        operation, told = session.operation_at(session.position), self._captions.at_present().text
        common = self._path.common(session) if off else 0
        if not off or operation is None or operation in session.operations[:common]:
            return told or self._ahead()
        return operation.telling.caption or heading_of(operation)

    def _ahead(self) -> str:
        """On the way from the title card to the first caption: that caption, so that there is something to read."""
        session = self._controller.session
        first = first_caption(session)
        return self._captions.every[0] if first and not self.card.isVisibleTo(self) and session.position < first else ""

    def _count(self) -> None:
        assert self.map.plane is not None
        self.key.set_counts(self.map.plane.class_counts().tolist())

    def _moved(self, moved: Moved) -> None:
        self.map.frames_changed(moved.pfns)
        if moved.acted:
            self._acted()
        self._show()
        if moved.acted:
            self._tell_speaker()

    def _acted(self) -> None:
        """Somebody has left the path, or is back on it: the stops are those of what is there now."""
        session, off = self._controller.session, self._is_off_path
        if self._stops is self._path.stops and off:
            self._path.resume = self._stop
        self._stops = self._path.stops if not off else stops_of(session)
        if off:
            self._stop = bisect_right(self._stops, session.position) - 1
        self.map.view.forget_pointer()  # the label of the frame under the pointer would cover what has changed
        if self._is_off_path and self._present.graph is None:  # a sysctl concerns no frame
            self._controller.selection.select(self._in_view)
        self.card.hide()

    def _asked(self) -> None:
        """A sysctl was written: the story can be played on under it."""
        self._acted()
        self._show()
        self._tell_speaker()

    def announce(self, title: str, summary: str) -> None:
        """Set the title of the next story: after the last stop one key shows it, and another starts the story."""
        self.after.show_words(title, plain(summary), _NEXT)
        self._is_followed = True

    def _another(self) -> None:
        """Another machine was opened under the stage. If it is the next story, its stage will cover this one."""
        if not self._hands_over:
            self.close()
            return
        self._present.opened.disconnect(self._another)
        self._feed.moved.disconnect(self._moved)
        self._controller.playback.phaseChanged.disconnect(self.rmap.set_phase)

    # -- going

    def _fly(self, share: float) -> None:
        if self._start != self._end:
            self.map.view.look(between(self._start, self._end, share))

    def _walk(self, position: int, phase: float) -> None:
        if position != self._controller.session.position:
            self._controller.seek(position)
        self.rmap.set_phase(phase)
        self.map.set_pulse_phase(phase)

    def _camera_at(self, position: int) -> Camera:
        plane, camera = self.map.plane, self.map.view.camera
        target = target_at(self._controller.session, position)
        if plane is None or target < 0:
            return camera.fitted()
        x, y = plane.layout.position(target)
        return camera.centred(x + 0.5, y + 0.5, max(_NEAR * self.height() / 720, camera.fit_cell))

    def _go(self, stop: int) -> None:
        """Go to a stop: flying and walking forward to the next one, else at once."""
        c = self._controller
        if c.occupied:
            return
        c.playback.pause()
        self.motion.stop()
        stop = min(max(stop, 0), len(self._stops) - 1)
        there, here, nearby = self._stops[stop], c.session.position, stop == self._stop + 1
        self._stop = stop
        self.after.hide()
        self._hands_over = False
        self.map.view.forget_pointer()
        c.selection.select(frame_kept(c.session, there))
        self.card.setVisible(not stop and not self._is_off_path)
        self._start, self._end = self.map.view.camera, self._camera_at(there)
        if not nearby:
            here = there
        self.motion.start(here, there, nearby and self._start != self._end, partial(self._arrive, stop))

    def begin_at(self, position: int) -> None:
        """Show a timeline position at once, whether or not it is a stop."""
        stop = bisect_right(self._stops, position) - 1
        self.card.setVisible(not position)
        self._controller.seek(position)
        self._start = self._end = self._camera_at(position)
        self.map.view.look(self._end)
        self._arrive(stop)

    def _arrive(self, stop: int) -> None:
        self._stop = stop
        self._show()
        self._tell_speaker()

    def _tell_speaker(self) -> None:
        if self._speaker is not None:
            resume = self._path.resume if self._is_off_path else None
            self._speaker.show_stop(self._controller.session, self._stops, self._stop, self._path.seconds, resume)

    # -- acts, by the names in keys.py

    def forward(self) -> None:
        """Finish what is moving, and go to the next stop; off the path of the story, its last stop leads back to it.

        After the last stop comes a card that says that the story ends, or which one is next.
        """
        if self.motion.moving:
            self.motion.finish()
        elif self._controller.playback.playing:
            self._controller.finish()
        elif self._is_off_path and self._controller.session.position == self._stops[-1]:
            self.resume()
        elif self.after.isVisible():
            if self._is_followed:
                self._hands_over = True
                self.nextWanted.emit()
        elif len(self._stops) == 1:  # nothing was done yet: the map is there to be clicked
            self.card.hide()
        elif not self._is_off_path and self._controller.session.position == self._stops[-1]:
            self.toggle(self.after)
        else:
            self._go(self._next_stop())

    def _next_stop(self) -> int:
        position = self._controller.session.position
        if self._stops[self._stop] == position:
            return self._stop + 1
        return next((number for number, at in enumerate(self._stops) if at > position), len(self._stops) - 1)

    def back(self) -> None:
        """Go to the previous stop, whatever is moving; from what follows the story, to its last stop."""
        self._go(self._stop - (not self.after.isVisible()))

    def first(self) -> None:
        self._go(0)

    def last(self) -> None:
        self._go(len(self._stops) - 1)

    @property
    def has_notes(self) -> bool:
        """Whether the speaker's window is shown."""
        return self._speaker is not None

    def escape(self) -> None:
        """Close what lies over the stage; end the presentation where nothing does."""
        if self.blank.isVisible():
            self.toggle(self.blank)
        elif not self.sliders.isHidden():
            self.toggle_sliders()
        else:
            self.close()

    def toggle_notes(self) -> None:
        """Open or close the speaker's window."""
        if self._speaker is not None:
            self._speaker.close()
            return
        # On one screen it belongs to the stage and keeps the focus: a full screen that has it covers other windows.
        above = self if len(QGuiApplication.screens()) == 1 else None
        self._speaker = SpeakerWindow(self, self._theme, self._began, above)
        self._speaker.closed.connect(self._forget_speaker)
        self._tell_speaker()
        self._speaker.show()
        if above is None:
            self.activateWindow()

    def _forget_speaker(self) -> None:
        self._speaker = None
        self.activateWindow()  # the notes had the focus, and no other window is to get the keys

    def resume(self) -> None:
        """Back to the stop that was left; what was done meanwhile stays as a branch."""
        self.motion.finish()
        if not self._is_off_path:
            self._go(self._stop)
            return
        self._controller.go_along(self._path.line, self._resumed)

    def _resumed(self) -> None:
        self._stops, self._questions.ended = self._path.stops, ""
        self._go(self._path.resume)
        self.returned.emit()

    # -- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), event.text()
        if key in _MODIFIERS:
            return
        if self.help.isVisible():
            self.toggle(self.help)
            return
        if text.isdecimal() and text.isascii():
            self._typed += text
            self.where.setText(f"to stop {self._typed[-6:]} ⏎")
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            typed, self._typed = self._typed, ""
            if typed:
                self._go(int(typed[-6:]))
            return
        if self._typed:
            self._typed = ""
            self._show()
        act = KEYS.get(key)
        if act is None:
            event.ignore()
        elif self.blank.isVisible() and act not in ("leave", "escape"):
            self.toggle(self.blank)
        else:
            self._acts()[act]()

    def _acts(self) -> dict[str, Callable[[], object]]:
        return {
            "forward": self.forward, "back": self.back, "first": self.first, "last": self.last, "larger": self.larger,
            "smaller": self.smaller, "blank": partial(self.toggle, self.blank),
            "spotlight": partial(self.toggle, self.spotlight), "help": partial(self.toggle, self.help),
            "sliders": self.toggle_sliders, "notes": self.toggle_notes, "resume": self.resume, "leave": self.close,
            "escape": self.escape,
        }  # fmt: skip

    def changeEvent(self, event: QEvent) -> None:
        """On one screen the notes keep the focus, also after a click on the stage, which would cover them."""
        super().changeEvent(event)
        if event.type() != QEvent.Type.ActivationChange or not self.isActiveWindow():
            return
        speaker = self._speaker
        if speaker is not None and speaker.parent() is self:
            QTimer.singleShot(0, speaker, speaker.come_forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.motion.stop()
        if self._speaker is not None:
            self._speaker.closed.disconnect()
            self._speaker.close()
        self.left.emit()
        super().closeEvent(event)
