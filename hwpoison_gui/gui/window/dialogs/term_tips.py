"""Tips with the glossary: what is under the pointer, and below it what its terms mean. Plain text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QToolTip, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.viewport import know_viewport

_BELOW_POINTER: Final = 14  # pixels, at least, between the pointer and a tip that Qt shows below it
_MARGINS: Final = 40  # margins of a tip, and its distance from the pointer, at 100 % text


def explain(window: QWidget, widgets: Iterable[QWidget], frames: Iterable[QWidget]) -> None:
    """Add the icon of a window, and the glossary to its tips; called when idle, to keep start-up fast.

    `frames`: their content may be made later.
    """
    from hwpoison_gui.gui.look import icons

    window.setWindowIcon(icons.window_icon())
    tips = TermTips(window)
    for widget in widgets:
        tips.watch(widget)
    for frame in frames:
        tips.watch_content(frame)


class TermTips(QObject):
    """Explains the widgets that it watches. The glossary is imported with the first tip."""

    def watch(self, root: QWidget) -> None:
        """Watch a widget with the labels, buttons and views in it.

        Windows that belong to them are left out: Qt's own tip is one, and a tip about a tip would never end.
        """
        found = [root.findChildren(kind) for kind in (QLabel, QAbstractButton, QAbstractScrollArea)]
        inner = (widget for widget in chain.from_iterable(found) if widget.window() is root.window())
        for widget in (root, *inner):
            inside = widget
            if isinstance(widget, QAbstractScrollArea):
                know_viewport(widget)  # a list may have come with its box, and its viewport with Qt
                inside = widget.viewport()
            inside.installEventFilter(self)

    def watch_content(self, frame: QWidget) -> None:
        """Watch what a frame holds, and what it will hold: the content of a panel is made when it is first seen."""
        frame.installEventFilter(self)
        self.watch(frame)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and isinstance(watched, QWidget):
            return self._show(watched, event)
        if kind == QEvent.Type.ChildPolished:
            child = event.child()  # type: ignore[attr-defined]
            if isinstance(child, QWidget) and not child.isWindow():
                self.watch(child)
        return False

    @staticmethod
    def _show(widget: QWidget, event: QHelpEvent) -> bool:
        """Show the tip; False where there is nothing to say."""
        tip = tip_at(widget, event)
        if not tip:
            return False
        QToolTip.showText(place_of(widget, event, tip), plain(tip), widget)
        return True


def place_of(widget: QWidget, event: QHelpEvent, tip: str) -> QPoint:
    """Global position for a tip: at the pointer, but below the row or control under it if there is room."""
    from hwpoison_gui.gui.window.dialogs.pointed import rect_of_pointed

    at, rect = event.globalPos(), rect_of_pointed(widget, event.pos())
    lower = widget.mapToGlobal(rect.bottomLeft()).y() - _BELOW_POINTER
    height = QFontMetrics(QToolTip.font()).lineSpacing() * (tip.count("\n") + 1) + look.px(_MARGINS)
    fits = lower + _BELOW_POINTER + height <= widget.screen().geometry().bottom()
    return QPoint(at.x(), max(at.y(), lower)) if not rect.isEmpty() and fits else at


def tip_at(widget: QWidget, event: QHelpEvent) -> str:
    """The tip of a widget at the pointer, and the term there; without one, the first terms of what is there."""
    from hwpoison_gui.gui.window.dialogs.pointed import pointed
    from hwpoison_gui.view.words.glossary.find import at
    from hwpoison_gui.view.words.glossary.tips import explained

    found = pointed(widget, event.pos())
    if found.place >= 0:
        term = at(found.text, found.place)
        return explained(found.tip, "", first=term) if term is not None else found.tip
    return explained(found.tip, found.text)
