"""Enables and disables widgets: a disabled one says in its tip why."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

PANICKED: Final = "The machine has panicked: step back, or start a new one."
_TIP: Final = "tip when enabled"  # a property of the widget


def enable(widget: QWidget, missing: str) -> None:
    """Enable a widget; disable it if something is missing, which its tip then says below its own words."""
    tip = widget.property(_TIP)
    if tip is None:
        tip = widget.toolTip()
        widget.setProperty(_TIP, tip)
    widget.setEnabled(not missing)
    widget.setToolTip(f"{tip}\n{missing}" if missing else tip)
