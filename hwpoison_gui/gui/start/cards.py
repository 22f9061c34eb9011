"""The lessons as cards in a grid: arrow keys go from card to card, Enter opens one, F5 presents it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStyledItemDelegate, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.start.drawing import CELL, FAN, draw_picture
from hwpoison_gui.gui.start.pointed_list import PointedList
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.lessons import COLUMNS, ROWS, Lesson
from hwpoison_gui.view.base.palette import Theme

Role = Qt.ItemDataRole
_NARROWEST: Final = 400  # pixels of a card, at 100 % text
_MOST_TITLE: Final = 2  # lines
_MOST_SUMMARY: Final = 3
PRESENT: Final = "Present  F5"


class LessonModel(QAbstractListModel):
    """One row for each lesson."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lessons: list[Lesson] = []

    def set_lessons(self, lessons: list[Lesson]) -> None:
        self.beginResetModel()
        self.lessons = lessons
        self.endResetModel()

    def set_lesson(self, row: int, lesson: Lesson) -> None:
        self.lessons[row] = lesson
        self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lessons)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        lesson = self.lessons[index.row()]
        if role == Role.DisplayRole:
            return f"{index.row() + 1}  {lesson.title}"
        if role == Role.ToolTipRole:
            return plain(f"{lesson.title}\n{lesson.summary}\nA click or Enter opens it, F5 presents it full screen.")
        if role == Role.AccessibleTextRole:
            from hwpoison_gui.view.words.words import counted  # imported here to keep start-up fast

            length = f", {counted(lesson.minutes, 'minute')}" if lesson.minutes else ""
            return f"Lesson {index.row() + 1}: {lesson.title}{length}"
        if role == Role.AccessibleDescriptionRole:
            return f"{lesson.summary} Enter opens it in the window, F5 presents it full screen."
        return lesson if role == Role.UserRole else None


class _Card(QStyledItemDelegate):
    """Draws a card: picture, title, sentence, length; under the pointer and at the cursor, the button to present it."""

    def __init__(self, parent: LessonList) -> None:
        super().__init__(parent)
        self._view = parent

    def fonts(self) -> tuple[QFont, QFont]:
        return look.font(look.BODY, QFont.Weight.DemiBold), look.font(look.CAPTION)

    def height(self) -> int:
        title, small = (QFontMetrics(font).height() for font in self.fonts())
        words = _MOST_TITLE * title + (_MOST_SUMMARY + 1) * small + look.SMALL
        return max(words, look.px(CELL) * ROWS) + 2 * look.MEDIUM + look.SMALL

    def sizeHint(self, option: Any, index: Index) -> QSize:
        return self._view.gridSize()

    def present_button(self, card: QRect) -> QRect:
        """Rectangle of the button that presents a lesson, within its card."""
        metrics = QFontMetrics(self.fonts()[1])
        size = QSize(metrics.horizontalAdvance(PRESENT) + 2 * look.SMALL, metrics.height() + look.TIGHT)
        inner = card.adjusted(look.TIGHT, look.TIGHT, -look.TIGHT - look.SMALL, -look.TIGHT - look.SMALL)
        return QRect(QPoint(inner.right() - size.width(), inner.bottom() - size.height()), size)

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        view, lesson = self._view, index.data(Role.UserRole)
        theme = view.theme
        current = view.hasFocus() and index == view.currentIndex()
        over = index.row() == view.row_under_pointer
        box = option.rect.adjusted(look.TIGHT, look.TIGHT, -look.TIGHT, -look.TIGHT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent if current else theme.line), 2 if current else 1))
        painter.setBrush(QColor(look.selection_of(theme) if current or over else theme.base))
        if theme.name == "high-contrast":
            painter.setBrush(QColor(theme.base))
        painter.drawRoundedRect(box, 5, 5)
        inner = box.adjusted(look.MEDIUM, look.SMALL, -look.SMALL, -look.SMALL)
        cell = look.px(CELL)
        corner = QPointF(inner.left(), inner.top() + max(0, inner.height() - ROWS * cell) / 2)
        if lesson.picture is not None:
            draw_picture(painter, corner, cell, lesson.picture, theme)
        self._draw_words(painter, inner.adjusted((COLUMNS + FAN) * cell + look.MEDIUM, 0, 0, 0), index, lesson)
        if current or over:
            self._draw_button(painter, self.present_button(option.rect))
        painter.restore()

    def _draw_words(self, painter: QPainter, room: QRect, index: Index, lesson: Lesson) -> None:
        theme, (bold, small) = self._view.theme, self.fonts()
        top = room.top()
        head = _lines(f"{index.row() + 1}  {lesson.title}", bold, room.width(), _MOST_TITLE)
        body = _lines(lesson.summary, small, room.width(), _MOST_SUMMARY + _MOST_TITLE - len(head))
        for lines, font, colour in ((head, bold, theme.text), (body, small, theme.text)):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            metrics = QFontMetrics(font)
            for line in lines:
                painter.drawText(room.left(), top + metrics.ascent(), line)
                top += metrics.height()
            top += look.HAIR
        painter.setPen(QColor(theme.muted))
        length = f"{lesson.minutes} min" if lesson.minutes else ""
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, length)

    def _draw_button(self, painter: QPainter, box: QRect) -> None:
        theme = self._view.theme
        painter.setFont(self.fonts()[1])
        painter.setPen(QPen(QColor(look.edge_of(theme)), 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, PRESENT)


class LessonList(PointedList):
    """A click or Enter opens a lesson in the window; F5 or the button on its card presents it."""

    openWanted = Signal(Path)
    presentWanted = Signal(Path)

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.theme = theme
        self.columns = 1
        self.lessons = LessonModel(self)
        self.setModel(self.lessons)
        self._card = _Card(self)
        self.setItemDelegate(self._card)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Lessons")
        self.setAccessibleDescription("Arrow keys choose, Enter opens in the window, F5 presents full screen.")
        self.setObjectName("cards")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and text size."""
        self.theme = theme
        self.setStyleSheet("QListView#cards, QListView#cards:focus { background: transparent; border: none; }")
        self._fit()
        self.viewport().update()

    def set_lessons(self, lessons: list[Lesson]) -> None:
        self.lessons.set_lessons(lessons)
        if lessons:
            self.setCurrentIndex(self.lessons.index(0))

    def _fit(self) -> None:
        """As many columns as there is room for, all of the same width."""
        width = self.viewport().width() - 1
        self.columns = max(1, width // look.px(_NARROWEST))
        self.setGridSize(QSize(max(1, width // self.columns), self._card.height()))
        self.verticalScrollBar().setSingleStep(self._card.height() // 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, keys: Qt.KeyboardModifier) -> QModelIndex:
        """Left and Right go on in the order of the lessons, also over the end of a row."""
        cursor, row, last = QAbstractItemView.CursorAction, self.currentIndex().row(), len(self.lessons.lessons) - 1
        page = self.columns * max(1, self.viewport().height() // max(1, self.gridSize().height()))
        by = {
            cursor.MoveLeft: -1, cursor.MoveRight: 1, cursor.MoveUp: -self.columns, cursor.MoveDown: self.columns,
            cursor.MovePageUp: -page, cursor.MovePageDown: page, cursor.MoveHome: -row, cursor.MoveEnd: last - row,
        }.get(action)  # fmt: skip
        if by is None or last < 0:
            return super().moveCursor(action, keys)
        if action in (cursor.MoveUp, cursor.MoveDown) and not 0 <= row + by <= last:
            by = 0
        return self.lessons.index(min(max(row + by, 0), last))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        if index.isValid() and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F5):
            self._take(index, present=key == Qt.Key.Key_F5)
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_F5):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index == self.currentIndex():
            self._take(index, present=self._is_on_button(index, event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        inside = self.indexAt(event.position().toPoint()).isValid()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if inside else Qt.CursorShape.ArrowCursor)

    def _is_on_button(self, index: QModelIndex, at: QPoint) -> bool:
        return self._card.present_button(self.visualRect(index)).contains(at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open in the window", lambda: self._take(index, present=False))
        menu.addAction("Present full screen", lambda: self._take(index, present=True))
        menu.popup(self.viewport().mapToGlobal(self.visualRect(index).center() if by_key else event.pos()))

    def _take(self, index: QModelIndex, present: bool) -> None:
        path = self.lessons.lessons[index.row()].path
        (self.presentWanted if present else self.openWanted).emit(path)

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()


def _lines(text: str, font: QFont, width: int, most: int) -> list[str]:
    """A text in at most so many lines; the last one ends in an ellipsis where some of it is missing."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        if len(lines) == most - 1:
            rest = text[line.textStart() :]
            lines.append(QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, max(1, width)))
            break
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return lines
