"""A dock panel: a title bar with its name and its present subject, and content that is created lazily."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QHelpEvent, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QTabBar, QToolButton, QToolTip, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.view.base.palette import DARK, Theme

# Tips: what each panel shows, and how it is used.
TIPS: Final = {
    "rmap": "From the frame over its mapping (an anon_vma, or a file) to the VMAs and tasks that may use it.\n"
    "Each line is a page-table entry. A click on a task selects it, a click on a group expands it.",
    "why": "The handler as an outline: its decisions, and the branches taken and not taken.\n"
    "A click on a line goes to its step.",
    "states": "The kernel’s table of page states against this page’s flags: the first row that matches decides.",
    "frame": "Everything known about the selected frame: flags, counts, and every page-table entry that maps it.",
    "log": "The kernel’s messages, as in dmesg. A double click goes to the step that printed the line.",
    "notebook": "Your notes on timeline positions (N). A click goes to one.",
    "records": "Real errors in time, from kernel logs, traces and databases.\n"
    "The frame of the chosen record is selected; below, what Linux logged and what the model predicts.",
    "tasks": "Every process: early or late kill, and what it does with SIGBUS.\n"
    "A double click on either changes it; a right click lets a task access a page.",
    "pages": "Every frame as a row: the map as text that can be sorted and copied.",
    "vmas": "The VMAs of all processes, and how much of each is in memory.",
    "assess": "What an error in each frame would do, early and late, by kind of page, process, file, zone or node.\n"
    "A click on a number finds its frames on the map, a second click ends the search.",
    "fault": "What happens if a row, bank or DIMM fails, early and late, and what soft offline beforehand would save.\n"
    "It follows the selected frame; or type a part, as row:of:0x2416.",
    "charts": "Damage, mappings, the cost of the walk, found frames and recorded errors as charts.\n"
    "A click on a value finds its frames on the map. Keys: arrows move a cursor (up and down from bar to bar), "
    "Enter acts, Shift with arrows marks a range, + and − zoom, 0 shows all.",
    "snapshot": "What changed from this machine to a second snapshot: poison, kinds of page, flags, and who maps what."
    "\nA row finds its frames on the map; Enter or a double click goes to the first.",
    "files": "Files with pages in memory: how many, how many dirty, and who maps them.",
    "kernels": "Frames in which an error has another outcome under another kernel, and the differences that decide it."
    "\nA row finds its frames on the map; Enter or a double click goes to the first.",
}

_FOLD: Final = 16  # side of the button that collapses a panel
_UNBOUNDED: Final = (1 << 24) - 1  # Qt's QWIDGETSIZE_MAX
_MOST_READABLE: Final = 0.5  # share of the height that the window has besides its strips, for content that needs height
_MOST_LEAST: Final = 100  # pixels: all panels in a low window together have room
_LEAST: Final = 84  # height of a table with controls in its title bar: panels keep their size when tables are created


class TabTips(QObject):
    """Shows the title, which may be elided, and the tip of a panel on its tab."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not (event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and isinstance(watched, QTabBar)):
            return super().eventFilter(watched, event)
        title = watched.tabText(watched.tabAt(event.pos()))
        docks = watched.window().findChildren(Dock)
        tip = next((f"{title}\n{d.head.tip}" for d in docks if d.windowTitle() == title), "")
        QToolTip.showText(event.globalPos(), plain(tip), watched)
        return True


class DockHead(QWidget):
    """Title bar: name on the left, subject beside it. Dragging it moves the panel; a floating one can be closed."""

    closeWanted = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = QLabel(title, self)
        self.subject = ElidedLabel(self)
        for label in (self.name, self.subject):
            label.setTextFormat(Qt.TextFormat.PlainText)
            # The dock is dragged by this widget: the labels must not receive the mouse.
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.MEDIUM, look.TIGHT, look.MEDIUM, look.TIGHT)
        row.setSpacing(look.SMALL)
        row.addWidget(self.name)
        row.addWidget(self.subject, 1)
        self.fold = QToolButton(self)
        self.fold.setObjectName("fold")
        self.fold.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # there is a key for it
        row.addWidget(self.fold)
        self.row = row
        self._close: QToolButton | None = None
        self.tip = ""
        self.show_collapsed(False)

    def show_collapsed(self, on: bool) -> None:
        """Show whether the content of the panel is collapsed."""
        self.fold.setArrowType(Qt.ArrowType.UpArrow if on else Qt.ArrowType.DownArrow)
        self.fold.setToolTip(f"{'Show' if on else 'Collapse'} this panel and those beside it")
        self.fold.setAccessibleName(f"{'Show' if on else 'Collapse'} {self.name.text()}")

    def show_floating(self, on: bool) -> None:
        """Show a button that closes the panel while it floats: no window manager gives this title bar one."""
        if on and self._close is None:
            self._close = QToolButton(self)
            self._close.setObjectName("fold")
            self._close.setText("✕")
            self._close.setFixedSize(self.fold.size())
            self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._close.setToolTip("Close this panel; View > Panels shows it again")
            self._close.setAccessibleName(f"Close {self.name.text()}")
            self._close.clicked.connect(self.closeWanted)
            self.row.addWidget(self._close)
        if self._close is not None:
            self._close.setVisible(on)

    def set_theme(self, theme: Theme) -> None:
        self.name.setFont(look.font(look.BODY, QFont.Weight.DemiBold))
        self.subject.setFont(look.font(look.CAPTION))
        look.ink(self.subject, theme.muted)
        for button in filter(None, (self.fold, self._close)):
            button.setFixedSize(look.px(_FOLD), look.px(_FOLD))


class _Unmade(QWidget):
    """Placeholder for content that is not created yet; reports its first paint, which is when it becomes visible."""

    def __init__(self, parent: QWidget, seen: Callable[[], None]) -> None:
        super().__init__(parent)
        self._seen: Callable[[], None] | None = seen

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(look.px(_LEAST), _MOST_LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._seen is not None:
            seen, self._seen = self._seen, None
            seen()


class Dock(QDockWidget):
    """A panel that can be moved, floated and closed. `make` creates its content on first use."""

    seen = Signal()  # visible for the first time, without content yet
    collapseWanted = Signal()

    def __init__(
        self, name: str, title: str, make: Callable[[Dock], QWidget], parent: QWidget, theme: Theme = DARK
    ) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self._make = make
        self.made: QWidget | None = None
        self.in_front = False  # neither hidden nor behind another tab
        self.collapsed = False  # only the title bar is shown
        self.size_before = QSize()  # size at which it was collapsed
        self.readable = 0  # height that its content needs, at 100 % text; 0: any
        self.visibilityChanged.connect(self._visibility_changed)
        self.head = DockHead(title, self)
        self.head.tip = TIPS.get(name, "")
        self.head.setToolTip(self.head.tip)
        self.head.fold.clicked.connect(self.collapseWanted)
        self.head.closeWanted.connect(self.close)
        self.topLevelChanged.connect(self.head.show_floating)
        self.setTitleBarWidget(self.head)
        self._unmade: QWidget | None = _Unmade(self, self.seen.emit)
        self._nothing: QWidget | None = None  # in place of the content while it is collapsed
        self._put(self._unmade)
        self.set_theme(theme)

    def take(self, content: QWidget) -> None:
        """Give content its place and style before it is filled: lines are wrapped, and columns measured, once."""
        content.setGeometry(self.widget().geometry())
        content.ensurePolished()

    def content(self) -> QWidget:
        """The content, created now if it was not needed before."""
        if self.made is None:
            self.made = self._make(self)
            self._put(self.made)
            if self._unmade is not None:
                self._unmade.deleteLater()
                self._unmade = None
        return self.made

    def least_height(self, window: QWidget) -> int:
        """Height in which its content can be read, as far as the window has it."""
        strips = sum(strip.height() for strip in window.findChildren(Strip) if strip.isVisible())
        return min(look.px(self.readable), round((window.height() - strips) * _MOST_READABLE))

    def ask_for_room(self) -> None:
        """Make the panel in front as high as its content needs, at the cost of the map."""
        window = self.parent()
        if not isinstance(window, QMainWindow) or self.isFloating() or self.collapsed or not self.in_front:
            return
        needed = self.least_height(window)
        if self.height() < needed:
            window.resizeDocks([self], [needed], Qt.Orientation.Vertical)

    def set_collapsed(self, on: bool) -> None:
        """Show only the title bar, or the content again."""
        self.collapsed = on
        self._show_content()
        self.setMaximumHeight(self.head.sizeHint().height() if on else _UNBOUNDED)
        self.head.show_collapsed(on)

    def _visibility_changed(self, visible: bool) -> None:
        self.in_front = visible

    def _put(self, content: QWidget) -> None:
        content.setWhatsThis(self.head.tip)
        heard = content.focusProxy() or content
        if not heard.accessibleDescription():  # painted panels describe what they show
            heard.setAccessibleDescription(self.head.tip)
        self._show_content()

    def _show_content(self) -> None:
        content = self.made or self._unmade
        assert content is not None
        shown = content
        if self.collapsed:
            content.hide()
            shown = self._nothing = self._nothing or QWidget(self)
        elif self._nothing is not None:
            self._nothing.hide()
        self.setWidget(shown)
        shown.show()

    def set_theme(self, theme: Theme) -> None:
        self.head.set_theme(theme)
        if self.collapsed:
            self.set_collapsed(True)

    def set_news(self, lines: int) -> None:
        """Show beside the name, on the tab too, how many lines came while the panel was not seen."""
        name = self.head.name.text()
        title = f"{name}  ({lines:,} new)" if lines else name
        if self.windowTitle() != title:
            self.setWindowTitle(title)

    def set_subject(self, text: str) -> None:
        """Show in the title bar what the panel is about."""
        if self.head.subject.text() != text:
            self.head.subject.setText(text)
            tip = f"{self.head.name.text()}: {text}\n{self.head.tip}" if text else self.head.tip
            self.head.setToolTip(plain(tip))

    def add_tool(self, tool: QWidget) -> None:
        """Add a control at the right of the title bar."""
        self.head.row.insertWidget(self.head.row.indexOf(self.head.fold), tool)


class Strip(QDockWidget):
    """A fixed panel without a title bar."""

    def __init__(self, name: str, content: QWidget, parent: QWidget, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget(self))
        self.setWidget(content)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.suit()

    def suit(self) -> None:
        """Adapt the height to the content."""
        self.setFixedHeight(self.widget().sizeHint().height())
