"""The lens bar: one button per lens, with its shortcut; if there is little room, only with the number.

The chosen lens is marked at once. While its frames are computed, the bar says how far that is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QLabel, QLayout, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.map.lenses import BY_KEY, KIND, LENSES, SNAPSHOT, Lens

UNEQUAL: Final = "≠"  # sign of the lens that has no number
_COMPUTING: Final = "computing {:.0%}"
_UNTIL: Final = "The map shows the lens chosen before until every frame is computed"
_PADDING: Final = 7


@lru_cache(maxsize=64)
def _button_size(number: str, name: str, _font: str) -> tuple[int, int]:
    """Width and height of a button; `_font` is the application's, on which they depend."""
    metrics = QFontMetrics(look.font(look.CAPTION))
    words = metrics.horizontalAdvance(name) + look.TIGHT if name else 0
    return 2 * _PADDING + metrics.horizontalAdvance(number) + words, metrics.height() + 2 * look.TIGHT


class LensButton(QAbstractButton):
    """Button of one lens, with its number or sign, and its name; the chosen lens is underlined."""

    def __init__(self, sign: str, lens: Lens, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.sign, self.lens, self.theme = sign, lens, theme
        self.short = False
        self.done = 1.0  # share of its sheet that has been built
        self.setCheckable(True)
        self.setAccessibleName(f"Lens: {lens.name}")
        self.ask(lens)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def ask(self, lens: Lens) -> None:
        """Say what the lens answers; one that compares kernels says which."""
        self.setToolTip(plain(f"{lens.name}  ({self.sign})\n{lens.question}"))
        self.setAccessibleDescription(lens.question)

    @staticmethod
    def _font() -> QFont:
        return look.font(look.CAPTION)

    @property
    def words(self) -> str:
        """The name, or nothing if there is only room for the number."""
        return self.lens.name if not self.short or self.isChecked() else ""

    def width_of(self, short: bool) -> int:
        """Return the width in pixels, with or without the name."""
        name = "" if short and not self.isChecked() else self.lens.name
        return _button_size(self.sign, name, QGuiApplication.font().key())[0]

    def sizeHint(self) -> QSize:
        return QSize(*_button_size(self.sign, self.words, QGuiApplication.font().key()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            fill(painter, box, QColor(self.theme.raised))
        painter.setFont(self._font())
        number, line = self.sign, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.muted))
        left = float(_PADDING)
        painter.drawText(QRectF(left, 0, box.width(), box.height()), line, number)
        left += QFontMetrics(self._font()).horizontalAdvance(number) + look.TIGHT
        painter.setPen(QColor(self.theme.text if self.isChecked() else self.theme.muted))
        painter.drawText(QRectF(left, 0, box.width(), box.height()), line, self.words)
        wide = box.width() - 2 * _PADDING
        if self.isChecked():
            colour = QColor(self.theme.accent if self.done >= 1 else self.theme.warn)
            fill(painter, QRectF(_PADDING, box.height() - 2, wide * self.done, 2), colour)
        if self.hasFocus():
            painter.setPen(QColor(self.theme.accent))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


class LensBar(QWidget):
    """Buttons for all lenses."""

    lensWanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lenses of the map")
        signs = [*map(str, range(1, len(LENSES) + 1)), UNEQUAL]
        self.buttons = {
            lens.key: LensButton(sign, lens, self, theme) for sign, lens in zip(signs, BY_KEY.values(), strict=True)
        }
        self._current = KIND.key
        group = QButtonGroup(self)
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(look.TIGHT, 0, look.TIGHT, 0)
        self._box.setSpacing(0)
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        for key, button in self.buttons.items():
            group.addButton(button)
            self._box.addWidget(button)
            button.clicked.connect(lambda _=False, key=key: self.lensWanted.emit(key))
        self._box.addStretch(1)
        self.said = QLabel(self)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setToolTip(_UNTIL)
        self.said.hide()
        self._box.addWidget(self.said)
        self.buttons[SNAPSHOT.key].hide()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)
        self.set_current(KIND.key)

    def set_theme(self, theme: Theme) -> None:
        """Use another theme."""
        colours = self.palette()
        colours.setColor(self.backgroundRole(), QColor(theme.window))
        self.setPalette(colours)
        self.setAutoFillBackground(True)
        self.said.setFont(look.font(look.CAPTION))
        look.ink(self.said, theme.muted)
        for button in self.buttons.values():
            button.theme = theme
            button.updateGeometry()
            button.update()
        self._choose_words()

    def show_lens(self, lens: Lens) -> None:
        """Show what the active lens answers."""
        self.buttons[lens.key].ask(lens)

    def set_current(self, key: str) -> None:
        """Show which lens is chosen."""
        self.set_progress(1.0)  # that of the lens before
        self._current = key
        self.buttons[key].setChecked(True)
        for button in self.buttons.values():  # Tab focuses the active lens; arrow keys move on from there
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if button.isChecked() else Qt.FocusPolicy.NoFocus)
        self._choose_words()

    def offer_snapshot(self, on: bool) -> None:
        """Offer the lens of a second snapshot, or no longer."""
        if self.buttons[SNAPSHOT.key].isHidden() == on:
            self.buttons[SNAPSHOT.key].setVisible(on)
            self._choose_words()

    def set_progress(self, done: float) -> None:
        """Show the share (0 to 1) of the chosen lens's sheet that has been built."""
        self.buttons[self._current].done = done
        self.buttons[self._current].update()
        self.said.setText(_COMPUTING.format(done))
        if self.said.isHidden() is (done < 1):
            self.said.setVisible(done < 1)
            self._choose_words()

    def _choose_words(self) -> None:
        shown = [button for button in self.buttons.values() if not button.isHidden()]
        whole = sum(button.width_of(False) for button in shown) + 2 * look.TIGHT
        if not self.said.isHidden():
            whole += self.said.fontMetrics().horizontalAdvance(_COMPUTING.format(1)) + look.SMALL
        short = self.width() < whole
        for button in self.buttons.values():
            if short or button.short:  # otherwise its width has not changed, and no layout is needed
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
