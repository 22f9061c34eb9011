"""The outline of an operation as a Qt tree model; lines of a run are created when it is expanded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.model_index import NOWHERE, Index
from hwpoison_gui.view.outline.outline import AHEAD, ASIDE, DONE, NOW, WITHIN, Node, Outline

if TYPE_CHECKING:
    from hwpoison_gui.view.outcome.loss import Fact

Role = Qt.ItemDataRole

_STATES: Final = {DONE: "done", NOW: "the present step", WITHIN: "the present step is in it", AHEAD: "still ahead"}
_WAYS: Final = {DONE: "taken", NOW: "taken now", AHEAD: "possible", ASIDE: "not taken"}


class DecisionModel(QAbstractItemModel):
    """Lines and their states at a timeline position. The internal id of an index is the line number."""

    def __init__(self, parent: QObject, outline: Outline) -> None:
        super().__init__(parent)
        self.outline = outline
        self.position = 0

    def set_outline(self, outline: Outline, position: int) -> None:
        self.beginResetModel()
        self.outline, self.position = outline, position
        self.endResetModel()

    def set_position(self, position: int) -> None:
        """Set another position of the same outline; only lines that change are reported."""
        before, self.position = self.position, position
        for node in self.outline.shown():
            told = node.told or node.kind == "run"
            if told and self.outline.words(node, before) != self.outline.words(node, position):
                index = self.index_of(node)
                self.dataChanged.emit(index, index)

    def end(self, facts: Sequence[Fact]) -> Node:
        """Append the impact of the operation; return the line above it."""
        row = self.outline.size(self.outline.nodes[0])
        self.beginInsertRows(QModelIndex(), row, row)
        self.outline.end(facts)
        self.endInsertRows()
        return self.outline.nodes[self.outline.nodes[0].children[-1]]

    # -- QAbstractItemModel

    def node(self, index: Index) -> Node:
        return self.outline.nodes[index.internalId() if index.isValid() else 0]

    def index_of(self, node: Node) -> QModelIndex:
        return self.createIndex(node.row, 0, node.id) if node.id else QModelIndex()

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        above = self.node(parent)
        if column or not 0 <= row < self.outline.size(above):
            return QModelIndex()
        return self.index_of(self.outline.child(above, row))

    def parent(self, index: Index = NOWHERE) -> Any:  # also QObject.parent()
        above = self.node(index).parent
        return self.index_of(self.outline.nodes[above]) if above > 0 else QModelIndex()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return self.outline.size(self.node(parent))

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 1

    def hasChildren(self, parent: Index = NOWHERE) -> bool:
        return self.outline.size(self.node(parent)) > 0

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        node = self.node(index)
        words = self.outline.words(node, self.position)
        if role == Role.DisplayRole:
            return words
        if role == Role.ToolTipRole:
            return plain("\n".join(filter(None, (words, node.because, node.tip))))
        if role == Role.AccessibleTextRole:
            return f"{words} ({self.state_words(node)})" + (f", {node.code}" if node.code else "")
        return None

    def state_words(self, node: Node) -> str:
        """State of a line in words, for screen readers."""
        state = node.state(self.position)
        return _WAYS[state] if node.kind == "way" else _STATES.get(state, "left out")
