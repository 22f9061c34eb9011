"""The page of keys: those of the map and the shortcuts of commands, by menu."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from PySide6.QtGui import QKeySequence

from hwpoison_gui.gui.window.actions import Actions

_ON_THE_MAP: Final = (
    ("Click", "Break the frame"),
    ("Right click", "Select the frame and open its menu"),
    ("Ctrl or Shift and click", "Mark one more frame, or all from the selected one on; a drag marks a rectangle"),
    ("Arrows", "Move the selection, 16 at a time with Ctrl; Shift marks, as does Ctrl+Space; Esc forgets the marks"),
    ("Enter", "Break the selected frame"),
    ("W A S D", "Move; the wheel zooms, a drag pans"),
)
_IN_CHARTS: Final = (
    ("Left, Right", "Move the cursor to the next value: a part of a bar, a point or a bin"),
    ("Up, Down", "In bars, move the cursor to the same part of the next bar; Page Up and Page Down: ten bars"),
    ("Home, End", "Move the cursor to the first or the last value"),
    ("Enter, Space", "Find the frames of the value, or go to its step or record"),
    ("Shift and arrows", "Mark a range of mapcount or refcount, and find its frames"),
    ("+ and −, 0", "Zoom the axis around the cursor; show all of it"),
)
_IN_EVERY_PANEL: Final = (
    ("Ctrl+C", "Copy what is selected, or all of the panel, as text; also in its context menu"),
    ("Shift+F10", "Open the context menu"),
    ("Ctrl+Home, Ctrl+End", "Go to the first or the last row; Home and End alone go to the first or the last step"),
    ("Ctrl+Shift+Up, Ctrl+Shift+Down", "Sort a table by the column of the current cell"),
)


def key_list(actions: Actions) -> str:
    """An HTML table of keys and their meanings."""
    groups: dict[str, list[tuple[str, str]]] = {"On the map": list(_ON_THE_MAP)}
    for name, command in actions.commands.items():
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in actions[name].shortcuts())
        if keys:
            groups.setdefault(command.titles[0], []).append((keys, command.tip))
    groups["In charts"] = list(_IN_CHARTS)
    groups["In every panel"] = list(_IN_EVERY_PANEL)
    return f"<table cellpadding='3'>{''.join(map(_group, groups, groups.values()))}</table>"


def _group(head: str, rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td><b>{escape(keys)}</b></td><td>{escape(what)}</td></tr>" for keys, what in rows)
    return f"<tr><td colspan='2'><br><big><b>{escape(head)}</b></big></td></tr>{cells}"
