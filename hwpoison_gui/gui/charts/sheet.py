"""A chart as a picture to take away: its title, what its colours mean, all of it, and what is left out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from hwpoison_gui.gui.charts.view import ChartView
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart

SIZE: Final = QSize(960, 540)  # pixels at 100 % text


class ChartSheet(QWidget):
    """Never seen on a screen. `part`: the part of the axis that is shown, from where to where; None: all of it."""

    def __init__(
        self, chart: Chart, theme: Theme, size: QSize | None = None, part: tuple[float, float] | None = None
    ) -> None:
        super().__init__(None)
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        colours = self.palette()
        for role in (self.backgroundRole(), colours.ColorRole.Window, colours.ColorRole.Base):
            colours.setColor(role, theme.base)
        colours.setColor(colours.ColorRole.WindowText, theme.text)
        self.setPalette(colours)
        self.view = ChartView(self, theme, says_note=False)
        note = QLabel(chart.note, self)
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setWordWrap(True)
        note.setFont(look.font(look.CAPTION))
        look.ink(note, theme.muted)
        note.setContentsMargins(look.SMALL, 0, look.SMALL, look.TIGHT)
        note.setVisible(bool(chart.note))
        self.view.said.setFont(look.font(look.TITLE))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, look.SMALL, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.view, 1)
        box.addWidget(note)
        self.resize(size or SIZE * look.scale())
        self.view.set_chart(chart)
        self.show()
        if size is None and isinstance(chart, Bars):  # a picture has no scroll bar
            self.resize(self.width(), max(self.height(), self.view.bars.needed))
        QApplication.processEvents()
        if part is not None and self.view.plot.zooms:
            self.view.plot.setXRange(*part, padding=0)
            QApplication.processEvents()
