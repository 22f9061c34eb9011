"""The widget with the map of all frames.

It keeps no state of the machine: the columns are views, and the owner tells it which frames changed. How many frames
a row has is chosen for the shape of the view when a machine is opened, when the user fits the map or chooses a layout,
and when the window gets another size while all frames are in view. Otherwise rows stay as they are, whatever panels,
captions and text leave of the view: who points at a frame finds it there again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.item import NONE
from hwpoison_gui.gui.map.marks import Highlight
from hwpoison_gui.gui.map.view import FrameMapView
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.map.camera import Camera
from hwpoison_gui.view.map.layout import PATIENCE, Layout, widest
from hwpoison_gui.view.map.layouts import DRAM, LAYOUTS, ROWS
from hwpoison_gui.view.map.plane import FramePlane, suited
from hwpoison_gui.view.map.roles import Role

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.dram.geometry import Geometry

SLOWEST_FLASH: Final = 1 / 3  # minimum period of a pulse in seconds: more than three flashes per second are dangerous
_PROBES: Final = (0.5, 0.3, 0.7, 0.1, 0.9)  # positions to look for a frame, as shares of the view's width and height
_STEADY: Final = 0.6  # patience with a row length that the user has seen before
_LEAST: Final = QSize(320, 160)  # pixels; less high in a window that is low for its text size


class FrameMapWidget(QWidget):
    """Shows all frames as cells. Left click fires; right, Ctrl or Shift click selects; wheel zooms; dragging pans."""

    fired = Signal(int)  # by a click or Enter; the frame is selected as well
    selected = Signal(int)  # selected without being fired at
    markWanted = Signal(object)  # pfns, for an operation on all of them
    hovered = Signal(int)  # NONE (-1) when the pointer leaves
    contextMenuRequested = Signal(int, QPoint)
    countsChanged = Signal()
    layoutChanged = Signal()
    dramGeometryChanged = Signal()

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.view = FrameMapView(theme)
        self.view.setAccessibleName("Map of all page frames")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.view)
        self.setFocusProxy(self.view)
        self._layout = ROWS
        self._row_width: int | None = None
        self._zone_starts: tuple[int, ...] = (0,)
        self._geometry = ""  # name or file; empty: the one that is made up
        self._fitted: tuple[FramePlane | None, str, tuple[Geometry, str]] | None = None  # with its plane and name
        self._curves: dict[str, Layout] = {}  # layouts of this machine, for when the user switches back to one
        self._motion = True
        self.caption: QWidget | None = None  # above the map, in a scenario with captions
        self.cover: QWidget | None = None  # over the map, after a panic
        self._held = False
        self._choosing: tuple[float] | None = None  # patience, while the row length follows the shape of the view
        self._window_size = QSize()
        self._phase = 0.0
        self._pulse_began = -SLOWEST_FLASH
        self.view.resized.connect(self._resized)
        self.view.fitWanted.connect(self.fit_rows)
        self.view.selected.connect(self._user_selected)
        self.view.fired.connect(self._user_fired)
        self.view.marking.wanted.connect(self.markWanted)
        self.view.hovered.connect(self.hovered)
        self.view.menuRequested.connect(self.contextMenuRequested)

    # -- contents

    @property
    def plane(self) -> FramePlane | None:
        """The frames shown, with counts for the legend; None before a source is set."""
        return self.view.item.plane

    def set_source(
        self,
        flags: npt.NDArray[np.uint64],
        refcount: npt.NDArray[np.int32],
        mapcount: npt.NDArray[np.int32],
        zone_starts: Sequence[int] = (0,),
        plane: FramePlane | None = None,
    ) -> None:
        """Show the columns of a machine, fitted into the view.

        `zone_starts`: first frames of its zones, from 0. `plane`: a plane already built of the same columns, if any.
        """
        self._zone_starts = tuple(zone_starts)
        self._curves.clear()
        plane = plane or FramePlane(flags, refcount, mapcount)
        self._arrange(plane, 1.0)
        self.view.item.set_plane(plane)
        self.fit()
        self.choose_rows()
        self.countsChanged.emit()

    def frames_changed(self, pfns: npt.NDArray[np.integer] | Sequence[int] | None) -> None:
        """Read the given frames again; None: all frames."""
        plane = self.plane
        if plane is None:
            return
        if pfns is None:
            plane.refresh()
        elif len(pfns):
            plane.patch(np.asarray(pfns, np.int64))
        else:
            return
        from PySide6.QtGui import QAccessible  # its 151 constants are not needed for the first paint

        item = self.view.item
        item.update()
        if item.described != NONE or QAccessible.isActive():
            self.view.describe(item.described)
        self.countsChanged.emit()

    def lens_changed(self) -> None:
        """Repaint after a change of lens, filter or overlay."""
        self.view.item.update()
        self.countsChanged.emit()

    def set_theme(self, theme: Theme, font: QFont | None = None) -> None:
        """Use another theme, and another font if given."""
        if font is not None:
            self.setFont(font)
        self.view.item.set_theme(theme, self.font())
        self._resized()

    def set_summary(self, summary: Callable[[int], str] | None) -> None:
        """Set the function that makes the label of a frame; None: a short built-in one."""
        self.view.item.summary = summary

    # -- selection and camera

    @property
    def selection(self) -> int:
        """The selected frame, or NONE (-1)."""
        return self.view.item.selected

    def select(self, pfn: int, reveal: bool = True) -> None:
        """Select a frame without emitting a signal; NONE (-1) clears the selection."""
        item = self.view.item
        if item.plane is None or not NONE <= pfn < item.plane.frames:
            return
        if pfn != item.selected:
            item.selected = pfn
            item.update()
            if item.described == NONE:
                self.view.describe(NONE)
        if reveal and pfn != NONE:
            self.view.reveal(pfn)

    def mark(self, pfns: tuple[int, ...]) -> None:
        """Show which frames are marked."""
        self.view.item.marked = pfns
        self.view.item.update()

    def center_on(self, pfn: int) -> None:
        """Centre a frame, large enough to be distinguished from its neighbours."""
        self.view.centre(pfn)

    def fit(self) -> None:
        """Show all frames."""
        plane = self.plane
        if plane is not None:
            self.view.look(Camera(plane.layout.width, plane.layout.height, *self.view.room()).fitted())

    def fit_rows(self) -> None:
        """Show all frames, in rows of the length that suits the view best."""
        if self.plane is not None:
            self.plane.suit(*self.view.room(), patience=1.0)
            self.fit()

    def choose_rows(self, patience: float = 1.0) -> None:
        """Let the row length follow the shape of the view until that has settled, while all frames are in view."""
        self._window_size = self.window().size()
        self._choosing = chosen = (patience,)
        QTimer.singleShot(0, self, lambda: QTimer.singleShot(0, self, lambda: self._settled(chosen)))

    def _settled(self, chosen: tuple[float]) -> None:
        if self._choosing is chosen and not self._held:
            self._choosing = None

    def keep_rows(self, width: int) -> None:
        """Show all frames in rows of a length that was chosen before, unless it leaves much of the view empty."""
        if self.plane is not None and self.plane.take_width(width):
            self.choose_rows(_STEADY)
            self.fit()
            self._resized()

    @property
    def layout_name(self) -> str:
        """The layout, a key of LAYOUTS."""
        return self._layout

    @property
    def row_width(self) -> int | None:
        """The row length chosen by the user; None: chosen to suit the view."""
        return self._row_width

    def set_layout(self, name: str, row_width: int | None = None) -> None:
        """Change the layout (a key of LAYOUTS); the same frames stay in view, at the same size.

        `row_width`: frames per row, for layouts with rows; None: chosen to suit the view.
        """
        plane, camera = self.plane, self.view.camera
        again = self._row_width is not None or name == self._layout
        self._layout, self._row_width = name, row_width
        if plane is None:
            return
        keep = self.middle_frame()
        self._arrange(plane, PATIENCE if plane.layout.has_rows and not again else 1.0)
        self.view.item.fit_edge()
        self.view.forget_pointer()
        self.lens_changed()
        if camera.is_fit or keep is None:
            self.fit()
        else:
            self._show_again(keep, camera.cell)
        self.layoutChanged.emit()

    def take_settings(self, settings: Settings) -> None:
        """Arrange the frames in the order, the row width and the geometry of DRAM that are stored."""
        self.set_dram_geometry(settings.get(keys.DRAM_GEOMETRY))
        self.set_layout(settings.get(keys.LAYOUT), settings.get(keys.ROW_WIDTH) or None)

    @property
    def dram_geometry_name(self) -> str:
        """The chosen geometry of DRAM, by its name or file; empty: the one that is made up."""
        return self._geometry

    def set_dram_geometry(self, name: str) -> None:
        """Choose the geometry of DRAM, by its name or file, for the layout by geometry and for whoever asks."""
        if name == self._geometry:
            return
        self._geometry = name
        self._curves.pop(DRAM, None)
        if self._layout == DRAM:
            self.set_layout(DRAM, self._row_width)
        self.dramGeometryChanged.emit()

    def dram_geometry(self) -> Geometry:
        """The geometry for the frames shown: the chosen one, or the one that is made up if that does not fit."""
        return self._chosen_geometry()[0]

    def dram_geometry_trouble(self) -> str:
        """Why the chosen geometry is not used; empty if it is."""
        return self._chosen_geometry()[1]

    def _chosen_geometry(self, plane: FramePlane | None = None) -> tuple[Geometry, str]:
        plane, name = plane or self.plane, self._geometry
        if self._fitted is None or self._fitted[:2] != (plane, name):
            from hwpoison_gui.view.base.dram import chosen

            flags = plane.flags if plane is not None else np.zeros(1, np.uint64)
            self._fitted = plane, name, chosen(flags, name)
        return self._fitted[2]

    def _arrange(self, plane: FramePlane, patience: float) -> None:
        width = min(self._row_width or plane.layout.width, widest(plane.frames))
        make, given = LAYOUTS[self._layout], lambda: self._chosen_geometry(plane)[0]
        layout = self._curves.get(self._layout) or make(plane.frames, width, self._zone_starts, given)
        if not layout.has_rows:
            self._curves[self._layout] = layout
        room = self.view.room(self.view.item.edge_for(layout))
        if self._row_width is None:
            layout = suited(layout, *room, patience)
        plane.seen(*room, self.devicePixelRatioF())
        plane.set_layout(layout, self._row_width is not None)

    def middle_frame(self) -> int | None:
        """Return the selected frame if it is in view, otherwise a frame at or near the centre of the view."""
        item, view = self.view.item, QRectF(self.view.viewport().rect())
        if item.selected != NONE and view.contains(item.rect_of(item.selected).center()):
            return item.selected
        assert item.plane is not None
        for x, y in sorted(((x, y) for x in _PROBES for y in _PROBES), key=lambda at: _PROBES.index(at[1])):
            point = QPointF(view.width() * x, view.height() * y)
            pfn = item.plane.layout.pfn_at(*item.cell_at(point))
            if pfn is not None:
                return pfn
        return None

    def _show_again(self, pfn: int, cell: float) -> None:
        """Centre a frame at the given cell size."""
        plane = self.plane
        assert plane is not None
        x, y = plane.layout.position(pfn)
        camera = Camera(plane.layout.width, plane.layout.height, *self.view.room(), cell)
        self.view.look(camera.centred(x + 0.5, y + 0.5))

    # -- highlights

    def set_highlights(self, highlights: Sequence[tuple[npt.NDArray[np.integer] | Sequence[int], Role]]) -> None:
        """Outline frames by role; later ones are drawn on top."""
        self.view.item.highlights = [Highlight(np.asarray(pfns, np.int64), role) for pfns, role in highlights]
        self.view.item.update()

    def set_recorded(self, recorded: Sequence[tuple[npt.NDArray[np.integer] | Sequence[int], Role]]) -> None:
        """Outline frames of real errors by role, below everything else."""
        self.view.item.recorded = [Highlight(np.asarray(pfns, np.int64), role) for pfns, role in recorded]
        self.view.item.update()

    def set_pulse_phase(self, phase: float) -> None:
        """Set the phase of the target's pulse, 0 to 1. Pulses that are too fast are suppressed."""
        if not self._motion:
            return
        phase %= 1.0
        now = time.monotonic()
        if phase < self._phase:
            if now - self._pulse_began < SLOWEST_FLASH:
                return
            self._pulse_began = now
        self._phase = phase
        self.view.item.pulse = 1.0 - abs(2.0 * phase - 1.0)
        if self.view.item.highlights:
            self.view.item.update()

    def set_motion(self, on: bool) -> None:
        """Set whether the target pulses; it is outlined in any case."""
        self._motion = on
        if not on:
            self.view.item.pulse = 0.0
            self.view.item.update()

    def hold(self, on: bool) -> None:
        """While this is on, frames stay where they are whatever size the view has: others are being put beside it."""
        self._held = on
        if not on:
            if self._choosing is not None:
                self.choose_rows(*self._choosing)
            self._resized()

    # -- from the view

    def sizeHint(self) -> QSize:
        return QSize(800, 560)

    def minimumSizeHint(self) -> QSize:
        room = look.map_room(self.window())
        if self.caption is not None and self.caption.isVisible():
            room -= self.caption.minimumSizeHint().height()
        return QSize(_LEAST.width(), min(max(room, self.least_height()), _LEAST.height()))

    def least_height(self) -> int:
        """Pixels of height that the caption leaves the map; the words of a panic need more than frames."""
        covered = self.cover is not None and self.cover.isVisible()
        return _LEAST.height() if covered else look.LEAST_MAP

    def _user_selected(self, pfn: int) -> None:
        self.select(pfn, reveal=False)
        self.selected.emit(pfn)

    def _user_fired(self, pfn: int) -> None:
        self.select(pfn, reveal=False)
        self.fired.emit(pfn)

    def _resized(self) -> None:
        plane = self.plane
        if plane is None or self._held:
            return
        room = self.view.room()
        camera = self.view.camera
        selected = self._selected_in_view()
        if self.window().size() != self._window_size:
            # While no frame is selected or highlighted, the row length may change freely.
            calm = self.selection == NONE and not self.view.item.highlights
            self.choose_rows(min(1.0 if calm else PATIENCE, *(self._choosing or (1.0,))))
        plane.seen(*room, self.devicePixelRatioF())
        if self._choosing is None or not camera.is_fit or not plane.suit(*room, *self._choosing):
            self.view.look(camera.resized(*room))
            if selected != NONE:
                self.view.reveal(selected)
        else:
            self.fit()

    def _selected_in_view(self) -> int:
        """Return the selected frame if it is in view and the map is not fitted, otherwise NONE."""
        plane, camera, selected = self.plane, self.view.camera, self.selection
        if plane is None or camera.is_fit or selected == NONE:
            return NONE
        x, y = plane.layout.position(selected)
        px, py = camera.to_view(x + 0.5, y + 0.5)
        return selected if 0 <= px < camera.view_width and 0 <= py < camera.view_height else NONE
