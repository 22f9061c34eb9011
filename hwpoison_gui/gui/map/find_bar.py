"""The search bar below the map. Frames that the filter does not find are faded on the map."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.widgets.word_list import WordList
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.filter.expression import FilterError
from hwpoison_gui.view.filter.suggestions import EXAMPLES
from hwpoison_gui.view.words.words import counted

_PAUSE_MS: Final = 120  # pause after a key press before the expression is applied
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
outcome:lost  kind:free    a class of a lens
The arrow down lists what may be written, Tab takes the first of it.
Enter goes to the next match, Shift+Enter to the one before."""


class FindBar(QWidget):
    """The filter expression, the number of matches or an error, and buttons; hidden until opened."""

    textWanted = Signal(str)
    stepWanted = Signal(bool)  # True: next match, False: previous match
    closed = Signal()

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
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
        self._icon = QLabel(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.field.textEdited.connect(lambda _: self._pause.start())
        self.words = WordList(self.field, self._look)
        self.buttons = {
            "previous-match": self._button("The match before  (Shift+F3)", False),
            "next-match": self._button("The next match  (F3)", True),
            "close": self._button("End the search  (Esc)", None),
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(look.SMALL, look.TIGHT, look.TIGHT, look.TIGHT)
        row.setSpacing(look.TIGHT)
        for widget, share in ((self._icon, 0), (self.field, 5), (self.told, 4)):
            row.addWidget(widget, share)
        for button in self.buttons.values():
            row.addWidget(button)
        self.set_theme(theme)
        self.hide()

    def _button(self, tip: str, forward: bool | None) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition("  ")[0])
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
        self.closed.emit()

    def set_text(self, text: str) -> None:
        """Set the expression and apply it at once."""
        self.field.setText(text)
        self._look()

    def _look(self) -> None:
        self._pause.stop()
        self.textWanted.emit(self.field.text())

    def _step(self, forward: bool) -> None:
        if self._pause.isActive():
            self._look()
        self.stepWanted.emit(forward)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._step(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
            if event.key() == Qt.Key.Key_Down:
                self._suggest()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_search()
                return True
        return super().eventFilter(watched, event)

    # -- the result

    def show_found(self, frames: int | None, taken_for: str = "") -> None:
        """Show the number of frames found; None: there is no filter. `taken_for`: what a number was taken for."""
        self._underline(0, 0)
        found = f"{counted(frames, 'frame')}, {amount(frames * FRAME_SIZE)}" if frames else "no frame"
        words = taken_for if taken_for and frames else f"{found}: {taken_for}" if taken_for else found
        self._say("" if frames is None else words, "muted" if frames else "warn")
        for name in ("previous-match", "next-match"):
            self.buttons[name].setEnabled(bool(frames))

    def show_error(self, error: FilterError) -> None:
        """Show an error of the expression, and underline the part concerned."""
        self._underline(error.at, error.length)
        self._say(error.message, "warn")
        for name in ("previous-match", "next-match"):
            self.buttons[name].setEnabled(False)

    def _say(self, text: str, tone: str) -> None:
        self.told.setText(text)
        look.ink(self.told, getattr(self._theme, tone))

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
        self._icon.setPixmap(icons.pixmap("find", theme.muted, look.px(look.SMALL_ICON), self.devicePixelRatioF()))
        for name, button in self.buttons.items():
            button.setIcon(icons.icon(name, theme.text, look.disabled_of(theme)))
