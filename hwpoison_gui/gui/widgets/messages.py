"""Message boxes, and dialogs with a page of text; their classes are imported when one is shown."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels

_WIDTH: Final = 620  # width of a page, at 100 % text
_TALLEST: Final = 520


def show_error(above: QWidget, head: str, text: str) -> None:
    """Show an error: what failed, and why."""
    from PySide6.QtWidgets import QMessageBox

    box = QMessageBox(QMessageBox.Icon.Warning, "hwpoison-gui", head, QMessageBox.StandardButton.Ok, above)
    box.setInformativeText(text)
    plain_labels(box)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def show_page(above: QWidget, title: str, content: str) -> None:
    """Show a page of HTML that can be scrolled and copied."""
    from PySide6.QtGui import QTextDocument
    from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout

    dialog = QDialog(above)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    text = QTextBrowser(dialog)
    text.setAccessibleName(title)
    text.setFont(look.font())
    text.document().setDocumentMargin(look.LARGE)
    text.setHtml(content)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    box = QVBoxLayout(dialog)
    box.addWidget(text)
    box.addWidget(buttons)
    margins, page = box.contentsMargins(), text.document().clone(dialog)
    assert isinstance(page, QTextDocument)
    page.setTextWidth(look.px(_WIDTH) - 2 * margins.left() - 2 * look.LARGE)
    around = margins.top() + margins.bottom() + buttons.sizeHint().height() + box.spacing() + 2 * text.frameWidth()
    tall = (page.size().height() + around) / look.scale()
    fitting.resize_dialog(dialog, _WIDTH, min(tall, _TALLEST))
    dialog.open()
