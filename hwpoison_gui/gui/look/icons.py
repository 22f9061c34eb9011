"""Icons: the SVG files of resources/icons, drawn in the colours of a theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from hwpoison_gui import resources
from hwpoison_gui.gui.look import theme as look


@cache
def _source(name: str) -> str:
    return resources.path(f"icons/{name}.svg").read_text("utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour; `size` in pixels of the window."""
    image = QPixmap(QSize(size, size) * ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    _renderer(name, colour).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, colour: str, disabled: str) -> QIcon:
    """An icon for actions and buttons, scaled with the text; `disabled` is its colour when disabled."""
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    sizes = look.px(look.SMALL_ICON), look.px(look.ICON)
    return _icon(name, colour, disabled, sizes, application.devicePixelRatio())


@cache
def _icon(name: str, colour: str, disabled: str, sizes: tuple[int, ...], ratio: float) -> QIcon:
    made = QIcon()
    for size in sizes:
        made.addPixmap(pixmap(name, colour, size, ratio), QIcon.Mode.Normal)
        made.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
    return made


def window_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(resources.path("icons/hwpoison-gui.svg")))
