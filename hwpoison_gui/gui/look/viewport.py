"""Makes viewports known to PySide cheaply."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QAbstractScrollArea, QWidget

_NAME: Final = "qt_scrollarea_viewport"  # Qt's own


def know_viewport(area: QAbstractScrollArea) -> None:
    """Call it before the first `viewport()` of an area that is created at start-up, or a window that opens in turns.

    To find out what class Qt's own widget has, PySide would create every class of QtWidgets; a child that is found by
    its name is known to be a QWidget.
    """
    area.findChild(QWidget, _NAME)
