"""Makes room: collapses panels to their title bars, hides the side panels, or shows nothing but the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QTabBar, QToolBar, QToolTip, QWidget

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.dock import Dock, Strip
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window import placing
from hwpoison_gui.gui.window.panels import WIDE

_BOTTOM: Final = Qt.DockWidgetArea.BottomDockWidgetArea
_SIDES: Final = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)
_LAYOUT_VERSION: Final = 8  # version of the stored places; those of another one are not restored
_HINT_MS: Final = 4000
_READABLE: Final = 0.24  # least share of the window's height for a table that is gone to


class Room(QObject):
    """Keeps the places of all panels; a window that is low for its text has no room for all."""

    changed = Signal()  # which panels are shown, or in full

    def __init__(
        self,
        window: QMainWindow,
        settings: Settings,
        docks: Mapping[str, Dock],
        stage: Strip,
        frame_map: FrameMapWidget,
        lens_bar: QWidget,
        legend: Legend,
    ) -> None:
        super().__init__(window)
        self._window, self._settings, self._docks, self._stage = window, settings, docks, stage
        self._map, self._lens_bar, self._legend = frame_map, lens_bar, legend
        self._is_tight = self._has_made_room = False  # for the panels below the map
        self._is_low = self._has_stacked = False  # for those beside it
        self._restoring = False
        self._side: list[Dock] = []  # panels beside the map that were hidden together
        self._all: QByteArray | None = None  # places of all panels, while only the map is shown
        self._above: list[Dock] = []  # floating panels that would lie above the start page
        self._under: QByteArray | None = None  # places of all panels, while the start page hides them
        for dock in docks.values():
            dock.collapseWanted.connect(lambda dock=dock: self.toggle(dock))
            dock.visibilityChanged.connect(lambda visible, dock=dock: self._shown(dock, visible))
        self.changed.connect(self._suit_legend)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange):
            self._suit()
        return super().eventFilter(watched, event)

    def restore(self) -> None:
        """Places and collapses all panels as when the window was closed; in their default places if that is unknown."""
        made = self._settings.get(keys.MADE_ROOM).split()
        self._is_tight = self._has_made_room = keys.BELOW in made
        self._is_low = self._has_stacked = keys.BESIDE in made
        restored = self._window.restoreState(self._settings.get(keys.DOCKS), _LAYOUT_VERSION)
        if not restored:
            self._reset()
        for name in self._settings.get(keys.COLLAPSED).split():
            self._docks[name].set_collapsed(True)
        self._suit()
        # Qt restores once more when the window gets its size.
        if restored and self._has_stacked is not (keys.BESIDE in made):
            self._window.restoreState(self._window.saveState(_LAYOUT_VERSION), _LAYOUT_VERSION)
        self._suit_legend()

    def keep(self) -> None:
        """Store where all panels are, and what they leave around the map."""
        self._settings.keep(keys.DOCKS, self._all or self._under or self._window.saveState(_LAYOUT_VERSION))
        self._settings.keep(keys.COLLAPSED, self.collapsed())
        made = (self._has_made_room, keys.BELOW), (self._has_stacked, keys.BESIDE)
        self._settings.keep(keys.MADE_ROOM, " ".join(where for done, where in made if done))
        self._settings.keep(keys.AROUND, placing.left_around(self._window, self._map))

    def reset(self) -> None:
        """Put every panel in its default place."""
        self._reset()
        self._suit()

    def _reset(self) -> None:
        placing.reset_docks(self._window, self._stage, self._docks)
        self._is_tight = self._has_made_room = False
        self._is_low = self._has_stacked = placing.is_low(self._window)

    def cover(self, on: bool) -> None:
        """Hide floating panels while the start page covers the others, or show them again."""
        if on:
            floating = [dock for dock in self._docks.values() if dock.isFloating() and not dock.isHidden()]
            if floating:
                self._under, self._above = self._window.saveState(_LAYOUT_VERSION), floating
            for dock in floating:
                dock.hide()
            return
        self._under, above, self._above = None, self._above, []
        for dock in above:
            dock.show()

    def follow_window(self) -> None:
        """From now on makes room where it lacks."""
        self._window.installEventFilter(self)
        self._suit()

    def _suit(self) -> None:
        """Collapse the bottom panels and shorten the legend while the window is low for its text."""
        is_tight = self._window.height() < look.px(look.TIGHT_WINDOW)
        if is_tight is not self._is_tight:
            self._is_tight = is_tight
            if is_tight is self.has_bottom and (is_tight or self._has_made_room):
                self.toggle_bottom()
                self._has_made_room = is_tight
            self._suit_legend()
        is_low = placing.is_low(self._window)
        if is_low is not self._is_low:
            self._is_low = is_low
            self._suit_side(is_low)

    def _suit_side(self, is_low: bool) -> None:
        """Panels above each other beside the map become tabs of one place in a low window, and part again."""
        upper, lower = self._docks["rmap"], self._docks["why"]
        beside = [one for one in (upper, lower) if not one.isHidden() and not one.isFloating()]
        if len({self._window.dockWidgetArea(one) for one in beside} & set(_SIDES)) != 1 or len(beside) != 2:
            return
        if is_low and lower not in self._tabs_of(upper):
            for one in (*self._tabs_of(lower), lower):
                self._window.tabifyDockWidget(upper, one)
            upper.raise_()
            self._has_stacked = True
        elif not is_low and self._has_stacked:
            self._has_stacked = False
            parted = [lower, *(one for one in self._tabs_of(upper) if one is not lower)]
            area = self._window.dockWidgetArea(upper)
            for one in (upper, *parted):
                self._window.removeDockWidget(one)  # what has tabs, or had them, would be split into tabs
            self._window.addDockWidget(area, upper)
            self._window.splitDockWidget(upper, lower, Qt.Orientation.Vertical)
            for one in parted[1:]:
                self._window.tabifyDockWidget(lower, one)
            for one in (upper, *parted):
                one.show()
            lower.raise_()
            self._window.resizeDocks([upper, lower], [1, 1], Qt.Orientation.Vertical)

    def _suit_legend(self) -> None:
        """A low window has room for two lines of the legend, and for one beside a table."""
        self._legend.set_most_lines((1 if self.has_bottom else 2) if self._is_tight else 0)

    # -- collapsed panels

    def toggle(self, dock: Dock) -> None:
        """Collapse or expand a panel, with its tabs and the panels beside it: a row has one height."""
        on, row = not dock.collapsed, self._row_of(dock)
        if on:
            for front in row:
                for one in (front, *self._tabs_of(front)):
                    one.size_before = QSize(front.width(), front.height() + placing.tabs_below(self._window, front))
        self._collapse(row, on)
        area = self._window.dockWidgetArea(dock)
        if on and area in _SIDES and all(one.collapsed for one in self._front(area)):
            others = [one for one in self._front(area) if one not in row]
            self._collapse(others, False)  # a column that is wholly collapsed would leave a hole

    def _collapse(self, row: Sequence[Dock], on: bool) -> None:
        for front in row:
            for one in (front, *self._tabs_of(front)):
                one.set_collapsed(on)
        if row and all(one.size_before.isValid() for one in row):
            least = [one.head.sizeHint().height() + placing.tabs_below(self._window, one) for one in row]
            heights = least if on else [one.size_before.height() for one in row]
            self._window.resizeDocks(list(row), heights, Qt.Orientation.Vertical)
        elif row and not on and self._window.dockWidgetArea(row[0]) is _BOTTOM:  # collapsed since the last start
            height = placing.below_the_map(self._window.height()) - self._stage.height()
            self._window.resizeDocks(list(row), [height] * len(row), Qt.Orientation.Vertical)
        self.changed.emit()

    def toggle_bottom(self) -> None:
        """Collapse or expand the panels below the map."""
        on = self.has_bottom
        for dock in self._front(_BOTTOM):
            if dock.collapsed is not on:
                self.toggle(dock)
        for dock in self._below():
            dock.set_collapsed(on)  # also where none is in front yet
        self.changed.emit()

    @property
    def has_bottom(self) -> bool:
        """Whether a panel below the map is shown in full."""
        return any(not dock.collapsed for dock in self._below())

    def _below(self) -> list[Dock]:
        shown = [dock for dock in self._docks.values() if not dock.isHidden() and not dock.isFloating()]
        return [dock for dock in shown if self._window.dockWidgetArea(dock) is _BOTTOM]

    def collapsed(self) -> str:
        """Names of the collapsed panels, separated by spaces."""
        return " ".join(name for name, dock in self._docks.items() if dock.collapsed)

    def _shown(self, dock: Dock, visible: bool) -> None:
        """Expand a collapsed panel that is raised; in the next turn, because Qt is placing panels now."""
        if visible and dock.collapsed and not self._restoring:
            QTimer.singleShot(0, self, lambda: self._came_to_front(dock))

    def _came_to_front(self, dock: Dock) -> None:
        tabs = any(not one.isHidden() and one is not dock for one in self._tabs_of(dock))
        if dock.in_front and dock.collapsed and tabs:
            self.expand(dock)

    def take_tabs(self, bar: QTabBar) -> None:
        """Expand a collapsed panel by a click on its tab, also where that is in front and Qt has nothing to raise."""
        bar.setElideMode(Qt.TextElideMode.ElideNone)  # tabs are scrolled: “Ta…” names nothing
        bar.tabBarClicked.connect(lambda at: self._tab_clicked(bar.tabText(at)))

    def _tab_clicked(self, title: str) -> None:
        for dock in self._docks.values():
            if dock.windowTitle() == title and dock.collapsed:
                QTimer.singleShot(0, self, lambda dock=dock: self._came_to_front(dock))

    def expand(self, dock: Dock) -> None:
        """Show a panel in full, wherever it is."""
        if self._all is not None:
            self.toggle_map_only()
        if dock.collapsed:
            self._collapse(self._row_of(dock), False)

    def bring(self, name: str) -> None:
        """Show a panel in full, in front of its tabs, and a table with rows enough to read."""
        dock, least = self._docks[name], round(self._window.height() * _READABLE)
        self.expand(dock)
        dock.show()
        dock.raise_()
        if name in WIDE and dock.height() < least:
            self._window.resizeDocks([dock], [least], Qt.Orientation.Vertical)

    def is_in_front(self, name: str) -> bool:
        """Return whether a panel is shown and no tab is before it."""
        return self._docks[name].in_front

    @property
    def front(self) -> tuple[str, ...]:
        """The names of the panels in front."""
        return tuple(name for name, dock in self._docks.items() if dock.in_front)

    def bring_tab(self, name: str) -> None:
        """Raise the panel of this name, if there is one, above its tabs; no size changes."""
        dock = self._docks.get(name)
        if dock is not None and not dock.in_front:
            dock.show()
            dock.raise_()

    def _front(self, area: Qt.DockWidgetArea) -> list[Dock]:
        front = [one for one in self._docks.values() if one.in_front and not one.isFloating()]
        return [one for one in front if self._window.dockWidgetArea(one) is area]

    def _row_of(self, dock: Dock) -> list[Dock]:
        """Panels in front whose heights depend on each other, `dock` among them."""
        if dock.isFloating():
            return [dock]
        tabs = self._tabs_of(dock)
        place = next((one for one in (dock, *tabs) if one.in_front), dock).geometry()  # behind a tab it is an old one
        near = [one for one in self._front(self._window.dockWidgetArea(dock)) if one is not dock]
        beside = [one for one in near if one.y() < place.bottom() and place.y() < one.geometry().bottom()]
        return [dock, *(one for one in beside if one not in tabs)]

    def _tabs_of(self, dock: Dock) -> list[Dock]:
        return [one for one in self._window.tabifiedDockWidgets(dock) if isinstance(one, Dock)]

    # -- hidden panels

    @property
    def has_side(self) -> bool:
        return any(not dock.isHidden() and self._window.dockWidgetArea(dock) in _SIDES for dock in self._docks.values())

    def toggle_side(self) -> None:
        """Hide the panels beside the map, or show them again."""
        beside = [dock for dock in self._docks.values() if self._window.dockWidgetArea(dock) in _SIDES]
        shown = [dock for dock in beside if not dock.isHidden() and not dock.isFloating()]
        front = [dock for dock in shown if dock.in_front]
        if shown:
            self._side = [*(dock for dock in shown if dock not in front), *front]
            for dock in shown:
                dock.hide()
        else:
            for dock in self._side or beside:
                dock.show()
                dock.raise_()
        self.changed.emit()

    @property
    def is_map_only(self) -> bool:
        return self._all is not None

    def toggle_map_only(self) -> None:
        """Show nothing but the map, or everything that was there before."""
        window, only = self._window, self._all is None
        if only:
            self._all = window.saveState(_LAYOUT_VERSION)
        self._map.choose_rows()
        for part in (window.menuBar(), self._lens_bar, *window.findChildren(QToolBar)):
            part.setVisible(not only)
        self._legend.setHidden(only)
        if not only and self._all is not None:
            before, self._all = self._all, None
            self._restoring = True  # panels come back as they were, collapsed ones too
            window.restoreState(before, _LAYOUT_VERSION)
            self._restoring = False
            self.changed.emit()
            return
        for dock in (self._stage, *self._docks.values()):
            dock.hide()
        self.changed.emit()
        self._map.setFocus()
        corner = self._map.mapToGlobal(QPoint(0, 0))
        QToolTip.showText(corner, "M or F11 brings the panels back", self._map, QRect(), _HINT_MS)
