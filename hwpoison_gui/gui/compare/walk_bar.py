"""The bar of the Compare window that walks both sides: buttons and a slider."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from hwpoison_gui.gui.compare.walk import Walk
from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.enabling import enable
from hwpoison_gui.gui.widgets.seek_slider import SeekSlider
from hwpoison_gui.view.base.palette import Theme

_BUTTONS: Final = (
    ("first", "To before the click", "Home"), ("back", "One step back on both sides", "Left"),
    ("play", "Walk both, or pause", "Space"), ("forward", "One step forward on both sides", "Right"),
    ("last", "To the end of both", "End"),
)  # fmt: skip


class WalkBar(QWidget):
    """Controls `walk`, and follows it."""

    def __init__(self, parent: QWidget, walk: Walk, theme: Theme) -> None:
        super().__init__(parent)
        self._walk, self._theme = walk, theme
        self.buttons = {name: self._button(does, key) for name, does, key in _BUTTONS}
        for name, run in (("first", lambda: walk.seek(0)), ("back", lambda: walk.seek(walk.at - 1)),
                          ("play", walk.toggle), ("forward", lambda: walk.seek(walk.at + 1)),
                          ("last", lambda: walk.seek(walk.last))):  # fmt: skip
            self.buttons[name].clicked.connect(run)
        self.slider = SeekSlider(self)
        self.slider.setAccessibleName("Step of both clicks")
        self.slider.setToolTip("Walks both sides, in step where both are in the same function")
        self.slider.valueChanged.connect(walk.seek)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.MEDIUM, look.SMALL, look.MEDIUM, look.SMALL)
        row.setSpacing(look.SMALL)
        for widget in (*self.buttons.values(), self.slider):
            row.addWidget(widget)
        walk.sought.connect(self._sought)
        walk.playingChanged.connect(lambda _: self.show_playing())

    def _button(self, does: str, key: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(f"{does} ({key})")
        button.setAccessibleName(does)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for name, button in self.buttons.items():
            button.setIconSize(look.icon_size())
            button.setIcon(icons.icon(name, theme.text, look.disabled_of(theme)))

    def set_unavailable(self, why: str) -> None:
        """Disable the controls and show why in their tooltips; an empty string enables them."""
        for control in (self.slider, *self.buttons.values()):
            enable(control, why)

    def show_playing(self) -> None:
        name = "pause" if self._walk.playing else "play"
        self.buttons["play"].setIcon(icons.icon(name, self._theme.text, look.disabled_of(self._theme)))

    def _sought(self, at: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
