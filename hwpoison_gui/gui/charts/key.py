"""What the colours of a chart mean."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.flow_layout import FlowLayout
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart, Places
from hwpoison_gui.view.charts.colours import chart_colour

_SWATCH: Final = 12


class Key(QWidget):
    """What the colours of a chart mean, wrapped like words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = FlowLayout(self)
        self._entries: list[QWidget] = []

    def show_entries(self, entries: list[tuple[str, str]]) -> None:
        """Shows (colour, name) pairs; without a colour, the name alone."""
        for old in self._entries:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._entries = [self._entry(colour, name) for colour, name in entries]

    def _entry(self, colour: str, name: str) -> QWidget:
        entry = QWidget(self)
        row = QHBoxLayout(entry)
        row.setContentsMargins(0, 0, look.SMALL, 0)
        row.setSpacing(look.TIGHT)
        size = look.px(_SWATCH)
        words = QLabel(name, entry)
        words.setTextFormat(Qt.TextFormat.PlainText)
        if colour:
            box = QWidget(entry)
            box.setFixedSize(size, size)
            box.setAutoFillBackground(True)
            filled = box.palette()
            filled.setColor(box.backgroundRole(), QColor(colour))
            box.setPalette(filled)
            row.addWidget(box)
        row.addWidget(words)
        self._row.addWidget(entry)
        entry.show()
        return entry


def entries_of(chart: Chart, theme: Theme) -> list[tuple[str, str]]:
    """The colours of a chart, each with what it means; what has none comes last."""
    coloured = chart.parts if isinstance(chart, Bars | Places) else chart.curves
    if len(coloured) < 2:
        return []
    entries = [(chart_colour(theme, one.key), one.name) for one in coloured]
    if isinstance(chart, Bars):
        entries.append(("", f"upper bar: {chart.stacks[0]}, lower: {chart.stacks[-1]}"))
    return entries
