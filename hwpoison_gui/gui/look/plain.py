"""Text that Qt shows as it is: never as HTML, which could read files and hide what a name really is.

Tips and labels of Qt guess. A caption that begins with `<img src='file:///…'>` would be looked for on the disk.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

_JOINER: Final = "\u2060"  # has no width, and nothing that it follows is a tag or an entity
_BEGINS_MARKUP: Final = re.compile(f"[<&](?!{_JOINER})")


def plain(text: str) -> str:
    """The text for a tip or any other place where Qt guesses; it looks the same."""
    if "<" not in text and "&lt;" not in text:
        return text
    return _BEGINS_MARKUP.sub(lambda found: found[0] + _JOINER, text)


def plain_labels(widget: QWidget) -> None:
    """Make all labels inside a dialog of Qt show plain text, also those that are set later."""
    for label in widget.findChildren(QLabel):
        label.setTextFormat(Qt.TextFormat.PlainText)
