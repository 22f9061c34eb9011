"""A paint device that writes SVG: paths and text stay what they are, pictures are embedded.

QSvgGenerator is not used: it loses text and boxes where clips are nested, as they are in every window, and it does not
clip children of a widget. Ids are numbers in the order of their use, so the same picture has the same bytes.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape
from math import atan2, degrees, hypot
from typing import Final, cast

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontInfo,
    QGradient,
    QImage,
    QLinearGradient,
    QPaintDevice,
    QPaintEngine,
    QPaintEngineState,
    QPainterPath,
    QPen,
    QPixmap,
    QRegion,
    QTextItem,
    QTransform,
)

from hwpoison_gui.terminal import visible

_DPI: Final = 96  # a pixel of CSS
_FILL_RULES: Final = {Qt.FillRule.OddEvenFill: "evenodd", Qt.FillRule.WindingFill: "nonzero"}
_CAPS: Final = {Qt.PenCapStyle.FlatCap: "butt", Qt.PenCapStyle.SquareCap: "square", Qt.PenCapStyle.RoundCap: "round"}
_JOINS: Final = {Qt.PenJoinStyle.BevelJoin: "bevel", Qt.PenJoinStyle.RoundJoin: "round"}
_UNPAINTED: Final = ' fill="none"'
_HATCHED: Final = 0.5  # opacity of a brush with a pattern, which is drawn plain


def number(value: float) -> str:
    """A coordinate: two decimals are finer than any screen."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


class Svg(QPaintDevice):
    """Paint on it as on a widget of `size` pixels; `text()` is the file afterwards."""

    def __init__(self, size: QSize, title: str = "") -> None:
        super().__init__()
        self._size, self._title = size, title
        self._engine = _Engine(QRect(0, 0, size.width(), size.height()))

    def paintEngine(self) -> QPaintEngine:
        return self._engine

    def metric(self, which: QPaintDevice.PaintDeviceMetric) -> int:
        kind = QPaintDevice.PaintDeviceMetric
        width, height = self._size.width(), self._size.height()
        return {
            kind.PdmWidth: width, kind.PdmHeight: height,
            kind.PdmWidthMM: round(width * 25.4 / _DPI), kind.PdmHeightMM: round(height * 25.4 / _DPI),
            kind.PdmDpiX: _DPI, kind.PdmDpiY: _DPI, kind.PdmPhysicalDpiX: _DPI, kind.PdmPhysicalDpiY: _DPI,
            kind.PdmDepth: 32, kind.PdmNumColors: (1 << 31) - 1, kind.PdmDevicePixelRatio: 1,
            kind.PdmDevicePixelRatioScaled: int(QPaintDevice.devicePixelRatioFScale()),
        }.get(which, 0)  # fmt: skip

    def text(self) -> str:
        """The content of the file."""
        width, height = self._size.width(), self._size.height()
        title = [f"<title>{_text(self._title)}</title>"] if self._title else []
        return "\n".join([
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">',
            *title, *self._engine.definitions(), *self._engine.elements, "</svg>", "",
        ])  # fmt: skip


class _Engine(QPaintEngine):
    """Turns what a QPainter draws into elements. All geometry is written in coordinates of the device."""

    def __init__(self, room: QRect) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self.elements: list[str] = []
        self._ids: dict[str, str] = {}  # content of a definition -> id
        self._room = room
        self._pen, self._brush, self._transform = QPen(), QBrush(), QTransform()
        self._opacity = 1.0
        self._clip: QPainterPath | None = None  # the painter's clip, intersected with the window's

    # -- state

    def begin(self, device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def updateState(self, state: QPaintEngineState) -> None:
        dirty, flag = state.state(), QPaintEngine.DirtyFlag
        self._pen, self._brush = QPen(state.pen()), QBrush(state.brush())
        self._transform, self._opacity = QTransform(state.transform()), state.opacity()
        if dirty & flag.DirtyClipPath:
            self._cut(state.clipOperation(), QPainterPath(state.clipPath()))
        elif dirty & flag.DirtyClipRegion:
            self._cut(state.clipOperation(), _path_of(QRegion(state.clipRegion())))
        if dirty & flag.DirtyClipEnabled and not state.isClipEnabled():
            self._clip = None

    def _cut(self, how: Qt.ClipOperation, path: QPainterPath) -> None:
        if how == Qt.ClipOperation.NoClip:
            self._clip = None
            return
        mapped = self._transform.map(path)
        both = how == Qt.ClipOperation.IntersectClip and self._clip is not None
        self._clip = self._clip.intersected(mapped) if both and self._clip is not None else mapped

    # -- definitions

    def definitions(self) -> list[str]:
        """The definitions used, in the order of their use."""
        if not self._ids:
            return []
        return ["<defs>", *(content.replace("#ID#", name) for content, name in self._ids.items()), "</defs>"]

    def _define(self, content: str) -> str:
        return self._ids.setdefault(content, f"d{len(self._ids)}")

    def _clipping(self) -> str:
        """Attribute for the present clip; empty if nothing is cut."""
        clip, region = self._clip, self.systemClip()
        if not region.isEmpty() and region != QRegion(self._room):
            around = _path_of(region)
            clip = around if clip is None else clip.intersected(around)
        if clip is None:
            return ""
        rule = _FILL_RULES[clip.fillRule()]
        content = f'<clipPath id="#ID#"><path d="{_data(clip)}" clip-rule="{rule}"/></clipPath>'
        return f' clip-path="url(#{self._define(content)})"'

    # -- paint

    def _ink(self, name: str, brush: QBrush) -> str:
        """Attribute `fill` or `stroke`, with its opacity."""
        style = brush.style()
        if style == Qt.BrushStyle.LinearGradientPattern:
            return f' {name}="url(#{self._gradient(cast(QLinearGradient, brush.gradient()))})"'
        colour = brush.color()
        if style in (Qt.BrushStyle.RadialGradientPattern, Qt.BrushStyle.ConicalGradientPattern):
            colour = QColor(brush.gradient().stops()[0][1])
        plain = style == Qt.BrushStyle.SolidPattern or brush.gradient() is not None
        alpha = colour.alphaF() * self._opacity * (1.0 if plain else _HATCHED)
        if style == Qt.BrushStyle.NoBrush or alpha <= 0:
            return f' {name}="none"'
        return f' {name}="{colour.name()}"' + (f' {name}-opacity="{number(alpha)}"' if alpha < 1 else "")

    def _gradient(self, made: QLinearGradient) -> str:
        a, b = made.start(), made.finalStop()
        absolute = made.coordinateMode() == QGradient.CoordinateMode.LogicalMode
        unit = "userSpaceOnUse" if absolute else "objectBoundingBox"
        if absolute:
            a, b = self._transform.map(a), self._transform.map(b)
        ends = f'x1="{number(a.x())}" y1="{number(a.y())}" x2="{number(b.x())}" y2="{number(b.y())}"'
        stops = "".join(
            f'<stop offset="{number(at)}" stop-color="{QColor(colour).name()}" '
            f'stop-opacity="{number(QColor(colour).alphaF() * self._opacity)}"/>'
            for at, colour in made.stops()
        )
        return self._define(f'<linearGradient id="#ID#" gradientUnits="{unit}" {ends}>{stops}</linearGradient>')

    def _line(self) -> str:
        """Attributes of the pen."""
        pen = self._pen
        if pen.style() == Qt.PenStyle.NoPen:
            return ""
        shrink = 1.0 if pen.isCosmetic() else math.sqrt(abs(self._transform.determinant()))
        width = (pen.widthF() or 1.0) * shrink
        text = f'{self._ink("stroke", pen.brush())} stroke-width="{number(width)}"'
        text += f' stroke-linecap="{_CAPS[pen.capStyle()]}" stroke-linejoin="{_JOINS.get(pen.joinStyle(), "miter")}"'
        if pen.style() != Qt.PenStyle.SolidLine:
            text += f' stroke-dasharray="{" ".join(number(part * width) for part in pen.dashPattern())}"'
        return text

    def _shape(self, path: QPainterPath, filled: bool = True) -> None:
        fill, line = self._ink("fill", self._brush if filled else QBrush()), self._line()
        if fill == _UNPAINTED and not line:
            return
        mapped = self._transform.map(path)
        rule = ' fill-rule="evenodd"' if filled and path.fillRule() == Qt.FillRule.OddEvenFill else ""
        self.elements.append(f'<path d="{_data(mapped)}"{fill}{rule}{line}{self._clipping()}/>')

    # -- what a painter draws

    def drawPath(self, path: QPainterPath) -> None:
        self._shape(path)

    def drawPolygon(self, points: Sequence[QPointF], mode: QPaintEngine.PolygonDrawMode) -> None:  # type: ignore[override]
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        kind = QPaintEngine.PolygonDrawMode
        if mode != kind.PolylineMode:
            path.closeSubpath()
        if mode == kind.WindingMode:
            path.setFillRule(Qt.FillRule.WindingFill)
        self._shape(path, filled=mode != kind.PolylineMode)

    def drawTextItem(self, at: QPointF, item: QTextItem) -> None:  # type: ignore[override]
        text = _text(item.text())
        if not text.strip():
            return
        font, here = QFont(item.font()), self._transform.map(at)
        info, size = QFontInfo(font), hypot(self._transform.m21(), self._transform.m22()) or 1.0
        turned = degrees(atan2(self._transform.m12(), self._transform.m11()))
        turn = f' transform="rotate({number(turned)} {number(here.x())} {number(here.y())})"' if turned else ""
        family = f"{escape(info.family())}, {'monospace' if info.fixedPitch() else 'sans-serif'}"
        strike = ' text-decoration="line-through"' if font.strikeOut() else ""
        bold = f' font-weight="{font.weight()}"' if font.weight() != QFont.Weight.Normal else ""
        clip = self._clipping()
        text = (
            f'<text x="{number(here.x())}" y="{number(here.y())}"{turn} xml:space="preserve" '
            f'font-family="{family}" font-size="{number(info.pixelSize() * size)}"{bold}{strike} '
            f'textLength="{number(item.width() * size)}" lengthAdjust="spacingAndGlyphs"'
            f"{self._ink('fill', self._pen.brush())}{'' if turn else clip}>{text}</text>"
        )
        # The clip applies to the turned content, so its element encloses that of the turn.
        self.elements.append(f"<g{clip}>{text}</g>" if turn and clip else text)

    def drawPixmap(self, room: QRectF, pixmap: QPixmap, part: QRectF) -> None:  # type: ignore[override]
        self.drawImage(room, pixmap.toImage(), part)

    def drawImage(self, room: QRectF, image: QImage, part: QRectF, flags: object = None) -> None:  # type: ignore[override]
        here = self._transform.mapRect(room)
        shown = QImage(image).copy(part.toAlignedRect())
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        shown.save(buffer, "png")  # type: ignore[call-overload]  # its stub wants bytes, it wants str
        data = base64.b64encode(buffer.data().data()).decode()
        opacity = f' opacity="{number(self._opacity)}"' if self._opacity < 1 else ""
        self.elements.append(
            f'<image x="{number(here.x())}" y="{number(here.y())}" width="{number(here.width())}" '
            f'height="{number(here.height())}" preserveAspectRatio="none" style="image-rendering:pixelated"{opacity}'
            f'{self._clipping()} xlink:href="data:image/png;base64,{data}"/>'
        )

    def drawTiledPixmap(self, room: QRectF, pixmap: QPixmap, offset: QPointF) -> None:  # type: ignore[override]
        self.drawImage(room, pixmap.toImage(), QRectF(pixmap.rect()))


def _path_of(region: QRegion) -> QPainterPath:
    path = QPainterPath()
    path.addRegion(region)
    return path.simplified()


def _data(path: QPainterPath) -> str:
    """The `d` attribute of a path."""
    kind, parts, at = QPainterPath.ElementType, [], 0
    while at < path.elementCount():
        element = path.elementAt(at)
        if element.type == kind.CurveToElement:
            points = [path.elementAt(at + ahead) for ahead in range(3)]
            parts.append("C" + " ".join(f"{number(point.x)} {number(point.y)}" for point in points))
            at += 3
            continue
        parts.append(f"{'M' if element.type == kind.MoveToElement else 'L'}{number(element.x)} {number(element.y)}")
        at += 1
    return "".join(parts) or "M0 0"


def _text(words: str) -> str:
    """Text of an element: no character that XML forbids, and no markup."""
    return escape(visible(words)).replace("\n", " ").replace("\t", " ")
