"""The frames of an operation on many, the worst first; a row selects its frame and shows the end of its part."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.gui.widgets.row_model import RowModel
from hwpoison_gui.gui.widgets.row_table import RowTable
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.moment import heading_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.outcome.many import said_of
from hwpoison_gui.view.outcome.summing import summary_of
from hwpoison_gui.view.rows.broken import BROKEN_COLUMNS, BrokenRow, broken_cells, broken_columns, broken_rows


def _colour(row: Any, column: TextColumn, theme: Theme) -> str | None:
    assert isinstance(row, BrokenRow)
    is_worst = row.panics if column.field == "touched" else column.field == "killed" and row.killed
    return theme.kill if is_worst else None


class WorstFrames(QDialog):
    """Stays open beside the window, so that one frame after the other can be looked at."""

    def __init__(self, above: QWidget, controller: Controller, operation: Operation, theme: Theme) -> None:
        super().__init__(above)
        self._controller, self._operation = controller, operation
        self.setWindowTitle(heading_of(operation))
        summary = summary_of(controller.session, operation)
        more = summary.done - len(summary.frames)
        rest = f" The list has the worst {len(summary.frames):,} of {summary.done:,} frames." if more else ""
        said = QLabel(said_of(summary) + rest, self)
        said.setWordWrap(True)
        self.table = RowTable("Frames, the worst first", _model, self)
        self.table.set_theme(theme)
        rows = broken_rows(summary)
        columns = broken_columns(rows)
        self.table.set_columns(columns, partial(broken_cells, columns=columns))
        self.table.set_rows(rows)
        self.table.chosen.connect(self._show)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        for part in (said, self.table, buttons):
            box.addWidget(part)
        plain_labels(self)
        fitting.resize_dialog(self, 720, 420)

    def _show(self, number: int) -> None:
        """Go to the end of the error in a frame, unless it was undone and replaced since."""
        session = self._controller.session
        if self._operation in session.operations:
            self._controller.show_step(self._operation.parts[number].last)


def _model(parent: QWidget) -> RowModel:
    return RowModel(parent, BROKEN_COLUMNS, broken_cells, _colour)
