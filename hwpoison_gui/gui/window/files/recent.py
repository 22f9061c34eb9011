"""The files that were opened or saved last: their menu, and the place where each was left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.record import Record

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.session.document.document import View
    from hwpoison_gui.session.document.recent import Recent


class LastSession(Record):
    """The file that was open last, and where it was left."""

    path: Path
    words: str


class RecentFiles(QObject):
    """`remember`: whether there is a list. `open_path` opens one of its files."""

    def __init__(self, parent: QObject, remember: bool, open_path: Callable[[Path], None]) -> None:
        super().__init__(parent)
        self._remember, self.open = remember, open_path
        self._shown: list[QAction] = []

    def files(self) -> list[Path]:
        """The files that exist, newest first."""
        if not self._remember:
            return []
        from hwpoison_gui.session.document import recent

        return [path for path in map(Path, (one.path for one in recent.recent_files())) if path.exists()]

    def last(self, but: str = "") -> LastSession | None:
        """Most recently open file other than `but`; None if none still exists."""
        if not self._remember:
            return None
        from hwpoison_gui.session.document import recent

        for one in recent.recent_files():
            if one.path != but and Path(one.path).exists():
                operations, steps = one.at
                left = f"left in operation {operations:,}, at its step {steps:,}" if operations else "left at the start"
                return LastSession(Path(one.path), left if one.view is not None else "")
        return None

    def reopen(self, but: str = "") -> bool:
        """Open what was open last, where it was left. Returns whether there is such a file."""
        last = self.last(but)
        if last is not None:
            self.open(last.path)
        return last is not None

    def note(self, path: str) -> None:
        """A file was opened or saved."""
        if self._remember:
            from hwpoison_gui.session.document import recent

            recent.note(recent.Recent(path))

    def note_place(self, path: str, at: tuple[int, int], view: View) -> None:
        """A file is left at a place."""
        if self._remember:
            from hwpoison_gui.session.document import recent

            recent.note(recent.Recent(path, recent.time_of_change(path), at, view))

    def place_in(self, path: str) -> Recent | None:
        """Place where a file was left; None if it is not known, or the file was changed."""
        if not self._remember:
            return None
        from hwpoison_gui.session.document import recent

        return recent.place_in(path)

    def forget(self) -> None:
        """Empty the list."""
        if self._remember:
            from hwpoison_gui.session.document import recent

            recent.forget()

    def show_in(self, menu: QMenu) -> None:
        """List the files in a menu, each time it opens."""
        menu.aboutToShow.connect(partial(self._fill, menu))

    def _fill(self, menu: QMenu) -> None:
        for action in self._shown:
            menu.removeAction(action)
            action.deleteLater()
        self._shown = []
        before = next(iter(menu.actions()), None)
        for number, path in enumerate(self.files(), start=1):
            mnemonic = f"&{number}  " if number < 10 else ""
            action = QAction(f"{mnemonic}{path.name.replace('&', '&&')}", menu)
            action.setToolTip(plain(str(path)))
            action.triggered.connect(lambda _=False, path=path: self.open(path))
            menu.insertAction(before, action)  # type: ignore[arg-type]
            self._shown.append(action)
        if not self._shown:
            none = QAction("No files yet", menu)
            none.setEnabled(False)
            menu.insertAction(before, none)  # type: ignore[arg-type]
            self._shown.append(none)
