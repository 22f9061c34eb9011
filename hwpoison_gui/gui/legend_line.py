"""The legend for small windows: colours and names only, one after the other, wrapped."""

from __future__ import annotations

from typing import Final, NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from hwpoison_gui.gui import theme as look
from hwpoison_gui.gui.frame_map_marks import draw_poison
from hwpoison_gui.view import kinds
from hwpoison_gui.view.palette import DARK, Theme

_SWATCH: Final = 11
SHORT_NAMES: Final = {
    kinds.FREE: "free",
    kinds.FILE: "file",
    kinds.SHMEM: "shared",
    kinds.ANON: "anon",
    kinds.HUGE: "huge",
    kinds.KERNEL: "kernel",
    kinds.POISON: "poison",
}


def short_name(kind: kinds.Kind) -> str:
    """A kind in one or two words."""
    return SHORT_NAMES.get(kind.id, kind.name)


class _Place(NamedTuple):
    kind: kinds.Kind
    x: int
    y: int


class LegendLine(QWidget):
    """Every kind that the machine has."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown = [kinds.KINDS[number] for number in reversed(kinds.SHOWN)]
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Legend: kinds of frames")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.updateGeometry()
        self.update()

    def set_counts(self, counts: list[int]) -> None:
        """Shows the kinds of which there are frames; poison always."""
        shown = [kinds.KINDS[n] for n in reversed(kinds.SHOWN) if counts[n] or n == kinds.POISON]
        if shown != self._shown:
            self._shown = shown
            self.updateGeometry()
            self.update()

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(look.font(look.CAPTION))

    def _places(self, width: int) -> tuple[list[_Place], int]:
        metrics, x, y = self._metrics(), look.SMALL, look.TIGHT
        line = metrics.height() + look.HAIR
        found = []
        for kind in self._shown:
            wide = _SWATCH + look.TIGHT + metrics.horizontalAdvance(short_name(kind))
            if x + wide > width - look.SMALL and x > look.SMALL:
                x, y = look.SMALL, y + line
            found.append(_Place(kind, x, y))
            x += wide + look.MEDIUM
        return found, y + line + look.HAIR

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._places(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(self.width() or 320))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._metrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(look.font(look.CAPTION))
        metrics = self._metrics()
        for kind, x, y in self._places(self.width())[0]:
            top = y + (metrics.height() - _SWATCH) // 2
            if kind.id == kinds.POISON:
                painter.save()
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.translate(x, top)
                draw_poison(painter, self._theme, _SWATCH)
                painter.restore()
            else:
                painter.setPen(QPen(QColor(self._theme.line), 1))
                painter.setBrush(QColor(self._theme.kind(kind.id)))
                painter.drawRect(QRectF(x + 0.5, top + 0.5, _SWATCH - 1, _SWATCH - 1))
            painter.setPen(QColor(self._theme.text))
            room = QRectF(x + _SWATCH + look.TIGHT, y, 400, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short_name(kind))
