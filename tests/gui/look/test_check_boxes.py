"""The box of a check box is seen in every theme."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.style_sheet import style_sheet
from hwpoison_gui.view.base.palette import DARK, LIGHT, Theme


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_an_unticked_box_has_the_edge_of_fields(qtbot, theme: Theme) -> None:
    box = QCheckBox("Stop after this operation")
    qtbot.addWidget(box)
    box.setStyleSheet(style_sheet(theme))
    box.resize(box.sizeHint())
    option = QStyleOptionButton()
    box.initStyleOption(option)
    rect = box.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, box)
    seen = box.grab().toImage().pixelColor(rect.left(), rect.center().y())
    assert seen == QColor(look.edge_of(theme))
