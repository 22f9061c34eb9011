"""The appearance chosen by the user (theme, text size, reduced motion): stored and applied to the application.

Widgets that paint or measure text have `set_theme(theme)`; the window calls it on each when `changed` is emitted.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.look.style_sheet import style_sheet
from hwpoison_gui.view.base.palette import THEMES, Theme


class Themed(Protocol):
    """A widget that takes its colours and fonts from the theme."""

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours, and measure text at the present size."""


class Appearance(QObject):
    """Theme, text size and motion. Without a settings store the theme is dark, whatever the desktop uses."""

    changed = Signal(object)  # the Theme: colours or text size have changed
    motionChanged = Signal(bool)  # whether animations are on

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self.theme_choice = settings.get(keys.THEME)
        self.text_size = settings.get(keys.TEXT_SIZE)
        self._still = settings.get(keys.STILL)
        self.theme: Theme
        self._apply_to_application()  # cheapest before there are widgets
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)

    @property
    def still(self) -> bool:
        """Whether animations are off; they are until it is known what the user or the desktop wants."""
        return self._still is not False

    def ask_desktop(self) -> None:
        """Take the desktop's setting if the user chose none; called after start-up, as asking is slow."""
        if self._still is None:
            self._still = look.system_is_still()
            self.motionChanged.emit(not self._still)

    def choose_theme(self, choice: str) -> None:
        """`choice` is the name of a theme, or `system`."""
        self.theme_choice = choice
        self._settings.keep(keys.THEME, choice)
        self.apply()

    def choose_text_size(self, percent: int) -> None:
        """`percent` is one of TEXT_SIZES."""
        if percent != self.text_size:
            self.text_size = percent
            self._settings.keep(keys.TEXT_SIZE, percent)
            self.apply()

    def step_text_size(self, by: int) -> None:
        """Choose the next larger or smaller text size."""
        at = look.TEXT_SIZES.index(self.text_size) + by
        self.choose_text_size(look.TEXT_SIZES[min(max(at, 0), len(look.TEXT_SIZES) - 1)])

    def missing_step(self, by: int) -> str:
        """Why there is no larger or smaller size; empty if there is one."""
        if self.text_size == look.TEXT_SIZES[-1 if by > 0 else 0]:
            return f"Text is as {'large' if by > 0 else 'small'} as it can be."
        return ""

    def choose_motion(self, still: bool) -> None:
        """Turns animations off or on."""
        self._still = still
        self._settings.keep(keys.STILL, still)
        self.motionChanged.emit(not still)

    def apply(self) -> None:
        """Apply colours and sizes everywhere."""
        self._apply_to_application()
        self.changed.emit(self.theme)

    def _system_changed(self) -> None:
        if self.theme_choice == look.SYSTEM:
            self.apply()

    def _apply_to_application(self) -> None:
        self.theme = THEMES.get(self.theme_choice) or look.system_theme()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        look.set_text_size(self.text_size)
        app.setPalette(look.palette_of(self.theme))
        app.setStyleSheet(style_sheet(self.theme))
