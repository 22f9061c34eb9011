"""The legend of the map: every kind of frame with its colour, its frames and its megabytes.

A row can be clicked, or reached with Tab and pressed; it says which kind, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QLayout, QLayoutItem, QSizePolicy, QWidget

from hwpoison_gui.gui.frame_map_marks import draw_poison
from hwpoison_gui.view import kinds
from hwpoison_gui.view.layout import FRAME_SIZE, amount
from hwpoison_gui.view.palette import DARK, Theme

_SWATCH: Final = 13
_PADDING: Final = 6


class LegendRow(QAbstractButton):
    """One kind: swatch, name, frames and amount of memory."""

    def __init__(self, kind: kinds.Kind, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind, self.theme = kind, theme
        self.frames = 0
        self.setToolTip(kind.meaning[0].upper() + kind.meaning[1:])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_frames(0)

    def set_frames(self, frames: int) -> None:
        """Shows a count."""
        self.frames = frames
        self.setText(f"{frames:,}")
        self.setAccessibleName(f"{self.kind.name}: {frames:,} frames, {amount(frames * FRAME_SIZE)}")
        self.update()

    def _number_font(self) -> QFont:
        font = QFont(self.font())
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def _widths(self) -> tuple[int, int, int]:
        metrics = self.fontMetrics()
        count = max(metrics.horizontalAdvance(self.text()), metrics.horizontalAdvance("00,000"))
        size = metrics.horizontalAdvance("000.0 MiB")
        return metrics.horizontalAdvance(self.kind.name), count, size

    def sizeHint(self) -> QSize:
        name, count, size = self._widths()
        height = self.fontMetrics().height() + _PADDING
        return QSize(_SWATCH + name + count + size + 6 * _PADDING, height)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.underMouse() or self.isDown():
            painter.fillRect(box, QColor(self.theme.raised))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self.theme.accent), 1))
            painter.drawRect(box)
        self._paint_swatch(painter)
        _, count, size = self._widths()
        left = 2 * _PADDING + _SWATCH
        right = self.width() - _PADDING
        middle = Qt.AlignmentFlag.AlignVCenter
        empty = not self.frames
        painter.setPen(QColor(self.theme.muted if empty else self.theme.text))
        painter.drawText(
            QRect(left, 0, right - left, self.height()), middle | Qt.AlignmentFlag.AlignLeft, self.kind.name
        )
        painter.setFont(self._number_font())
        number = QRect(right - size - count - _PADDING, 0, count, self.height())
        painter.drawText(number, middle | Qt.AlignmentFlag.AlignRight, self.text())
        painter.setPen(QColor(self.theme.muted))
        memory = QRect(right - size, 0, size, self.height())
        painter.drawText(
            memory, middle | Qt.AlignmentFlag.AlignRight, "" if empty else amount(self.frames * FRAME_SIZE)
        )

    def _paint_swatch(self, painter: QPainter) -> None:
        painter.save()
        painter.translate(_PADDING, (self.height() - _SWATCH) // 2)
        if self.kind.id == kinds.POISON:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_poison(painter, self.theme, _SWATCH)
        else:
            painter.setPen(QPen(QColor(self.theme.line), 1))
            painter.setBrush(QColor(self.theme.kind(self.kind.id)))
            painter.drawRect(QRectF(0.5, 0.5, _SWATCH - 1, _SWATCH - 1))
        painter.restore()


class Legend(QWidget):
    """A row for every kind that the machine has, in as many columns as fit."""

    kindClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAccessibleName("Legend: kinds of frames")
        layout = ColumnLayout(self)
        self.rows = {number: LegendRow(kinds.KINDS[number], theme, self) for number in reversed(kinds.SHOWN)}
        for number, row in self.rows.items():
            layout.addWidget(row)
            row.clicked.connect(lambda _=False, kind=number: self.kindClicked.emit(kind))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_theme(theme)
        self.set_counts([0] * len(kinds.KINDS))

    def set_theme(self, theme: Theme) -> None:
        """Takes other colours."""
        colours = self.palette()
        colours.setColor(self.backgroundRole(), QColor(theme.window))
        self.setPalette(colours)
        self.setAutoFillBackground(True)
        for row in self.rows.values():
            row.theme = theme
            row.update()

    def set_counts(self, counts: Sequence[int]) -> None:
        """Shows the frames of each kind, by the kind's id. Holes are listed only where there are some."""
        for number, row in self.rows.items():
            row.set_frames(int(counts[number]))
        self.rows[kinds.HOLE].setVisible(bool(counts[kinds.HOLE]))
        self.updateGeometry()


class ColumnLayout(QLayout):
    """Items of one width in columns, filled downwards; the number of columns follows the width."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(_PADDING, _PADDING, _PADDING, _PADDING)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        _, rows, _, height = self._grid(width)
        margins = self.contentsMargins()
        return rows * height + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        return QSize(600, self.heightForWidth(600))

    def minimumSize(self) -> QSize:
        _, _, width, height = self._grid(1)
        return QSize(width + 2 * _PADDING, height + 2 * _PADDING)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        columns, rows, _, height = self._grid(rect.width())
        margins = self.contentsMargins()
        width = (rect.width() - margins.left() - margins.right()) // columns
        for number, item in enumerate(self._shown()):
            column, row = divmod(number, rows)
            corner = QPoint(rect.left() + margins.left() + column * width, rect.top() + margins.top() + row * height)
            item.setGeometry(QRect(corner, QSize(width - _PADDING, height)))

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _grid(self, width: int) -> tuple[int, int, int, int]:
        """Columns, rows, and the width and height an item needs."""
        items = self._shown()
        needed = max((item.sizeHint().width() for item in items), default=1) + _PADDING
        height = max((item.sizeHint().height() for item in items), default=1)
        margins = self.contentsMargins()
        columns = max(1, min(len(items), (width - margins.left() - margins.right()) // needed))
        rows = max(1, -(-len(items) // columns))
        return max(1, -(-len(items) // rows)), rows, needed, height
