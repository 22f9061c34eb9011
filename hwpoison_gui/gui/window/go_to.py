"""The Go to dialog: selects a frame by number, or by the name of a page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window.messages import show_error
from hwpoison_gui.session.errors import ScenarioError


class GoTo:
    """Selects frames and moves the map to them."""

    def __init__(self, above: QWidget, frame_map: FrameMapWidget, controller: Controller) -> None:
        self._above, self._map, self._controller = above, frame_map, controller

    def ask(self) -> None:
        """Opens the dialog."""
        dialog = QInputDialog(self._above)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Go to a frame")
        dialog.setLabelText("Frame number (0x4d93), or a page by name (nginx:heap+3, /usr/bin/vim@0):")
        dialog.textValueSelected.connect(self.go)
        dialog.resize(look.px(480), dialog.sizeHint().height())
        dialog.open()

    def go(self, text: str) -> None:
        """Goes to the frame of that number or name, or shows an error."""
        try:
            pfn = self.frame_of(text)
        except ScenarioError as error:
            show_error(self._above, "No such frame", error.message)
        else:
            self.show(pfn)

    def frame_of(self, text: str) -> int:
        """The frame of a number or name. Raises ScenarioError if there is none."""
        session, text = self._controller.session, text.strip()
        number = text.lower().removeprefix("pfn:").removeprefix("0x")
        pfn = int(number, 16) if number and set(number) <= set("0123456789abcdef") else session.resolve_frame(text)
        if not 0 <= pfn < session.machine.frames:
            last = session.machine.frames - 1
            raise ScenarioError(f"{pfn:#x}: this machine has frames 0 to {last:#x}.")
        return pfn

    def show(self, pfn: int) -> None:
        """Selects a frame and moves the map to it."""
        self._controller.selection.select(pfn)
        self._map.select(pfn, reveal=True)
        self._map.setFocus()
