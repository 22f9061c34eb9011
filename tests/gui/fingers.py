"""Events at places of the screen: made by Qt where there is no screen, by the X server where there is one.

`xdotool` gives the X server what a mouse and a keyboard would; the window manager and Qt find their way from there.
"""

from __future__ import annotations

import subprocess
import time
from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

Key = Qt.Key
Keys = Qt.KeyboardModifier
_NOTCH: Final = 120  # Qt's unit of a wheel's step
_ARRIVES_MS: Final = 40  # for the X server to tell Qt
_BUTTONS: Final = {Qt.MouseButton.LeftButton: "1", Qt.MouseButton.RightButton: "3"}
_HELD: Final = {Keys.ShiftModifier: "shift", Keys.ControlModifier: "ctrl", Keys.AltModifier: "alt"}
_NAMES: Final = {Key.Key_PageUp: "Prior", Key.Key_PageDown: "Next"}  # other keys are called alike
_SMALL: Final = ("Comma", "Period", "Slash", "Space")


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class QtFingers:
    """Qt's own events, given to a window and delivered by Qt."""

    def settle(self) -> None:
        QTest.qWait(0)

    def key(self, window: QWindow, key: Key, held: Keys) -> None:
        QTest.keyPress(window, key, held)
        if isValid(window):  # a menu may be gone by now
            QTest.keyRelease(window, key, held)

    def letter(self, window: QWindow, letter: str) -> None:
        QTest.keyClick(window, letter)

    def move(self, window: QWindow, at: QPoint) -> None:
        QTest.mouseMove(window, at)

    def click(self, window: QWindow, at: QPoint, button: Qt.MouseButton, held: Keys) -> None:
        QTest.mouseClick(window, button, held, at)

    def double_click(self, window: QWindow, at: QPoint) -> None:
        QTest.mouseDClick(window, Qt.MouseButton.LeftButton, Keys.NoModifier, at)

    def turn(self, window: QWindow, at: QPoint, notches: int) -> None:
        for _ in range(abs(notches)):
            QTest.wheelEvent(window, at, QPoint(0, _NOTCH if notches > 0 else -_NOTCH))


class XFingers(QtFingers):
    """The X server's: whatever lies at a place of the screen gets them."""

    _clicked = 0

    def settle(self) -> None:
        QTest.qWait(_ARRIVES_MS)

    def key(self, window: QWindow, key: Key, held: Keys) -> None:
        name = _NAMES.get(key) or key.name.removeprefix("Key_")
        name = name.lower() if len(name) == 1 or name in _SMALL else name
        self._do("key", "+".join([*(word for one, word in _HELD.items() if held & one), name]))

    def letter(self, window: QWindow, letter: str) -> None:
        self._do("type", letter)

    def move(self, window: QWindow, at: QPoint) -> None:
        place = window.mapToGlobal(at)
        self._do("mousemove", str(place.x()), str(place.y()))

    def click(self, window: QWindow, at: QPoint, button: Qt.MouseButton, held: Keys) -> None:
        QTest.qWait(
            max(0, self._clicked + QApplication.doubleClickInterval() - _now_ms())
        )  # two clicks are no double one
        self._clicked = _now_ms()
        words = [word for one, word in _HELD.items() if held & one]
        downs, ups = ([part for word in words for part in (verb, word)] for verb in ("keydown", "keyup"))
        self._do(*downs, "click", _BUTTONS[button], *ups)

    def double_click(self, window: QWindow, at: QPoint) -> None:
        self._do("click", "--repeat", "2", "--delay", "60", "1")

    def turn(self, window: QWindow, at: QPoint, notches: int) -> None:
        self._do("click", "--repeat", str(abs(notches)), "--delay", "2", "4" if notches > 0 else "5")

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, timeout=60)
        self.settle()
