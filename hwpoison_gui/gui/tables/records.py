"""The panel of real errors: a playhead, a table of records, and what Linux logged beside what the model predicts."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.control.recorded import NONE_OPEN
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.enabling import enable
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import NO_KEY, RowTable
from hwpoison_gui.gui.widgets.seek_slider import SeekSlider
from hwpoison_gui.kernel.profile.type import FAILED, IGNORED
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.logged import Comparison
from hwpoison_gui.view.rows.error_records import RECORD_COLUMNS, RecordRow, record_cells

_HOW: Final = "Machine > Open error records… opens kernel logs, traces and rasdaemon databases."
_LEAST: Final = 28  # pixels of the comparison in the lowest panel, at 100 % text
_LEAST_ROWS: Final = 2  # of the table, beside the comparison
_HEADS: Final = ("", "Linux logged", "Model predicts")


def _colour(row: Any, column: TextColumn, theme: Theme) -> str | None:
    if column.field == "result" and row.result in (FAILED, IGNORED):
        return theme.warn
    return theme.kill if column.field == "tasks" else None


class Playhead(QWidget):
    """Steps through the records in time: buttons, a slider, and the present place."""

    chosen = Signal(int)
    stepWanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.back, self.on = (self._button(by) for by in (-1, 1))
        self.slider = SeekSlider(self)
        self.slider.setAccessibleName("Record")
        self.slider.setToolTip("The chosen record, in time; later records are faint on the map")
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.SMALL, 0, look.SMALL, 0)
        row.setSpacing(look.SMALL)
        for widget in (self.back, self.on, self.words):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        self.slider.valueChanged.connect(self.chosen)

    def _button(self, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setText("◀" if by < 0 else "▶")
        button.setObjectName("boxed")
        name = "Previous record" if by < 0 else "Next record"
        button.setAccessibleName(name)
        button.setToolTip(f"{name}  ({'Alt+Up' if by < 0 else 'Alt+Down'})")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: self.stepWanted.emit(by))
        return button

    def show_at(self, at: int, many: int, words: str, missing: tuple[str, str]) -> None:
        """Show a record without emitting a signal. `missing`: why there is none before it, and after it."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, many - 1))
        self.slider.setValue(max(0, at))
        self.slider.blockSignals(False)
        self.slider.setEnabled(many > 1)
        self.words.setText(words)
        enable(self.back, missing[0])
        enable(self.on, missing[1])


class SaidView(QScrollArea):
    """Three lines of what Linux logged and what the model predicts; differences have a sign and are named."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._height = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What Linux logged, and what the model predicts")
        self.setToolTip(
            "What the machine recorded of this error, and what the model predicts for its frame as it is now"
        )
        inner = QWidget(self)
        self.setWidget(inner)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(look.MEDIUM)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(2, 1)
        self._grid.setColumnStretch(1, 1)
        self.why = QLabel(inner)
        self.why.setWordWrap(True)
        box = self._box = QVBoxLayout(inner)
        box.setContentsMargins(look.MEDIUM, 0, look.MEDIUM, 0)
        box.setSpacing(look.TIGHT)
        box.addLayout(self._grid)
        box.addWidget(self.why)
        box.addStretch(1)
        self._cells = [[self._label(row, column) for column in range(3)] for row in range(4)]
        for cell, text in zip(self._cells[0], _HEADS, strict=True):
            cell.setText(text)
        self.why.setTextFormat(Qt.TextFormat.PlainText)
        self._differs = [False] * 3
        self.set_theme(theme)
        self.hide()

    def _label(self, row: int, column: int) -> QLabel:
        label = QLabel(self.widget())
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setWordWrap(column > 0)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._grid.addWidget(label, row, column)
        return label

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for number, row in enumerate(self._cells):
            for cell in row:
                cell.setFont(look.font(look.CAPTION, QFont.Weight.DemiBold if not number else QFont.Weight.Normal))
        self.why.setFont(look.font(look.CAPTION))
        self._colour()

    def _colour(self) -> None:
        for row, differs in zip(self._cells[1:], self._differs, strict=True):
            row[2].setStyleSheet(f"color: {self._theme.warn}" if differs else "")

    def show_comparison(self, comparison: Comparison | None, fault: str = "") -> None:
        """Show a comparison, and the fault that the record is part of; None hides all of it."""
        self.setVisible(comparison is not None)
        if comparison is None:
            return
        self.why.setText(f"{comparison.why}\n{fault}".rstrip())
        for row in self._cells:
            for cell in row:
                cell.setVisible(bool(comparison.rows))
        for cells, said in zip(self._cells[1:], comparison.rows, strict=False):
            sign = "≠ " if said.differs else ""
            for cell, text in zip(cells, (said.aspect, said.linux, f"{sign}{said.model}"), strict=True):
                cell.setText(text)
        self._differs = [said.differs for said in comparison.rows] or [False] * 3
        self._colour()

    def wanted_height(self, width: int) -> int:
        """The height that all of it needs in a width, in pixels; 0 while there is nothing."""
        return 0 if self.isHidden() else max(self._box.heightForWidth(width), self._box.minimumSize().height())

    def ask_height(self, height: int) -> None:
        """Take so much height where there is room; less does not make the window larger."""
        self._height = height
        self.setMaximumHeight(height)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self._height, look.px(_LEAST)))

    def as_text(self) -> str:
        """Visible rows and the explanation as text, cells separated by tabs."""
        if self.isHidden():
            return ""
        rows = ["\t".join(cell.text() for cell in row) for row in self._cells if not row[0].isHidden()]
        return "\n".join([*rows, self.why.text()])


class RecordsView(QWidget):
    """The records of a history; the table has the focus, and is what is copied."""

    chosen = Signal(int)
    stepWanted = Signal(int)

    def __init__(self, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.playhead = Playhead(self)
        self.table = RowTable(
            "Error records", lambda table: RowModel(table, RECORD_COLUMNS, record_cells, _colour), self
        )
        self.said = SaidView(self, theme)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(look.TIGHT)
        box.addWidget(self.playhead)
        box.addWidget(self.table, 1)
        box.addWidget(self.said)
        self.setFocusProxy(self.table)
        self.table.chosen.connect(self.chosen)
        self.playhead.chosen.connect(self.chosen)
        self.playhead.stepWanted.connect(self.stepWanted)
        self.set_theme(theme)
        self.show_rows([])

    def set_theme(self, theme: Theme) -> None:
        self.table.set_theme(theme)
        self.said.set_theme(theme)
        self.playhead.words.setFont(look.font(look.CAPTION))
        self._muted = theme.muted

    def show_comparison(self, comparison: Comparison | None, fault: str = "") -> None:
        """Show what is said of the chosen record, whose row stays in sight."""
        self.said.show_comparison(comparison, fault)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give the comparison the height that it needs, if the table keeps some rows."""
        layout, header = self.layout(), self.table.horizontalHeader().height()
        rows = header + _LEAST_ROWS * self.table.verticalHeader().defaultSectionSize() + look.MEDIUM
        room = self.height() - self.playhead.sizeHint().height()
        most = max(room // 2, room - rows - self.table.horizontalScrollBar().sizeHint().height())
        self.said.ask_height(max(0, min(self.said.wanted_height(self.width()), most)))
        assert layout is not None
        layout.activate()
        self.table.scrollTo(self.table.currentIndex())

    def show_rows(self, rows: list[RecordRow], empty: str = NONE_OPEN, how: str = _HOW) -> None:
        """Show the records, or if there are none why, and what to do."""
        self._empty = "\n".join(filter(None, (empty, how)))
        self.table.set_rows(rows)
        for widget in (self.table, self.playhead):
            widget.setVisible(bool(rows))
        self.setAccessibleName("" if rows else empty)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.table.isHidden():
            painter = QPainter(self)
            painter.setFont(look.font())
            painter.setPen(QColor(self._muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._empty)

    def show_record(self, number: int) -> None:
        """Make a record current without emitting a signal."""
        self.table.show_key(number if number >= 0 else NO_KEY)
