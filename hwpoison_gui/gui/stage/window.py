"""The stage: map, reverse map, the decision of the moment, caption and newest log line, full screen.

It shows the session of the main window and moves its timeline, so what is clicked here happens there as well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFont,
    QFontInfo,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.stage.board import Board, fit, words
from hwpoison_gui.gui.stage.colour_key import ColourKey
from hwpoison_gui.gui.stage.keys import HELP, KEYS
from hwpoison_gui.gui.stage.motion import Motion, between
from hwpoison_gui.gui.stage.overlays import Blank, Card, Spotlight, StopLine
from hwpoison_gui.gui.stage.speaker import SpeakerWindow
from hwpoison_gui.gui.toolbar.sysctl_slider import SysctlSlider
from hwpoison_gui.session.branches import Past, shared
from hwpoison_gui.view.facts.captions import Captions
from hwpoison_gui.view.facts.staged import frame_kept, staged, target_at
from hwpoison_gui.view.facts.stops import stops_of
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.highlights import highlights_of
from hwpoison_gui.view.map.zones import starts_of
from hwpoison_gui.view.words.plain import plain

_ROWS: Final = 34  # lines of ordinary text that would fit the height
_STILL_MS: Final = 2000  # after which a pointer that rests is hidden
_SIZES: Final = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4)
_NEAR: Final = 26.0  # width of a cell that a room can see, in pixels of a screen 720 high
_CAPTION_LINES: Final = 3
_BOARD_LINES: Final = 6
_AXIS: Final = 0.75  # numbers beside the map, of ordinary text
_MOST_CAPTION: Final = 1200  # characters
_FAILED: Final = "The scenario ends here, for its next step makes no sense on this machine: {}"
_OFF_PATH: Final = "Off the path: R returns to stop {}"


class StageWindow(QWidget):
    """One presentation. `left` is emitted when it has ended."""

    left = Signal()

    def __init__(self, controller: Controller, present: Present, appearance: Appearance, above: QWidget) -> None:
        super().__init__(above, Qt.WindowType.Window)
        self.setWindowTitle("Stage")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._controller, self._present, self._theme = controller, present, appearance.theme
        self._captions = Captions(controller.session, "", "")
        self._size = _SIZES.index(1.0)
        self._typed = ""
        self._caption_font = self._log_font = self.font()
        self._start = self._end = Camera(1, 1, 1, 1)
        self._line: tuple[Past, ...] = controller.session.line()  # what is told
        self._stops: list[int] = stops_of(controller.session)
        self._stop = 0
        self._path = self._stops  # of the line that is told
        self._resume = 0  # stop of it that was left
        self._speaker: SpeakerWindow | None = None
        self._make(appearance)
        self._place()
        self._connect(appearance)
        self._open()

    # -- making

    def _make(self, appearance: Appearance) -> None:
        theme = self._theme
        self.caption, self.log, self.where = words(self), words(self), words(self)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.map, self.rmap, self.board = FrameMapWidget(self, theme), RmapView(self, theme), Board(self)
        self.key = ColourKey(self, theme)
        self.progress = StopLine(self)
        self.sliders = QWidget(self)
        row = QHBoxLayout(self.sliders)
        sysctls = self._controller.session.machine.profile.sysctls
        self._sliders = [SysctlSlider(one, self.sliders, theme) for one in sysctls]
        for slider in self._sliders:
            row.addWidget(slider)
            slider.valueWanted.connect(partial(self._controller.set_sysctl, slider.sysctl.name))
        row.addStretch(1)
        self.sliders.hide()
        self.card, self.help, self.blank, self.spotlight = Card(self), Card(self), Blank(self), Spotlight(self)
        self.help.show_words("Keys", "\n".join(HELP.split(" · ")), "")
        self.help.hide()
        # All keys are the stage's own: a remote must work whatever was clicked.
        for widget in (self.map.view, self.rmap, *self._sliders):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self.map.view.viewport(), self.rmap.viewport(), *self._sliders):
            widget.installEventFilter(self)
        self.motion = Motion(self, self._fly, self._walk)
        self.motion.set_motion(not appearance.still)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_STILL_MS)
        self._resting.timeout.connect(partial(self.setCursor, Qt.CursorShape.BlankCursor))
        ground = self.palette()
        ground.setColor(QPalette.ColorRole.Window, QColor(theme.ground))
        self.setPalette(ground)

    def _place(self) -> None:
        grid = QGridLayout(self)
        grid.setColumnStretch(0, 9)
        grid.setColumnStretch(1, 11)
        grid.addWidget(self.caption, 0, 0, 1, 2)
        grid.addWidget(self.map, 1, 0)
        grid.addWidget(self.rmap, 1, 1)
        grid.addWidget(self.key, 2, 0, 1, 2)
        grid.addWidget(self.board, 3, 0, 1, 2)
        grid.addWidget(self.sliders, 4, 0, 1, 2)
        line = QHBoxLayout()
        line.addWidget(self.log, 7)
        line.addWidget(self.where, 1)
        grid.addLayout(line, 5, 0, 1, 2)
        grid.addWidget(self.progress, 6, 0, 1, 2)
        grid.setRowStretch(1, 1)  # all else has its height, so that nothing moves from stop to stop

    def _connect(self, appearance: Appearance) -> None:
        """Bound methods only: Qt drops the connections with this window."""
        self.map.fired.connect(self._controller.fire)
        self.map.selected.connect(self._controller.selection.select)
        self.map.countsChanged.connect(self._count)
        self._present.opened.connect(self._another)
        self._present.feed(self).moved.connect(self._moved)
        self._controller.playback.phaseChanged.connect(self.rmap.set_phase)
        appearance.motionChanged.connect(self.motion.set_motion)
        self.rmap.set_motion(not appearance.still)
        self.map.set_motion(not appearance.still)

    def _open(self) -> None:
        c = self._controller
        m, scenario = c.session.machine, c.machine.scenario
        self.map.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones))
        summary = plain(scenario.summary) if scenario is not None else ""
        if c.machine.failed and not self._line:
            summary = _FAILED.format(plain(c.machine.failed))
        self.card.show_words(c.machine.title, summary, "Space begins")
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
        operations = self._controller.session.operations
        return len(operations) != len(self._line) or shared(self._line, operations) < len(self._line)

    def _show(self) -> None:
        """Shows the session's position in all parts."""
        c, present, theme = self._controller, self._present, self._theme
        session = c.session
        shown = staged(session)
        failed = c.machine.failed if session.position == len(session.steps) and not self._is_off_path else ""
        caption = _FAILED.format(plain(failed)) if failed else self._captions.at_present().text
        self.caption.setText(caption[:_MOST_CAPTION])
        look.ink(self.caption, theme.warn if failed else theme.text)
        self.board.show_words(shown, theme)
        self.rmap.set_walk(present.graph, present.state, present.colours, None)
        self.map.set_highlights(highlights_of(session, None, present.numbers))
        self.log.setText(shown.log.text if shown.log is not None else "")
        look.ink(self.log, theme.kill if shown.log is not None and shown.log.fatal else theme.muted)
        self._fit_words()
        for slider in self._sliders:
            slider.set_value(session.machine.sysctl.view.get(slider.sysctl.name))
        off = self._is_off_path
        self.where.setText(_OFF_PATH.format(self._resume) if off else f"{self._stop} / {len(self._stops) - 1}")
        look.ink(self.where, theme.warn if off else theme.muted)
        self.progress.set_progress(self._stop, self._stops, theme)

    def _count(self) -> None:
        assert self.map.plane is not None
        self.key.set_counts(self.map.plane.class_counts().tolist())

    def _moved(self, moved: Moved) -> None:
        self.map.frames_changed(moved.pfns)
        if moved.acted:
            self._acted()
        self._show()

    def _acted(self) -> None:
        """Somebody has left the path, or is back on it: the stops are those of what is there now."""
        if self._stops is self._path and self._is_off_path:
            self._resume = self._stop
        self._stops = self._path if not self._is_off_path else stops_of(self._controller.session)
        self.card.hide()

    def _another(self) -> None:
        """Another machine was opened under the stage."""
        self.close()

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
        """Goes to a stop: flying and walking forward to the next one, else at once."""
        c = self._controller
        if c.occupied:
            return
        c.playback.pause()
        self.motion.stop()
        stop = min(max(stop, 0), len(self._stops) - 1)
        there, here, nearby = self._stops[stop], c.session.position, stop == self._stop + 1
        self._stop = stop
        c.selection.select(frame_kept(c.session, there))
        self.card.setVisible(not stop and not self._is_off_path)
        self._start, self._end = self.map.view.camera, self._camera_at(there)
        if not nearby:
            here = there
        self.motion.start(here, there, nearby and self._start != self._end, partial(self._arrive, stop))

    def begin_at(self, position: int) -> None:
        """Shows a timeline position at once, whether or not it is a stop."""
        stop = bisect_right(self._stops, position) - 1
        self.card.setVisible(not position)
        self._controller.seek(position)
        self._start = self._end = self._camera_at(position)
        self.map.view.look(self._end)
        self._arrive(stop)

    def _arrive(self, stop: int) -> None:
        self._stop = stop
        self._show()
        if self._speaker is not None:
            self._speaker.show_stop(self._controller.session, self._stops, stop)

    # -- acts, by the names in keys.py

    def forward(self) -> None:
        """To the next stop; what is still moving arrives first. Off the path, the last stop leads back to it."""
        if self.motion.moving:
            self.motion.finish()
        elif self._controller.playback.playing:
            self._controller.finish()
        elif self._is_off_path and self._controller.session.position == self._stops[-1]:
            self.resume()
        else:
            self._go(self._next_stop())

    def _next_stop(self) -> int:
        position = self._controller.session.position
        if self._stops[self._stop] == position:
            return self._stop + 1
        return next((number for number, at in enumerate(self._stops) if at > position), len(self._stops) - 1)

    def back(self) -> None:
        """To the stop before, through what is still moving."""
        self._go(self._stop - 1)

    def first(self) -> None:
        self._go(0)

    def last(self) -> None:
        self._go(len(self._stops) - 1)

    def larger(self) -> None:
        self._resize_text(1)

    def smaller(self) -> None:
        self._resize_text(-1)

    def _toggle(self, overlay: QWidget) -> None:
        overlay.setVisible(not overlay.isVisible())
        overlay.raise_()

    def toggle_sliders(self) -> None:
        self.sliders.setVisible(not self.sliders.isVisible())

    def toggle_notes(self) -> None:
        """Opens or closes the speaker's window."""
        if self._speaker is not None:
            self._speaker.close()
            return
        # On one screen it belongs to the stage and keeps the focus: a full screen that has it covers other windows.
        above = self if len(QGuiApplication.screens()) == 1 else None
        self._speaker = SpeakerWindow(self, self._theme, above)
        self._speaker.closed.connect(self._forget_speaker)
        self._speaker.show_stop(self._controller.session, self._stops, self._stop)
        self._speaker.show()
        if above is None:
            self.activateWindow()

    def _forget_speaker(self) -> None:
        self._speaker = None

    def resume(self) -> None:
        """Back to the stop that was left; what was done meanwhile stays as a branch."""
        self.motion.finish()
        if not self._is_off_path:
            self._go(self._stop)
            return
        self._controller.go_along(self._line, self._resumed)

    def _resumed(self) -> None:
        self._stops = self._path
        self._go(self._resume)

    # -- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), event.text()
        if self.help.isVisible():
            self._toggle(self.help)
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
        elif self.blank.isVisible() and act != "leave":
            self._toggle(self.blank)
        else:
            self._acts()[act]()

    def _acts(self) -> dict[str, Callable[[], object]]:
        return {
            "forward": self.forward, "back": self.back, "first": self.first, "last": self.last, "larger": self.larger,
            "smaller": self.smaller, "blank": partial(self._toggle, self.blank),
            "spotlight": partial(self._toggle, self.spotlight), "help": partial(self._toggle, self.help),
            "sliders": self.toggle_sliders, "notes": self.toggle_notes, "resume": self.resume, "leave": self.close,
        }  # fmt: skip

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._pointed(event)
        return False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed(event)

    def _pointed(self, event: QMouseEvent) -> None:
        """The pointer is shown while it moves."""
        self.unsetCursor()
        self._resting.start()
        self.spotlight.move_to(self.mapFromGlobal(event.globalPosition()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        for overlay in (self.card, self.help, self.blank, self.spotlight):
            overlay.setGeometry(self.rect())
        self._set_fonts()

    def _resize_text(self, by: int) -> None:
        self._size = min(max(self._size + by, 0), len(_SIZES) - 1)
        self._set_fonts()

    def _set_fonts(self) -> None:
        """Text follows the height of the screen, so that the back row reads the same on any projector."""
        unit = max(8, round(self.height() / _ROWS * _SIZES[self._size]))

        def sized(share: float, bold: bool = False, mono: bool = False) -> QFont:
            font = look.mono() if mono else look.font()
            font.setPixelSize(round(unit * share))
            font.setBold(bold)
            return font

        self._caption_font, self._log_font = sized(1.6), sized(0.8, mono=True)
        self.caption.setFixedHeight(QFontMetrics(self._caption_font).lineSpacing() * _CAPTION_LINES)
        self.log.setFixedHeight(QFontMetrics(self._log_font).lineSpacing())
        self._fit_words()
        self.key.set_fonts(sized(0.75))
        self.board.set_fonts(sized(1.05), sized(1.3))
        self.board.setFixedHeight(round(unit * _BOARD_LINES * 1.5))
        self.where.setFont(sized(0.75))
        self.card.set_look(self._theme, sized(2.6, bold=True), sized(1.3), unit)
        self.help.set_look(self._theme, sized(1.6, bold=True), sized(1.3), unit)
        self.rmap.set_scale(unit / max(1, QFontInfo(look.font()).pixelSize()))
        self.map.set_theme(self._theme, look.font(_AXIS * unit / max(1, QFontInfo(look.font()).pixelSize())))
        grid = self.layout()
        assert isinstance(grid, QGridLayout)
        grid.setContentsMargins(unit, unit // 2, unit, 0)
        grid.setSpacing(unit // 2)
        for slider in self._sliders:
            slider.set_theme(self._theme)

    def _fit_words(self) -> None:
        fit(self.caption, self._caption_font)
        fit(self.log, self._log_font)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.motion.stop()
        if self._speaker is not None:
            self._speaker.close()
        self.left.emit()
        super().closeEvent(event)
