"""The dialog that writes files of the kernel which hold numbers, such as the size of the pool of huge pages."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.plain import plain, plain_labels
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.facts.kernel_files import KernelFile, bits_of, reads_as, written

_FORMS: Final = "Decimal, or hexadecimal with 0x{}. What you change is one operation each; one undo takes back all."
_NAMES: Final = "; the flags also as names of flags: lru,anon"


class KernelFilesDialog(QDialog):
    """A field for each file; says what is wrong while it is typed."""

    def __init__(
        self, above: QWidget, title: str, files: list[KernelFile], controller: Controller, theme: Theme
    ) -> None:
        super().__init__(above)
        self.setWindowTitle(title)
        self._controller, self._files = controller, files
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.fields: dict[str, QLineEdit] = {}
        self.meanings: dict[str, QLabel] = {}
        for file in files:
            field = QLineEdit(file.text, self)
            field.setAccessibleName(file.name)
            field.setAccessibleDescription(file.meaning)
            bits = bits_of(file)
            field.setToolTip(plain(f"{file.meaning}\nBits: {bits}" if bits else file.meaning))
            meaning = QLabel(file.meaning, self)
            meaning.setWordWrap(True)
            look.ink(meaning, theme.muted)
            name = QLabel(file.name, self)
            name.setBuddy(field)
            form.addRow(name, field)
            form.addRow(meaning)
            self.fields[file.name], self.meanings[file.name] = field, meaning
            field.textChanged.connect(lambda _: self._look())
        self.wrong = QLabel(self)
        self.wrong.setWordWrap(True)
        self.wrong.setAccessibleName("What is wrong")
        look.ink(self.wrong, theme.warn)
        self.forms = QLabel(_FORMS.format(_NAMES if any(map(bits_of, files)) else ""), self)
        self.forms.setWordWrap(True)
        buttons = QDialogButtonBox(self)
        self.write = buttons.addButton("&Write", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._write)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.addWidget(self.forms)
        box.addLayout(form)
        box.addStretch(1)
        box.addWidget(self.wrong)
        box.addWidget(buttons)
        next(iter(self.fields.values())).selectAll()  # the first has the focus: what is typed replaces its number
        plain_labels(self)
        fitting.resize_dialog(self, 560, 140 + 48 * len(files))
        self._look()

    def _acts(self) -> list[tuple[str, dict[str, Any]]]:
        """The operations that write what was changed. Raises ValueError."""
        m = self._controller.session.machine
        asked = ((file, written(m, file, self.fields[file.name].text())) for file in self._files)
        return [(file.op, args) for file, args in asked if args is not None]

    def _look(self) -> None:
        wrong = ""
        for file in self._files:
            word = reads_as(self._controller.session.machine, file, self.fields[file.name].text())
            self.meanings[file.name].setText(f"{file.meaning}: {word}" if word else file.meaning)
        try:
            changed = bool(self._acts())
        except ValueError as error:
            wrong, changed = f"{error}.", False
        self.wrong.setText(wrong)
        self.write.setEnabled(changed)
        self.write.setToolTip("" if changed else wrong or "Nothing is changed.")

    def _write(self) -> None:
        self._controller.act_together(self._acts())
        self.accept()
