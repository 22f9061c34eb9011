"""The dialog for a note on the present step, and for the speaker notes, stop, title and summary edited beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QTextCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain_labels

_WIDE: Final = 460  # pixels, at 100 % text
_LINES: Final = 3  # lines of the fields below the note
_APART_NAME: Final = "apart"
# Label and accessible name of the text.
_CAPTION: Final = "Ca&ption: what the stage shows with this operation", "Caption"
_NOTE: Final = "N&ote, after the caption of the operation", "Note"
_AT_START: Final = "N&ote", "Note"
APART: Final = "A note of its own on &this step, after the caption"
STOPS: Final = "&Stop after this operation when presenting"


class Told(NamedTuple):
    """Speaker notes and stop of an operation. `number` counts from 1; `kept` is called with each change."""

    number: int
    notes: str
    stops: bool
    kept: Callable[[str, bool], object]


class Titled(NamedTuple):
    """Title and summary of the story; `kept` takes a change."""

    title: str
    summary: str
    kept: Callable[[str, str], object]


class _KeepsByEnter(QObject):
    """Enter starts a new line; Ctrl+Enter accepts the dialog."""

    def __init__(self, dialog: QInputDialog) -> None:
        super().__init__(dialog)
        self._dialog = dialog

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._dialog.accept()
                return True
        return False


def note_dialog(
    above: QWidget, title: str, about: str, text: str, told: Told | Titled | None, caption: str = ""
) -> QInputDialog:
    """The dialog with the note `text`. The fields for `told` are stored at once, while the user types.

    `caption`: the note of the operation, if that is on another of its steps. The dialog changes this one, unless its
    box is checked (`is_apart`).
    """
    dialog = QInputDialog(above)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
    dialog.setWindowTitle(title)
    dialog.setLabelText(about)
    dialog.setTextValue(text)
    for label in dialog.findChildren(QLabel):
        label.setWordWrap(True)  # a long sentence would make the dialog wider than a small screen
    keeps, box = _KeepsByEnter(dialog), dialog.layout()
    (edit,) = dialog.findChildren(QPlainTextEdit)
    edit.setTabChangesFocus(True)
    edit.installEventFilter(keeps)
    head = _label("", edit, dialog)
    _name(head, edit, _CAPTION if isinstance(told, Told) else _AT_START)
    if isinstance(box, QVBoxLayout):
        box.insertWidget(box.indexOf(edit), head)
    if isinstance(box, QVBoxLayout) and told is not None:
        fields = _of_operation(told, dialog) if isinstance(told, Told) else _of_story(told, dialog)
        if caption:
            apart = _apart(caption, dialog)
            apart.toggled.connect(lambda on: _name(head, edit, _NOTE if on else _CAPTION))
            fields.insert(0, apart)
        for field in fields:
            box.insertWidget(box.count() - 1, field)
            field.installEventFilter(keeps)
    plain_labels(dialog)
    fitting.resize_dialog(dialog, _WIDE, dialog.sizeHint().height() / look.scale())
    return dialog


def go_to_end(dialog: QWidget) -> None:
    """Put the cursor after the text. Qt selects the text, so that the next key would replace it."""
    for edit in dialog.findChildren(QPlainTextEdit):
        edit.moveCursor(QTextCursor.MoveOperation.End)


def is_apart(dialog: QWidget) -> bool:
    """Return whether the text is to be a note of its own, beside the one of its operation."""
    box = dialog.findChild(QCheckBox, _APART_NAME)
    return isinstance(box, QCheckBox) and box.isChecked()


def _name(head: QLabel, edit: QWidget, names: tuple[str, str]) -> None:
    """Label the text: as the caption of an operation, or as a note on a single step."""
    label, accessible = names
    head.setText(label)
    edit.setAccessibleName(accessible)


def _apart(caption: str, dialog: QInputDialog) -> QCheckBox:
    box = QCheckBox(APART, dialog)
    box.setObjectName(_APART_NAME)

    def change(apart: bool) -> None:
        if dialog.textValue() == ("" if not apart else caption):
            dialog.setTextValue("" if apart else caption)

    box.toggled.connect(change)
    return box


def _of_operation(told: Told, dialog: QWidget) -> list[QWidget]:
    notes = _field("Speaker notes", told.notes, dialog)
    stops = QCheckBox(STOPS, dialog)
    stops.setChecked(told.stops)

    def keep() -> None:
        told.kept(notes.toPlainText(), stops.isChecked())

    notes.textChanged.connect(keep)
    stops.toggled.connect(keep)
    head = _label(f"Speaker &notes for operation {told.number}: only the speaker’s window shows them", notes, dialog)
    return [head, notes, stops]


def _of_story(told: Titled, dialog: QWidget) -> list[QWidget]:
    title, summary = QLineEdit(told.title, dialog), _field("Summary of the story", told.summary, dialog)
    title.setAccessibleName("Title of the story")

    def keep() -> None:
        told.kept(title.text(), summary.toPlainText())

    title.textChanged.connect(keep)
    summary.textChanged.connect(keep)
    return [_label("&Title of the story, as the stage begins with it", title, dialog), title,
            _label("Its s&ummary, in one sentence", summary, dialog), summary]  # fmt: skip


def _field(name: str, text: str, dialog: QWidget) -> QTextEdit:
    """A text of some lines."""
    edit = QTextEdit(dialog)
    edit.setObjectName("field")
    edit.setAcceptRichText(False)
    edit.setPlainText(text)
    edit.setTabChangesFocus(True)
    edit.setAccessibleName(name)
    edit.setFixedHeight(QFontMetrics(edit.font()).lineSpacing() * _LINES + look.LARGE)
    return edit


def _label(text: str, buddy: QWidget, dialog: QWidget) -> QLabel:
    label = QLabel(text, dialog)
    label.setBuddy(buddy)
    label.setWordWrap(True)
    return label
