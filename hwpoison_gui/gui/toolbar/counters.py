"""The counters in the tool bar: each has a name with a value below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.counters import Counter

_MORE: Final = Counter("more", "", "plain", "")  # stands for the counters without room


class Figure(QWidget):
    """One name and value."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.theme = theme
        self.counter = Counter("", "", "plain", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_counter(self, counter: Counter) -> None:
        if counter == self.counter:
            return
        self.counter = counter
        self.setAccessibleName(f"{counter.name}: {counter.value}")
        self.updateGeometry()
        self.update()

    def _fonts(self) -> tuple[QFont, QFont]:
        return look.font(look.CAPTION), look.font(look.TITLE, QFont.Weight.DemiBold)

    def sizeHint(self) -> QSize:
        small, large = self._fonts()
        width = max(
            QFontMetrics(small).horizontalAdvance(self.counter.name),
            QFontMetrics(large).horizontalAdvance(self.counter.value),
        )
        return QSize(width + 2, QFontMetrics(small).height() + QFontMetrics(large).height() + look.HAIR)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        small, large = self._fonts()
        painter.setFont(small)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, self.counter.name)
        painter.setFont(large)
        tones = {"poison": self.theme.poison, "kill": self.theme.kill, "good": self.theme.good, "warn": self.theme.warn}
        painter.setPen(QColor(tones.get(self.counter.tone, self.theme.text)))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, self.counter.value)


class CounterStrip(QWidget):
    """Counters side by side. Those without room are hidden from the end; a last figure says how many, its tip which."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, look.SMALL, 0)
        self._row.setSpacing(look.LARGE + look.TIGHT)
        self._figures: list[Figure] = []
        self._more = Figure(self, theme)
        self._more.hide()
        self._row.addWidget(self._more)
        self._counters: Sequence[Counter] = ()
        self._room: int | None = None  # pixels; None: as many as there are
        self.setAccessibleName("Figures")
        Copying(self, "the figures", lambda: "", self._whole)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for figure in (*self._figures, self._more):
            figure.theme = theme
            figure.updateGeometry()
            figure.update()

    def set_counters(self, counters: Sequence[Counter]) -> None:
        """Show these counters."""
        self._counters = counters
        while len(self._figures) < len(counters):
            figure = Figure(self, self._theme)
            self._figures.append(figure)
            self._row.insertWidget(len(self._figures) - 1, figure)
        for figure, counter in zip(self._figures, counters, strict=False):
            figure.set_counter(counter)
        self._show()

    @property
    def whole_width(self) -> int:
        """The width in which all counters have room, in pixels."""
        return self._width_of(len(self._counters))

    def set_room(self, width: int | None) -> None:
        """Show as many counters as have room in a width, and how many have none; None: all of them."""
        if width != self._room:
            self._room = width
            self._show()

    def _width_of(self, count: int) -> int:
        """The width of the first counters, with that of the figure for the others."""
        margins, widths = self._row.contentsMargins(), [one.sizeHint().width() for one in self._figures[:count]]
        if count < len(self._counters):
            widths.append(self._more.sizeHint().width())
        return sum(widths) + max(0, len(widths) - 1) * self._row.spacing() + margins.left() + margins.right()

    def _show(self) -> None:
        count = len(self._counters)
        while count > 0 and self._room is not None and self._width_of(count) > self._room:
            count -= 1
        hidden = "\n".join(f"{one.name}: {one.value}" for one in self._counters[count:])
        self._more.set_counter(_MORE._replace(value=f"+{len(self._counters) - count}"))
        self._more.setVisible(bool(hidden))
        self._more.setToolTip(plain(f"No room here for\n{hidden}"))
        for number, figure in enumerate(self._figures):
            figure.setVisible(number < count)
            if number < count:
                tip = figure.counter.tip
                figure.setToolTip(plain(f"{tip}\n\nNo room here for\n{hidden}" if hidden else tip))

    def texts(self) -> list[str]:
        """All counters as text, for tests and screen readers."""
        return [f"{counter.name} {counter.value}" for counter in self._counters]

    def _whole(self) -> str:
        return "\n".join(self.texts())
