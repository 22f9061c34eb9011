"""The map of a machine that is still being read, over the map of the one that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.view.map.layouts import BY_ZONE

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.opening.first_frames import Picture

_WORDS: Final = "This machine is being read. The panels still show the one that is open."


class FirstPicture(QObject):
    """Covers the map with a picture that no key or click reaches: its frames cannot be looked into yet."""

    def __init__(self, frame_map: FrameMapWidget) -> None:
        super().__init__(frame_map)
        self._map = frame_map
        self._over: QWidget | None = None
        self._words: QLabel | None = None

    @property
    def shown(self) -> QWidget | None:
        """The picture, if there is one."""
        return self._over

    @property
    def wanted(self) -> bool:
        """Whether the map shows its frames by what is known of them early: lenses that need a sheet wait for it."""
        plane = self._map.plane
        return plane is not None and plane.lens.code_of is not None

    def show(self, picture: Picture) -> None:
        """Paint the frames as the map will, at once."""
        below, plane = self._map, picture.plane
        if below.plane is None or not below.isVisible():
            return
        plane.set_lens(below.plane.lens)
        over = FrameMapWidget(below, below.view.item.theme)
        over.setFont(below.font())
        over.view.item.set_theme(below.view.item.theme, below.font())
        over.setEnabled(False)  # takes clicks, and does nothing: those below it would break a frame that is not seen
        below.view.installEventFilter(self)
        over.setAccessibleName("Map of a machine that is being read")
        over.setGeometry(below.rect())
        over.set_dram_geometry(below.dram_geometry_name)
        over.set_layout(below.layout_name, below.row_width)
        starts = picture.zone_starts() if below.layout_name == BY_ZONE else (0,)
        over.set_source(plane.flags, plane.refcount, plane.mapcount, starts, plane)
        over.show()
        over.view.viewport().repaint()
        self._over = over
        self._say(below)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep keys from the map below."""
        return event.type() == QEvent.Type.KeyPress

    def _say(self, below: FrameMapWidget) -> None:
        """Say over the picture that it alone is of the new machine."""
        words = self._words = QLabel(_WORDS, below)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setFont(look.font())
        words.setAutoFillBackground(True)
        words.setMargin(look.TIGHT)
        words.setWordWrap(True)
        width = min(below.width(), words.fontMetrics().horizontalAdvance(_WORDS) + 4 * look.TIGHT)
        words.resize(width, words.heightForWidth(width))
        words.move(0, below.height() - words.height())
        words.show()

    def remove(self) -> None:
        """Show the map again."""
        self._map.view.removeEventFilter(self)
        for part in (self._over, self._words):
            if part is not None:
                part.hide()
                part.deleteLater()
        self._over = self._words = None
