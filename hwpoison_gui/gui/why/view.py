"""The decision view: the handler as an outline with the present step and the branches taken and not taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTreeView, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.viewport import know_viewport
from hwpoison_gui.gui.why.delegate import DecisionDelegate
from hwpoison_gui.gui.why.model import DecisionModel
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.kernel.profile.registry import oldest
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.outline.outline import Node, Outline

if TYPE_CHECKING:
    from hwpoison_gui.view.outcome.loss import Fact

_SELECTING: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class DecisionView(QTreeView):
    """Follows the present step. A click on a line, or Enter, requests its step.

    Lines can be selected and copied; clicks with Ctrl or Shift only select.
    """

    seekRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        know_viewport(self)
        self.outline_model = DecisionModel(self, Outline(oldest()))
        self.setModel(self.outline_model)
        self._delegate = DecisionDelegate(self, self.outline_model, theme)
        self.setItemDelegate(self._delegate)
        self._wrapped_at = -1  # width for which the lines are laid out
        self._now: int | None = -1  # line shown last; -1: none
        self.setHeaderHidden(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._clicked)
        self.setAccessibleName("Why: the handler as an outline")
        Copying(self, "the outline", self._chosen, self.text)
        self.set_theme(theme)

    def _chosen(self) -> str:
        return self.text(chosen=True)

    def sizeHint(self) -> QSize:
        return QSize(500, 260)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 80)

    def set_theme(self, theme: Theme) -> None:
        self.setFont(look.font())
        self.setIndentation(look.px(look.LARGE - look.HAIR))
        self._delegate.set_theme(theme)
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    def set_moment(self, outline: Outline, position: int) -> None:
        """Show an outline at a timeline position."""
        model = self.outline_model
        if outline is not model.outline:
            model.set_outline(outline, position)
            self._now = -1
            self._unfold()
        elif position != model.position:
            model.set_position(position)
        self._follow()
        self.viewport().update()

    def set_ending(self, facts: Sequence[Fact]) -> None:
        """Show the impact below the last step."""
        model = self.outline_model
        if not facts or not model.outline.can_end(model.position):
            return
        head = model.end(facts)
        self.setExpanded(model.index_of(head), True)
        self.scrollToBottom()

    def content_height(self) -> int:
        """Pixels for all lines that are not folded, at the present width."""
        self.doItemsLayout()
        last, below = QModelIndex(), self.outline_model.index(0, 0)
        while below.isValid():
            last, below = below, self.indexBelow(below)
        rect = self.visualRect(last)
        return rect.bottom() + 1 + self.verticalOffset() + look.SMALL

    def _unfold(self) -> None:
        shown = list(self.outline_model.outline.shown())
        if all(node.kind != "run" for node in shown):
            self.expandAll()  # one layout, not one for every parent
            self._wrapped_at = self.viewport().width()
        for node in shown:
            open_ = node.kind != "run" and not node.folded
            if node.children and self.isExpanded(index := self.outline_model.index_of(node)) != open_:
                self.setExpanded(index, open_)

    def present(self) -> Node | None:
        """Line of the present step; within an expanded run, the step's own line."""
        model = self.outline_model
        node = model.outline.now(model.position)
        if node is not None and node.kind == "run" and self.isExpanded(model.index_of(node)):
            return model.outline.child(node, model.position - 1 - node.first)
        return node

    def _follow(self) -> None:
        """Scroll to the line of the present step when it changes."""
        node = self.present()
        number = node.id if node is not None else None
        if number == self._now:
            return
        self._now = number
        if node is None:
            self.scrollToTop()
            return
        index = self._in_sight(self.outline_model.index_of(node))
        rect, height = self.visualRect(index), self.viewport().height()
        if rect.isEmpty() or rect.top() < 0 or rect.bottom() > height * 3 // 4:
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _in_sight(self, index: QModelIndex) -> QModelIndex:
        """The line, or its collapsed ancestor: what the user collapsed stays so."""
        shown, above = index, index.parent()
        while above.isValid():
            if not self.isExpanded(above):
                shown = above
            above = above.parent()
        return shown

    def _clicked(self, index: QModelIndex) -> None:
        if not QApplication.keyboardModifiers() & _SELECTING:
            self._go(index)

    def _go(self, index: QModelIndex) -> None:
        node = self.outline_model.node(index)
        if node.first >= 0:
            self.seekRequested.emit(node.last if node.kind == "run" else node.first + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._go(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def text(self, chosen: bool = False) -> str:
        """The lines that are unfolded, indented as shown; or the selected ones."""
        lines, index = [], self.outline_model.index(0, 0)
        while index.isValid():
            if not chosen or self.selectionModel().isSelected(index):
                depth, above = 0, index.parent()
                while above.isValid():
                    depth, above = depth + 1, above.parent()
                lines.append(f"{'  ' * depth}{index.data(Qt.ItemDataRole.AccessibleTextRole)}")
            index = self.indexBelow(index)
        return "\n".join(lines)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != self._wrapped_at:
            self._wrapped_at = event.size().width()
            self.scheduleDelayedItemsLayout()
        self._now = -1
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._now = -1
        self._follow()
