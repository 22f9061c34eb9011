"""The tip of a disabled widget."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.look.enabling import enable


def test_a_disabled_widget_says_why_below_its_own_tip(qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    button.setToolTip("The next match")
    for missing, tip in (("No frame.", "The next match\nNo frame."), ("Bad.", "The next match\nBad."),
                         ("", "The next match")):  # fmt: skip
        enable(button, missing)
        assert (button.isEnabled(), button.toolTip()) == (not missing, tip)
