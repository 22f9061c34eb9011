"""Draws a reverse map: boxes for frame, mapping, VMAs and tasks; the lines between are page-table entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.marks import draw_poison
from hwpoison_gui.gui.rmap.fonts import Fonts
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.base.palette import Theme, mixed
from hwpoison_gui.view.rmap.compound import narrow_kind, short_kind
from hwpoison_gui.view.rmap.graph import Mapping, ReverseMap
from hwpoison_gui.view.walk.entries import ENTRY_WORDS, MIXED
from hwpoison_gui.view.walk.layout import Layout, Row, box_height, broken, first_lines, frame_height, wrapped
from hwpoison_gui.view.walk.news import RowNews
from hwpoison_gui.view.walk.state import Standing, WalkState
from hwpoison_gui.view.walk.words import box_words_of, flag_words, line_words_of
from hwpoison_gui.view.words.words import counted

Align = Qt.AlignmentFlag
_STACK_GAP: Final = 10  # pixels between frame and mapping, where one is above the other
_MOST_TITLES: Final = 2  # lines of the mapping's name
_BOTH: Final = "Frame, mapping"  # head of the box that has both
_UNFOLD: Final = "click to unfold"
_STROKES: Final = 10  # width of the two strokes of an unmapped entry
_TRAVELS: Final = (Act.VISIT, Act.SKIP)
_INKS: Final = {"killed": "text", "signalled": "kill", "handled": "good"}  # theme colours by the standing of a task


def middle_of(layout: Layout, height: float) -> float:
    """Vertical centre of the frame and mapping boxes in a view of this height, in pixels."""
    return layout.top + (height - layout.top - 8) / 2


class RmapPainter:
    """Draws one picture; a new instance is made for each."""

    def __init__(self, painter: QPainter, theme: Theme, fonts: Fonts, layout: Layout, height: float) -> None:
        self.p, self.theme, self.fonts, self.layout = painter, theme, fonts, layout
        self.height = height
        self.offset = 0.0
        self.phase = 0.0
        self.colours: dict[int, str] = {}
        self.selected_task: int | None = None
        self.in_words = False  # flags as words, not as letters
        self.news: Callable[[int], RowNews]
        self._title: list[str] = []  # name of the mapping, in the lines that fit its box
        self._detail: list[str] = []
        self._is_cut = False  # page->mapping no longer refers to it
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    # -- geometry

    def frame_box(self) -> QRectF:
        tall = frame_height(self.layout, self.height, self.fonts.plain)
        return self._fixed_box(*self.layout.columns.frame, tall, -1)

    def mapping_box(self) -> QRectF:
        tall = box_height(self.fonts.plain, len(self._detail), max(1, len(self._title)))
        return self._fixed_box(*self.layout.columns.mapping, tall, 1)

    def _fixed_box(self, left: float, width: float, tall: float, side: int) -> QRectF:
        """A box in the middle of the height; where they are stacked, above it (`side` is -1) or below (1)."""
        middle = middle_of(self.layout, self.height)
        if self.layout.stacked:
            middle += side * (tall / 2 + _STACK_GAP / 2)
        top = middle - tall / 2
        return QRectF(left, top if self.layout.stacked else max(self.layout.top, top), width, tall)  # below its head

    def vma_box(self, number: int) -> QRectF:
        left, width = self.layout.columns.vma
        return QRectF(left, self.layout.tops[number] - self.offset, width, self.layout.row_height)

    def task_box(self, number: int) -> QRectF:
        left, width = self.layout.columns.task
        return QRectF(left, self.layout.tops[number] - self.offset, width, self.layout.row_height)

    def edge_path(self, number: int) -> QPainterPath:
        """Path from the mapping to the VMA of a row; horizontal where the entry's name is drawn."""
        start = self.mapping_box()
        end = self.vma_box(number)
        chip = self.fonts.plain.entry + 6
        a, b = QPointF(start.right(), start.center().y()), QPointF(end.left() - chip, end.center().y())
        path = QPainterPath(a)
        bend = max(6.0, (b.x() - a.x()) * 0.6)
        path.cubicTo(QPointF(a.x() + bend, a.y()), QPointF(b.x() - bend, b.y()), b)
        path.lineTo(QPointF(end.left(), b.y()))
        return path

    @property
    def _has_mapping_head(self) -> bool:
        return not self.layout.stacked and self.layout.columns.mapping[1] > 0

    # -- the whole

    def paint(self, graph: ReverseMap, state: WalkState) -> None:
        """Draw everything, back to front."""
        title, detail, self._is_cut = box_words_of(graph, state)
        self._title, self._detail = self._fitted(title, detail)
        self._paint_heads()
        seen = [n for n in range(len(self.layout.rows)) if self._in_view(n)]
        self.p.save()
        self.p.setClipRect(QRectF(0, self.layout.top - 2, 10_000, self.height))
        for number in seen:
            self._paint_edge(number)
        self._line_to_mapping(state)
        for number in seen:
            self._paint_vma(number)
            self._paint_task(number, state)
        if state.act in _TRAVELS and self.phase > 0:
            self._paint_traveller()
        self.p.restore()
        self._paint_frame(graph, state)
        if self.layout.columns.mapping[1]:
            self._paint_mapping(state.mapping or graph.mapping)

    def _in_view(self, number: int) -> bool:
        top = self.layout.tops[number] - self.offset
        return -self.layout.row_height < top < self.height

    def _paint_heads(self) -> None:
        columns, small = self.layout.columns, QFontMetricsF(self.fonts.small)
        self.p.setFont(self.fonts.small)
        self.p.setPen(QColor(self.theme.muted))
        named = [("Frame", columns.frame), ("Mapping", columns.mapping)][: 2 if self._has_mapping_head else 1]
        if not columns.mapping[1] and small.horizontalAdvance(_BOTH) <= columns.frame[1]:
            named = [(_BOTH, columns.frame)]
        users = [("VMAs", columns.vma), ("Tasks", columns.task)] if self.layout.rows else []
        entry = self.fonts.plain.entry
        gap = QRectF(columns.vma[0] - 4 - entry, 4, entry, self.layout.top - 4)
        for text, (left, width) in (*named, *users):
            if text == "Mapping":  # it may use the room that the next head leaves
                width = gap.center().x() - small.horizontalAdvance("PTEs") / 2 - look.SMALL - left
            room = QRectF(left, 4, width, self.layout.top - 4)
            cut = small.elidedText(text, Qt.TextElideMode.ElideRight, width)
            self.p.drawText(room, Align.AlignLeft | Align.AlignTop, cut)
        if users:
            self.p.drawText(gap, Align.AlignHCenter | Align.AlignTop, "PTEs")

    # -- boxes

    def _box(self, rect: QRectF, border: str, width: float = 1.0, fill: str = "", dashed: bool = False) -> None:
        pen = QPen(QColor(border), width)
        if dashed:
            pen.setDashPattern([4, 3])
        self.p.setPen(pen)
        self.p.setBrush(QColor(fill or self.theme.raised))
        half = width / 2
        self.p.drawRoundedRect(rect.adjusted(half, half, -half, -half), 4, 4)

    def _text(self, rect: QRectF, text: str, font: QFont, colour: str, strike: bool = False) -> None:
        """Draw a line of text; long ones are elided in the middle, since siblings differ at the end."""
        if strike:
            font = QFont(font)
            font.setStrikeOut(True)
        self.p.setFont(font)
        self.p.setPen(QColor(colour))
        cut = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        self.p.drawText(rect, Align.AlignLeft | Align.AlignVCenter, cut)

    def _paint_frame(self, graph: ReverseMap, state: WalkState) -> None:
        rect, theme = self.frame_box(), self.theme
        loud = state.poisoned
        tint = mixed(theme.raised, theme.poison, 0.2) if loud else theme.raised
        self._box(rect, theme.poison if loud else theme.accent if state.at_frame else theme.line,
                  2.5 if loud else 1.5, tint)  # fmt: skip
        metrics, inner = self.fonts.plain, rect.adjusted(9, 6, -6, -4)
        line = QRectF(inner.left(), inner.top(), inner.width(), metrics.line)
        self._text(line, f"{graph.pfn:#x}", self.fonts.strong, theme.text)
        if loud:
            self.p.save()
            side = max(17.0, metrics.line * 0.8)
            self.p.translate(rect.right() - side * 0.65, rect.top() - side * 0.4)
            draw_poison(self.p, theme, side)
            self.p.restore()
        line.translate(0, metrics.line)
        line.setHeight(metrics.small)
        swatch = QRectF(line.left(), line.center().y() - 5, 10, 10)
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(theme.kind(kinds.POISON if loud else state.kind.id)))
        self.p.drawRect(swatch)
        beside = line.adjusted(15, 0, 0, 0)
        kind = short_kind(loud, state.kind)
        if QFontMetricsF(self.fonts.small).horizontalAdvance(kind) > beside.width():
            kind = narrow_kind(loud, state.kind)  # the box is in the colour of poison
        self._text(beside, kind, self.fonts.small, theme.text)
        if not self.layout.columns.mapping[1]:
            line.translate(0, metrics.small + 1)
            words, is_cut = line_words_of(graph, state)
            self._text(line, words, self.fonts.title, theme.muted if is_cut else theme.text, is_cut)
        font = self.fonts.small if self.in_words else self.fonts.mono
        measure = QFontMetricsF(font).horizontalAdvance
        if self.in_words:
            parts = wrapped(flag_words(state.letters), line.width(), measure)
        else:
            parts = broken(state.letters or "no flags", line.width(), measure)
        for part in first_lines(parts, int((rect.bottom() - line.bottom()) // (metrics.small + 1))):
            line.translate(0, metrics.small + 1)
            self._text(line, part, font, theme.muted)

    def _paint_mapping(self, mapping: Mapping) -> None:
        rect, theme = self.mapping_box(), self.theme
        self._box(rect, theme.line, 1.0, dashed=mapping.kind == "none")
        metrics, inner = self.fonts.plain, rect.adjusted(7, 6, -4, -4)
        top = inner.top()
        ink = theme.muted if self._is_cut else theme.text
        for part in self._title:
            line = QRectF(inner.left(), top, inner.width(), metrics.line)
            self._text(line, part, self.fonts.title, ink, self._is_cut)
            top += metrics.line
        for part in self._detail:
            self._text(QRectF(inner.left(), top, inner.width(), metrics.small), part, self.fonts.small, theme.muted)
            top += metrics.small

    def _fitted(self, title: str, detail: str) -> tuple[list[str], list[str]]:
        """Name and small print of the mapping in lines: the box grows with them as far as there is room."""
        metrics, width = self.fonts.plain, self.layout.columns.mapping[1] - 11
        if width <= 0:
            return [], []
        titles = wrapped(title, width, QFontMetricsF(self.fonts.title).horizontalAdvance)
        if len(titles) > _MOST_TITLES:
            titles = [*titles[: _MOST_TITLES - 1], title[sum(map(len, titles[: _MOST_TITLES - 1])) :].lstrip()]
        room = (self.height - self.layout.top - 16) / (2 if self.layout.stacked else 1)
        room -= len(titles) * metrics.line + 14
        lines = wrapped(detail, width, QFontMetricsF(self.fonts.small).horizontalAdvance)
        most = max(3, int(room / metrics.small))
        return titles, lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]

    def _line_to_mapping(self, state: WalkState) -> None:
        a, b = self.frame_box(), self.mapping_box()
        lit = bool(state.visited or state.skipped or state.current_vmas)
        self.p.setPen(QPen(QColor(self.theme.warn if lit else self.theme.muted), 2.5 if lit else 1.5))
        self.p.drawLine(*self._ends_of_line(a, b))

    def _ends_of_line(self, frame: QRectF, mapping: QRectF) -> tuple[QPointF, QPointF]:
        if self.layout.stacked:
            return QPointF(frame.center().x(), frame.bottom()), QPointF(frame.center().x(), mapping.top())
        return QPointF(frame.right(), frame.center().y()), QPointF(mapping.left(), mapping.center().y())

    # -- rows

    def _paint_vma(self, number: int) -> None:
        row, rect, theme = self.layout.rows[number], self.vma_box(number), self.theme
        mapper = row.mappers[0]
        news = self.news(number)
        current, skipped, visited = news.current, news.all_skipped, news.visited > 0
        border = theme.accent if current else theme.warn if visited else theme.skipped if skipped else theme.line
        self._box(rect, border, 2.0 if current or visited else 1.0, dashed=skipped and not current)
        ink = theme.muted if skipped else theme.text
        inner = rect.adjusted(8, 3, -5, -3)
        if row.is_group:
            words, width = counted(news.vmas, "VMA"), inner.width()
            sums = self._whole(self._room_after(words, width), self._sums(news))
            self._two_lines(inner, words, sums, (ink, theme.muted), whole=True)
            return
        self._two_lines(inner, mapper.name, f"{mapper.vpn << PAGE_SHIFT:x}", (ink, theme.muted), mono=True, whole=True)

    def _two_lines(
        self,
        inner: QRectF,
        first: str,
        second: str,
        inks: tuple[str, str],
        mono: bool = False,
        strike: bool = False,
        whole: bool = False,
    ) -> None:
        """Draw two texts below each other in roomy rows, else side by side, or the first one in the ink of the second.

        `whole`: leave the second out rather than draw the first in its ink.
        """
        metrics = self.fonts.plain
        small = self.fonts.mono if mono else self.fonts.small
        if self.layout.roomy:
            top = QRectF(inner.left(), inner.top(), inner.width(), metrics.line)
            self._text(top, first, self.fonts.name, inks[0], strike)
            if not mono or QFontMetricsF(small).horizontalAdvance(second) <= inner.width():
                self._text(top.translated(0, metrics.line + 1), second, small, inks[1])
            return
        taken = min(inner.width(), QFontMetricsF(self.fonts.name).horizontalAdvance(first) + 1)
        rest = QFontMetricsF(small).horizontalAdvance(second) + 7
        if second and taken + rest > inner.width() and not whole:  # half a name tells nothing, the ink tells the state
            self._text(inner, first, self.fonts.name, inks[1], strike)
            return
        self._text(QRectF(inner.left(), inner.top(), taken, inner.height()), first, self.fonts.name, inks[0], strike)
        # Half an address is of no use.
        if inner.width() - taken - 6 >= (rest - 7 if whole else 24):
            self._text(inner.adjusted(taken + 6, 0, 0, 0), second, small, inks[1])

    def _room_after(self, first: str, width: float) -> float:
        """The part of a width that the second of two lines has."""
        taken = 0 if self.layout.roomy else QFontMetricsF(self.fonts.name).horizontalAdvance(first) + 8
        return width - taken

    def _whole(self, width: float, *choices: Sequence[str]) -> str:
        """As many of the parts as fit, since half a number misleads; of the next choice if not even one does."""
        measure = QFontMetricsF(self.fonts.small).horizontalAdvance
        cuts = (", ".join(parts[:most]) for parts in choices for most in range(len(parts), 0, -1))
        return next((words for words in cuts if measure(words) <= width), "")

    def _sums(self, news: RowNews) -> list[str]:
        found = 0 if news.unmapped else news.visited  # what is unmapped was found before
        counts = ((found, "found"), (news.unmapped, "unmapped"), (news.skipped, "skipped"))
        return [f"{count:,} {word}" for count, word in counts if count] or [_UNFOLD]

    def _paint_task(self, number: int, state: WalkState) -> None:
        row, rect, news = self.layout.rows[number], self.task_box(number), self.news(number)
        standing = state.standings.get(row.mappers[0].tgid, Standing("alive"))
        dead = standing.kind == "killed"
        self._paint_line_to_task(self.vma_box(number), rect, hot=news.current or news.visited > 0)
        self._paint_task_box(row, rect, standing, news.of_task)
        inner = rect.adjusted(13, 3, -20 if dead else -5, -3)
        if row.is_group:
            words = f"{'▸' if row.folded else '▾'} {row.label} × {news.tasks:,}"
            ink = getattr(self.theme, news.tone)
            told = self._whole(self._room_after(words, inner.width()), news.of_tasks(), news.of_tasks(brief=True))
            self._two_lines(inner, words, told, (self.theme.text, ink), whole=True)
            return
        words, ink = self._task_words(row, state, standing, inner.width())
        self._two_lines(inner, row.mappers[0].task, words, (self.theme.text, ink), strike=dead)
        if dead:
            self._strike_out(rect)

    def _paint_line_to_task(self, vma: QRectF, task: QRectF, hot: bool) -> None:
        self.p.setPen(QPen(QColor(self.theme.warn if hot else self.theme.line), 2.0 if hot else 1.0))
        self.p.drawLine(QPointF(vma.right(), vma.center().y()), QPointF(task.left(), task.center().y()))

    def _paint_task_box(self, row: Row, rect: QRectF, standing: Standing, current: bool) -> None:
        """Draw the box of a task, with its colour as a bar at the left."""
        theme, loud = self.theme, standing.kind in ("killed", "signalled")
        border = theme.accent if current else theme.kill if loud else theme.line
        selected = self.selected_task is not None and self.selected_task in row.tasks
        fill = look.dead_ground(theme) if standing.kind == "killed" and not row.is_group else theme.raised
        self._box(rect, border, 2.0 if current or loud or selected else 1.0, fill)
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(self.colours.get(row.mappers[0].tgid, theme.muted)))
        self.p.drawRect(QRectF(rect.left() + 3, rect.top() + 4, 4, rect.height() - 8))

    def _task_words(self, row: Row, state: WalkState, standing: Standing, width: float) -> tuple[str, str]:
        """Text below or beside a task's name, and its colour: what happened to it, else how it is hit."""
        mapper = row.mappers[0]
        if standing.kind != "alive":
            words = self._in_room(standing.text, standing.short, width)
            ink = getattr(self.theme, _INKS.get(standing.kind, "warn"))
        elif end := state.ends.get(mapper.tgid, ""):
            words, ink = self._end(end, width, row.mappers[0].task), getattr(self.theme, IMPACTS[end].tone)
        else:
            skipped = state.skip_of(mapper.vma)
            words, ink = "", self.theme.muted
            if skipped is not None:
                words = self._in_room(skipped.short, skipped.brief, width)
        return words, ink

    def _in_room(self, words: str, brief: str, width: float) -> str:
        """Words on the second line of a row; briefly where they do not fit, or the row has one line."""
        fits = QFontMetricsF(self.fonts.small).horizontalAdvance(words) <= width
        return words if self.layout.roomy and fits else brief

    def _end(self, kind: str, width: float, name: str) -> str:
        """Impact of the error on a task, in full if there is room."""
        full, short = IMPACTS[kind].clause, IMPACTS[kind].narrow
        needed = QFontMetricsF(self.fonts.small).horizontalAdvance(full)
        return full if needed <= self._room_after(name, width) else short

    def _strike_out(self, rect: QRectF) -> None:
        """Draw a cross in the box: visible from afar, and without colour."""
        self.p.setPen(QPen(QColor(self.theme.kill), 2.0))
        self.p.drawLine(QPointF(rect.right() - 16, rect.top() + 6), QPointF(rect.right() - 6, rect.top() + 16))
        self.p.drawLine(QPointF(rect.right() - 6, rect.top() + 6), QPointF(rect.right() - 16, rect.top() + 16))

    # -- entries

    def _paint_edge(self, number: int) -> None:
        news = self.news(number)
        entry, current = news.entry, news.current
        path = self.edge_path(number)
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.setPen(self._entry_pen(entry, current))
        self.p.drawPath(path)
        self._chip(number, entry, news.all_unmapped)

    def _entry_pen(self, entry: str, current: bool) -> QPen:
        theme = self.theme
        looks: dict[str, tuple[str, float, list[float]]] = {
            "dirty": (theme.text, 2.5, []),
            "clean": (mixed(theme.text, theme.window, 0.35), 1.6, []),
            MIXED: (mixed(theme.text, theme.window, 0.35), 1.6, []),
            "swap": (theme.warn, 1.6, [1.5, 2.5]),
            "hwpoison": (theme.poison, 2.0, [5, 3]),
            "other": (theme.muted, 1.0, [3, 4]),
            "none": (theme.muted, 1.0, [3, 4]),
        }
        colour, width, dashes = looks[entry]
        pen = QPen(QColor(theme.accent if current and entry not in ("hwpoison",) else colour), width)
        if current:
            pen.setWidthF(width + 1)
        if dashes:
            pen.setDashPattern(dashes)
        return pen

    def _chip(self, number: int, entry: str, unmapped: bool) -> None:
        """Draw what the entry is now on its line; if the frame was unmapped, with a gap and two strokes before it."""
        end, theme, words = self.vma_box(number), self.theme, ENTRY_WORDS[entry].brief
        metrics = self.fonts.plain
        wide = QFontMetricsF(self.fonts.mono).horizontalAdvance(words) + 10
        tall = min(metrics.small + 2, self.layout.row_height)
        rect = QRectF(end.left() - 4 - wide, end.center().y() - tall / 2, wide, tall)
        inks = {"hwpoison": theme.poison, "swap": theme.warn, "none": theme.muted, "other": theme.muted}
        ink = inks.get(entry, theme.text)
        if unmapped:
            self._gap(QPointF(rect.left() - _STROKES / 2 - 1, end.center().y()))
        self.p.setPen(QPen(QColor(theme.line if entry not in ("hwpoison", "swap") else ink), 1))
        self.p.setBrush(QColor(theme.base))
        self.p.drawRoundedRect(rect, tall / 2, tall / 2)
        self.p.setFont(self.fonts.mono)
        self.p.setPen(QColor(ink))
        self.p.drawText(rect, Align.AlignCenter, words)

    def _gap(self, where: QPointF) -> None:
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(self.theme.window))
        self.p.drawRect(QRectF(where.x() - 3, where.y() - 6, 6, 12))
        self.p.setPen(QPen(QColor(self.theme.kill), 1.8))
        for dx in (-2.5, 2.5):
            self.p.drawLine(QPointF(where.x() + dx - 2, where.y() + 5), QPointF(where.x() + dx + 2, where.y() - 5))

    def _paint_traveller(self) -> None:
        """Draw the walk: a dot on its way from the frame to the task."""
        for number in range(len(self.layout.rows)):
            if self.news(number).current:
                start, end = self._ends_of_line(self.frame_box(), self.mapping_box())
                path = QPainterPath(start)
                path.lineTo(end)
                path.lineTo(QPointF(self.mapping_box().right(), self.mapping_box().center().y()))
                path.connectPath(self.edge_path(number))
                path.lineTo(QPointF(self.task_box(number).left(), self.task_box(number).center().y()))
                at = path.pointAtPercent(min(1.0, self.phase / 0.6))
                self.p.setPen(QPen(QColor(self.theme.window), 2))
                self.p.setBrush(QColor(self.theme.accent))
                radius = max(5.5, self.fonts.plain.line * 0.25)
                self.p.drawEllipse(at, radius, radius)
                return
