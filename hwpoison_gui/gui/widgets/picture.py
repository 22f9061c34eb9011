"""A picture of a widget as the bytes of a file."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPixmap


def encoded(picture: QPixmap, kind: str = "png") -> bytes | None:
    """The bytes of a file of that kind (a suffix without its dot); None if Qt cannot write one."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(buffer.data().data()) if picture.save(buffer, kind) else None
