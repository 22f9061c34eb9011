"""Widgets as the bytes of a picture: PNG at up to four times their size, or SVG."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.export.svg import Svg


def as_image(*widgets: QWidget, scale: int = 1) -> QImage:
    """Widgets below each other, with `scale` pixels for each of their own; text and lines are drawn that fine."""
    image = QImage(_size(widgets) * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(widgets[0].palette().color(widgets[0].backgroundRole()))
    for widget, place in _places(widgets):
        QWidget.render(widget, image, place)  # a QGraphicsView has another render()
    return image


def as_png(*widgets: QWidget, scale: int = 1) -> bytes:
    """The bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image = as_image(*widgets, scale=scale)
    image.setDevicePixelRatio(1)
    image.save(buffer, "png")  # type: ignore[call-overload]  # its stub wants bytes, it wants str
    return bytes(buffer.data().data())


def as_svg(*widgets: QWidget, title: str = "") -> bytes:
    """The bytes of an SVG file: paths and text; only pictures are made of pixels."""
    made = Svg(_size(widgets), title)
    painter = QPainter(made)
    for widget, place in _places(widgets):
        QWidget.render(widget, painter, place)
    painter.end()
    return made.text().encode()


def _size(widgets: tuple[QWidget, ...]) -> QSize:
    return QSize(max(one.width() for one in widgets), sum(one.height() for one in widgets))


def _places(widgets: tuple[QWidget, ...]) -> Iterator[tuple[QWidget, QPoint]]:
    top = 0
    for widget in widgets:
        yield widget, QPoint(0, top)
        top += widget.height()
