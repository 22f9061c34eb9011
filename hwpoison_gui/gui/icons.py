"""Icons: the SVG files of resources/icons, drawn in the colours of a theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from hwpoison_gui import resources

_SIZES = (16, 20, 24, 32, 48)


@cache
def _source(name: str) -> str:
    return resources.path(f"icons/{name}.svg").read_text("utf-8")


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour; `size` in pixels of the window."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    image = QPixmap(QSize(size, size) * ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


@cache
def icon(name: str, colour: str, disabled: str) -> QIcon:
    """An icon for actions and buttons: `disabled` is its colour where it cannot be used."""
    made = QIcon()
    for size in _SIZES:
        for ratio in (1.0, 2.0):
            made.addPixmap(pixmap(name, colour, size, ratio), QIcon.Mode.Normal)
            made.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
    return made


def window_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(resources.path("icons/hwpoison-gui.svg")))
