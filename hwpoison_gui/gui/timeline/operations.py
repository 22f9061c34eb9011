"""The row of operations: each with its result, and a fork where a branch was left."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from hwpoison_gui.gui.look import signs
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.moment import START_WITHIN
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.facts.operation_chips import Chip
from hwpoison_gui.view.words.words import counted

EMPTY: Final = "Operations appear here in order."
_SIGN: Final = 16
_FORK: Final = 34
_LONGEST: Final = 260
_SIGN_OF: Final = {"tick": signs.tick, "cross": signs.cross, "dot": signs.dot}


class Place(Record):
    """A chip (`chip` is its number) or a fork (-1) after `shared` operations, starting at `x`."""

    x: float
    width: float
    chip: int
    shared: int


class OperationStrip(QWidget):
    """A click on a chip requests the end of its operation, one on a fork its branches."""

    seekRequested = Signal(int)
    branchesWanted = Signal(int, QPoint)  # operations shared with this line; where to show the menu

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chips: list[Chip] = []
        self.forks: dict[int, int] = {}
        self.present = -1
        self._position = 0
        self._places: list[Place] = []
        self._ends: list[int] = []  # number of places up to each chip and its fork
        self._widths: dict[str, int] = {}
        self._offset = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Operations")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFont(look.font(look.CAPTION))
        self._widths.clear()
        self._lay_out()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(400, QFontMetrics(look.font(look.CAPTION)).height() + look.SMALL + look.TIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def set_operations(self, chips: list[Chip], forks: dict[int, int]) -> None:
        """Replace the operations; `forks`: number of branches by number of operations before them."""
        pairs = zip(chips, self.chips, strict=False)
        same = next((number for number, (a, b) in enumerate(pairs) if a is not b), min(len(chips), len(self.chips)))
        changed = {after for after, _ in forks.items() ^ self.forks.items()}
        same = max(0, min({same, *(after - 1 for after in changed)}))  # a fork stands behind its chip
        self.chips, self.forks = chips, forks
        self._lay_out(same)

    def set_present(self, number: int, position: int) -> None:
        """Set the present operation, -1 at the start; operations that end later show no result."""
        while 0 < number < len(self.chips) and self.chips[number].joined:
            number -= 1
        self.present, self._position = number, position
        chip = self.chips[number] if 0 <= number < len(self.chips) else None
        here = f"{chip.text} {chip.shown_at(position).result}".rstrip() if chip else START_WITHIN
        self.setAccessibleDescription(f"{counted(len(self.chips), 'operation')}; now: {here}")
        self._follow()
        self.update()

    # -- geometry

    def _lay_out(self, same: int = 0) -> None:
        """Lay out the chips; the first `same` ones keep their place."""
        x = float(look.MEDIUM)
        del self._ends[same:]
        del self._places[self._ends[-1] if self._ends else 0 :]
        if self._places:
            x = self._places[-1].x + self._places[-1].width + look.TIGHT
        elif 0 in self.forks:
            x = self._add(x, look.px(_FORK), -1, 0)
        for chip in self.chips[same:]:
            if not chip.joined:
                x = self._add(x, self._width_of(chip), chip.number, chip.number + 1)
            if chip.number + 1 in self.forks:
                x = self._add(x, look.px(_FORK), -1, chip.number + 1)
            self._ends.append(len(self._places))
        self._follow()
        self.update()

    def _width_of(self, chip: Chip) -> int:
        width = min(look.px(_LONGEST), self._advance(chip.text)) + 2 * look.SMALL
        if chip.result:
            width += self._advance(chip.result) + look.SMALL + (look.px(_SIGN) if chip.sign else 0)
        return width

    def _advance(self, text: str) -> int:
        """Width of a text, cached: there may be thousands of operations."""
        if text not in self._widths:
            self._widths[text] = self.fontMetrics().horizontalAdvance(text)
        return self._widths[text]

    def _add(self, x: float, width: float, chip: int, shared: int) -> float:
        self._places.append(Place(x, width, chip, shared))
        return x + width + look.TIGHT

    def _follow(self) -> None:
        """Scroll to the present operation, centred if possible."""
        whole = self._places[-1].x + self._places[-1].width + look.MEDIUM if self._places else 0.0
        first = self._ends[self.present - 1] if 0 < self.present <= len(self._ends) else 0
        here = next((place for place in self._places[first : first + 2] if place.chip == self.present), None)
        middle = here.x + here.width / 2 if here else 0.0
        self._offset = min(max(0.0, middle - self.width() / 2), max(0.0, whole - self.width()))

    def place_at(self, x: float) -> Place | None:
        """The place under a point, or None."""
        x += self._offset
        return next((place for place in self._places if place.x <= x <= place.x + place.width), None)

    def rect_of(self, place: Place) -> QRectF:
        """Rectangle in which a place is drawn."""
        return QRectF(place.x - self._offset, 2.5, place.width, self.height() - 5)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._follow()

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._places:
            painter.setPen(QColor(self._theme.muted))
            room = QRectF(self.rect()).adjusted(look.LARGE + look.TIGHT, 0, -look.MEDIUM, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, EMPTY)
            return
        first = bisect_left(self._places, self._offset - look.px(_LONGEST) * 2, key=lambda place: place.x)
        for place in islice(self._places, first, None):
            rect = self.rect_of(place)
            if rect.left() > self.width():
                break
            if place.chip < 0:
                self._paint_fork(painter, rect, self.forks[place.shared])
            else:
                self._paint_chip(painter, rect, self.chips[place.chip])

    def _paint_chip(self, painter: QPainter, rect: QRectF, chip: Chip) -> None:
        theme, ahead = self._theme, chip.last > self._position
        here, shown = chip.number == self.present, chip.shown_at(self._position)
        tones = {"good": theme.good, "warn": theme.warn, "kill": theme.kill, "plain": theme.muted}
        edge = theme.text if here else theme.line
        line = Qt.PenStyle.DashLine if ahead and not here else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(edge), 1.5 if here else 1.0, line))
        painter.setBrush(QColor(theme.base if ahead else mixed(theme.base, tones[shown.tone], 0.14)))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.muted if ahead and not here else theme.text))
        inner = rect.adjusted(look.SMALL, 0, -look.SMALL, 0)
        words = self.fontMetrics().elidedText(chip.text, Qt.TextElideMode.ElideRight, look.px(_LONGEST))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        if shown.result:
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown.result)
            if shown.sign:
                x = inner.right() - self.fontMetrics().horizontalAdvance(shown.result) - look.px(_SIGN) / 2
                _SIGN_OF[shown.sign](painter, QPointF(x, rect.center().y()), QColor(tones[shown.tone]))
        if here and self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2, 2, -2, -2), 3, 3)

    def _paint_fork(self, painter: QPainter, rect: QRectF, count: int) -> None:
        """Draw a splitting line and the number of branches."""
        painter.setPen(QPen(QColor(self._theme.muted), 1.4))
        y, x, arm = rect.center().y(), rect.left() + 4, look.px(5)
        painter.drawLine(QPointF(x, y), QPointF(x + arm, y))
        painter.drawLine(QPointF(x + arm, y), QPointF(x + 2 * arm, y - arm))
        painter.drawLine(QPointF(x + arm, y), QPointF(x + 2 * arm, y + arm))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(rect.adjusted(look.px(18), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(count))

    # -- the user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().x())
        if event.button() != Qt.MouseButton.LeftButton or place is None:
            super().mousePressEvent(event)
        elif place.chip < 0:
            self._ask(place)
        else:
            self.seekRequested.emit(self.chips[place.chip].last)

    def _ask(self, place: Place) -> None:
        self.branchesWanted.emit(place.shared, self.mapToGlobal(self.rect_of(place).topLeft().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.place_at(event.position().x()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self._go(1 if event.angleDelta().y() < 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in moves:
            self._go(moves[key])
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            fork = next((one for one in self._places if one.chip < 0 and one.shared == self.present + 1), None)
            if fork is not None:
                self._ask(fork)
        else:
            event.ignore()

    def _go(self, by: int) -> None:
        number = self.present + by
        while 0 < number < len(self.chips) and self.chips[number].joined and by > 0:
            number += 1
        number = min(max(number, -1), len(self.chips) - 1)
        self.seekRequested.emit(self.chips[number].last if number >= 0 else 0)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.tip_at(event.pos().x())), self)
            return True
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """Tip: what lies under a point, in full."""
        place = self.place_at(x)
        if place is None:
            return ""
        if place.chip < 0:
            count = self.forks[place.shared]
            branches = counted(count, "branch", "branches")
            return f"{branches} left here: what you did before you did something else. Click."
        chip = self.chips[place.chip]
        steps = chip.last - chip.first
        shown = chip.shown_at(self._position)
        came = f"\n{shown.result}" if shown.result else ""
        return f"{chip.text}{came}\n{counted(steps, 'step')}. Click: to its end."
