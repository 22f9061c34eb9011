"""Opens machines (new, from a file, this computer’s memory, under another profile) and saves scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from hwpoison_gui import opening
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.loader import Loader
from hwpoison_gui.gui.window.messages import show_error
from hwpoison_gui.gui.window.notes import Notes
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import lost_words

_OPEN: Final = "Scenarios and recordings (*.toml *.npz *.json);;Raw page flags (*)"


class Machines(QObject):
    """Loads in a thread; the present machine stays open until the new one is ready, and after an error."""

    profileKept = Signal()  # until the machine of another profile is ready, the old one is shown

    def __init__(self, above: QWidget, controller: Controller, notes: Notes) -> None:
        super().__init__(above)
        self._above, self._controller, self._notes = above, controller, notes
        self._folder = ""
        self.loader = Loader(above)
        self.loader.loaded.connect(controller.open)
        self.loader.refused.connect(self._failed)

    def _failed(self, head: str, text: str) -> None:
        show_error(self._above, head, text)

    # -- opening

    def new_machine(self) -> None:
        profile = self._controller.session.machine.profile.name
        self.loader.start("Starting a small desktop", lambda progress, cancelled: opening.default_machine(profile))

    def open_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._above, "Open a machine", self._folder, _OPEN)
        if name:
            self._folder = str(Path(name).parent)
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Opens a file, or shows an error."""
        self.loader.start(
            f"Opening {path.name}", lambda progress, cancelled: opening.open_file(path, "", progress, cancelled)
        )

    def open_live(self) -> None:
        """Opens a copy of this computer’s memory."""
        self.loader.start("Reading this machine’s memory", opening.open_live)

    # -- another profile

    def change_profile(self, name: str) -> None:
        """Boots the same machine under another profile; asks first if operations would be lost."""
        machine = self._controller.machine
        profile, done = PROFILES[name], machine.done_since
        if machine.session.machine.profile is profile:
            return
        self.profileKept.emit()
        if not done:
            self._boot_again(name)
            return
        buttons = QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel
        head = f"Boot this machine again, with {profile.title}?"
        box = QMessageBox(QMessageBox.Icon.Question, "hwpoison-gui", head, buttons, self._above)
        box.setTextFormat(Qt.TextFormat.PlainText)
        what = "the one thing" if done == 1 else f"the {done} things"
        box.setInformativeText(
            f"Another kernel starts from the same memory, so {what} you did since will be lost. "
            "Save them as a scenario first (Ctrl+S) to keep them."
        )
        box.button(QMessageBox.StandardButton.Ok).setText("&Boot again")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.accepted.connect(lambda: self._boot_again(name))
        box.open()

    def _boot_again(self, name: str) -> None:
        again, controller = self._controller.machine.again, self._controller
        if again is None:
            return

        def show(opened: opening.Opened) -> None:
            selected = controller.selection.frame
            controller.open(opened)
            controller.selection.select(selected)

        self.loader.start(f"Booting again under profile {name}", lambda progress, cancelled: again(name), show)

    # -- saving

    def save_scenario(self) -> None:
        """Saves the operations and their notes as a scenario file."""
        from hwpoison_gui.session.scenario.writer import save

        name, _ = QFileDialog.getSaveFileName(
            self._above, "Save what was done", self._folder or "scenario.toml", "Scenarios (*.toml)"
        )
        if not name:
            return
        path = Path(name if Path(name).suffix else f"{name}.toml")
        self._folder = str(path.parent)
        notes = self._notes.to_save()
        try:
            save(opening.recorded(self._controller.machine, notes.captions), path)
        except ScenarioError as error:
            self._failed("It cannot be saved", str(error))
        except OSError as error:
            self._failed("It cannot be saved", f"{path}: {error.strerror or error}")
        else:
            if notes.lost:
                self._failed("Saved, but for some notes", lost_words(notes.lost))

    def save_picture(self) -> None:
        """Saves a picture of the window."""
        picture = self._above.grab()
        name, _ = QFileDialog.getSaveFileName(self._above, "Save a picture", "hwpoison.png", "Pictures (*.png)")
        if not name:
            return
        path = name if Path(name).suffix else f"{name}.png"
        if not picture.save(path):
            self._failed("The picture cannot be saved", f"{path}: nothing could be written there.")
