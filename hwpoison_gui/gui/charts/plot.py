"""What all charts share: the colours of the theme, a cursor for the keyboard, and the value under the pointer."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QToolTip, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain, plain_labels
from hwpoison_gui.view.base.palette import Theme

NOWHERE: Final = -1
_STEPS: Final = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}
_HOW: Final = "Arrow keys move a cursor from value to value, Enter finds its frames or goes to its step"
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A chart without a mouse menu. The cursor is at one of `places` values, which `words_of` says."""

    chosen = Signal(int)  # the value that was clicked, or Enter was pressed at
    pointed = Signal(str)  # what the cursor or the pointer is at

    def __init__(self, parent: QWidget, name: str, theme: Theme) -> None:
        super().__init__(parent, enableMenu=False)
        self.theme = theme
        self.cursor = NOWHERE
        self.hideButtons()
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
        """Applies colours and the size of text."""
        self.theme = theme
        self.setBackground(theme.base)
        font = QFont(look.font())
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(theme.line))
            axis.setTextPen(pg.mkPen(theme.text))
            axis.setStyle(tickFont=font)
            axis.label.setFont(font)
        self.redraw()

    def redraw(self) -> None:
        """Draws everything in the colours of the theme."""

    @property
    def places(self) -> int:
        """The number of values that the cursor can be at."""
        return 0

    def words_of(self, place: int) -> str:
        """What a value is, in a line."""
        raise NotImplementedError

    def place_at(self, at: QPointF) -> int:
        """The value at a point in the coordinates of the axes; NOWHERE if there is none."""
        raise NotImplementedError

    def show_cursor(self) -> None:
        """Marks the value that the cursor is at."""

    def set_cursor(self, place: int) -> None:
        """Moves the cursor, and says what is there."""
        self.cursor = place
        self.show_cursor()
        words = self.words_of(place) if place != NOWHERE else ""
        self.setAccessibleDescription(words or _HOW)
        self.pointed.emit(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step, last = _STEPS.get(Qt.Key(event.key())), self.places - 1
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or last < 0:
            super().keyPressEvent(event)
        elif step is not None:
            self.set_cursor(min(max(self.cursor + step, 0), last) if self.cursor != NOWHERE else 0)
        elif event.key() == Qt.Key.Key_Home:
            self.set_cursor(0)
        elif event.key() == Qt.Key.Key_End:
            self.set_cursor(last)
        elif event.key() in _ENTER and self.cursor != NOWHERE:
            self.chosen.emit(self.cursor)
        else:
            event.ignore()

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
