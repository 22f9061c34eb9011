"""The look that the user chose (theme, size of text, motion): remembered, and put on the whole window at once.

Every part has `set_theme(theme)`: it takes the colours, and measures and dresses its text anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.style_sheet import style_sheet
from hwpoison_gui.view.base.palette import THEMES, Theme

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.main_window import MainWindow


class Dressed(Protocol):
    """A part of the window that wears the look."""

    def set_theme(self, theme: Theme) -> None:
        """Takes colours, and text of the size that it has now."""


class Dress(QObject):
    """Without `settings` it is dark, of the usual size, and forgotten."""

    def __init__(self, window: MainWindow, settings: QSettings | None) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.theme_choice = str(self._read("theme", look.SYSTEM)) if settings else "dark"
        self.text_size = _nearest_size(self._read("text-size", look.USUAL_TEXT))
        kept = self._read("reduced-motion", None)
        self.still = look.system_is_still() if kept is None else str(kept) == "true"
        self.theme: Theme
        self._put_on()
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)

    def _read(self, key: str, default: object) -> object:
        return self._settings.value(key, default) if self._settings else default

    def _keep(self, key: str, value: object) -> None:
        if self._settings:
            self._settings.setValue(key, value)

    # -- choosing

    def choose_theme(self, choice: str) -> None:
        """A theme's name, or `system`."""
        self.theme_choice = choice
        self._keep("theme", choice)
        self.apply()

    def choose_text_size(self, percent: int) -> None:
        """One of TEXT_SIZES."""
        if percent != self.text_size:
            self.text_size = percent
            self._keep("text-size", percent)
            self.apply()

    def step_text_size(self, by: int) -> None:
        """The next larger or smaller size."""
        at = look.TEXT_SIZES.index(self.text_size) + by
        self.choose_text_size(look.TEXT_SIZES[min(max(at, 0), len(look.TEXT_SIZES) - 1)])

    def missing_step(self, by: int) -> str:
        """Why there is no next larger or smaller size; empty where there is."""
        if self.text_size == look.TEXT_SIZES[-1 if by > 0 else 0]:
            return f"Text is as {'large' if by > 0 else 'small'} as it can be."
        return ""

    def choose_motion(self, still: bool) -> None:
        """Whether nothing moves but what the user moves; until it is chosen, it is as the desktop has it."""
        self.still = still
        self._keep("reduced-motion", "true" if still else "false")
        self.show()
        self._window.actions_.refresh()

    def _system_changed(self) -> None:
        if self.theme_choice == look.SYSTEM:
            self.apply()

    # -- wearing

    def _put_on(self) -> None:
        """Fonts and colours of the application: before there are widgets it costs least."""
        self.theme = THEMES.get(self.theme_choice) or look.system_theme()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        look.set_text_size(self.text_size)
        app.setPalette(look.palette_of(self.theme))
        app.setStyleSheet(style_sheet(self.theme))
        self._window.setIconSize(look.icon_size())

    def apply(self) -> None:
        """Everything in the colours and sizes that were chosen."""
        self._put_on()
        for part in self._window.dressed_parts():
            part.set_theme(self.theme)
        self.show()
        self._window.actions_.refresh()

    def show(self) -> None:
        """What the commands and the state of the machine have of the look."""
        actions, theme = self._window.actions_, self.theme
        actions.set_theme(theme.text, look.disabled_of(theme))
        actions.check(f"theme-{self.theme_choice if self.theme_choice in THEMES else look.SYSTEM}")
        actions.check(f"text-{self.text_size}")
        self._window.wiring.theme_changed()
        self._window.setAnimated(not self.still)
        for part in (self._window.map, self._window.rmap, self._window.wiring.progress):
            part.set_motion(not self.still)


def _nearest_size(kept: object) -> int:
    """The size nearest to what the settings file says; the usual one where that is no number."""
    try:
        wanted = float(str(kept))
    except ValueError:
        return look.USUAL_TEXT
    return min(look.TEXT_SIZES, key=lambda size: abs(size - wanted))
