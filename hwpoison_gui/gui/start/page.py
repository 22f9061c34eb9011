"""The start page: the hook at the top, the lessons below it, and beside them the other ways in.

It covers a window below its menu bar. Its first picture needs no machine: lessons come from what was kept, and the
scene of the hook and the pictures follow when the window is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QGridLayout, QLabel, QMainWindow, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.start.cards import LessonList
from hwpoison_gui.gui.start.ready_page import Hook
from hwpoison_gui.gui.start.ways import Way, WayList
from hwpoison_gui.view.base.palette import Theme

_BESIDE: Final = 680  # width from which the ways are beside the lessons, at 100 % text
_HOOK: Final = 0.3  # share of the height
_LEAST_HOOK: Final = 170  # at 100 % text
_MOST_HOOK: Final = 330
_WAYS: Final = 270  # width of the ways, at 100 % text
HINT: Final = (
    "Click or Enter opens a lesson in the window, F5 presents it full screen. Esc goes on to the desktop machine."
)
_ANY: Final = 16777215  # QWIDGETSIZE_MAX
_ARROWS: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)


class StartPage(QWidget):
    """Covers `window`. It asks for what is to be opened, and is left with Esc."""

    left = Signal()
    openWanted = Signal(Path)
    presentWanted = Signal(Path)
    keptChanged = Signal(bool)  # argument: whether it is shown at each start

    def __init__(self, window: QMainWindow, theme: Theme, kept: bool) -> None:
        super().__init__(window)
        self._window = window
        self._bar = 0  # pixels left free for a menu bar that is still to come
        self.setAutoFillBackground(True)
        self.setAccessibleName("Start page")
        self.hook = Hook(self, theme)
        self.lessons, self.ways = LessonList(self, theme), WayList(self, theme)
        self.lessons_head, self.ways_head = QLabel("Lessons", self), QLabel("Other ways in", self)
        self.hint = QLabel(HINT, self)
        self.hint.setWordWrap(True)
        self.kept = QCheckBox("&Show this page at every start", self)
        self.kept.setChecked(kept)
        self.grid = QGridLayout(self)
        self.lessons.openWanted.connect(self.openWanted)
        self.lessons.presentWanted.connect(self.presentWanted)
        self.kept.toggled.connect(self.keptChanged)
        self.hook.grown.connect(lambda _: self._arrange())
        self.set_theme(theme)
        self.follow_window(True)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and text size."""
        ground = self.palette()
        ground.setColor(QPalette.ColorRole.Window, QColor(theme.window))
        self.setPalette(ground)
        for head in (self.lessons_head, self.ways_head):
            head.setFont(look.font(look.TITLE, QFont.Weight.DemiBold))
            look.ink(head, theme.text)
        for small in (self.hint, self.kept):
            small.setFont(look.font(look.CAPTION))
        look.ink(self.hint, theme.muted)
        for part in (self.hook, self.lessons, self.ways):
            part.set_theme(theme)
        self._arrange()

    def set_ways(self, ways: Sequence[Way]) -> None:
        """List the other ways in; the first one is the way past the page."""
        self.ways.set_ways(ways)

    # -- the room there is

    def follow_window(self, on: bool) -> None:
        """Follow the window in size, above all its parts, or stop: these are added by the hundred."""
        if on:
            self._window.installEventFilter(self)
            self.raise_()
            self._cover()
        else:
            self._window.removeEventFilter(self)

    def follow_menu(self, menu: QWidget) -> None:
        """The window has its menu bar now: the page stays below it, however high it is."""
        menu.installEventFilter(self)
        self._cover()

    def _cover(self) -> None:
        """Cover the window below its menu bar; where that is not made yet, its place stays free."""
        menu = self._window.menuWidget()
        top = menu.height() if menu is not None and menu.isVisible() else 0
        self._bar = 0 if top else QFontMetrics(look.font()).height() + 2 * look.TIGHT + 1
        place = QRect(0, top, self._window.width(), self._window.height() - top)
        if place != self.geometry():
            self.setGeometry(place)

    def _arrange(self) -> None:
        """Place the parts; the hook alone while it is large."""
        grid, large, beside = self.grid, self.hook.is_large, self.width() >= look.px(_BESIDE)
        tight = self.height() < look.px(look.TIGHT_WINDOW)
        margin = look.SMALL if tight else look.LARGE
        grid.setContentsMargins(margin + look.SMALL, self._bar + margin, margin + look.SMALL, look.SMALL)
        grid.setHorizontalSpacing(look.LARGE)
        grid.setVerticalSpacing(look.TIGHT)
        others = (self.lessons_head, self.lessons, self.ways_head, self.ways, self.hint, self.kept)
        for part in (self.hook, *others):
            grid.removeWidget(part)
        for part in others:
            part.setVisible(not large)
        for row in range(8):
            grid.setRowStretch(row, 0)
        grid.addWidget(self.hook, 0, 0, 1, 2)
        if large:
            grid.setRowStretch(0, 1)
            self.hook.setMaximumHeight(_ANY)
            self.hook.setMinimumHeight(0)
            return
        height = round(min(max((self.height() - self._bar) * _HOOK, look.px(_LEAST_HOOK)), look.px(_MOST_HOOK)))
        self.hook.fit()
        self.hook.setFixedHeight(self.hook.height_needed() if tight else height)
        grid.setRowMinimumHeight(1, look.SMALL)
        grid.setColumnStretch(0, 1)
        self.ways.setFixedWidth(look.px(_WAYS)) if beside else self.ways.setMaximumWidth(_ANY)
        self.ways.setMaximumHeight(_ANY if beside else max(look.px(60), self.height() // 4))
        left = ((self.lessons_head, 2), (self.lessons, 3), (self.hint, 6))
        right = ((self.ways_head, 2), (self.ways, 3), (self.kept, 6))
        for number in range(3):
            grid.addWidget(left[number][0], left[number][1], 0)
            grid.addWidget(right[number][0], right[number][1] + (0 if beside or number == 2 else 2), 1 if beside else 0)
        grid.setRowStretch(3, 1)
        self.hint.setVisible(beside)
        self.ways_head.setVisible(not tight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._cover()
        elif event.type() == QEvent.Type.ChildPolished and self.isVisible():
            self.raise_()  # a part of the window that came later would be above it
        return super().eventFilter(watched, event)

    # -- keys

    def order(self) -> list[QWidget]:
        """Visible and enabled widgets in tab order."""
        hook = self.hook
        parts = (hook.break_, hook.late, hook.again, hook.back, self.lessons, self.ways, self.kept)
        return [part for part in parts if part.isVisibleTo(self) and part.isEnabled()]

    def focusNextPrevChild(self, forward: bool) -> bool:
        order = self.order()
        if not order:
            return False
        here = next((number for number, part in enumerate(order) if part.hasFocus()), -1 if forward else 0)
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        order[(here + (1 if forward else -1)) % len(order)].setFocus(reason)
        return True

    def take_focus(self) -> None:
        """The focus goes to the first thing that can be done."""
        self.order()[0].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, focus = event.key(), self.focusWidget()
        if key == Qt.Key.Key_Escape:
            self.hook.shrink() if self.hook.is_large else self.left.emit()
        elif key == Qt.Key.Key_F5 and not self.hook.is_large:
            self.lessons.keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focus, QAbstractButton):
            focus.click()
        elif key in _ARROWS and self.lessons.isVisible():
            self.lessons.setFocus()
        else:
            super().keyPressEvent(event)


def ways_in(
    leave: Callable[[], object],
    open_path: Callable[[Path], object],
    open_live: Callable[[], object],
    open_file: Callable[[], object],
    machines: Sequence[tuple[Path, str, str]],
    recent: Sequence[Path] = (),
) -> list[Way]:
    """The other ways in. `machines`: path, name and contents; `recent`: files that were used last, newest first."""

    def to(path: Path) -> Callable[[], object]:
        return lambda: open_path(path)

    ways = [Way("A small desktop", "256 MiB, simulated", "Esc", leave)]
    ways += [Way(name, what, "", to(path)) for path, name, what in machines]
    ways += [
        Way("This machine’s own memory", "A copy; the real memory is only read", "Ctrl+L", open_live),
        Way("Open a file…", "Session, scenario, snapshot or log", "Ctrl+O", open_file),
    ]
    if recent:
        ways.append(Way("Go on where you left off"))
        ways += [Way(path.name, str(path.parent), "", to(path)) for path in recent]
    return ways
