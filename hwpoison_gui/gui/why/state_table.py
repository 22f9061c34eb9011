"""The state table panel: the page's flags, the rows tried and why they do not match, and the first match."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontInfo, QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.why.state_delegate import BitsDelegate, RowDelegate, SignDelegate
from hwpoison_gui.gui.why.state_model import BITS, DOES, KIND, SIGN, StateModel
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.table_view import set_row_height
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.outline.state_rows import FITS, StateTable

Role = Qt.ItemDataRole
_SIGN: Final = 24
_MOST_FLAGS: Final = 0.4  # share of the height
_PAD: Final = look.SMALL + look.TIGHT


class _Rows(QTableView):
    """Gives rows as text, with their signs in words."""

    def chosen(self) -> str:
        """The selected rows."""
        return self._text(sorted(index.row() for index in self.selectionModel().selectedRows()))

    def whole(self) -> str:
        """All rows."""
        return self._text(range(self.model().rowCount()))

    def _text(self, rows: Iterable[int]) -> str:
        model, columns = self.model(), (BITS, KIND, DOES)
        return as_tsv([[model.index(row, column).data(Role.AccessibleTextRole) for column in columns] for row in rows])


class StateTableView(QWidget):
    """Flags above, rows below. A double click on the first match, or Enter, requests the step that found it."""

    seekRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.caption, self.flags = ElidedLabel(self), QLabel(self)
        self.view = _Rows(self)
        Copying(self.view, "the table", self.view.chosen, self.view.whole)
        self.model = StateModel(self, theme)
        self.view.setModel(self.model)
        self.flags.setWordWrap(True)
        self.caption.setWordWrap(True)
        self.flags.setTextFormat(Qt.TextFormat.RichText)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, look.TIGHT, 0, 0)
        box.setSpacing(look.HAIR)
        for label in (self.caption, self.flags):
            label.setContentsMargins(look.MEDIUM, 0, look.MEDIUM, 0)
        self._scrolled = QScrollArea(self)  # where large text leaves no room for all flags
        self._scrolled.setWidget(self.flags)
        self._scrolled.setWidgetResizable(True)
        self._scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the tip shows their meanings
        for part in (self.caption, self._scrolled):
            box.addWidget(part)
        box.addWidget(self.view, 1)
        self._dress()
        self.setFocusProxy(self.view)
        self.view.setAccessibleName("State table: what kind of page it is, and what is done")
        self.view.activated.connect(self._go)
        self.set_theme(theme)

    def _dress(self) -> None:
        view = self.view
        view.setItemDelegate(RowDelegate(view, self.model))
        view.setItemDelegateForColumn(SIGN, SignDelegate(view, self.model))
        view.setItemDelegateForColumn(BITS, BitsDelegate(view, self.model))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setTabKeyNavigation(False)
        view.verticalHeader().hide()
        head = view.horizontalHeader()
        head.setHighlightSections(False)
        head.setTextElideMode(Qt.TextElideMode.ElideRight)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setStretchLastSection(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(500, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 80)

    def set_theme(self, theme: Theme) -> None:
        self._theme = self.model.theme = theme
        self.setFont(look.font())
        self.caption.setFont(look.font(look.CAPTION))
        look.ink(self.caption, theme.muted)
        self.view.setFont(look.font())
        set_row_height(self.view, QFontMetrics(look.font()).height() + look.TIGHT)
        self._fit()
        self._show_flags()
        self.view.viewport().update()

    def set_table(self, table: StateTable) -> None:
        """Replace the table."""
        if table == self.model.table:
            return
        self.model.set_table(table)
        self._fit()
        self.caption.setText(table.caption)
        self._show_flags()
        self._reveal()

    def _reveal(self) -> None:
        """Scroll to the first match."""
        lit = next((row.number for row in self.model.table.rows if row.state == FITS), None)
        if lit is not None:
            self.view.scrollTo(self.model.index(lit, 0), QAbstractItemView.ScrollHint.EnsureVisible)

    def _show_flags(self) -> None:
        """Show the page's flags; those that only the handler remembers are marked."""
        table, theme = self.model.table, self._theme
        asked = {bit.name for row in table.rows for bit in row.bits}
        family = QFontInfo(look.mono()).family()
        said = []
        for name in table.flags:
            colour = theme.poison if name == "HWPOISON" else theme.text if name in asked else theme.muted
            note = " <i>(saved earlier)</i>" if name in table.remembered else ""
            said.append(f"<span style='color:{colour}'>{escape(name)}</span>{note}")
        size = look.font(look.CAPTION).pointSizeF()
        self.flags.setText(f"<span style=\"font-family:'{family}'; font-size:{size}pt\">{' '.join(said)}</span>")
        self._scrolled.setVisible(bool(said))
        self._give_flags_room()
        meanings = [f"{name}: {pf.BY_NAME[name].meaning}" for name in table.flags]
        self.flags.setToolTip("\n".join(meanings))

    def _give_flags_room(self) -> None:
        wanted = self.flags.heightForWidth(self.width())
        self._scrolled.setFixedHeight(min(wanted, round(self.height() * _MOST_FLAGS)))

    def _fit(self) -> None:
        """Fit columns to their content; the last takes the rest, and the third shrinks for it."""
        mono, plain = QFontMetrics(look.mono(look.CAPTION)), QFontMetrics(look.font())
        rows = self.model.table.rows
        bits = max((mono.horizontalAdvance(self.model.words(row, BITS)) for row in rows), default=80) + _PAD
        kinds = max((plain.horizontalAdvance(row.kind) for row in rows), default=80) + _PAD
        why = max((plain.horizontalAdvance(row.why or row.does) for row in rows), default=80) + _PAD
        rest = self.view.viewport().width() - look.px(_SIGN) - bits
        self.view.setColumnWidth(SIGN, look.px(_SIGN))
        self.view.setColumnWidth(BITS, bits)
        self.view.setColumnWidth(KIND, max(min(kinds, rest - why), min(kinds, rest // 2)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self._give_flags_room()
        self._reveal()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reveal()

    def _go(self, index: QModelIndex) -> None:
        if self.model.table.rows[index.row()].state == FITS and self.model.table.step >= 0:
            self.seekRequested.emit(self.model.table.step)
