"""The search bar below the map. Frames that the filter does not find are faded on the map."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QInputMethodEvent, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.enabling import enable
from hwpoison_gui.gui.widgets.word_list import WordList
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.filter.expression import FilterError
from hwpoison_gui.view.filter.suggestions import EXAMPLES
from hwpoison_gui.view.words.words import counted

_PAUSE_MS: Final = 120  # pause after a key press before the expression is applied
_LEAST_ERROR: Final = 420  # width of an error shown in full, at 100 % text
_EXAMPLES: Final = "lru,~dirty    0x1000+512    nginx:heap    /usr/lib/*    outcome:lost"
_HELP: Final = """What to look for; terms with spaces between them must all hold.
lru,dirty        any of these flags
lru,~dirty       LRU and not DIRTY
=anon,lru        exactly these flags
4096  0x1000+512  0x1000,0x2000    frames by number, or a physical address
Memory failure: 0x1000: …    the frame of a line of a log, as it was pasted
nginx  pid:144  "Web Content"    what a process has mapped
nginx:heap  144:libc*  nginx:heap+3    one VMA of it, or one page of that
/srv/data  lib*  what is cached of files
node:0  zone:dma32    where it lies
outcome:lost  kind:free  late    a class of a lens, or its name in the legend
mapcount>=14  refcount!=mapcount+1  index<16  order=0,9  rss>10M    numbers: =, !=, <, <=, >, >=
The arrow down lists what may be written, Tab takes the first of it.
Enter goes to the next match, Shift+Enter to the one before.
What was found stays until it is asked again: by Enter, which then goes on from there, or the button.
Esc goes back to the map; the bar stays while a filter is on. The cross at its end ends it."""


class FindBar(QWidget):
    """The filter expression, the number of matches or an error, and buttons; on show while frames fade for it."""

    textWanted = Signal(str)
    againWanted = Signal()  # search again: the machine has changed since
    stepWanted = Signal(bool)  # True: next match, False: previous match
    left = Signal()  # the keyboard goes back to the map

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._is_error = False
        self.setObjectName("find")
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(_EXAMPLES)
        self.field.setToolTip(_HELP)
        self.field.setAccessibleName("Find frames")
        self.field.setAccessibleDescription(_HELP)
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.told = ElidedLabel(self)
        self.told.setAccessibleName("What was found")
        policy = self.told.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.told.setSizePolicy(policy)
        self.explained = QLabel(self.window())  # an error that does not fit beside the field, over what is below it
        self.explained.setObjectName("explained")
        self.explained.setTextFormat(Qt.TextFormat.PlainText)
        self.explained.setWordWrap(True)
        self.explained.hide()
        self.again = QToolButton(self)
        self.again.setText("Again")
        self.again.setAccessibleName("Ask again")
        self.again.setObjectName("boxed")
        self.again.setToolTip("Finds the frames for which it holds now  (Enter)")
        self.again.clicked.connect(self.againWanted)
        self.again.hide()
        self._icon = QLabel(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.field.textEdited.connect(lambda _: self._pause.start())
        self.words = WordList(self.field, self._look)
        self.words.hidden.connect(self._explain)
        self.buttons = {
            "previous-match": self._button("The match before", "Shift+F3", False),
            "next-match": self._button("The next match", "F3", True),
            "close": self._button("End the search; Esc goes back to the map, and what was found stays on it", "", None),
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(look.SMALL, look.TIGHT, look.TIGHT, look.TIGHT)
        row.setSpacing(look.TIGHT)
        for widget, share in ((self._icon, 0), (self.field, 5), (self.told, 4)):
            row.addWidget(widget, share)
        for button in (self.again, *self.buttons.values()):
            row.addWidget(button)
        self.set_theme(theme)
        self.hide()

    def _button(self, name: str, keys: str, forward: bool | None) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(f"{name}  ({keys})" if keys else name)
        button.setAccessibleName(name)
        if forward is None:
            button.clicked.connect(self.close_search)
        else:
            button.clicked.connect(lambda: self._step(forward))
        return button

    # -- the expression

    def open_search(self) -> None:
        """Show the bar with its text selected, or with examples if it is empty."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        QTimer.singleShot(0, self, self._show_examples)  # after the bar has been laid out

    def _suggest(self) -> None:
        if self.field.text():
            self.words.look_up()
        else:
            self._show_examples()

    def _show_examples(self) -> None:
        if not self.field.text():
            self.words.show_words(list(EXAMPLES), 0)

    def close_search(self) -> None:
        """Hide the bar and remove the filter."""
        self.set_text("")
        self.hide()
        self.left.emit()

    def leave(self) -> None:
        """Give the keyboard back; hide the bar unless it says why frames are faded."""
        if self._pause.isActive():
            self._look()
        self.setVisible(bool(self.field.text().strip()) and not self._is_error)
        self.left.emit()

    def set_text(self, text: str) -> None:
        """Set the expression and apply it at once."""
        self.field.setText(text)
        self._look()

    def look_for(self, text: str) -> None:
        """Show the bar with an expression, or nothing for an empty one; the focus stays where it is."""
        if text:
            self.show()
            self.set_text(text)
        elif self.field.text():
            self.set_text("")
            self.hide()

    def _look(self) -> None:
        self._pause.stop()
        self._is_error = False
        self._explain()
        self.textWanted.emit(self.field.text())

    def _step(self, forward: bool) -> None:
        if self._pause.isActive():
            self._look()
        self.stepWanted.emit(forward)

    def _enter(self, forward: bool) -> None:
        self.words.hide()  # the answer has its place
        if not self.again.isHidden() and not self._pause.isActive():
            self.againWanted.emit()
        self._step(forward)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._explain()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            QTimer.singleShot(0, self, self._explain)
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._enter(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
            if event.key() == Qt.Key.Key_Down:
                self._suggest()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    # -- the result

    def show_found(self, frames: int | None, taken_for: str = "", found_at: str = "", is_old: bool = False) -> None:
        """Show the number of frames found; None: there is no filter.

        `taken_for`: what a number was taken for; `found_at`: at which step; `is_old`: the machine has moved since.
        """
        self._underline(0, 0)
        self.again.setVisible(frames is not None and is_old)
        parts = (counted(frames, "frame"), found_at, amount(frames * FRAME_SIZE)) if frames else ("no frame", found_at)
        found = " · ".join(part for part in parts if part)
        words = taken_for if taken_for and frames else f"{found}: {taken_for}" if taken_for else found
        self._is_error = False
        self._say("" if frames is None else words, "muted" if frames else "warn")
        missing = "" if frames else "There is no filter." if frames is None else "No frame matches."
        for name in ("previous-match", "next-match"):
            enable(self.buttons[name], missing)

    def show_error(self, error: FilterError) -> None:
        """Show an error of the expression, and underline the part concerned."""
        self._underline(error.at, error.length)
        self.again.hide()
        self._is_error = True
        self._say(error.message, "warn")
        for name in ("previous-match", "next-match"):
            enable(self.buttons[name], "The filter cannot be read.")

    def _say(self, text: str, tone: str) -> None:
        self.told.setText(text)
        look.ink(self.told, getattr(self._theme, tone))
        QTimer.singleShot(0, self, self._explain)  # after the layout has given the words their place

    def _explain(self) -> None:
        """Show an error in full below the field, and there alone, while that has the focus and no suggestions are.

        Only an error for which there is no room beside the field.
        """
        is_asked = self.isVisible() and self.field.hasFocus() and not self.words.isVisible()
        wanted = self._is_error and self.told.is_cut and is_asked
        if wanted:
            window, corner = self.window(), self.field.mapTo(self.window(), QPoint(0, self.field.height() + look.HAIR))
            self.explained.setParent(window)
            self.explained.setText(self.told.text())
            room = window.width() - corner.x() - look.SMALL
            width = min(room, max(self.width() - look.LARGE, look.px(_LEAST_ERROR)))
            self.explained.setGeometry(corner.x(), corner.y(), width, self.explained.heightForWidth(width))
            self.explained.raise_()
        self.explained.setVisible(wanted)
        self.told.setVisible(not wanted)

    def _underline(self, at: int, length: int) -> None:
        """Underline a part of the expression like a spelling error."""
        shape = QTextCharFormat()
        shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        shape.setUnderlineColor(QColor(self._theme.warn))
        attribute = QInputMethodEvent.Attribute(
            QInputMethodEvent.AttributeType.TextFormat, at - self.field.cursorPosition(), length, shape
        )
        QApplication.sendEvent(self.field, QInputMethodEvent("", [attribute] if length else []))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(f"#find {{ background: {theme.window}; border-top: 1px solid {theme.line}; }}")
        self.words.set_theme(theme)
        self.field.setFont(look.mono(look.CAPTION))
        self.told.setFont(look.font(look.CAPTION))
        self.again.setFont(look.font(look.CAPTION))
        self.explained.setFont(look.font(look.CAPTION))
        look.ink(self.explained, theme.warn)
        self.explained.setStyleSheet(
            f"#explained {{ background: {theme.raised}; border: 1px solid {theme.warn}; color: {theme.warn};"
            f" padding: {look.TIGHT}px {look.SMALL}px; }}"
        )
        self._icon.setPixmap(icons.pixmap("find", theme.muted, look.px(look.SMALL_ICON), self.devicePixelRatioF()))
        for name, button in self.buttons.items():
            button.setIcon(icons.icon(name, theme.text, look.disabled_of(theme)))
