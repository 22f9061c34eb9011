"""Tool-bar button that shows the profile and opens a menu to choose another."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QToolButton, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, Profile
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.words.kernels import listed

_HEAD = "Profile"
_ARROW = 8


def meaning_of(profile: Profile) -> str:
    """One line on a profile: its kernel, what is new in it, and whether it kills early or late by default."""
    early = profile.sysctl[SYSCTL_EARLY_KILL]
    when = "at once (early kill)" if early else "when they touch it (late kill)"
    held = f", held to recordings of {profile.release}" if profile.release else ""
    return f"{profile.title}{held}: {profile.news}. Users of a broken page are killed {when} unless told otherwise"


class ProfileButton(QToolButton):
    """Shows label and value in the style of the counters; a click opens the menu."""

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self.profile = ""  # name of the profile shown
        self._size: QSize | None = None  # in the present text size
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus with the map

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._size = None
        self.updateGeometry()
        self.update()

    def set_profile(self, profile: Profile, modelled: str = "") -> None:
        """Show the profile of the current machine; `modelled` says that the machine runs another kernel."""
        self.profile = profile.name
        self.update()
        self.setAccessibleName(f"{_HEAD}: {profile.title}")
        self.setAccessibleDescription(modelled)
        self.setToolTip(
            f"Which kernel's memory_failure() runs here\n{meaning_of(profile)}.\n"
            + (f"{modelled}.\n" if modelled else "")
            + "Another one boots the same machine again."
        )

    def _fonts(self) -> tuple[QFont, QFont]:
        return look.font(look.CAPTION), look.font(look.TITLE, QFont.Weight.DemiBold)

    def sizeHint(self) -> QSize:
        if self._size is None:
            small, large = map(QFontMetrics, self._fonts())
            values = max(large.horizontalAdvance(listed(name)) for name in PROFILES)
            width = max(small.horizontalAdvance(_HEAD), values + look.px(_ARROW) + look.TIGHT)
            height = small.height() + large.height() + look.HAIR
            self._size = QSize(width + 2 * look.SMALL, height + look.TIGHT)
        return self._size

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # the frame: the button itself has neither text nor icon
        frame = QPainter(self)
        small, large = self._fonts()
        room = self.rect().adjusted(look.SMALL, look.HAIR, -look.SMALL, -look.HAIR)
        right = Qt.AlignmentFlag.AlignRight
        frame.setFont(small)
        frame.setPen(QColor(self._theme.muted))
        frame.drawText(room, right | Qt.AlignmentFlag.AlignTop, _HEAD)
        frame.setFont(large)
        frame.setPen(QColor(self._theme.text if self.isEnabled() else look.disabled_of(self._theme)))
        values = room.adjusted(0, 0, -look.px(_ARROW) - look.TIGHT, 0)
        frame.drawText(values, right | Qt.AlignmentFlag.AlignBottom, listed(self.profile))
        self._paint_arrow(frame, room, QFontMetrics(large).height())

    def _paint_arrow(self, painter: QPainter, room: QRect, line: int) -> None:
        middle = room.bottom() - line / 2 + 1
        side = look.px(_ARROW)
        left = room.right() - side + 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.muted))
        high = 0.6 * side
        points = [QPointF(0, 0), QPointF(side, 0), QPointF(side / 2, high)]
        painter.translate(left, middle - 0.4 * high)
        painter.drawPolygon(QPolygonF(points))
