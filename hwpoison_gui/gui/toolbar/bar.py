"""The tool bar: in a narrow window, the sliders shorten their text so that all counters stay visible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QWidget

from hwpoison_gui.gui.toolbar.sysctl_slider import DETAILS, SysctlSlider


class ToolBar(QToolBar):
    """Cannot be moved. `sliders` are among its widgets."""

    def __init__(self, parent: QWidget, sliders: Sequence[SysctlSlider]) -> None:
        self._sliders: tuple[SysctlSlider, ...] = ()  # Qt sends events during construction
        super().__init__("Tools", parent)
        self._sliders = tuple(sliders)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)

    def place(self, actions: Sequence[QAction], profile: QWidget, counters: QWidget) -> None:
        """From left to right: buttons, sliders and, at the right end, `profile` and `counters`."""
        for action in actions:
            self.addAction(action)
            button = self.widgetForAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text().replace("&", ""))
        self.addSeparator()
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        for slider in self._sliders:
            slider.in_bar = self.addWidget(slider)
        for widget in (space, profile, counters):
            self.addWidget(widget)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Shows as much slider text as fits."""
        shown = [slider for slider in self._sliders if not slider.isHidden()]
        rest = self.sizeHint().width() - sum(slider.sizeHint().width() for slider in shown)
        fits = (n for n in DETAILS if rest + sum(slider.width_of(n) for slider in shown) <= self.width())
        detail = next(fits, DETAILS[-1])
        for slider in self._sliders:
            slider.set_detail(detail)
