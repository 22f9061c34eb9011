"""The parts of the stage, composed for the back row: their places, and text that follows the height of the screen."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QMouseEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.stage.board import Board, fit, words
from hwpoison_gui.gui.stage.colour_key import ColourKey
from hwpoison_gui.gui.stage.keys import HELP
from hwpoison_gui.gui.stage.overlays import Blank, Card, Spotlight, StopLine
from hwpoison_gui.gui.toolbar.sysctl_slider import DETAILS, SysctlSlider
from hwpoison_gui.kernel.profile.type import Sysctl
from hwpoison_gui.view.base.palette import Theme

_STILL_MS: Final = 2000  # an idle pointer is hidden after this
_ROWS: Final = 34  # lines of ordinary text that would fit the height
_SIZES: Final = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4)
_CAPTION_LINES: Final = 3
_BOARD: Final = 8.6  # height of the board in lines of ordinary text; longer texts get a smaller font
_MARKS: Final = 1.3  # scale of the marks on the map, relative to the text: a single frame must be easy to find
_SMALL: Final = 0.85  # font size of numbers beside the map and of colour names, relative to ordinary text


class Canvas(QWidget):
    """All that is seen on the stage; what it shows is set by StageWindow."""

    def __init__(self, above: QWidget, theme: Theme, sysctls: tuple[Sysctl, ...]) -> None:
        super().__init__(above, Qt.WindowType.Window)
        self._theme = theme
        self._size = _SIZES.index(1.0)
        self._caption_font = self._log_font = self.font()
        self.caption, self.log, self.where = words(self), words(self), QLabel(self)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.map, self.rmap, self.board = FrameMapWidget(self, theme), RmapView(self, theme), Board(self)
        self.rmap.set_steady(True)
        self.rmap.empty = ""  # an audience selects no frame
        self.key = ColourKey(self, theme)
        self.progress = StopLine(self)
        self.sliders = QWidget(self)  # over the log and the foot of the board, so that the map does not move
        self.sliders.setAutoFillBackground(True)
        row = QHBoxLayout(self.sliders)
        row.setContentsMargins(0, 0, 0, 0)
        self.switches = [SysctlSlider(one, self.sliders, theme) for one in sysctls]
        for slider in self.switches:
            row.addWidget(slider)
        row.addStretch(1)
        self.sliders.hide()
        self.card, self.after, self.help = Card(self), Card(self), Card(self)
        self.blank, self.spotlight = Blank(self), Spotlight(self)
        self.after.hide()
        self.help.show_words("Keys", "\n".join(HELP), "")
        self.help.hide()
        ground = self.palette()
        ground.setColor(QPalette.ColorRole.Window, QColor(theme.ground))
        self.setPalette(ground)
        self._place()
        self._watch_pointer()

    def _watch_pointer(self) -> None:
        self.setMouseTracking(True)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_STILL_MS)
        self._resting.timeout.connect(partial(self.setCursor, Qt.CursorShape.BlankCursor))
        for watched in (self.map.view.viewport(), self.rmap.viewport(), *self.switches):
            watched.installEventFilter(self)

    def _place(self) -> None:
        grid = QGridLayout(self)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        grid.addWidget(self.caption, 0, 0, 1, 2)
        grid.addWidget(self.map, 1, 0)
        grid.addWidget(self.rmap, 1, 1)
        grid.addWidget(self.key, 2, 0, 1, 2)
        grid.addWidget(self.board, 3, 0, 1, 2)
        line = QHBoxLayout()
        line.addWidget(self.log, 1)
        line.addWidget(self.where)
        grid.addLayout(line, 4, 0, 1, 2)
        grid.addWidget(self.progress, 5, 0, 1, 2)
        grid.setRowStretch(1, 1)  # all other rows have a fixed height, so that nothing moves from stop to stop

    # -- composition

    @property
    def unit(self) -> int:
        """Height of ordinary text in pixels: a share of the screen's, the same from the back row of any room."""
        return max(8, round(self.height() / _ROWS * _SIZES[self._size]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        for overlay in (self.card, self.after, self.help, self.blank, self.spotlight):
            overlay.setGeometry(self.rect())
        self._set_fonts()

    def _suit(self) -> None:
        """Fit words and sliders to the places of the parts."""
        self._place_sliders()
        self._fit_words()

    def show_sliders(self, shown: bool) -> None:
        """Show the sysctls over the foot of the board, whose words get smaller where there are many."""
        self.sliders.setVisible(shown)
        self._place_sliders()

    def _place_sliders(self) -> None:
        board, line = self.board.geometry(), self.log.geometry()
        size = self.sliders.sizeHint()
        self.sliders.setGeometry(line.left(), line.bottom() + 1 - size.height(), size.width(), size.height())
        self.sliders.raise_()
        covered = 0 if self.sliders.isHidden() else board.bottom() + 1 - self.sliders.y()
        self.board.set_foot(max(0, covered))

    def resize_text(self, by: int) -> None:
        """Make text larger or smaller by a step."""
        self._size = min(max(self._size + by, 0), len(_SIZES) - 1)
        self._set_fonts()

    def _sized(self, share: float, bold: bool = False, mono: bool = False) -> QFont:
        font = look.mono() if mono else look.font()
        font.setPixelSize(round(self.unit * share))
        font.setBold(bold)
        return font

    def _set_fonts(self) -> None:
        unit, sized = self.unit, self._sized
        scale = unit / max(1, QFontInfo(look.font()).pixelSize())
        self._caption_font, self._log_font = sized(1.6), sized(_SMALL, mono=True)
        self.caption.setFixedHeight(QFontMetrics(self._caption_font).lineSpacing() * _CAPTION_LINES)
        self.log.setFixedHeight(QFontMetrics(self._log_font).lineSpacing())
        self.key.set_fonts(sized(_SMALL))
        self.board.set_fonts(self._sized(1.05), self._sized(1.3))
        most = min(1.0, self.height() / _ROWS / unit)  # larger text leaves map and reverse map their room
        self.board.setFixedHeight(round(unit * most * _BOARD))
        self.where.setFont(sized(_SMALL))
        self.card.set_look(self._theme, sized(2.6, bold=True), sized(1.3), unit)
        self.after.set_look(self._theme, sized(2.0, bold=True), sized(1.3), unit)
        self.help.set_look(self._theme, sized(1.6, bold=True), sized(1.1), unit)
        self.rmap.set_scale(scale * most)
        self.map.set_theme(self._theme, look.font(_SMALL * scale))
        self.map.view.item.set_mark_scale(_MARKS * scale)
        grid = self.layout()
        assert isinstance(grid, QGridLayout)
        grid.setContentsMargins(unit, unit // 2, unit, 0)
        grid.setSpacing(unit // 2)
        self._fit_sliders(scale, self.width() - 2 * unit)
        self._fit_words()
        QTimer.singleShot(0, self, self._suit)  # the layout gives the parts their places after this

    def _fit_sliders(self, scale: float, room: int) -> None:
        """As large as the other text, with as many of their words as fit beside each other."""
        for slider in self.switches:
            slider.set_scale(scale)
        gaps = self.unit * len(self.switches)
        detail = next((one for one in DETAILS if sum(slider.width_of(one) for slider in self.switches) + gaps <= room),
                      DETAILS[-1])  # fmt: skip
        for slider in self.switches:
            slider.set_detail(detail)

    def _fit_words(self) -> None:
        fit(self.caption, self._caption_font)
        fit(self.log, self._log_font)
        self.board.fit_words()

    # -- what is shown on request

    def larger(self) -> None:
        self.resize_text(1)

    def smaller(self) -> None:
        self.resize_text(-1)

    def toggle(self, overlay: QWidget) -> None:
        """Show or hide what lies over the stage."""
        overlay.setVisible(not overlay.isVisible())
        overlay.raise_()

    def toggle_sliders(self) -> None:
        self.show_sliders(self.sliders.isHidden())
        self.setFocus()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from sysctl to sysctl where they are shown, and nowhere else: other keys are the stage's."""
        if not self.sliders.isHidden():
            focused = self.focusWidget()
            order = [None, *self.switches]
            number = order.index(focused) if isinstance(focused, SysctlSlider) and focused in order else 0
            (order[(number + (1 if forward else -1)) % len(order)] or self).setFocus(Qt.FocusReason.TabFocusReason)
        return True

    # -- the pointer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._pointed(event)
        return False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed(event)

    def _pointed(self, event: QMouseEvent) -> None:
        """The pointer is shown while it moves."""
        self.unsetCursor()
        self._resting.start()
        self.spotlight.move_to(self.mapFromGlobal(event.globalPosition()))
