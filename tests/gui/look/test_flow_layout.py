"""Items wrap like words, and follow what is shown, hidden or grows, though the layout remembers places."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.look.flow_layout import FlowLayout


def test_lines_follow_the_items(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    flow = FlowLayout(box)
    labels = [QLabel("word", box) for _ in range(3)]
    for label in labels:
        flow.addWidget(label)
    one = labels[0].sizeHint().width()
    width = 3 * one + 60  # room for three beside each other, and not for a fourth that is longer
    assert flow.rows(width) == 1
    labels[1].setText("word " * 8)
    assert flow.rows(width) == 3
    labels[1].hide()
    assert flow.rows(width) == 1
    labels[1].show()
    assert flow.rows(width) == 3
    flow.takeAt(1)
    flow.invalidate()
    assert flow.rows(width) == 1
    flow.in_columns = True
    before = flow.heightForWidth(width)
    more = QLabel("word " * 8, box)
    flow.addWidget(more)
    assert flow.rows(width) == 3 and flow.heightForWidth(width) > before
