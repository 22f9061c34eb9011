"""Places in Qt's models: what functions are given for one, and the place that is none, the parent of the top rows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex
NOWHERE: Final = QModelIndex()
