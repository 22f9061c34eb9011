"""The order of the frames on the map and how many are in a row, as the user wants them; both are remembered."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QToolTip, QWidget

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.kernel.mark import counted
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.layout import widest

ROWS: Final = "rows"
WITH_ROWS: Final = (ROWS, "zones")
WIDTHS: Final = (64, 128, 256, 512, 1024, 2048)  # in the menu; any other is asked for


class LayoutControl(QObject):
    """Changes the layout of `frame_map`."""

    def __init__(self, frame_map: FrameMapWidget, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._map, self._settings, self._window = frame_map, settings, parent
        frame_map.set_layout(settings.get(keys.LAYOUT), settings.get(keys.ROW_WIDTH) or None)

    @property
    def is_own(self) -> bool:
        """Whether the user wants a width that the menu does not name."""
        return self._map.row_width is not None and self._map.row_width not in WIDTHS

    def choose(self, name: str) -> None:
        """Another order of the frames; rows stay as long as they are."""
        self.arrange(name, self._map.row_width)

    def set_width(self, width: int | None) -> None:
        """So many frames a row; None: as many as suit the window. On a curve there are no rows: it becomes rows."""
        name = self._map.layout_name
        self.arrange(name if name in WITH_ROWS else ROWS, width)

    def change_width(self, factor: float, by: int) -> None:
        """Longer rows, or shorter ones."""
        width = min(max(1, int(self._width() * factor) + by), self._most())
        self.set_width(width)
        view = self._map.view.viewport()
        corner = view.mapToGlobal(QPoint(round(self._map.view.item.edge), 0))
        QToolTip.showText(corner, f"{counted(width, 'frame')} a row: {amount(width * FRAME_SIZE)}", view)

    def arrange(self, name: str, width: int | None) -> None:
        """Both at once."""
        self._map.set_layout(name, width)
        self._settings.keep(keys.LAYOUT, name)
        self._settings.keep(keys.ROW_WIDTH, width or 0)

    def ask_width(self) -> None:
        """Asks for a width; the map shows it while it is chosen."""
        before = self._map.layout_name, self._map.row_width
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setWindowTitle("Frames a row")
        dialog.setLabelText(f"How many frames are a row of the map, 1 to {self._most():,}? 512 are 2 MiB.")
        dialog.setIntRange(1, self._most())
        dialog.setIntValue(self._width())
        dialog.intValueChanged.connect(self.set_width)
        dialog.accepted.connect(lambda: self.set_width(dialog.intValue()))
        dialog.rejected.connect(lambda: self.arrange(*before))
        dialog.open()

    def _width(self) -> int:
        """The present one, or where there are no rows the last one."""
        plane = self._map.plane
        if plane is not None and self._map.layout_name in WITH_ROWS:
            return plane.layout.width
        return self._map.row_width or WIDTHS[2]

    def _most(self) -> int:
        plane = self._map.plane
        return widest(plane.frames) if plane is not None else WIDTHS[-1]
