"""The Go to dialog, which takes a text for a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.view.base.frame_number import TakenFrame
from hwpoison_gui.view.base.palette import Theme

_FORMS: Final = (
    "A frame number (0x4d93, or decimal 19859), a physical address, a line of the kernel log, "
    "or a page by name (nginx:heap+3, /usr/bin/vim@0):"
)


class GoToDialog(QDialog):
    """Says what the text is taken for while it is typed; stays open while it names no frame."""

    def __init__(
        self, above: QWidget, taken: Callable[[str], TakenFrame], go: Callable[[int], None], theme: Theme
    ) -> None:
        super().__init__(above)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Go to a frame")
        self._taken, self._go, self._theme = taken, go, theme
        forms = QLabel(_FORMS, self)
        forms.setTextFormat(Qt.TextFormat.PlainText)
        forms.setWordWrap(True)
        self.line = QLineEdit(self)
        self.line.setAccessibleName("Frame")
        self.line.setAccessibleDescription(_FORMS)
        self.answer = QLabel(self)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setWordWrap(True)
        self.answer.setAccessibleName("What the text is taken for")
        self.answer.setMinimumHeight(2 * self.answer.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(self)
        self.ok = buttons.addButton("Go to it", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        for part in (forms, self.line, self.answer, buttons):
            box.addWidget(part)
        self.line.textChanged.connect(self._say)
        fitting.resize_dialog(self, 520, self.sizeHint().height() / look.scale())

    def _say(self, text: str) -> TakenFrame | None:
        found, words = None, ""
        try:
            found = self._taken(text) if text.strip() else None
            words = found.words if found is not None else ""
        except ScenarioError as error:
            words = error.message
        self.answer.setText(words[:1].upper() + words[1:])
        look.ink(self.answer, self._theme.warn if words and found is None else self._theme.muted)
        return found

    def accept(self) -> None:
        """Go to the frame; without one, the dialog says so and stays."""
        found = self._say(self.line.text())
        if found is None:
            self.line.setFocus()
            self.line.selectAll()
            return
        super().accept()
        self._go(found.pfn)
