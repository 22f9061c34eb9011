"""The bar that switches lenses: one button each, with its key; where there is little room, numbers alone."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QLayout, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.map.lenses import KIND, LENSES, Lens

_PADDING: Final = 7


class LensButton(QAbstractButton):
    """One lens: its key, quiet, and its name; the chosen one is underlined."""

    def __init__(self, number: int, lens: Lens, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.number, self.lens, self.theme = number, lens, theme
        self.short = False
        self.done = 1.0  # of its sheet, while it is being made
        self.setCheckable(True)
        self.setToolTip(f"{lens.name}  ({number})\n{lens.question}")
        self.setAccessibleName(f"Lens: {lens.name}")
        self.setAccessibleDescription(lens.question)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @staticmethod
    def _font() -> QFont:
        return look.font(look.CAPTION)

    @property
    def words(self) -> str:
        """The name, unless only the number has room."""
        return self.lens.name if not self.short or self.isChecked() else ""

    def width_of(self, short: bool) -> int:
        """Pixels it needs, with or without its name."""
        metrics = QFontMetrics(self._font())
        name = 0 if short and not self.isChecked() else metrics.horizontalAdvance(self.lens.name) + look.TIGHT
        return 2 * _PADDING + metrics.horizontalAdvance(str(self.number)) + name

    def sizeHint(self) -> QSize:
        return QSize(self.width_of(self.short), QFontMetrics(self._font()).height() + 2 * look.TIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            painter.fillRect(box, QColor(self.theme.raised))
        painter.setFont(self._font())
        number, line = str(self.number), Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.muted))
        left = float(_PADDING)
        painter.drawText(QRectF(left, 0, box.width(), box.height()), line, number)
        left += QFontMetrics(self._font()).horizontalAdvance(number) + look.TIGHT
        painter.setPen(QColor(self.theme.text if self.isChecked() else self.theme.muted))
        painter.drawText(QRectF(left, 0, box.width(), box.height()), line, self.words)
        wide = box.width() - 2 * _PADDING
        if self.isChecked():
            painter.fillRect(QRectF(_PADDING, box.height() - 2, wide, 2), QColor(self.theme.accent))
        elif self.done < 1:
            painter.fillRect(QRectF(_PADDING, box.height() - 2, wide * self.done, 2), QColor(self.theme.warn))
        if self.hasFocus():
            painter.setPen(QColor(self.theme.accent))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


class LensBar(QWidget):
    """All lenses side by side."""

    lensWanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lenses of the map")
        self.buttons = {lens.key: LensButton(n, lens, self, theme) for n, lens in enumerate(LENSES, start=1)}
        self._current = KIND.key
        group = QButtonGroup(self)
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(look.TIGHT, 0, look.TIGHT, 0)
        self._box.setSpacing(0)
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        for key, button in self.buttons.items():
            group.addButton(button)
            self._box.addWidget(button)
            button.clicked.connect(lambda _=False, key=key: self._clicked(key))
        self._box.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)
        self.set_current(KIND.key)

    def set_theme(self, theme: Theme) -> None:
        """Takes other colours."""
        colours = self.palette()
        colours.setColor(self.backgroundRole(), QColor(theme.window))
        self.setPalette(colours)
        self.setAutoFillBackground(True)
        for button in self.buttons.values():
            button.theme = theme
            button.updateGeometry()
            button.update()
        self._choose_words()

    def set_current(self, key: str) -> None:
        """The lens that the map wears."""
        self._current = key
        self.buttons[key].setChecked(True)
        for button in self.buttons.values():  # Tab comes to the one that is on, arrows go on from there
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if button.isChecked() else Qt.FocusPolicy.NoFocus)
        self._choose_words()

    def set_progress(self, key: str, done: float) -> None:
        """How much of a lens that takes a while is ready."""
        self.buttons[key].done = done
        self.buttons[key].update()

    def _clicked(self, key: str) -> None:
        self.buttons[self._current].setChecked(True)  # until it is really on
        self.lensWanted.emit(key)

    def _choose_words(self) -> None:
        whole = sum(button.width_of(False) for button in self.buttons.values()) + 2 * look.TIGHT
        short = self.width() < whole
        for button in self.buttons.values():
            if short or button.short:  # else it is as wide as before, and nothing has to be laid out anew
                button.short = short
                button.updateGeometry()
            button.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose_words()

    def sizeHint(self) -> QSize:
        return QSize(400, max(button.sizeHint().height() for button in self.buttons.values()))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())
