"""QModelIndex type alias, and the invalid index used as the parent of top-level rows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex
NOWHERE: Final = QModelIndex()
