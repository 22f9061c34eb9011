"""Draws a line of the outline: a sign for its state, its text, and the kernel's name on the right."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.signs import cross, dot, ring, tick, triangle
from hwpoison_gui.gui.why.model import DecisionModel
from hwpoison_gui.gui.widgets.model_index import Index
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.outline.outline import AHEAD, ASIDE, DONE, NOW, WITHIN, Node

_SIGN: Final = 16  # width of the sign in pixels
_GAP: Final = look.MEDIUM
_PAD: Final = 2
_MOST_LINES: Final = 8  # what is longer is elided, and whole in the tip
_BAR: Final = 3


class DecisionDelegate(QStyledItemDelegate):
    """Wraps long lines, except inside of runs, which may have thousands of lines."""

    def __init__(self, view: QTreeView, model: DecisionModel, theme: Theme) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._plain, self._strong = look.font(), look.font(look.BODY, QFont.Weight.DemiBold)
        self._mono = look.mono(look.CAPTION)
        self._sign_room = look.px(_SIGN)
        self._plain_metrics, self._strong_metrics = QFontMetricsF(self._plain), QFontMetricsF(self._strong)
        self._line = self._plain_metrics.height()

    # -- room

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        node = self._model.node(index)
        width = self._view.viewport().width() - self._left_of(node)
        if self._is_inside_run(node):
            return QSize(width, round(self._line) + 2 * _PAD)
        metrics, room = self._strong_metrics if self._is_strong(node) else self._plain_metrics, self._room_of(width)
        # Most lines fit, and checking that takes a tenth of the time of wrapping.
        whole = metrics.horizontalAdvance(self._model.outline.words(node, self._model.position)) < room
        lines = 1 if whole else self._laid_out(node, width).lineCount()
        return QSize(width, round(self._line * max(1, lines)) + 2 * _PAD)

    def _left_of(self, node: Node) -> int:
        depth = 1
        while node.parent > 0:
            node, depth = self._model.outline.nodes[node.parent], depth + 1
        return depth * self._view.indentation()

    def _is_inside_run(self, node: Node) -> bool:
        return node.parent >= 0 and self._model.outline.nodes[node.parent].kind == "run"

    def _laid_out(self, node: Node, width: int) -> QTextLayout:
        """Lay out the words of `node` in lines of `width` pixels; beyond the most lines they are elided."""
        words = self._model.outline.words(node, self._model.position)
        layout = self._wrapped(words, node, width)
        if layout.lineCount() > _MOST_LINES:
            last = layout.lineAt(_MOST_LINES - 1).textStart()
            metrics = self._strong_metrics if self._is_strong(node) else self._plain_metrics
            rest = metrics.elidedText(words[last:], Qt.TextElideMode.ElideRight, self._room_of(width))
            layout = self._wrapped(words[:last] + rest, node, width)
        return layout

    def _wrapped(self, words: str, node: Node, width: int) -> QTextLayout:
        layout = QTextLayout(words, self._font_of(node))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        top = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(self._room_of(width))
            line.setPosition(QPointF(0, top))
            top += self._line
        layout.endLayout()
        return layout

    def _room_of(self, width: int) -> int:
        return max(40, width - self._sign_room - _PAD)

    def _is_strong(self, node: Node) -> bool:
        return node.kind in ("call", "decision")

    def _font_of(self, node: Node) -> QFont:
        return self._strong if self._is_strong(node) else self._plain

    # -- drawing

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node, room = self._model.node(index), QRect(option.rect)  # type: ignore[attr-defined]
        state = node.state(self._model.position)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, room, state, index)
        colour = QColor(self.theme.muted if state in (AHEAD, ASIDE) else self.theme.text)
        self._sign(painter, QRect(room.left(), room.top() + _PAD, self._sign_room, round(self._line)), node, state)
        painter.setPen(colour)
        left = room.left() + self._sign_room
        if self._is_inside_run(node):
            painter.setFont(self._plain)
            words = self._model.outline.words(node, self._model.position)
            width = room.width() - self._sign_room - _PAD
            words = QFontMetricsF(self._plain).elidedText(words, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRect(left, room.top(), width, room.height()), Qt.AlignmentFlag.AlignVCenter, words)
        else:
            layout = self._laid_out(node, room.width())
            layout.draw(painter, QPointF(left, room.top() + _PAD))
            self._name(painter, room, node, state, layout)
        painter.restore()

    def _ground(self, painter: QPainter, room: QRect, state: str, index: Index) -> None:
        whole = QRect(0, room.top(), self._view.viewport().width(), room.height())
        if state == NOW:
            fill(painter, whole, QColor(look.lit_ground(self.theme)))
            fill(painter, QRect(0, room.top(), _BAR, room.height()), QColor(self.theme.warn))
        if self._view.hasFocus() and self._view.selectionModel().isSelected(index):
            painter.setPen(QPen(QColor(self.theme.accent), 1))
            painter.drawRect(whole.adjusted(0, 0, -1, -1))

    def _name(self, painter: QPainter, room: QRect, node: Node, state: str, layout: QTextLayout) -> None:
        """Draw the kernel's name beside the last line, if there is room."""
        shown = state not in (AHEAD, ASIDE)
        said = node.code + (f" → {node.branch}" if node.branch and shown else "") if shown or node.code else ""
        if not said or not layout.lineCount():
            return
        last = layout.lineAt(layout.lineCount() - 1)
        metrics = QFontMetricsF(self._mono)
        left = room.left() + self._sign_room + last.naturalTextWidth() + _GAP
        if left + metrics.horizontalAdvance(said) > room.right() - _PAD:
            said = node.code or said
        width = metrics.horizontalAdvance(said)
        if left + width <= room.right() - _PAD:
            painter.setFont(self._mono)
            painter.setPen(QColor(self.theme.muted))
            base = room.top() + _PAD + last.y() + last.ascent()
            painter.drawText(QPointF(room.right() - _PAD - width, base), said.strip())

    def _sign(self, painter: QPainter, room: QRect, node: Node, state: str) -> None:
        theme, middle = self.theme, QPointF(room.left() + 6, room.center().y() + 1)
        name = sign_name(node, state)
        tones = {"kill": theme.kill, "warn": theme.warn, "good": theme.good}
        inks = {"triangle": theme.warn, "tick": theme.text, "dot": theme.muted}
        ink = tones.get(node.tone, theme.text) if node.kind == "fact" and state == DONE else inks.get(name, theme.muted)
        if name:
            _SIGNS[name](painter, middle, QColor(theme.warn if state == WITHIN else ink))


_SIGNS: Final = {"tick": tick, "cross": cross, "ring": ring, "dot": dot, "triangle": triangle}


def sign_name(node: Node, state: str) -> str:
    """Name of the sign before a line: branches are taken or not; other lines are passed, present or ahead."""
    if state == NOW:
        return "triangle"
    if state == AHEAD:
        return "ring"
    if node.kind == "way":
        return "cross" if state == ASIDE else "tick"
    return "" if state == ASIDE else "dot"
