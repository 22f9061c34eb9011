"""The pictures of a film: the stage, posed for each shot."""

from __future__ import annotations

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
from hwpoison_gui.gui.stage.window import StageWindow
from hwpoison_gui.opening import Opened

_SAMPLES: Final = 12  # pictures from which the palette of a film is made


class FilmStage(QObject):
    """A stage that nobody sees, of `size` pixels, with a session that nobody else uses."""

    def __init__(self, opened: Opened, appearance: Appearance, size: QSize, moving: bool = True) -> None:
        super().__init__()
        self.controller = Controller(opened, self)
        self._present = Present(self.controller, appearance.theme, self)
        self._present.show_machine()
        self._above = QWidget()
        self.stage = StageWindow(self.controller, self._present, appearance, self._above)
        # Of exactly the size that is wanted, however small: no window manager is asked.
        cast("QLayout", self.stage.layout()).setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.stage.resize(size)
        self.stage.show()
        QApplication.processEvents()
        self.stage.pose_for_film(moving)

    def show(self, shot: Shot) -> None:
        """Shows a shot."""
        self.stage.pose(shot.position, shot.toward, shot.flown, shot.phase, title=shot.title)

    def picture(self, shot: Shot) -> U8:
        """Pixels of a shot, shape (height, width, 3)."""
        self.show(shot)
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
        """Ends it."""
        self.stage.close()
        self._above.deleteLater()


def pixels_of(image: QImage) -> U8:
    """The pixels of an image in 32-bit RGB; shape (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(rows[:, : image.width(), 2::-1])
