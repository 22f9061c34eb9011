"""The playback row: buttons, timeline, speed and position."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.timeline.track import Timeline
from hwpoison_gui.view.base.palette import DARK, Theme


class Transport(QWidget):
    """Buttons of the given actions, then timeline, speed and position."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.timeline = Timeline(self, theme)
        self.where = ElidedLabel(self)
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = QToolButton(self)
        self.speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.speed.setToolTip(
            "Playback speed, from a quarter to eight times  (< slower, > faster)\n"
            "At 1× there is time to read each sentence aloud"
        )
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(look.SMALL, 0, look.LARGE, look.TIGHT)
        self._row.setSpacing(look.HAIR)
        self._row.addWidget(self.timeline, 3)
        self._row.addWidget(self.speed)
        self._row.addSpacing(look.SMALL)
        self._row.addWidget(self.where, 1)
        self._buttons = 0
        self.set_theme(theme)

    def add_action(self, action: QAction) -> None:
        """Add a button before the timeline."""
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setIconSize(look.icon_size())
        button.setAccessibleName(action.text().replace("&", ""))
        self._row.insertWidget(self._buttons, button)
        self._buttons += 1

    def set_speed_menu(self, menu: QMenu) -> None:
        self.speed.setMenu(menu)

    def set_theme(self, theme: Theme) -> None:
        self.timeline.set_theme(theme)
        for button in self.findChildren(QToolButton):
            button.setIconSize(look.icon_size())
        self.where.setFont(look.font(look.CAPTION))
        look.ink(self.where, theme.muted)
        self.speed.setFont(look.font(look.BODY))
        self.speed.setMinimumWidth(QFontMetrics(self.speed.font()).horizontalAdvance("0.25×") + look.LARGE)

    def show_speed(self, speed: float) -> None:
        self.speed.setText(f"{speed:g}×")
        self.speed.setAccessibleName(f"Speed {speed:g} times")
