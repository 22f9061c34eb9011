"""The pictures of a film: the stage, posed for each shot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

import numpy as np
from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLayout, QWidget

from hwpoison_gui.export.pixels import U8, Picture
from hwpoison_gui.export.shots import Shot
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.export.still import as_image
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.stage.motion import between
from hwpoison_gui.gui.stage.window import StageWindow
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.view.story.stage_text import frame_kept

_SAMPLES: Final = 12  # pictures from which the palette of a film is made


class PosedStage(StageWindow):
    """A stage without animations: each frame of the film sets what it shows."""

    def take_the_clock(self, moving: bool) -> None:
        """End what moves by itself."""
        self.motion.stop()
        self.map.set_motion(False)  # its pulse depends on the clock
        self.rmap.set_motion(moving)
        self.card.hint.hide()

    def pose(self, shot: Shot) -> None:
        """Show the machine at the shot's position, the camera on its flight, and the walk on its way."""
        c = self._controller
        self._stop = bisect_right(self._stops, shot.position) - 1
        c.selection.select(frame_kept(c.session, shot.toward))
        c.seek(shot.position)
        c.work.finish()
        self._show()
        self.card.setVisible(shot.title)
        self._start, self._end = self._camera_at(shot.position), self._camera_at(shot.toward)
        self.map.view.look(between(self._start, self._end, shot.flown))
        self.rmap.set_phase(shot.phase)


class FilmStage(QObject):
    """An invisible stage of `size` pixels, with a session of its own."""

    def __init__(self, opened: Opened, appearance: Appearance, size: QSize, moving: bool = True) -> None:
        super().__init__()
        self.controller = Controller(opened, self)
        self._present = Present(self.controller, appearance.theme, self)
        self._present.show_machine()
        self._above = QWidget()
        self.stage = PosedStage(self.controller, self._present, appearance, self._above)
        # Of exactly the size that is wanted, however small: no window manager is asked.
        cast("QLayout", self.stage.layout()).setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.stage.setMinimumSize(0, 0)
        self.stage.resize(size)
        self.stage.show()
        QApplication.processEvents()
        self.stage.take_the_clock(moving)

    def picture(self, shot: Shot) -> U8:
        """Pixels of a shot, shape (height, width, 3)."""
        self.stage.pose(shot)
        return pixels_of(as_image(self.stage))

    def pictures(self, shots: Iterable[Shot]) -> Iterator[Picture]:
        """All of them, in order."""
        for shot in shots:
            yield Picture(self.picture(shot), shot.ms)

    def samples(self, shots: Sequence[Shot]) -> Iterator[U8]:
        """A few, spread over the film."""
        for shot in shots[:: max(1, len(shots) // _SAMPLES)]:
            yield self.picture(shot)

    def close(self) -> None:
        """End it."""
        self.stage.close()
        self._above.deleteLater()


def pixels_of(image: QImage) -> U8:
    """The pixels of an image in 32-bit RGB; shape (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(rows[:, : image.width(), 2::-1])
