"""Pictures of widgets: the same bytes every time, finer where more pixels are wanted, and text that stays text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.export.film import pixels_of
from hwpoison_gui.gui.export.still import as_image, as_png, as_svg
from hwpoison_gui.session.session import Session
from tests.gui.conftest import User

SVG = "{http://www.w3.org/2000/svg}"


def elements(data: bytes, name: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(data).findall(f".//{SVG}{name}")


class Drawing(QWidget):
    """A widget that draws what it is told."""

    def __init__(self, draw: object, qtbot: object) -> None:
        super().__init__()
        qtbot.addWidget(self)
        self.draw = draw
        self.resize(100, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(painter)
        painter.end()


def test_a_picture_of_the_window_is_the_same_every_time_and_finer_at_four_times(user: User) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    window = user.window
    assert as_png(window) == as_png(window)
    fine = QImage.fromData(as_png(window, scale=4))
    assert (fine.width(), fine.height()) == (4 * window.width(), 4 * window.height())
    # Not enlarged: most blocks of 4 by 4 pixels with text or lines in them have more than one colour.
    pixels = pixels_of(as_image(window.map, scale=4))
    blocks = pixels[: len(pixels) // 4 * 4].reshape(-1, 4, pixels.shape[1] // 4, 4, 3)
    varied = (blocks.max(axis=(1, 3)) != blocks.min(axis=(1, 3))).any(axis=2)
    assert varied.sum() > 500


def test_the_text_of_the_window_is_text(user: User) -> None:
    user.window.controller.fire(user.frame("srv:heap+1"))  # not a click: that would zoom, and show the overview
    user.window.controller.seek(user.session.operations[-1].last)
    data = as_svg(user.window, title="A test")
    assert data == as_svg(user.window, title="A test")
    words = {element.text for element in elements(data, "text")}
    assert {"Reverse map", "Kernel log", "anon_vma"} - words == set()
    assert elements(data, "title")[0].text == "A test"
    images = elements(data, "image")  # icons, and nothing larger
    assert all(float(one.get("width")) <= 32 for one in images)


def test_the_map_is_made_of_rectangles_or_of_one_pixel_a_frame(user: User) -> None:
    assert elements(as_svg(user.window.map.view), "image") == []
    paths = [one.get("d") for one in elements(as_svg(user.window.map.view), "path")]
    assert any(path.count("Z") + path.count("M") > 20 for path in paths)


def test_a_map_of_very_many_frames_is_embedded_at_its_own_resolution(qtbot, make_window) -> None:
    window = make_window(Session.fresh(1 << 18))
    images = elements(as_svg(window.map.view), "image")
    assert len(images) == 1
    data = images[0].get("{http://www.w3.org/1999/xlink}href").partition(",")[2]
    picture = QImage.fromData(__import__("base64").b64decode(data))
    assert picture.width() * picture.height() >= 1 << 18


def test_clips_nest_and_end(qtbot) -> None:
    def draw(painter: QPainter) -> None:
        painter.save()
        painter.setClipRect(QRectF(0, 0, 50, 50))
        painter.setClipRect(QRectF(25, 0, 50, 60), Qt.ClipOperation.IntersectClip)
        painter.fillRect(0, 0, 100, 60, QColor("red"))
        painter.restore()
        painter.fillRect(0, 0, 10, 10, QColor("blue"))

    data = as_svg(Drawing(draw, qtbot))
    clips = {one.get("id"): one[0].get("d") for one in elements(data, "clipPath")}
    red = next(one for one in elements(data, "path") if one.get("fill") == "#ff0000")
    blue = next(one for one in elements(data, "path") if one.get("fill") == "#0000ff")
    numbers = [float(n) for n in re.findall(r"[\d.]+", clips[red.get("clip-path")[5:-1]])]
    assert (min(numbers[::2]), max(numbers[::2]), max(numbers[1::2])) == (25, 50, 50)
    assert blue.get("clip-path") is None


def test_pens_brushes_and_curves(qtbot) -> None:
    def draw(painter: QPainter) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 128), 3, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(0, 0), QPointF(10, 0))
        gradient = QLinearGradient(0, 0, 0, 20)
        gradient.setColorAt(0, QColor("red"))
        gradient.setColorAt(1, QColor("blue"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawEllipse(QRectF(0, 0, 20, 20))
        path = QPainterPath(QPointF(0, 0))
        path.cubicTo(1, 2, 3, 4, 5, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)  # neither pen nor brush: nothing

    data = as_svg(Drawing(draw, qtbot))
    paths = elements(data, "path")
    line = next(one for one in paths if one.get("stroke-width") == "3")
    assert line.get("stroke-opacity") == "0.5" and line.get("stroke-dasharray")
    assert len(elements(data, "linearGradient")[0]) == 2
    assert any("C" in one.get("d") and one.get("fill", "").startswith("url(") for one in paths)
    assert not any(one.get("d") == "M0 0C1 2 3 4 5 6" for one in paths)


def test_hostile_text_is_never_markup(qtbot) -> None:
    words = "</text><script>alert(1)</script>&\x00\x1b\u202e]]>"
    data = as_svg(Drawing(lambda painter: painter.drawText(0, 20, words), qtbot), title=words)
    assert b"<script" not in data and b"\x00" not in data
    assert "alert(1)" in elements(data, "text")[0].text


def test_widgets_below_each_other(qtbot) -> None:
    red = Drawing(lambda painter: painter.fillRect(0, 0, 100, 60, QColor("red")), qtbot)
    blue = Drawing(lambda painter: painter.fillRect(0, 0, 100, 60, QColor("blue")), qtbot)
    pixels = pixels_of(as_image(red, blue, scale=2))
    assert pixels.shape == (240, 200, 3)
    assert (pixels[0, 0] == (255, 0, 0)).all() and (pixels[-1, -1] == (0, 0, 255)).all()
    assert np.unique(pixels.reshape(-1, 3), axis=0).shape[0] == 2
    assert {one.get("fill") for one in elements(as_svg(red, blue), "path")} >= {"#ff0000", "#0000ff"}


@pytest.fixture
def make_window(open_window):
    from hwpoison_gui.opening.opening import Opened

    return lambda session: open_window(Opened(session, "many")).window
