"""Exports a comparison: to the clipboard, or to a file as Markdown, CSV, text or picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QToolButton, QWidget

from hwpoison_gui import atomic_file
from hwpoison_gui.export.comparison import FORMATS, Comparison, as_markdown
from hwpoison_gui.gui.look.plain import plain_labels

_KINDS: Final = {
    "Markdown (*.md)": ".md", "Comma-separated values (*.csv)": ".csv", "Text (*.txt)": ".txt",
    "Picture (*.png)": ".png",
}  # fmt: skip


class ExportButton(QToolButton):
    """A button with a menu; `compared` and `picture` give what is exported, as it is listed now."""

    def __init__(self, parent: QWidget, compared: Callable[[], Comparison], picture: Callable[[], QPixmap]) -> None:
        super().__init__(parent)
        self._compared, self._picture = compared, picture
        self.setObjectName("boxed")
        self.setText("Export")
        self.setToolTip("Copies the list or saves it: Markdown, CSV, text, or a picture")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.addAction("&Copy as Markdown", self.copy)
        menu.addAction("&Save as…", self.save)
        self.setMenu(menu)

    def copy(self) -> None:
        QApplication.clipboard().setText(as_markdown(self._compared()))

    def save(self) -> None:
        """Asks for a file; its suffix decides on the format."""
        kinds = ";;".join(_KINDS)
        name, kind = QFileDialog.getSaveFileName(self, "Save the comparison", "comparison.md", kinds)
        if name:
            path = Path(name)
            self.save_as(path if path.suffix.lower() in _KINDS.values() else Path(name + _KINDS.get(kind, ".md")))

    def save_as(self, path: Path) -> None:
        """Writes a file."""
        try:
            if path.suffix.lower() == ".png":
                atomic_file.write(path, self._as_png())
            else:
                atomic_file.write(path, FORMATS[path.suffix.lower()](self._compared()).encode())
        except OSError as error:
            head = "The comparison cannot be saved"
            box = QMessageBox(QMessageBox.Icon.Warning, "hwpoison-gui", head, QMessageBox.StandardButton.Ok, self)
            box.setInformativeText(f"{path}: {error.strerror or error}")
            plain_labels(box)
            box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            box.open()

    def _as_png(self) -> bytes:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._picture().save(buffer, "png")
        return bytes(buffer.data().data())
