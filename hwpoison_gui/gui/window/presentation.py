"""Opens the stage, on the projector where there is one. One presentation runs at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.appearance import Appearance

if TYPE_CHECKING:
    from hwpoison_gui.gui.stage.window import StageWindow  # imported when first opened


class Presentation:
    """Presents the session of a window."""

    def __init__(self, above: QWidget, controller: Controller, present: Present, appearance: Appearance) -> None:
        self._above, self._controller, self._present, self._appearance = above, controller, present, appearance
        self.shown: StageWindow | None = None

    def begin(self, at_moment: bool = False) -> None:
        """Begins at the title, or at the present timeline position.

        With a second screen the stage is there, and the notes stay with the speaker.
        """
        if self.shown is not None or self._controller.occupied:
            return
        from hwpoison_gui.gui.stage.window import StageWindow

        position = self._controller.session.position
        self.shown = stage = StageWindow(self._controller, self._present, self._appearance, self._above)
        stage.left.connect(self._left)
        others = [screen for screen in QGuiApplication.screens() if screen is not self._above.screen()]
        if others:
            stage.setScreen(others[0])
            stage.setGeometry(others[0].geometry())
        stage.showFullScreen()
        stage.activateWindow()
        stage.setFocus()
        if at_moment:
            stage.begin_at(position)
        if others:
            stage.toggle_notes()

    def _left(self) -> None:
        self.shown = None

    def stop(self) -> None:
        """Ends it."""
        if self.shown is not None:
            self.shown.close()
