"""For who has thirty seconds: a page that is ready to be broken, what comes of it, and the question that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.base.palette import Theme

if TYPE_CHECKING:  # made once the page is seen
    from hwpoison_gui.gui.start.scene import Scene

HEAD: Final = "What does Linux do when memory breaks?"
SHARED: Final = "Four processes share one page of memory. Two bits in it flip, and the hardware cannot repair them."
BREAK: Final = "&Break this page"
_WORDS: Final = 330  # width of the words beside the scene, at 100 % text
_LARGEST: Final = 1.9  # text of the scene, relative to the window's
_FOR_SCALE: Final = (640, 230)  # size of a scene whose text is as large as the window's, at 100 % text


class Hook(QWidget):
    """It grows over the whole page while the scene plays. Without a scene yet, its place is empty."""

    grown = Signal(bool)
    lateWanted = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self._large = False
        self._wanted = False  # the button was pressed before there was a scene
        self.head, self.text, self.after = QLabel(HEAD, self), QLabel(SHARED, self), QLabel("", self)
        for label in (self.head, self.text, self.after):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.break_, self.late = QPushButton(BREAK, self), QPushButton("What if &late?", self)
        self.again, self.back = QPushButton("&Again", self), QPushButton("Back to the lessons  Esc", self)
        self.break_.clicked.connect(self.play)
        self.again.clicked.connect(self.play)
        self.late.clicked.connect(self.lateWanted)
        self.back.clicked.connect(self.shrink)
        self.late.setToolTip("Compares early kill with late kill, side by side")
        self._place()
        self.set_theme(theme)
        self._show_buttons()

    def _place(self) -> None:
        self._buttons = QHBoxLayout()
        for button in (self.break_, self.late, self.again, self.back):
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        self._words = QWidget(self)
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(look.SMALL)
        for label in (self.head, self.text, self.after):
            words.addWidget(label)
        words.addSpacing(look.TIGHT)
        words.addLayout(self._buttons)
        words.addStretch(1)
        self._stand = QWidget(self)  # where the scene is
        self._stand.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        QHBoxLayout(self._stand).setContentsMargins(0, 0, 0, 0)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(look.LARGE)
        self._box.addWidget(self._words)
        self._box.addWidget(self._stand, 1)

    def set_theme(self, theme: Theme) -> None:
        """Apply colours and text size."""
        self.head.setFont(look.font(look.SENTENCE, QFont.Weight.DemiBold))
        look.ink(self.head, theme.text)
        for label in (self.text, self.after):
            look.ink(label, theme.text)
        bold = look.font(look.TITLE, QFont.Weight.DemiBold)
        for button in (self.break_, self.late):
            button.setFont(bold)
            button.setStyleSheet(
                f"QPushButton {{ background: {theme.poison}; color: {theme.poison_ink};"
                f" border: 2px solid {theme.poison}; border-radius: 5px; padding: {look.SMALL}px {look.LARGE}px; }}"
                f"QPushButton:focus {{ border-color: {theme.accent}; }}"
            )
        self.late.ensurePolished()
        for button in (self.again, self.back):
            button.setFont(look.font())
            button.setMinimumHeight(self.late.sizeHint().height())  # nothing moves when that takes its place
        if self.scene is not None:
            self.scene.set_theme(theme)
        self.fit()

    # -- the scene

    def set_scene(self, scene: Scene) -> None:
        """Show the scene, once it is built."""
        self.scene = scene
        layout = self._stand.layout()
        assert layout is not None
        layout.addWidget(scene)
        scene.told.connect(self._tell)
        scene.ended.connect(self._ended)
        scene.fired.connect(self.play)
        self.fit()
        if self._wanted:
            self.play()

    def play(self) -> None:
        """Break the page, large."""
        self._wanted = self.scene is None
        if self.scene is None:
            return
        self.after.clear()
        self._set_large(True)
        self.scene.play()
        self._show_buttons()

    def settle(self) -> None:
        """Finish all animations at once."""
        if self.scene is not None:
            self.scene.finish()
        self._set_large(False)
        self._show_buttons()

    def shrink(self) -> None:
        """Back to the page; the scene shows the end."""
        self.settle()
        (self.late if self.late.isVisibleTo(self) else self.break_).setFocus()

    @property
    def is_large(self) -> bool:
        return self._large

    def _tell(self, text: str) -> None:
        self.text.setText(text)

    def _ended(self) -> None:
        scene = self.scene
        if scene is None:
            return
        self.text.setText(scene.verdict)
        self.after.setText(scene.deaths)
        self.late.setAccessibleDescription(
            f"{scene.verdict} {scene.deaths} Compares with late kill."
        )  # it gets the focus
        self._show_buttons()
        if self._large:
            self.late.setFocus()

    def _set_large(self, large: bool) -> None:
        if large != self._large:
            self._large = large
            self.grown.emit(large)
            self.fit()

    def _show_buttons(self) -> None:
        over = self.scene is not None and self.scene.over
        shown = {self.back: self._large, self.late: over, self.again: over, self.break_: not over and not self._large}
        focus = next((button for button, wanted in shown.items() if button.hasFocus() and not wanted), None)
        for button in (button for button, wanted in shown.items() if wanted):
            button.show()
        self.after.setVisible(over or self._large)
        if focus is not None:  # a button that is hidden must not choose who has the focus next
            next(button for button, wanted in shown.items() if wanted).setFocus()
        for button, wanted in shown.items():
            button.setVisible(wanted)

    # -- the room there is

    def fit(self) -> None:
        """Words beside the scene, or, while it is large, above it."""
        beside = QBoxLayout.Direction.LeftToRight
        self._box.setDirection(QBoxLayout.Direction.TopToBottom if self._large else beside)
        room = self.width() - look.px(_WORDS) - look.LARGE
        shown = self._large or room >= look.px(_FOR_SCALE[0]) * 0.6
        self._stand.setVisible(shown)
        tight = self.window().height() < look.px(look.TIGHT_WINDOW)
        self.text.setVisible(self._large or not tight)
        self.head.setVisible(not (self._large and tight))
        self._words.setFixedWidth(self.width() if self._large or not shown else look.px(_WORDS))
        font = look.font(look.HEADLINE if self._large else look.TITLE)
        for label in (self.text, self.after):
            label.setFont(font)
        # What is said has room for two lines: nothing moves when another sentence comes.
        self.text.setMinimumHeight(2 * QFontMetrics(font).lineSpacing() if self._large else 0)
        if self.scene is None:
            return
        width, height = (self.width() if self._large else room), self.height() * (0.75 if self._large else 1.0)
        scale = min(width / look.px(_FOR_SCALE[0]), height / look.px(_FOR_SCALE[1]), _LARGEST)
        self.scene.rmap.set_scale(max(0.85, scale))

    def height_needed(self) -> int:
        """Pixels that the words take, while the page is not large."""
        layout = self._words.layout()
        return layout.totalHeightForWidth(self._words.width()) if layout is not None else 0

    def resizeEvent(self, event: object) -> None:
        self.fit()
