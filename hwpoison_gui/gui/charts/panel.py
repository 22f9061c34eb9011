"""The Charts panel: which chart, the chart, or the table that says the same; saving."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from hwpoison_gui.gui.charts.bars import BarPlot
from hwpoison_gui.gui.charts.curves import CurvePlot
from hwpoison_gui.gui.charts.places import PlacePlot
from hwpoison_gui.gui.charts.plot import Plot
from hwpoison_gui.gui.charts.table import ChartTable
from hwpoison_gui.gui.charts.view import ChartView
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.icons import icon
from hwpoison_gui.gui.widgets.toggle import Toggle
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.catalogue import CHARTS
from hwpoison_gui.view.charts.chart import Chart

WAITING: Final = "being computed"
_ICON: Final = 13  # no higher than a line of text
_NAMED: Final = 17  # characters of a chart's name that the list shows at least


class Tools(QWidget):
    """The controls, in the title bar: which chart, as a table, and what else can be done with it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.which = QComboBox(self)
        self.which.setAccessibleName("Chart")
        self.which.setToolTip("Which chart is shown")
        for number, (key, one) in enumerate(CHARTS.items()):
            self.which.addItem(one.name, key)
            self.which.setItemData(number, one.tip, Qt.ItemDataRole.ToolTipRole)
        self.as_table = Toggle("Table", self)
        self.as_table.setToolTip("Shows the numbers of the chart instead, to read and to copy")
        self.own_window = QToolButton(self)
        self.own_window.setCheckable(True)
        self.own_window.setObjectName("boxed")
        self.own_window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.own_window.setAccessibleName("In a window of its own")
        self.own_window.setToolTip("Shows the chart in a large window of its own, or puts it back")
        self.more = QToolButton(self)
        self.more.setText("⋯")
        self.more.setAccessibleName("More")
        self.more.setToolTip("Saves the chart as a picture or as numbers")
        self.more.setObjectName("boxed")
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SMALL)
        for tool in (self.which, self.as_table, self.own_window, self.more):
            row.addWidget(tool)

    def set_theme(self, theme: Theme) -> None:
        self.own_window.setIcon(icon("window", theme.text, look.disabled_of(theme)))
        self.own_window.setIconSize(QSize(look.px(_ICON), look.px(_ICON)))
        for tool in (self.own_window, self.more):
            tool.setStyleSheet("padding-left: 0; padding-right: 0;")
            tool.setFixedWidth(look.px(2 * _ICON))
        self.which.setMinimumWidth(self.which.fontMetrics().horizontalAdvance("0" * _NAMED))


class ChartsPanel(QWidget):
    """Emits what the user asks for; `link.py` answers."""

    chartWanted = Signal(str)  # a key of CHARTS
    saveWanted = Signal(str)  # picture or table
    ownWindowWanted = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.chart: Chart | None = None
        self._shown = ""  # the key of the chart that was shown last
        self.tools = Tools(self)
        self.view, self.table = ChartView(self, theme), ChartTable(self)
        self.empty = QLabel(self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # keys are no choice of another chart meanwhile
        self.stack = QStackedWidget(self)
        for shown in (self.empty, self.view, self.table):
            self.stack.addWidget(shown)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.stack, 1)
        self.which.activated.connect(lambda _: self.chartWanted.emit(self.wanted))
        self.as_table.toggled.connect(lambda _: self._show(False))
        self.tools.own_window.clicked.connect(self.ownWindowWanted)
        self._add_menu()
        self.set_theme(theme)
        self.show_reason(WAITING)

    def _add_menu(self) -> None:
        menu = QMenu(self.tools.more)
        self.picture = menu.addAction("Save a &picture, PNG or SVG…", lambda: self.saveWanted.emit("picture"))
        self.values = menu.addAction("Save the &numbers, CSV…", lambda: self.saveWanted.emit("table"))
        self.tools.more.setMenu(menu)

    @property
    def which(self) -> QComboBox:
        return self.tools.which

    @property
    def as_table(self) -> Toggle:
        return self.tools.as_table

    @property
    def bars(self) -> BarPlot:
        return self.view.bars

    @property
    def curves(self) -> CurvePlot:
        return self.view.curves

    @property
    def places(self) -> PlacePlot:
        return self.view.places

    @property
    def said(self) -> ElidedLabel:
        """The title of the chart, or the value at the cursor."""
        return self.view.said

    @property
    def plots(self) -> tuple[Plot, ...]:
        """The widgets that draw charts."""
        return self.view.plots

    @property
    def plot(self) -> Plot:
        """The widget that draws the present chart."""
        return self.view.plot

    @property
    def wanted(self) -> str:
        """The key of the chart that is asked for."""
        return str(self.which.currentData())

    @property
    def is_current(self) -> bool:
        """Whether the chart that is shown is the one that is asked for."""
        return self.chart is not None and self._shown == self.wanted

    def ask(self, key: str) -> None:
        """Ask for a chart, as a choice in the list does."""
        self.which.setCurrentIndex(self.which.findData(key))
        self.chartWanted.emit(key)

    def set_theme(self, theme: Theme) -> None:
        self.tools.set_theme(theme)
        self.view.set_theme(theme)
        self.table.set_look()
        look.ink(self.empty, theme.muted)

    def set_chart(self, chart: Chart) -> None:
        """Show a chart, as a picture or as a table; of one without values, what it says."""
        if not chart.rows:
            self.show_reason(" ".join(filter(None, (f"{chart.title}.", chart.note))))
            return
        fresh, self._shown, keys = self._shown != self.wanted, self.wanted, self._takes_keys.hasFocus()
        self.chart = chart
        self.view.set_chart(chart, fresh)
        self.table.set_chart(chart)
        self._show(keys)

    def show_reason(self, why: str) -> None:
        """Say why there is no chart."""
        keys, self.chart = self._takes_keys.hasFocus(), None
        self.empty.setText(why)
        self._show(keys)

    @property
    def _takes_keys(self) -> QWidget:
        """The widget on show, which takes the keys: the chart, the table, or the reason why there is no chart."""
        shown = self.stack.currentWidget()
        return self.empty if shown is self.empty else self.plot if shown is self.view else self.table

    def _show(self, keys: bool) -> None:
        """Show what there is; with the `keys`, if what was shown before had them."""
        chart = self.chart
        self.stack.setCurrentWidget(
            self.empty if chart is None else self.table if self.as_table.isChecked() else self.view
        )
        self.setFocusProxy(self._takes_keys)
        if keys:
            self._takes_keys.setFocus()
        for action in (self.picture, self.values):
            action.setEnabled(chart is not None)
