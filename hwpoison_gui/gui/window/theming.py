"""Gives the parts of the window the theme that the user chose, and the commands its icons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from hwpoison_gui.gui.control.playback import Playback
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance, Themed
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.view.base.palette import Theme


class Theming(QObject):
    """`parts()` are all parts with a theme; containers whose height depends on others come after them."""

    def __init__(
        self,
        window: QMainWindow,
        appearance: Appearance,
        actions: Actions,
        playback: Playback,
        present: Present,
        parts: Callable[[], Sequence[Themed]],
    ) -> None:
        super().__init__(window)
        self._window, self._appearance, self._actions, self._parts = window, appearance, actions, parts
        self._playback, self._present = playback, present
        self._show()
        appearance.changed.connect(self._changed)
        appearance.motionChanged.connect(window.setAnimated)
        appearance.motionChanged.connect(actions.refresh)

    def _changed(self, theme: Theme) -> None:
        for part in self._parts():
            part.set_theme(theme)
        self._show()
        self._present.set_theme(theme)

    def _show(self) -> None:
        theme = self._appearance.theme
        self._actions.set_theme(theme.text, look.disabled_of(theme))
        self._actions.show_playing(self._playback.playing)
        self._actions.check(f"theme-{self._appearance.theme_choice}")
        self._actions.check(f"text-{self._appearance.text_size}")
        self._window.setAnimated(not self._appearance.still)
