"""The decision of the moment: the question, its answers with the one that was taken, or what is left at the end."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.facts.staged import Staged

_SIGNS: Final = {True: "➜ ", False: "    ", None: "• "}
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
    """Gives a label its usual font, or a smaller one where its text is too long for its height."""
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
        self.lines = [words(self) for _ in range(_MOST)]
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(look.TIGHT)
        for label in (self.head, *self.lines, self.said):
            box.addWidget(label)
        box.addStretch(1)

    def show_words(self, shown: Staged, theme: Theme) -> None:
        """Shows the words of a position."""
        self.head.setText(shown.head)
        self.head.setVisible(bool(shown.head))
        look.ink(self.head, theme.muted)
        tones = {"kill": theme.kill, "warn": theme.warn, "good": theme.good, "plain": theme.text}
        rows = [(_SIGNS[way.taken] + way.text, theme.text if way.taken else theme.muted, bool(way.taken))
                for way in shown.ways]  # fmt: skip
        rows += [(_SIGNS[None] + fact.text, tones.get(fact.tone, theme.text), False) for fact in shown.facts]
        for label, row in zip(self.lines, [*rows, *[None] * _MOST], strict=False):
            label.setVisible(row is not None)
            if row is not None:
                label.setText(row[0])
                look.ink(label, row[1])
                font = label.font()
                font.setBold(row[2])
                label.setFont(font)
        said = "" if any(way.taken and way.text == shown.said.text for way in shown.ways) else shown.said.text
        self.said.setText(said)
        self.said.setVisible(bool(said))
        look.ink(self.said, {"kill": theme.kill, "panic": theme.kill}.get(shown.said.tone, theme.text))

    def set_fonts(self, head: QFont, line: QFont) -> None:
        self.head.setFont(head)
        for label in (*self.lines, self.said):
            label.setFont(line)
