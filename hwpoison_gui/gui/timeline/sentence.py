"""The sentence of the present step, the most important text of the window, with the kernel's name for it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.sentence import Sentence

_SCALES: Final = (look.SENTENCE, look.HEADLINE, look.TITLE, look.BODY)
_LARGE: Final = (look.STAGE,)  # width of windows that are viewed from afar
_WIDE: Final = 1300
_BAR: Final = 4
_LEAST_DETAIL: Final = 120  # width for the detail beside the sentence, at 100 % text


def tone_colour(theme: Theme, tone: str) -> str:
    """Colour of a tone."""
    colours = {"kill": theme.kill, "panic": theme.poison, "good": theme.good, "warn": theme.warn, "idle": theme.muted}
    return colours.get(tone, theme.text)


class Form(Enum):
    """Size of the sentence. The height depends on nothing else, so that no step moves the panels."""

    LARGE = look.SENTENCE  # two lines of this size, and the detail below them
    LOW = look.TITLE  # the same in a low window
    ONE_LINE = look.BODY  # the detail stands beside the sentence, if there is room


class SentenceBar(QWidget):
    """Two lines of text, `details` lines below them; kernel function and branch beside them. Ctrl+C copies everything.

    A button, or Enter, goes to another frame that the sentence names.
    """

    frameWanted = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK, details: int = 1) -> None:
        super().__init__(parent)
        self._details = details
        self.sentence = Sentence("")
        self.form = Form.LARGE
        self._theme = theme
        self.text = ElidedLabel(self)
        self.text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.detail = ElidedLabel(self)
        self.code = QLabel(self)
        self.branch = QLabel(self)
        for label in (self.text, self.detail, self.code, self.branch):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            label.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the menu of the bar is shown instead
        for label in (self.code, self.branch):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.to = QToolButton(self)
        self.to.setObjectName("boxed")
        self.to.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.to.clicked.connect(lambda: self.frameWanted.emit(self.sentence.to))
        self.to.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(look.LARGE + _BAR, look.SMALL, look.LARGE, look.TIGHT)
        grid.setHorizontalSpacing(look.LARGE)
        grid.setVerticalSpacing(look.HAIR)
        grid.setRowStretch(0, 1)
        self._grid = grid
        self._place()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("What happens in this step")
        Copying(self, "the sentence", self._selected, self.in_words)
        self.set_theme(theme)

    def set_form(self, form: Form) -> None:
        """Change the height."""
        if form is not self.form:
            self.form = form
            self._place()
            self.set_theme(self._theme)

    def _place(self) -> None:
        beside = self.form is Form.ONE_LINE
        for label in (self.text, self.detail, self.code, self.branch):
            self._grid.removeWidget(label)
        self._grid.addWidget(self.text, 0, 0)
        self._grid.addWidget(self.detail, *((0, 1) if beside else (1, 0)))
        self._grid.addWidget(self.code, 0, 2)
        self._grid.addWidget(self.branch, *((0, 3) if beside else (1, 2)))
        for label in (self.text, self.detail):
            label.setWordWrap(not beside)
        self._grid.removeWidget(self.to)
        self._grid.addWidget(self.to, 0, 4, 1 if beside else 2, 1, Qt.AlignmentFlag.AlignVCenter)
        self.branch.setHidden(beside)
        self.detail.show()
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 0)

    def _height(self) -> int:
        lines = QFontMetrics(look.font(self.form.value, QFont.Weight.DemiBold)).lineSpacing()
        if self.form is Form.ONE_LINE:
            return lines + look.LARGE
        detail = QFontMetrics(self.detail.font()).lineSpacing() * self._details
        return 2 * lines + detail + look.HAIR + (look.LARGE if self.form is Form.LARGE else look.MEDIUM)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and fonts."""
        self._theme = theme
        self.detail.setFont(look.font(look.BODY))
        one_line = self.form is Form.ONE_LINE
        self.code.setFont(look.mono(look.CAPTION if one_line else look.TITLE, QFont.Weight.DemiBold))
        self.branch.setFont(look.mono(look.BODY))
        self.setFixedHeight(self._height())
        self._paint_words()

    def set_sentence(self, sentence: Sentence) -> None:
        """Replace the sentence."""
        if sentence == self.sentence:
            return
        self.sentence = sentence
        self._paint_words()

    def _paint_words(self) -> None:
        said, theme = self.sentence, self._theme
        self.text.setText(said.text)
        self.detail.setText(said.detail)
        self.code.setText(said.code)
        self.branch.setText(f"→ {said.branch}" if said.branch else "")
        self.text.setToolTip(plain("\n".join(self._lines()[1:])) if self.form is Form.ONE_LINE else "")
        loud = tone_colour(theme, said.tone)
        look.ink(self.text, loud if said.tone in ("kill", "panic") else theme.text)
        for label in (self.detail, self.code, self.branch):
            look.ink(label, theme.muted if label is not self.code else theme.text)
        self.to.setText(f"Go to {said.to:#x}")
        self.to.setToolTip("Selects the other frame that this is about  (Enter)")
        self.to.setVisible(said.to >= 0)
        self.setAccessibleDescription(self.in_words())
        self._grid.activate()  # the labels on the right take their space from the sentence at once
        self._fit()
        self.update()

    def in_words(self) -> str:
        """The full text, a line each."""
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        said = self.sentence
        kernel = f"{said.code} → {said.branch}" if said.branch else said.code
        return [line for line in (said.text, said.detail, kernel) if line]

    def _selected(self) -> str:
        return "\n".join(filter(None, (label.selectedText() for label in (self.text, self.detail, self.code))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.sentence.to >= 0:
            self.frameWanted.emit(self.sentence.to)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _fit(self) -> None:
        """Use the largest font with which the sentence fits in two lines."""
        width = max(60, self.text.width())
        lines = QFontMetrics(look.font(self.form.value, QFont.Weight.DemiBold)).lineSpacing()
        height = 2 * lines
        if self.form is Form.ONE_LINE:
            self._fit_beside()
            return
        for scale in (*_LARGE, *_SCALES) if self.width() >= _WIDE else _SCALES:
            font = look.font(scale, QFont.Weight.DemiBold)
            flags = Qt.TextFlag.TextWordWrap
            room = QFontMetrics(font).boundingRect(QRect(0, 0, width, 2000), flags, self.sentence.text)
            if room.height() <= height:
                break
        self.text.setFont(font)
        # If the sentence takes one line, the detail below it may take two.
        self.detail.setWordWrap(self._details > 1 or room.height() <= lines)

    def _fit_beside(self) -> None:
        """Show the detail beside the sentence where both fit, else the sentence alone; its tip says the rest."""
        self.text.setFont(look.font(self.form.value, QFont.Weight.DemiBold))
        wide = QFontMetrics(self.text.font()).horizontalAdvance(self.text.text()) + look.HAIR
        rest = self._grid.contentsRect().width() - wide - self.code.sizeHint().width() - 2 * look.LARGE
        rest -= self.to.sizeHint().width() + look.LARGE if self.sentence.to >= 0 else 0
        self.detail.setVisible(rest >= look.px(_LEAST_DETAIL))
        self._grid.setColumnStretch(0, wide)
        self._grid.setColumnStretch(1, max(0, rest) if rest >= look.px(_LEAST_DETAIL) else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        fill(painter, self.rect(), QColor(self._theme.base))
        fill(painter, QRect(0, 0, _BAR, self.height()), QColor(tone_colour(self._theme, self.sentence.tone)))
        if self.hasFocus():
            painter.setPen(QColor(self._theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
