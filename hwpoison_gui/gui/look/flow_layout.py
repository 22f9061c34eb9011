"""A layout that wraps items like words."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from hwpoison_gui.gui.look import theme as look


class FlowLayout(QLayout):
    """Items keep their width; with `in_columns` all take the width of the widest and line up."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._known: dict[tuple[int, bool], list[QRect]] = {}  # Qt asks for the same width dozens of times at a start
        self.in_columns = False
        self.least_rows = 1  # minimum number of lines, so that neighbours do not move
        self.setContentsMargins(look.TIGHT, look.TIGHT, look.TIGHT, look.TIGHT)

    def invalidate(self) -> None:
        """Forget places: an item was added, shown or hidden, or wants another size."""
        self._known.clear()
        super().invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        margins = self.contentsMargins()
        needed = places[-1].bottom() + 1 if places else margins.top()
        line = max((place.height() for place in places), default=0)
        return max(needed, margins.top() + self.least_rows * line) + margins.bottom()

    def rows(self, width: int) -> int:
        """Number of lines the items need."""
        return len({place.top() for place in self._places(width)})

    def sizeHint(self) -> QSize:
        return QSize(600, self.heightForWidth(600))

    def minimumSize(self) -> QSize:
        margins = self.contentsMargins()
        sizes = [item.sizeHint() for item in self._shown()]
        wide = max((size.width() for size in sizes), default=0)
        tall = max((size.height() for size in sizes), default=0)
        return QSize(wide + margins.left() + margins.right(), tall + margins.top() + margins.bottom())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        for item, place in zip(self._shown(), self._places(rect.width()), strict=True):
            item.setGeometry(place.translated(rect.topLeft()))

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _places(self, width: int) -> list[QRect]:
        known = self._known.get((width, self.in_columns))
        if known is None:
            known = self._known[width, self.in_columns] = self._placed(width)
        return known

    def _placed(self, width: int) -> list[QRect]:
        margins = self.contentsMargins()
        sizes = [item.sizeHint() for item in self._shown()]
        widest = max((size.width() for size in sizes), default=0) if self.in_columns else 0
        x, y, found = margins.left(), margins.top(), []
        for size in sizes:
            wide = max(size.width(), widest)
            if x + wide > width - margins.right() and x > margins.left():
                x, y = margins.left(), y + size.height()
            found.append(QRect(QPoint(x, y), QSize(wide, size.height())))
            x += wide + look.SMALL
        return found
