"""Drives the window with random events, as long as one likes: no fault, no message, and memory that does not grow.

    python tests/bench/random_events.py [FILE] [--events 50000] [--seed 1] [--looking] [--platform offscreen]

FILE is a scenario or a recording, else the default machine. A zero timer posts one event a shot, and the event is
delivered after the timer has returned: no event loop runs within another. A widget is chosen at every shot, among those
that are visible then, and no reference to it is kept; the pressed one is checked with `shiboken6.isValid` before its
release. With --looking nothing is done to the machine, so that what memory grows by is what views keep.

The actions that would read /proc or quit are hidden, and file dialogs answer at once, for they nest event loops.

Prints the resident size every 1,000 events and, from the second half, its growth per 1,000 events. The exit status is 1
after an exception in Python, 2 after a message of Qt; a fault ends the process with a stack.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import gc
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer, qInstallMessageHandler
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu, QWidget
from shiboken6 import isValid

from hwpoison_gui.gui.app import run
from hwpoison_gui.gui.map.view import FrameMapView
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened, default_machine, open_file

TARGET: Final = 0.2  # MB that resident memory may grow by per 1,000 events of mere looking
_EVERY: Final = 1000
_PAGE_MB: Final = os.sysconf("SC_PAGESIZE") / 1e6

Key = Qt.Key
_NO_KEYS = Qt.KeyboardModifier.NoModifier
_LOOKING_KEYS: Final = (
    *(Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Home, Key.Key_End, Key.Key_PageUp),
    *(Key.Key_PageDown, Key.Key_Tab, Key.Key_Backtab, Key.Key_F6, Key.Key_Plus, Key.Key_Minus, Key.Key_Escape),
    *(Key.Key_W, Key.Key_A, Key.Key_S, Key.Key_D, Key.Key_0),
)
_KEYS: Final = (
    *_LOOKING_KEYS,
    *(Key.Key_Return, Key.Key_Space, Key.Key_Backspace, Key.Key_Delete, Key.Key_Menu, Key.Key_Comma, Key.Key_Period),
    *(Key.Key_N, Key.Key_P, Key.Key_T, Key.Key_F, Key.Key_G, Key.Key_X, Key.Key_1, Key.Key_2, Key.Key_Slash),
)
_TYPED: Final = "0x1f anon dirty and not free:/"
# Commands that open another machine, or end the program.
_LEFT_ALONE: Final = {"live", "quit", "new"}
# Commands that change only what is seen.
_LOOKS: Final = ("zoom-", "width-", "fit", "look-", "overview", "theme-", "text-", "lens-", "layout-", "next-panel",
                 "previous-panel", "keys", "still", "centre", "find", "reset-docks")  # fmt: skip


class Harness(QObject):
    """Posts the events. `report` is called every 1,000 events, `ended` after the last one."""

    def __init__(self, window: MainWindow, events: int, seed: int, looking: bool) -> None:
        super().__init__()
        self._window, self._left, self._looking = window, events, looking
        self._random = random.Random(seed)
        self._pressed: tuple[QWidget, QPointF, Qt.MouseButton] | None = None
        self._hovered: QWidget | None = None
        self.sent: Counter[str] = Counter()
        self.memory: list[float] = []
        self._began = time.monotonic()
        self._kinds: dict[Callable[[], None], int] = {
            **{self._move: 40, self._press: 14, self._wheel: 10, self._key: 20, self._tip: 4, self._type: 3},
            **{self._command: 5, self._menu: 2, self._panel: 2, self._resize: 1, self._close_one: 3},
        }
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._shoot)
        self._timer.start(0)

    def _shoot(self) -> None:
        if not self._left:
            self._timer.stop()
            QApplication.exit()  # quit() would ask what becomes of unsaved work
            return
        self._left -= 1
        if self._left % _EVERY == 0:
            self._weigh()
        if self._pressed is not None:
            self._drag_or_release()
            return
        act = self._random.choices(list(self._kinds), list(self._kinds.values()))[0]
        self.sent[act.__name__.strip("_")] += 1
        act()

    def _weigh(self) -> None:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        self.memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB)
        print(
            f"{len(self.memory) * _EVERY:8,} events {self.memory[-1]:8.1f} MB {time.monotonic() - self._began:7.0f} s"
        )

    def growth(self) -> float:
        """MB per 1,000 events: the median slope between any two weighings of the second half."""
        last = self.memory[len(self.memory) // 2 :]
        slopes = [(last[b] - last[a]) / (b - a) for b in range(len(last)) for a in range(b)]
        return statistics.median(slopes) if slopes else 0.0

    # -- whom

    def _target(self) -> QWidget | None:
        """A random visible widget of the window in front: a menu before a dialog, a dialog before a window."""
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if top is None:
            tops = [one for one in QApplication.topLevelWidgets() if one.isVisible() and isinstance(one, _OURS)]
            top = self._random.choice(tops) if tops else self._window
        if isinstance(top, MainWindow) and self._random.random() < 0.3:
            return top.map.view.viewport()
        widgets = [one for one in (top, *top.findChildren(QWidget)) if isValid(one) and one.isVisible()]
        return self._random.choice(widgets) if widgets else None

    def _point(self, widget: QWidget) -> QPointF:
        return QPointF(self._random.randrange(max(1, widget.width())), self._random.randrange(max(1, widget.height())))

    def _post(self, widget: QWidget, event: QEvent) -> None:
        QCoreApplication.postEvent(widget, event)

    def _mouse(self, kind: QEvent.Type, widget: QWidget, at: QPointF, button: Any, held: Any) -> None:
        self._post(widget, QMouseEvent(kind, at, QPointF(widget.mapToGlobal(at.toPoint())), button, held, _NO_KEYS))

    # -- what

    def _move(self) -> None:
        if (widget := self._target()) is not None:
            none = Qt.MouseButton.NoButton
            self._mouse(QEvent.Type.MouseMove, widget, self._point(widget), none, none)

    def _press(self) -> None:
        widget = self._target()
        if widget is None:
            return
        left = self._random.random() < 0.75
        if self._looking and (isinstance(widget.parent(), FrameMapView) or not _only_looks(widget)):
            return
        button = Qt.MouseButton.LeftButton if left else Qt.MouseButton.RightButton
        at, twice = self._point(widget), self._random.random() < 0.1 and not self._looking
        kind = QEvent.Type.MouseButtonDblClick if twice else QEvent.Type.MouseButtonPress
        self._mouse(kind, widget, at, button, button)
        self._pressed = widget, at, button

    def _drag_or_release(self) -> None:
        assert self._pressed is not None
        widget, at, button = self._pressed
        if not isValid(widget):
            self._pressed = None
        elif self._random.random() < 0.3:
            self.sent["drag"] += 1
            self._mouse(QEvent.Type.MouseMove, widget, self._point(widget), Qt.MouseButton.NoButton, button)
        else:
            self.sent["release"] += 1
            self._pressed = None
            self._mouse(QEvent.Type.MouseButtonRelease, widget, at, button, Qt.MouseButton.NoButton)

    def _wheel(self) -> None:
        if (widget := self._target()) is not None:
            at = self._point(widget)
            turn = QPoint(0, self._random.choice((-240, -120, -60, 60, 120, 240)))
            place = QPointF(widget.mapToGlobal(at.toPoint()))
            none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
            self._post(widget, QWheelEvent(at, place, QPoint(), turn, none, _NO_KEYS, phase, False))

    def _keys_to(self, key: Qt.Key, text: str = "") -> None:
        focus = QApplication.activePopupWidget() or QApplication.focusWidget() or self._window
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            self._post(focus, QKeyEvent(kind, key, _NO_KEYS, text))

    def _key(self) -> None:
        key = self._random.choice(_LOOKING_KEYS if self._looking else _KEYS)
        self._keys_to(key, chr(key.value).lower() if key.value < 128 else "")

    def _type(self) -> None:
        if not self._looking or isinstance(QApplication.focusWidget(), QLineEdit):
            self._keys_to(Key.Key_unknown, self._random.choice(_TYPED))

    def _tip(self) -> None:
        if (widget := self._target()) is not None:
            at = self._point(widget).toPoint()
            self._post(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))

    def _menu(self) -> None:
        if (widget := self._target()) is not None and not self._looking:
            at = self._point(widget).toPoint()
            self._post(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at)))

    def _command(self) -> None:
        actions = self._window.actions_
        names = [name for name in actions.commands if name not in _LEFT_ALONE]
        if self._looking:
            names = [name for name in names if name.startswith(_LOOKS)]
        actions[self._random.choice(names)].trigger()

    def _panel(self) -> None:
        dock = self._random.choice(list(self._window.docks.values()))
        dock.setVisible(True)
        dock.raise_()

    def _resize(self) -> None:
        self._window.resize(self._random.randrange(900, 1700), self._random.randrange(600, 1100))

    def _close_one(self) -> None:
        """Closes the menu or dialog in front, so that not all of a run is spent in one."""
        popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if popup is None and self._random.random() < 0.2:
            others = [one for one in QApplication.topLevelWidgets() if one.isVisible() and isinstance(one, QDialog)]
            popup = self._random.choice(others) if others else None
        if popup is not None:
            popup.close()


_OURS: Final = (MainWindow, QDialog, QMenu)


def _only_looks(widget: QWidget) -> bool:
    """Return whether a press on a widget changes only what is seen."""
    name = type(widget).__name__
    return name in ("QTabBar", "LensButton", "LegendChip", "QHeaderView", "Overview", "DockHead")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--looking", action="store_true")
    parser.add_argument("--platform", default="offscreen")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = options.platform
    faulthandler.enable()
    faults: list[str] = []
    messages: Counter[str] = Counter()

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        faults.append(kind.__name__)
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
    no_manager = "This plugin does not support"  # the offscreen platform has no window manager
    qInstallMessageHandler(lambda kind, where, text: None if text.startswith(no_manager) else messages.update([text]))
    app = run.application()
    for name in ("getOpenFileName", "getSaveFileName"):  # they run an event loop of their own
        setattr(QFileDialog, name, staticmethod(lambda *given: ("", "")))
    opened: Opened = open_file(options.file) if options.file else default_machine()
    window = MainWindow(opened, remember=False)
    for name in ("live", "quit"):  # another machine would be measured, or none
        window.actions_[name].setVisible(False)
    window.show()
    harness = Harness(window, options.events, options.seed, options.looking)
    app.exec()
    print(", ".join(f"{name} {count:,}" for name, count in harness.sent.most_common()))
    print(f"grown by {harness.growth():.3f} MB per 1,000 events; target {TARGET} when looking")
    for text, count in messages.most_common(10):
        print(f"Qt said {count} times: {text}")
    print(f"{len(faults)} exceptions, {sum(messages.values())} messages of Qt")
    return 1 if faults else 2 if messages else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # whatever work a window still does
