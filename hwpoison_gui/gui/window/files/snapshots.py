"""Compares the open machine with a second snapshot of it, or with another machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.command import Command
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT, SNAPSHOT

if TYPE_CHECKING:
    from hwpoison_gui.opening.second_snapshot import SecondSnapshot

_FILES: Final = "Snapshots, recordings, sessions, raw page flags (*)"


class Snapshots(QObject):
    """Opens the second one in a thread, and keeps only what is compared of it. Another machine ends the comparison,
    unless its session has a second snapshot.
    """

    changed = Signal()  # the machine is compared with another one, or with none
    given = Signal()  # it is compared with the second file that the program was started with

    def __init__(
        self, above: QWidget, controller: Controller, lenses: LensControl, show_panel: Callable[[], None]
    ) -> None:
        super().__init__(above)
        self._above, self._controller, self._lenses, self._show_panel = above, controller, lenses, show_panel
        self._folder = ""
        controller.opened.connect(self.machine_opened)
        self.background = Background(above)
        self.background.refused.connect(partial(show_error, above))

    def ask(self) -> None:
        """Ask for a file, and compare the machine with it."""
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getOpenFileName(self._above, "Compare with a snapshot", self._folder, _FILES)
        if name:
            self._folder = str(Path(name).parent)
            self.open(Path(name))

    def open(self, path: Path, *, given: bool = False) -> None:
        """Compare the machine with a file, or show an error; the machine stays as it is.

        `given`: the program was started with this file.
        """

        def work(progress: Progress, cancelled: Cancelled) -> SecondSnapshot:
            from hwpoison_gui.opening.opening import machine_in
            from hwpoison_gui.opening.second_snapshot import read_second

            return read_second(path, machine_in, progress, cancelled)

        self.background.run(f"Comparing with {path.name}", work, partial(self._compare, given))

    def _compare(self, given: bool, second: SecondSnapshot) -> None:
        self._keep(second)
        if given:
            self.given.emit()
        self._lenses.choose(SNAPSHOT.key)
        self._show_panel()

    def _keep(self, second: SecondSnapshot | None) -> None:
        side, files = second or (None, None)
        machine = self._controller.machine
        self._controller.set_files(machine._replace(second=side, second_files=files))
        self._lenses.compare_with_snapshot(side)
        self.changed.emit()

    def machine_opened(self) -> None:
        """Show what changed, if the machine was opened with a second snapshot; a session says the lens itself."""
        machine = self._controller.machine
        if machine.second is not None and machine.document is None:
            self._lenses.choose(SNAPSHOT.key)
        if machine.second is not None and machine.history is None:
            self._show_panel()

    def close(self) -> None:
        """End the comparison; the machine stays."""
        self._keep(None)

    @property
    def missing(self) -> str:
        """Why there is nothing to close; empty if there is something."""
        return "" if self._lenses.other_snapshot is not None else NO_SNAPSHOT


def snapshot_commands(snapshots: Snapshots) -> list[Command]:
    return [
        Command("open-snapshot", "&Machine", "&Compare with a snapshot…", "What changed from this machine to a second "
                "snapshot: on the map, and as a table", snapshots.ask, separated=True),
        Command("close-snapshot", "&Machine", "End &the comparison with it", "Closes the second snapshot; the machine "
                "stays", snapshots.close, missing=lambda: snapshots.missing),
    ]  # fmt: skip
