"""Base of all charts: the colours of the theme, a cursor for the keyboard, and the value under the pointer."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from hwpoison_gui.gui.charts.axis import Axis
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain, plain_labels
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.colours import chart_colour

NOWHERE: Final = -1
_STEPS: Final = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}
_ZOOMS: Final = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
KEYS: Final = (*_ZOOMS, Qt.Key.Key_0, Qt.Key.Key_Home, Qt.Key.Key_End)  # besides arrows and pages
_HOW: Final = (
    "Arrow keys move a cursor from value to value, in bars up and down to the same part "
    "of the next bar, Enter finds its frames or goes to its step; Shift with arrow keys "
    "marks a range where the axis is a number of frames; + and − zoom, 0 shows all"
)
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_BELOW: Final = 2.5  # lines of text below a chart: words of ticks, and the name of the axis
_ABOVE: Final = 10  # z value of the cursor, above the chart
GRID: Final = 0.25  # opacity


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A chart without a mouse menu. The cursor is at one of `places` values, which `words_of` says."""

    chosen = Signal(int)  # the value that was clicked, or Enter was pressed at
    pointed = Signal(str)  # what the cursor or the pointer is at

    def __init__(self, parent: QWidget, name: str, theme: Theme) -> None:
        self.across, self.upward = Axis("bottom"), Axis("left")
        super().__init__(parent, enableMenu=False, axisItems={"bottom": self.across, "left": self.upward})
        self.theme = theme
        self.cursor = NOWHERE
        self.setMinimumSize(1, 1)  # a low panel shows all of a low chart, not a part of one
        self.names_axes, self._axis_names = True, ("", "")
        self.hideButtons()
        self.getPlotItem().setContentsMargins(look.TIGHT, 0, look.SMALL, 0)
        self.setCacheMode(self.CacheModeFlag.CacheNone)  # a background of pixels would be one in an SVG file, too
        menu = self.getPlotItem().ctrlMenu  # never shown; without a parent it would outlive the window
        menu.setParent(self, menu.windowFlags())
        plain_labels(menu)
        self.setAccessibleName(name)
        self.setAccessibleDescription(_HOW)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.scene().sigMouseMoved.connect(self._hover)
        # Exceptions in handlers of items are lost in pyqtgraph; those of the scene's signals are not.
        self.scene().sigMouseClicked.connect(lambda event: self._click(event.scenePos()))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and the size of text."""
        self.theme = theme
        self.setBackground(theme.base)
        font = QFont(look.font())
        for axis in (self.across, self.upward):
            axis.setPen(pg.mkPen(theme.line))
            axis.setTextPen(pg.mkPen(theme.text))
            axis.setStyle(tickFont=font)
            axis.label.setFont(font)
        self.redraw()

    def colour(self, key: str) -> str:
        """The colour of a key of view/charts/colours.py."""
        return chart_colour(self.theme, key)

    def name_axes(self, on: bool) -> None:
        """Show what the axes measure, or leave the room to the chart."""
        if on != self.names_axes:
            self.names_axes = on
            self.redraw()

    def set_axis_names(self, across: str, upward: str = "") -> None:
        """Set the names of the axes: the quantities that they measure."""
        self._axis_names = across, upward
        self._name_axes()

    def _name_axes(self) -> None:
        """Show the names for which there is room."""
        metrics = QFontMetrics(look.font())
        high = self.height() - _BELOW * metrics.lineSpacing()
        for axis, name in zip((self.across, self.upward), self._axis_names, strict=True):
            shown = bool(name) and self.names_axes
            if axis is self.upward:
                shown = shown and metrics.horizontalAdvance(name) <= high
            if axis.label.isVisible() != shown or (shown and axis.labelText != name):
                axis.setLabel(name if shown else "", color=self.theme.text)
                axis.showLabel(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "names_axes"):  # Qt calls it before the chart is made
            self._name_axes()

    def redraw(self) -> None:
        """Draw everything in the colours of the theme."""

    def show_all(self) -> None:
        """Show the whole axis."""
        self.getViewBox().autoRange()

    @property
    def zooms(self) -> bool:
        """Whether the axis can be zoomed."""
        return bool(self.getViewBox().state["mouseEnabled"][0])

    @property
    def places(self) -> int:
        """The number of values, over which the cursor moves."""
        return 0

    def words_of(self, place: int) -> str:
        """One line that describes a value."""
        raise NotImplementedError

    def place_at(self, at: QPointF) -> int:
        """The value at a point in the coordinates of the axes; NOWHERE if there is none."""
        raise NotImplementedError

    def show_cursor(self) -> None:
        """Mark the value at the cursor."""

    def add_above(self, item: pg.GraphicsObject) -> None:
        """Add an item that lies over all others."""
        item.setZValue(_ABOVE)
        self.addItem(item)

    def set_cursor(self, place: int) -> None:
        """Move the cursor, and say what is there."""
        self.cursor = place
        self.show_cursor()
        words = self.words_of(place) if place != NOWHERE else ""
        self.setAccessibleDescription(words or _HOW)
        self.pointed.emit(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            super().keyPressEvent(event)
        elif self._moves(key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
            pass
        elif self.zooms and key in _ZOOMS:
            self.zoom(_ZOOMS[key])
        elif self.zooms and key == Qt.Key.Key_0:
            self.show_all()
        elif key in _ENTER and self.cursor != NOWHERE:
            self.chosen.emit(self.cursor)
        else:
            event.ignore()

    def _moves(self, key: Qt.Key, extends: bool) -> bool:
        """Move the cursor, if the key does that."""
        last = self.places - 1
        if last < 0 or (key not in _STEPS and key not in (Qt.Key.Key_Home, Qt.Key.Key_End)):
            return False
        before = self.cursor
        if key in _STEPS:
            place = self.next_place(key, _STEPS[key]) if self.cursor != NOWHERE else self.first_place()
        else:
            place = 0 if key == Qt.Key.Key_Home else last
        self.set_cursor(place)
        self.cursor_moved(before, extends)
        return True

    def next_place(self, key: Qt.Key, by: int) -> int:
        """The value that a key moves the cursor to, `by` values away where they are in a row."""
        return min(max(self.cursor + by, 0), self.places - 1)

    def first_place(self) -> int:
        """The value at which keys begin."""
        return 0

    def cursor_moved(self, before: int, extends: bool) -> None:
        """Called after a key has moved the cursor from a value; `extends`: Shift was held."""

    def zoom(self, factor: float) -> None:
        """Show that much of the present part of the axis, around the cursor."""
        box = self.getViewBox()
        (low, high), _ = box.viewRange()
        middle = self.middle_of_zoom()
        middle = (low + high) / 2 if middle is None or not low <= middle <= high else middle
        box.setXRange(middle - (middle - low) * factor, middle + (high - middle) * factor, padding=0)

    def middle_of_zoom(self) -> float | None:
        """Position of the cursor on the axis; None without a cursor."""
        return None

    def _hover(self, at: QPointF) -> None:
        place = self._place_under(at)
        words = self.words_of(place) if place != NOWHERE else ""
        QToolTip.showText(self.mapToGlobal(at.toPoint()), plain(words), self)
        self.pointed.emit(words or (self.words_of(self.cursor) if 0 <= self.cursor < self.places else ""))

    def _click(self, at: QPointF) -> None:
        place = self._place_under(at)
        if place != NOWHERE:
            self.set_cursor(place)
            self.chosen.emit(place)

    def _place_under(self, at: QPointF) -> int:
        box = self.getViewBox()
        if not self.places or not box.sceneBoundingRect().contains(at):
            return NOWHERE
        return self.place_at(box.mapSceneToView(at))
