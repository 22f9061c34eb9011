"""Selects the order of the frames on the map and the row width; both are stored."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QToolTip, QWidget

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.layout import widest
from hwpoison_gui.view.map.layouts import BY_ZONE, DRAM, ROWS
from hwpoison_gui.view.words.words import counted

WITH_ROWS: Final = (ROWS, BY_ZONE)
WIDTHS: Final = (64, 128, 256, 512, 1024, 2048)  # in the menu; others are entered in a dialog


class LayoutControl(QObject):
    """Changes the layout of `frame_map`, and the geometry of DRAM; the map has taken what is stored already."""

    said = Signal(str)  # why a geometry is not used

    def __init__(self, frame_map: FrameMapWidget, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._map, self._settings, self._window = frame_map, settings, parent

    @property
    def is_own(self) -> bool:
        """Whether the row width is none of the menu's."""
        return self._map.row_width is not None and self._map.row_width not in WIDTHS

    def choose(self, name: str) -> None:
        """Select an order of the frames; the row width stays."""
        self.arrange(name, self._map.row_width)

    def choose_geometry(self, name: str) -> None:
        """Select the geometry of DRAM, by its name or file, and arrange the frames by it."""
        self._map.set_dram_geometry(name)
        self._settings.keep(keys.DRAM_GEOMETRY, name)
        if self._map.layout_name != DRAM:
            self.choose(DRAM)
        self.report_geometry()

    def report_geometry(self) -> None:
        """Say why the chosen geometry is not used, if the frames are arranged by it."""
        if self._map.layout_name == DRAM and self._map.plane is not None and (why := self._map.dram_geometry_trouble()):
            self.said.emit(f"{why}. The made-up geometry is used.")

    def ask_geometry(self) -> None:
        """Ask for a file with a geometry."""
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getOpenFileName(
            self._window, "A geometry of DRAM", self._map.dram_geometry_name, "Geometries (*.toml);;All files (*)"
        )
        if name:
            self.choose_geometry(name)

    def set_width(self, width: int | None) -> None:
        """Set the frames per row; None: as suits the window. A layout without rows is replaced by rows."""
        name = self._map.layout_name
        self.arrange(name if name in WITH_ROWS else ROWS, width)

    def change_width(self, factor: float, by: int) -> None:
        """Change the row width and show it in a tip."""
        width = min(max(1, int(self._width() * factor) + by), self._most())
        self.set_width(width)
        view = self._map.view.viewport()
        corner = view.mapToGlobal(QPoint(round(self._map.view.item.edge), 0))
        QToolTip.showText(corner, f"{counted(width, 'frame')} per row: {amount(width * FRAME_SIZE)}", view)

    def arrange(self, name: str, width: int | None) -> None:
        """Set order and row width."""
        self._map.set_layout(name, width)
        self._settings.keep(keys.LAYOUT, name)
        self._settings.keep(keys.ROW_WIDTH, width or 0)

    def ask_width(self) -> None:
        """Ask for a width; the map follows while the user types."""
        from PySide6.QtWidgets import QInputDialog

        before = self._map.layout_name, self._map.row_width
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setWindowTitle("Frames per row")
        dialog.setLabelText(f"How many frames per row of the map, 1 to {self._most():,}? 512 are 2 MiB.")
        dialog.setIntRange(1, self._most())
        dialog.setIntValue(self._width())
        dialog.intValueChanged.connect(self.set_width)
        dialog.accepted.connect(lambda: self.set_width(dialog.intValue()))
        dialog.rejected.connect(lambda: self.arrange(*before))
        dialog.open()

    def _width(self) -> int:
        """The present row width, or the last one if the layout has no rows."""
        plane = self._map.plane
        if plane is not None and self._map.layout_name in WITH_ROWS:
            return plane.layout.width
        return self._map.row_width or WIDTHS[2]

    def _most(self) -> int:
        plane = self._map.plane
        return widest(plane.frames) if plane is not None else WIDTHS[-1]
