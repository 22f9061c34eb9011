"""The counters in the tool bar: each a name with a value below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.counters import Counter


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
        self.setToolTip(plain(counter.tip))
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
    """Counters side by side."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, look.SMALL, 0)
        self._row.setSpacing(look.LARGE + look.TIGHT)
        self._figures: list[Figure] = []
        self.setAccessibleName("Figures")
        Copying(self, "the figures", lambda: "", self._whole)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for figure in self._figures:
            figure.theme = theme
            figure.updateGeometry()
            figure.update()

    def set_counters(self, counters: Sequence[Counter]) -> None:
        """Shows these counters."""
        while len(self._figures) < len(counters):
            figure = Figure(self, self._theme)
            self._figures.append(figure)
            self._row.addWidget(figure)
        for number, figure in enumerate(self._figures):
            figure.setVisible(number < len(counters))
            if number < len(counters):
                figure.set_counter(counters[number])

    def texts(self) -> list[str]:
        """The text shown, for tests and screen readers."""
        return [f"{figure.counter.name} {figure.counter.value}" for figure in self._figures if not figure.isHidden()]

    def _whole(self) -> str:
        return "\n".join(self.texts())
