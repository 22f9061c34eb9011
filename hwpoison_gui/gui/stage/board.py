"""The decision of the moment: the question, its answers with the one that was taken, or what is left at the end."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.story.stage_text import Staged

_SIGNS: Final = {True: "➜", False: "", None: "•"}
_MOST: Final = 6
_LEAST_PIXELS: Final = 12


def words(parent: QWidget) -> QLabel:
    """A label of plain text that wraps and takes the width it gets."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def fit(label: QLabel, usual: QFont) -> None:
    """Give a label its usual font, or a smaller one where its text is too long for its height."""
    font, width = QFont(usual), max(1, label.width())
    while font.pixelSize() > _LEAST_PIXELS:
        needed = QFontMetrics(font).boundingRect(0, 0, width, 1 << 20, Qt.TextFlag.TextWordWrap, label.text())
        if needed.height() <= label.height():
            break
        font.setPixelSize(font.pixelSize() - 1)
    label.setFont(font)


class Board(QWidget):
    """Question, answers, and the sentence of the step beneath."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.head, self.said = words(self), words(self)
        self._fonts = self.font(), self.font()
        self.lines = [words(self) for _ in range(_MOST)]
        self.signs = [QLabel(self) for _ in range(_MOST)]  # apart, so that a long line is indented as a whole
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(look.TIGHT)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.head, 0, 0, 1, 2)
        for row, (sign, line) in enumerate(zip(self.signs, self.lines, strict=True), start=1):
            grid.addWidget(sign, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(line, row, 1)
        grid.addWidget(self.said, _MOST + 1, 0, 1, 2)
        grid.setRowStretch(_MOST + 2, 1)

    def show_words(self, shown: Staged, theme: Theme) -> None:
        """Show the words of a position."""
        self.head.setText(shown.head)
        self.head.setVisible(bool(shown.head))
        look.ink(self.head, theme.muted)
        tones = {"kill": theme.kill, "warn": theme.warn, "good": theme.good, "plain": theme.text}
        rows = [(_SIGNS[way.taken], way.text, theme.text if way.taken else theme.muted, bool(way.taken))
                for way in shown.ways]  # fmt: skip
        rows += [(_SIGNS[None], fact.text, tones.get(fact.tone, theme.text), False) for fact in shown.facts]
        for number, label in enumerate(self.lines):
            self._show_row(label, self.signs[number], rows[number] if number < len(rows) else None)
        said = "" if any(way.taken and way.text == shown.said.text for way in shown.ways) else shown.said.text
        self.said.setText(said)
        self.said.setVisible(bool(said))
        look.ink(self.said, {"kill": theme.kill, "panic": theme.kill}.get(shown.said.tone, theme.text))

    def _show_row(self, label: QLabel, sign: QLabel, row: tuple[str, str, str, bool] | None) -> None:
        label.setVisible(row is not None)
        sign.setVisible(row is not None)
        if row is None:
            return
        for part, text in ((sign, row[0]), (label, row[1])):
            part.setText(text)
            look.ink(part, row[2])
        font = label.font()
        font.setBold(row[3])
        label.setFont(font)

    def set_foot(self, height: int) -> None:
        """Keep the words clear of so many pixels at the lower end, which something covers."""
        self.setContentsMargins(0, 0, 0, height)
        self.fit_words()

    def set_fonts(self, head: QFont, line: QFont) -> None:
        """Set the usual fonts; `fit_words` makes them smaller where the words need it."""
        self._fonts = head, line
        self._set_fonts(head, line)

    def _set_fonts(self, head: QFont, line: QFont) -> None:
        self.head.setFont(head)
        for label in (*self.signs, *self.lines, self.said):
            font = QFont(line)
            font.setBold(label.font().bold())
            label.setFont(font)

    def fit_words(self) -> None:
        """Give all words the usual fonts, or smaller ones where they would not fit the height."""
        head, line = (QFont(font) for font in self._fonts)
        self._set_fonts(head, line)
        while self._needed() > self.contentsRect().height() and line.pixelSize() > _LEAST_PIXELS:
            for font in (head, line):
                font.setPixelSize(max(_LEAST_PIXELS, font.pixelSize() - 1))
            self._set_fonts(head, line)

    def _needed(self) -> int:
        """Height of all words that are shown, at the present width."""
        beside = self.signs[0].fontMetrics().horizontalAdvance(_SIGNS[True]) + look.TIGHT
        shown = [(label, self.width() - beside * (label in self.lines))
                 for label in (self.head, *self.lines, self.said) if not label.isHidden()]  # fmt: skip
        return sum(label.heightForWidth(max(1, width)) for label, width in shown) + look.TIGHT * len(shown)
