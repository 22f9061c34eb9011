"""The reverse-map panel: the users of a frame, how the handler finds them, and what happens to them."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.rmap.fonts import Fonts
from hwpoison_gui.gui.rmap.paint import RmapPainter, middle_of
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.walk.layout import Layout, Metrics, Row, fits, lay_out, rows_of, width_of
from hwpoison_gui.view.walk.news import RowNews, news_of
from hwpoison_gui.view.walk.state import WalkState
from hwpoison_gui.view.walk.words import HEAD_TIPS, map_words, mapping_words, no_users_words, row_words

_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
_PRESS: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_SHARES: Final = (1.0, 0.9, 0.8, 0.7)  # text sizes to try until all rows fit, relative to the usual one
_NARROW_SHARES: Final = (1.0, 0.95, 0.9, 0.85, 0.8)  # the same, until all names fit the width
_MOST_WORDS: Final = 50  # rows in the accessible description
EMPTY: Final = "Select a frame to see who uses it.\nClick one to break it, and watch the kernel find them."


class RmapView(QAbstractScrollArea):
    """Shows frame, mapping, VMAs and tasks from left to right, and the handler's walk over them."""

    taskClicked = Signal(object)
    unfolded = Signal(object)  # labels of the unfolded groups, after a click or key

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self._scale = 1.0
        self._usual = self._fonts = Fonts.make()
        self.empty = EMPTY  # shown without a reverse map
        self.graph: ReverseMap | None = None
        self.state = WalkState()
        self._colours: dict[int, str] = {}
        self._selected_task: int | None = None
        self._unfolded: set[str] = set()
        self._cursor = 0  # row of the keyboard cursor
        self._rows: list[Row] = []
        self._layout: Layout | None = None
        self._news: dict[int, RowNews] = {}  # of the rows drawn since the last step
        self._phase = 0.0
        self._motion = True
        self._steady = False
        know_viewport(self)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Reverse map")
        Copying(self, "the reverse map", lambda: "", self._whole)

    def sizeHint(self) -> QSize:
        return QSize(500, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(410, 100)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._usual = self._fonts = Fonts.make(self._scale)
        self._lay_out()

    def set_scale(self, scale: float) -> None:
        """Draw its text larger or smaller than the window's by a factor."""
        if scale != self._scale:
            self._scale = scale
            self.set_theme(self._theme)

    def set_steady(self, on: bool) -> None:
        """For a room: columns and boxes keep their places, rows fit the height if they can, flags are words."""
        self._steady = on
        self._lay_out()

    def set_walk(
        self,
        graph: ReverseMap | None,
        state: WalkState | None,
        colours: dict[int, str],
        selected_task: int | None,
    ) -> None:
        """Show a reverse map and the state of the walk; None: no frame is shown."""
        other = graph is not self.graph
        if graph is not None and self.graph is not None and graph.pfn != self.graph.pfn:
            self._unfolded.clear()
            self._cursor = 0
            self.horizontalScrollBar().setRange(0, 0)
        self.graph, self.state = graph, state or WalkState()
        self._colours, self._selected_task = colours, selected_task
        self._phase = 0.0
        self._news = {}
        if other:
            self._group()
        self._follow()
        self.setAccessibleDescription(self.in_words(_MOST_WORDS))
        self.viewport().update()

    def set_phase(self, phase: float) -> None:
        """Set the phase within the present step, 0 to 1."""
        if self._motion and self.graph is not None and phase != self._phase:
            self._phase = phase
            self.viewport().update()

    def set_motion(self, on: bool) -> None:
        """Turn the moving dot on or off; the path to the visited task is drawn bold in any case."""
        self._motion, self._phase = on, 0.0
        self.viewport().update()

    def unfold(self, labels: Collection[str]) -> None:
        """Show the groups of these labels unfolded, and all others folded."""
        if self._unfolded != set(labels):
            self._unfolded = set(labels)
            self._group()
            self.viewport().update()

    # -- layout

    def _group(self) -> None:
        """Recompute the rows, for other users or other groups that are unfolded."""
        self._rows = rows_of(self.graph, self._unfolded) if self.graph is not None else []
        self._lay_out()

    def _lay_out(self) -> None:
        self._layout, self._news = None, {}
        if self.graph is not None:
            size, rows = self.viewport().size(), self._rows
            if self._steady:
                self._fonts = self._fitting(len(rows), size.height())
                metrics, wide = self._fonts.metrics(self.graph, rows), size.width()
            else:
                metrics, wide = self._narrow(self.graph, size.width())
            self._layout = lay_out(rows, wide, size.height(), metrics, self._steady)
            bar = self.horizontalScrollBar()
            is_new = bar.maximum() == 0
            bar.setRange(0, wide - size.width())
            bar.setPageStep(size.width())
            if is_new and rows:  # the names at its right end are looked for; the panel's head names the frame
                bar.setValue(bar.maximum())
            bar = self.verticalScrollBar()
            bar.setRange(0, max(0, round(self._layout.height) - size.height()))
            bar.setPageStep(size.height())
            bar.setSingleStep(round(self._layout.row_height))
        else:
            for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
                bar.setRange(0, 0)
        self.viewport().update()

    def _fitting(self, rows: int, height: int) -> Fonts:
        """The usual fonts, or smaller ones so that all rows fit the height; of too many rows, the usual ones."""
        tried = [Fonts.make(self._scale * share) for share in _SHARES]
        roomy = [fonts for fonts in tried[:-1] if fits(rows, height, fonts.plain, roomy=True)]
        return next(iter(roomy + [fonts for fonts in tried if fits(rows, height, fonts.plain)]), tried[0])

    def _narrow(self, graph: ReverseMap, width: int) -> tuple[Metrics, int]:
        """Use somewhat smaller fonts where names would be cut; where these are too wide, too, scroll."""
        for share in _NARROW_SHARES:
            fonts = self._usual if share == 1.0 else Fonts.make(self._scale * share)
            metrics = fonts.metrics(graph, self._rows)
            if width_of(width, metrics) <= width:
                self._fonts = fonts
                return metrics, width
        self._fonts = self._usual
        metrics = self._fonts.metrics(graph, self._rows)
        return metrics, ceil(width_of(width, metrics))

    def content_height(self) -> int:
        """Pixels for all rows, at the present width."""
        return ceil(self._layout.height) if self._layout is not None else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _follow(self) -> None:
        """Scroll to the row of the present step."""
        layout = self._layout
        if layout is None or not self.verticalScrollBar().maximum():
            return
        for number, row in enumerate(layout.rows):
            if (row.folded or not row.is_group) and self._is_current(number):
                bar, top = self.verticalScrollBar(), layout.tops[number]
                room = self.viewport().height() - layout.row_height - 12
                if not bar.value() + layout.top <= top <= bar.value() + room:
                    bar.setValue(round(top - self.viewport().height() / 2))
                return

    def _is_current(self, number: int) -> bool:
        news = self._news_of(number)
        return news.current if self.state.current_vmas else news.of_task

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        size = self.viewport().size()
        fill(painter, self.viewport().rect(), QColor(self._theme.window))
        if self.graph is None or self._layout is None:
            painter.setFont(look.font(look.BODY * self._scale))
            painter.setPen(QColor(self._theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect(), flags, self.empty)
            self._paint_focus(painter)
            return
        painter.translate(-self.horizontalScrollBar().value(), 0)
        made = self._painter(painter)
        made.paint(self.graph, self.state)
        self._paint_focus(painter, made)
        if not self.graph.mappers:
            left = self._layout.columns.vma[0] - self._fonts.plain.entry
            room = QRectF(left, self._layout.top, size.width() - left - 12, size.height() - self._layout.top)
            painter.setFont(look.font(look.BODY * self._scale))
            painter.setPen(QColor(self._theme.muted))
            words, flags = no_users_words(self.state), Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
            fits_in = painter.boundingRect(room, flags, words).height() <= room.height()
            upright = Qt.AlignmentFlag.AlignVCenter if fits_in else Qt.AlignmentFlag.AlignTop  # cut at its end only
            painter.drawText(room, flags | upright, words)

    def _paint_focus(self, painter: QPainter, made: RmapPainter | None = None) -> None:
        """Draw the focus frame around the panel and around the cursor's row."""
        if not self.hasFocus():
            return
        painter.setPen(QPen(QColor(self._theme.accent), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        here = QRectF(self.viewport().rect()).translated(self.horizontalScrollBar().value(), 0)
        painter.drawRect(here.adjusted(0.5, 0.5, -0.5, -0.5))
        if made is not None and made.layout.rows:
            number = min(self._cursor, len(made.layout.rows) - 1)
            rect = made.vma_box(number).united(made.task_box(number)).adjusted(-3, -2, 3, 2)
            painter.setPen(QPen(QColor(self._theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(rect, 5, 5)

    def _painter(self, painter: QPainter) -> RmapPainter:
        assert self._layout is not None
        made = RmapPainter(painter, self._theme, self._fonts, self._layout, self.viewport().height())
        made.offset, made.phase, made.in_words = self.verticalScrollBar().value(), self._phase, self._steady
        made.colours, made.selected_task, made.news = self._colours, self._selected_task, self._news_of
        return made

    def _news_of(self, number: int) -> RowNews:
        assert self._layout is not None
        if number not in self._news:
            self._news[number] = news_of(self._layout.rows[number], self.state)
        return self._news[number]

    # -- the user

    def _row_at(self, point: QPointF) -> int | None:
        layout, x = self._layout, point.x() + self.horizontalScrollBar().value()
        if layout is None or x < layout.columns.vma[0] - self._fonts.plain.entry:
            return None
        y = point.y() + self.verticalScrollBar().value()
        return next((n for n, top in enumerate(layout.tops) if top <= y <= top + layout.row_height), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down move the cursor; Enter and Space act as a click."""
        key, layout = Qt.Key(event.key()), self._layout
        if layout is None or not layout.rows or key not in (*_STEPS, *_PRESS):
            super().keyPressEvent(event)
            return
        if key in _PRESS:
            self._press(min(self._cursor, len(layout.rows) - 1))
            return
        self._cursor = min(max(self._cursor + _STEPS[key], 0), len(layout.rows) - 1)
        top, bar = layout.tops[self._cursor], self.verticalScrollBar()
        room = self.viewport().height() - layout.row_height - look.SMALL
        bar.setValue(round(min(max(bar.value(), top - room), top - layout.top)))
        self.setAccessibleDescription(self._row_in_words(self._cursor))
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._row_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or number is None or self._layout is None:
            super().mousePressEvent(event)
            return
        self._cursor = number
        self._press(number)

    def _press(self, number: int) -> None:
        assert self._layout is not None
        row = self._layout.rows[number]
        if row.is_group:
            self.unfold(self._unfolded ^ {row.label})
            self.unfolded.emit(frozenset(self._unfolded))
            self.setAccessibleDescription(self._row_in_words(number))
        else:
            self.taskClicked.emit(row.mappers[0].tgid)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._row_at(event.position()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.tip_at(QPointF(event.pos()))), self)
            return True
        return super().viewportEvent(event)

    def tip_at(self, point: QPointF) -> str:
        """Tip: what lies under a point, in full."""
        graph, layout = self.graph, self._layout
        if graph is None or layout is None:
            return ""
        part, number = self._part_at(point), self._row_at(point)
        if part == "head":
            return HEAD_TIPS.get(self._column_at(point), "")
        if part == "row" and number is not None:
            return self._row_in_words(number)
        mapping = "\n".join(mapping_words(graph, self.state))
        if part == "mapping":
            return mapping
        if part != "frame":
            return ""
        said = f"{graph.pfn:#x}: {self.state.kind.meaning}"
        return said if layout.columns.mapping[1] else f"{said}\n{mapping}"  # without room for its box

    def _part_at(self, point: QPointF) -> str:
        """Name the part under a point: `head`, `row`, or the column (`_column_at`) beside the rows."""
        assert self._layout is not None
        if point.y() < self._layout.top - 4:
            return "head"
        return "row" if self._row_at(point) is not None else self._column_at(point)

    def _column_at(self, point: QPointF) -> str:
        """The column, or the gap of the PTEs, at a point; empty between others."""
        assert self._layout is not None
        columns, x = self._layout.columns, point.x() + self.horizontalScrollBar().value()
        if self._layout.stacked and x < sum(columns.mapping):
            return "mapping" if point.y() > middle_of(self._layout, self.viewport().height()) else "frame"
        for name, (left, width) in zip(columns._fields, columns, strict=True):
            if left <= x < left + width:
                return name
        return "pte" if columns.mapping[0] + columns.mapping[1] <= x < columns.vma[0] else ""

    def words_at(self, point: QPointF) -> str:
        """Text under a point: the tip, preceded in the box of the frame by the letters of its flags."""
        tip = self.tip_at(point)
        return f"{self.state.letters}\n{tip}" if tip and self._part_at(point) == "frame" else tip

    def _row_in_words(self, number: int) -> str:
        assert self._layout is not None
        row = self._layout.rows[number]
        lines = row_words(row, self.state, self._news_of(number))
        if row.is_group:
            lines.append(f"A click or Enter {'un' * row.folded}folds it.")
        return "\n".join(lines)

    def _whole(self) -> str:
        return self.in_words() if self.graph is not None else ""

    def in_words(self, most: int | None = None) -> str:
        """Everything that is drawn, as text; at most `most` rows."""
        if self.graph is None or self._layout is None:
            return self.empty
        return map_words(self.graph, self._layout.rows, self.state, self._news_of, most)
