"""The tool bar: in a narrow window, the sliders shorten their text so that all counters stay visible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.toolbar.counters import CounterStrip
from hwpoison_gui.gui.toolbar.sysctl_slider import DETAILS, SysctlSlider
from hwpoison_gui.view.base.palette import Theme


class ToolBar(QToolBar):
    """Cannot be moved. `sliders` are among its widgets."""

    def __init__(self, parent: QWidget, sliders: Sequence[SysctlSlider]) -> None:
        self._sliders: tuple[SysctlSlider, ...] = ()  # Qt sends events during construction
        self._counters: CounterStrip | None = None
        super().__init__("Tools", parent)
        self._sliders = tuple(sliders)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(look.icon_size())

    def place(self, actions: Sequence[QAction], profile: QWidget, counters: CounterStrip) -> None:
        """From left to right: buttons, sliders and, at the right end, `profile` and `counters`."""
        for action in actions:
            self.addAction(action)
            button = self.widgetForAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text().replace("&", ""))
        self._counters = counters
        self.addSeparator()
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        for slider in self._sliders:
            slider.in_bar = self.addWidget(slider)
        for widget in (space, profile, counters):
            self.addWidget(widget)

    def set_theme(self, theme: Theme) -> None:
        """Use the present text size. The bar has a size of its own: Qt resets that of the window with the style."""
        self.setIconSize(look.icon_size())

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Show as much slider text as fits beside all counters; without any, as many counters as fit."""
        if self._counters is None:
            return
        shown = [slider for slider in self._sliders if not slider.isHidden()]
        beside = self.sizeHint().width() - sum(part.sizeHint().width() for part in (*shown, self._counters))
        rest = beside + self._counters.whole_width
        fits = (n for n in DETAILS if rest + sum(slider.width_of(n) for slider in shown) <= self.width())
        detail = next(fits, DETAILS[-1])
        for slider in self._sliders:
            slider.set_detail(detail)
        self._counters.set_room(self.width() - beside - sum(slider.width_of(detail) for slider in shown))
