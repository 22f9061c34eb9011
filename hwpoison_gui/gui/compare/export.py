"""Exports a comparison: to the clipboard, or to a file as Markdown, CSV, text or picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QToolButton, QWidget

from hwpoison_gui import atomic_file
from hwpoison_gui.export.comparison import FORMATS, Comparison, as_markdown
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.widgets.picture import encoded

_KINDS: Final = {
    "Markdown (*.md)": ".md", "Comma-separated values (*.csv)": ".csv", "Text (*.txt)": ".txt",
    "Picture (*.png)": ".png",
}  # fmt: skip


class ExportButton(QToolButton):
    """A button with a menu; `compared` and `picture` give what is exported, as it is listed now."""

    saved = Signal(str)  # the path of a file that is written

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
        """Ask for a file; its suffix decides on the format."""
        kinds = ";;".join(_KINDS)
        name, kind = QFileDialog.getSaveFileName(self, "Save the comparison", "comparison.md", kinds)
        if name:
            path = Path(name)
            self.save_as(path if path.suffix.lower() in _KINDS.values() else Path(name + _KINDS.get(kind, ".md")))

    def save_as(self, path: Path) -> None:
        """Write a file."""
        try:
            atomic_file.write(path, self._content(path.suffix.lower()))
        except OSError as error:
            show_error(self, "The comparison cannot be saved", f"{path}: {error.strerror or error}")
            return
        self.saved.emit(str(path))

    def _content(self, suffix: str) -> bytes:
        if suffix != ".png":
            return FORMATS[suffix](self._compared()).encode()
        data = encoded(self._picture())
        assert data is not None, "Qt always writes PNG"
        return data
