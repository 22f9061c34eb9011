"""The Charts panel: which chart, the chart, or the table that says the same; the value at the cursor; saving."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal
from PySide6.QtGui import QColor, QPixmap, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from hwpoison_gui.gui.charts.bars import BarPlot
from hwpoison_gui.gui.charts.curves import CurvePlot
from hwpoison_gui.gui.charts.plot import Plot
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.enabling import enable
from hwpoison_gui.gui.look.flow_layout import FlowLayout
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.gui.widgets.table_view import FactView
from hwpoison_gui.gui.widgets.toggle import Toggle
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn, as_tsv
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.charts.chart import Bars, Chart, Curves
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import OUTCOME


class Listed(Record):
    """A chart in the list: its name, and what it is made of, which says when it is made again."""

    name: str
    of: str


DAMAGE: Final = "damage"
FRAMES: Final = "frames"
TIMELINE: Final = "timeline"
CHARTS: Final = {
    "kind": Listed("Damage by kind of page", DAMAGE),
    "process": Listed("Damage by process", DAMAGE),
    "file": Listed("Damage by file", DAMAGE),
    "zone": Listed("Damage by zone", DAMAGE),
    "mapcount": Listed("Frames by mapcount", FRAMES),
    "refcount": Listed("Frames by refcount", FRAMES),
    "timeline": Listed("Along the timeline", TIMELINE),
}
_TIPS: Final = {
    "picture": "Saves the chart, and what its colours mean, as PNG or SVG",
    "table": "Saves the numbers of the chart as comma-separated values",
}
WAITING: Final = "being computed"
_WIDEST: Final = 22  # columns of a table are at most as wide as so many characters
_LEAST_LINES: Final = 6  # of text, in height, that a chart needs
_SWATCH: Final = 12


class ChartTable(FactView):
    """The numbers of a chart."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__((), parent)
        self.setAccessibleName("Chart as a table")
        self.setToolTip("The numbers of the chart; Ctrl+C copies rows")
        self._model = _Cells(self)
        self.setModel(self._model)
        Copying(self, "Chart", self._selected, self._whole)

    def set_chart(self, chart: Chart) -> None:
        """Shows the table of a chart."""
        self.columns = tuple(TextColumn(head, head, head, "0" * min(len(head), _WIDEST)) for head in chart.heads)
        self._model.set_cells(chart.heads, chart.rows)
        self.set_look()
        self.setAccessibleName(f"{chart.title}, as a table")

    def _selected(self) -> str:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return as_tsv([self._model.cells[row] for row in rows])

    def _whole(self) -> str:
        return as_tsv(self._model.cells, self._model.heads)


class _Cells(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.heads: tuple[str, ...] = ()
        self.cells: tuple[tuple[str, ...], ...] = ()

    def set_cells(self, heads: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> None:
        self.beginResetModel()
        self.heads, self.cells = heads, cells
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.cells)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and self.cells[index.row()][index.column()][:1].isdigit():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        horizontal = orientation == Qt.Orientation.Horizontal
        return self.heads[section] if horizontal and role == Qt.ItemDataRole.DisplayRole else None


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
        swatch = QPixmap(size, size)
        swatch.fill(QColor(colour or "transparent"))
        words = QLabel(name, entry)
        words.setTextFormat(Qt.TextFormat.PlainText)
        if colour:
            box = QLabel(entry)
            box.setTextFormat(Qt.TextFormat.PlainText)
            box.setPixmap(swatch)
            row.addWidget(box)
        row.addWidget(words)
        self._row.addWidget(entry)
        entry.show()
        return entry


class ChartsPanel(QWidget):
    """Emits what the user asks for; `link.py` answers."""

    chartWanted = Signal(str)  # a key of CHARTS
    saveWanted = Signal(str)  # picture or table

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chart: Chart | None = None
        self._shown = ""  # the key of the chart that was shown last
        self.which = QComboBox(self)
        self.which.setAccessibleName("Chart")
        self.which.setToolTip("Which chart is shown")
        for key, one in CHARTS.items():
            self.which.addItem(one.name, key)
        self.as_table = Toggle("Table", self)
        self.as_table.setToolTip("Shows the numbers of the chart instead, to read and to copy")
        self.picture = self._button("Save picture…", "picture")
        self.values = self._button("Save CSV…", "table")
        self.said = ElidedLabel(self)
        self.said.setAccessibleName("Value at the cursor")
        self.key = Key(self)
        self.bars, self.curves, self.table = BarPlot(self, theme), CurvePlot(self, theme), ChartTable(self)
        self.empty = QLabel(self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.stack = QStackedWidget(self)
        for shown in (self.empty, self.bars, self.curves, self.table):
            self.stack.addWidget(shown)
        top = QHBoxLayout()
        top.setContentsMargins(look.SMALL, look.TIGHT, look.SMALL, 0)
        for tool in (self.which, self.as_table, self.picture, self.values):
            top.addWidget(tool)
        top.addWidget(self.said, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addWidget(self.key)
        box.addWidget(self.stack, 1)
        self.which.activated.connect(lambda _: self.chartWanted.emit(self.wanted))
        self.as_table.toggled.connect(lambda _: self._show())
        for plot in self.plots:
            plot.pointed.connect(self.said.setText)
        self.set_theme(theme)
        self.show_reason(WAITING)

    def _button(self, words: str, what: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(words)
        button.setToolTip(_TIPS[what])
        button.setObjectName("boxed")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: self.saveWanted.emit(what))
        return button

    @property
    def plots(self) -> tuple[Plot, ...]:
        """The widgets that draw charts."""
        return self.bars, self.curves

    @property
    def plot(self) -> Plot:
        """The widget that draws the present chart."""
        return self.bars if isinstance(self.chart, Bars) else self.curves

    @property
    def wanted(self) -> str:
        """The key of the chart that is asked for."""
        return str(self.which.currentData())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots:
            plot.set_theme(theme)
        self.table.set_look()
        look.ink(self.empty, theme.muted)
        look.ink(self.said, theme.text)
        self._show_key()

    def set_chart(self, chart: Chart) -> None:
        """Shows a chart, as a picture or as a table."""
        fresh, self._shown = self._shown != self.wanted, self.wanted
        self.chart = chart
        if isinstance(chart, Bars):
            self.bars.set_chart(chart, fresh)
        else:
            self.curves.set_chart(chart, fresh)
        self.table.set_chart(chart)
        self._show_key()
        self._show()

    def show_reason(self, why: str) -> None:
        """Says why there is no chart."""
        self.chart = None
        self.empty.setText(why)
        self.said.setText("")
        self._show_key()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Leaves out what the colours mean where the chart would have no room: the value at the cursor says it, too."""
        line = self.fontMetrics().lineSpacing()
        needed = self.key.heightForWidth(self.width()) + self.which.sizeHint().height() + _LEAST_LINES * line
        self.key.setVisible(self.height() >= needed)

    def _show(self) -> None:
        chart = self.chart
        self.stack.setCurrentWidget(
            self.empty if chart is None else self.table if self.as_table.isChecked() else self.plot
        )
        missing = "" if chart is not None else self.empty.text()
        enable(self.picture, missing)
        enable(self.values, missing)

    def _show_key(self) -> None:
        chart, theme = self.chart, self._theme
        if isinstance(chart, Bars):
            colours = [(class_colour(theme, OUTCOME, part.key), part.name) for part in chart.parts]
            self.key.show_entries([*colours, ("", f"upper bar: {chart.stacks[0]}, lower: {chart.stacks[-1]}")])
        elif isinstance(chart, Curves):
            self.key.show_entries([(getattr(theme, curve.key), curve.name) for curve in chart.curves])
        else:
            self.key.show_entries([])
        self._make_room()
