"""The keys of the stage, as a table: a remote sends only PageUp, PageDown, F5, Esc and the full stop."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt

Key = Qt.Key

# Key -> name of an act of StageWindow.
KEYS: Final[dict[int, str]] = {
    Key.Key_Space: "forward",
    Key.Key_PageDown: "forward",
    Key.Key_Right: "forward",
    Key.Key_Down: "forward",
    Key.Key_PageUp: "back",
    Key.Key_Left: "back",
    Key.Key_Up: "back",
    Key.Key_Home: "first",
    Key.Key_End: "last",
    Key.Key_Period: "blank",
    Key.Key_B: "blank",
    Key.Key_Plus: "larger",
    Key.Key_Equal: "larger",
    Key.Key_Minus: "smaller",
    Key.Key_L: "spotlight",
    Key.Key_S: "sliders",
    Key.Key_N: "notes",
    Key.Key_Backspace: "resume",
    Key.Key_R: "resume",
    Key.Key_Question: "help",
    Key.Key_F1: "help",
    Key.Key_Escape: "escape",
    Key.Key_F5: "leave",
}
HELP: Final = (
    "Space, PageDown or →: next stop", "PageUp or ←: back", "Home, End: first and last stop",
    "a number and Enter: to that stop", ". or B: blank", "+ −: text", "L: spotlight", "a click on a frame breaks it",
    "S: sysctls, with Tab and Space", "R or Backspace: back to the path", "N: notes", "F5 or Esc: end",
)  # fmt: skip
