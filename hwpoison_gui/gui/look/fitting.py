"""Sizes of the window and of dialogs, and keeping them on the screen, window frame included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMargins, QRect, QSize
from PySide6.QtWidgets import QMainWindow

from hwpoison_gui.gui.look import theme as look

if TYPE_CHECKING:  # no dialog is needed for the first paint
    from PySide6.QtWidgets import QDialog

USUAL: Final = QSize(1280, 800)
_SHARE: Final = 0.92  # pixels on a large screen
_FRAME: Final = QMargins(2, 30, 2, 2)  # approximate window frame; the real one is known once shown


def first_size(available: QSize, frame: QMargins = _FRAME) -> QSize:
    """Initial size on a screen with `available` pixels."""
    room = available.shrunkBy(frame)
    return USUAL.expandedTo(room * _SHARE).boundedTo(room)


def placed(window: QRect, frame: QMargins, available: QRect) -> QRect:
    """Geometry without the frame, moved and shrunk as little as needed to be on the screen."""
    room = available.marginsRemoved(frame)
    size = window.size().boundedTo(room.size())
    left = min(max(window.left(), room.left()), room.right() + 1 - size.width())
    top = min(max(window.top(), room.top()), room.bottom() + 1 - size.height())
    return QRect(left, top, size.width(), size.height())


def resize_dialog(dialog: QDialog, width: float, height: float) -> None:
    """Give a dialog a size, in pixels at 100 % text, but no larger than the screen."""
    room = dialog.screen().availableSize().shrunkBy(_FRAME)
    dialog.resize(QSize(look.px(width), look.px(height)).boundedTo(room))


def keep_on_screen(window: QMainWindow) -> None:
    """Move a window back onto its screen; call when its frame is known."""
    handle = window.windowHandle()
    if handle is None or window.isMaximized() or window.isFullScreen():
        return
    now = window.geometry()
    wanted = placed(now, handle.frameMargins(), window.screen().availableGeometry())
    if wanted != now:
        window.setGeometry(wanted)
