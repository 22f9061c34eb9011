"""The playback row of the window: sentence, operations and transport below each other."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget


class PlaybackStage(QWidget):
    """As high as its parts."""

    def __init__(self, parent: QWidget, sentence: QWidget, operations: QWidget, transport: QWidget) -> None:
        super().__init__(parent)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for part in (sentence, operations, transport):
            box.addWidget(part)
        for fixed in (self, transport):
            fixed.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
