"""Opens the stage, on the projector where there is one. One presentation runs at a time, lesson after lesson."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.appearance import Appearance

if TYPE_CHECKING:
    from hwpoison_gui.gui.stage.window import StageWindow
    from hwpoison_gui.gui.window.files.unsaved import UnsavedWork
    from hwpoison_gui.view.story.path import Place  # imported on first use to keep start-up fast


class Presentation:
    """Presents the session of a window."""

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        work: UnsavedWork,
        open_path: Callable[[Path, Callable[[], object]], object],
    ) -> None:
        self._above, self._controller, self._present, self._appearance = above, controller, present, appearance
        self._open_path, self._work = open_path, work
        self._told = work.present[:2]  # the newest operation and the branches, on the path
        self._place: Place | None = None  # where the last one ended
        self._afterwards: Callable[[], object] = lambda: None
        self.shown: StageWindow | None = None

    def begin(self, at_moment: bool = False, afterwards: Callable[[], object] = lambda: None) -> None:
        """Begin at the title, or at the present timeline position; where one ended by accident, it goes on there.

        `afterwards` is called when it has ended.
        With a second screen the stage is there, and the notes stay with the speaker.
        """
        if self.shown is not None or self._controller.occupied:
            return
        from hwpoison_gui.gui.stage.window import StageWindow

        position = self._controller.session.position
        place, self._place = self._place, None
        if at_moment or (place is not None and not place.fits(self._controller.session)):
            place = None
        self._told = self._told if place is not None else self._work.present[:2]
        self.shown = stage = StageWindow(self._controller, self._present, self._appearance, self._above, place)
        self._afterwards = afterwards
        stage.left.connect(self._left)
        stage.returned.connect(self._returned)
        self._announce_next(stage)
        others = [screen for screen in QGuiApplication.screens() if screen is not self._above.screen()]
        if others:
            stage.setScreen(others[0])
            stage.setGeometry(others[0].geometry())
        stage.showFullScreen()
        stage.activateWindow()
        stage.setFocus()
        if at_moment:
            stage.begin_at(position)
        if others or (place is not None and place.has_notes):
            stage.toggle_notes()

    def _returned(self) -> None:
        """On the path again: what was asked meanwhile is no work that is to be saved."""
        self._work.redone(*self._told)
        self._told = self._work.present[:2]

    def _announce_next(self, stage: StageWindow) -> None:
        """After a lesson comes the next one."""
        from hwpoison_gui import lessons
        from hwpoison_gui.session.errors import ScenarioError

        path = lessons.following(self._controller.machine.file)
        try:
            lesson = lessons.read(path) if path is not None else None
        except (ScenarioError, OSError):
            return
        if lesson is not None:
            stage.announce(lesson.title, lesson.summary)
            stage.nextWanted.connect(partial(self._open_path, lesson.path, partial(self._replace, stage)))

    def _replace(self, old: StageWindow) -> None:
        """Cover the stage of the story before with the one of the story that is open now."""
        if self.shown is not old:
            return
        old.left.disconnect(self._left)
        notes, self.shown = old.has_notes, None
        self.begin(afterwards=self._afterwards)
        self._go_on(notes)
        old.close()

    def _go_on(self, notes: bool) -> None:
        """Pass over the title, which was announced after the story before; with the notes if they were shown."""
        if self.shown is None:
            return
        self.shown.forward()
        if notes and not self.shown.has_notes:
            self.shown.toggle_notes()

    def _left(self) -> None:
        self._place = self.shown.place if self.shown is not None else None
        self.shown = None
        afterwards, self._afterwards = self._afterwards, lambda: None
        afterwards()

    def stop(self) -> None:
        """End it, with nothing afterwards."""
        self._afterwards = lambda: None
        if self.shown is not None:
            self.shown.close()
