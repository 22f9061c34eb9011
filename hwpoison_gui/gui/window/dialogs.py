"""What asks or tells in a window of its own: files, notes, keys, errors."""

from __future__ import annotations

import html
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QTextBrowser,
    QVBoxLayout,
)

from hwpoison_gui import __version__, opening
from hwpoison_gui.gui.control.loader import Loader
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.window.key_list import key_list
from hwpoison_gui.kernel.mark import counted
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.compare import Recipe, can_compare, recipe_of, settings_of
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import lost_words

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.window import CompareWindow
    from hwpoison_gui.gui.window.main_window import MainWindow

_OPEN = "Scenarios and recordings (*.toml *.npz *.json);;Raw page flags (*)"


class Dialogs:
    """Everything here is shown above the main window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._folder = ""
        self._loader = Loader(window)
        self._loader.loaded.connect(window.controller.open)
        self._loader.refused.connect(self.show_error)
        self.compared: CompareWindow | None = None

    # -- machines

    def new_machine(self) -> None:
        profile = self._window.controller.session.machine.profile.name
        self._loader.start("Starting a small desktop", lambda progress, cancelled: opening.default_machine(profile))

    def open_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a machine", self._folder, _OPEN)
        if name:
            self._folder = str(Path(name).parent)
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Opens a file, or says what is wrong with it; the machine that is shown stays then."""
        self._loader.start(
            f"Opening {path.name}", lambda progress, cancelled: opening.open_file(path, "", progress, cancelled)
        )

    def open_live(self) -> None:
        """A copy of this machine's memory."""
        self._loader.start("Reading this machine’s memory", opening.open_live)

    def change_profile(self, name: str) -> None:
        """The same machine booted under another profile; asks before it throws away what the user did."""
        machine = self._window.controller.machine
        profile, done = PROFILES[name], machine.done_since
        if machine.session.machine.profile is profile:
            return
        self._window.wiring.show_profile()  # the old one, until the other machine is there
        if not done:
            self._boot_again(name)
            return
        buttons = QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel
        head = f"Boot this machine again, with {profile.title}?"
        box = QMessageBox(QMessageBox.Icon.Question, "hwpoison-gui", head, buttons, self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        what = "the one thing" if done == 1 else f"the {done} things"
        box.setInformativeText(
            f"Another kernel starts from the same memory, so {what} you did since will be gone. "
            "Save them as a scenario first (Ctrl+S) if you want to see them again."
        )
        box.button(QMessageBox.StandardButton.Ok).setText("&Boot again")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.accepted.connect(lambda: self._boot_again(name))
        box.open()

    def _boot_again(self, name: str) -> None:
        again, controller = self._window.controller.machine.again, self._window.controller
        if again is None:
            return

        def show(opened: opening.Opened) -> None:
            selected = controller.selected
            controller.open(opened)
            controller.select(selected)

        self._loader.start(f"Booting again under profile {name}", lambda progress, cancelled: again(name), show)

    def stop(self) -> None:
        """Nothing is loaded or compared any more."""
        self._loader.stop()
        if self.compared is not None:
            self.compared.close()

    def can_compare(self) -> bool:
        """Whether there is a click to be made under other settings, and a way to make its machine again."""
        c = self._window.controller
        return can_compare(c.session, c.selected) and opening.booting(c.machine) is not None

    def _recipe(self) -> Recipe | None:
        c = self._window.controller
        boot = opening.booting(c.machine)
        return recipe_of(c.session, boot, c.selected) if boot is not None else None

    def compare(self) -> None:
        """The click that is looked at, under two settings side by side."""
        recipe = self._recipe()
        if recipe is None:
            return
        if self.compared is not None:
            self.compared.close()
        self._window.controller.playback.pause()
        from hwpoison_gui.gui.compare.window import CompareWindow

        base = settings_of(self._window.controller.session)
        self.compared = shown = CompareWindow(recipe, base, self._window, self._window.theme)
        shown.finished.connect(lambda: self._compare_gone(shown))
        shown.show()

    def _compare_gone(self, gone: CompareWindow) -> None:
        if self.compared is gone:
            self.compared = None

    def save_scenario(self) -> None:
        from hwpoison_gui.session.scenario.writer import save

        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save what was done", self._folder or "scenario.toml", "Scenarios (*.toml)"
        )
        if not name:
            return
        path = Path(name if Path(name).suffix else f"{name}.toml")
        self._folder = str(path.parent)
        notes = self._window.moments.to_save()
        try:
            save(opening.recorded(self._window.controller.machine, notes.captions), path)
        except ScenarioError as error:
            self.show_error("It cannot be saved", str(error))
        except OSError as error:
            self.show_error("It cannot be saved", f"{path}: {error.strerror or error}")
        else:
            if notes.lost:
                self.show_error("Saved, but for some notes", lost_words(notes.lost))

    def save_picture(self) -> None:
        picture = self._window.grab()
        name, _ = QFileDialog.getSaveFileName(self._window, "Save a picture", "hwpoison.png", "Pictures (*.png)")
        if not name:
            return
        path = name if Path(name).suffix else f"{name}.png"
        if not picture.save(path):
            self.show_error("The picture cannot be saved", f"{path}: nothing could be written there.")

    # -- frames

    def go_to(self) -> None:
        """Asks for a frame and selects it."""
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Go to a frame")
        dialog.setLabelText("Frame number (0x4d93), or a page by name (nginx:heap+3, /usr/bin/vim@0):")
        dialog.textValueSelected.connect(self._go_to_text)
        dialog.resize(look.px(480), dialog.sizeHint().height())
        dialog.open()

    def _go_to_text(self, text: str) -> None:
        try:
            pfn = self.frame_of(text)
        except ScenarioError as error:
            self.show_error("There is no such frame", error.message)
        else:
            self.go_to_frame(pfn)

    def frame_of(self, text: str) -> int:
        """The frame of that number or name. Raises ScenarioError when there is none."""
        session, text = self._window.controller.session, text.strip()
        number = text.lower().removeprefix("pfn:").removeprefix("0x")
        pfn = int(number, 16) if number and set(number) <= set("0123456789abcdef") else session.resolve_frame(text)
        if not 0 <= pfn < session.machine.frames:
            last = session.machine.frames - 1
            raise ScenarioError(f"{pfn:#x}: this machine has frames 0 to {last:#x}.")
        return pfn

    def go_to_frame(self, pfn: int) -> None:
        """Selects a frame and moves the map to it."""
        self._window.controller.select(pfn)
        self._window.map.select(pfn, reveal=True)
        self._window.map.setFocus()

    def show_palette(self) -> None:
        """Every command by some letters of its name."""
        from hwpoison_gui.gui.window.command_palette import CommandPalette
        from hwpoison_gui.gui.window.palette_entries import entries_for

        window = self._window
        CommandPalette(window, window.theme, partial(entries_for, window)).open()

    # -- words

    def show_error(self, head: str, text: str) -> None:
        """What failed, and where and why."""
        box = QMessageBox(QMessageBox.Icon.Warning, "hwpoison-gui", head, QMessageBox.StandardButton.Ok, self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(text)
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def show_keys(self) -> None:
        self._page("Keys", key_list(self._window.actions_))

    def show_notes(self) -> None:
        machine = self._window.controller.machine
        m = machine.session.machine
        head = (
            f"<p><b>{html.escape(machine.title)}</b><br>{m.frames:,} frames, {m.frames * 4 // 1024:,} MiB, "
            f"{counted(len(m.processes.view), 'process', 'processes')}, profile {html.escape(m.profile.name)}</p>"
        )
        where = f"<p>{html.escape(machine.file)}</p>" if machine.file else ""
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in machine.notes)
        rest = f"<p>What is not exported by Linux, and how it was filled in:</p><ul>{notes}</ul>" if notes else ""
        self._page("About this machine", head + where + rest)

    def show_about(self) -> None:
        self._page(
            "About hwpoison-gui",
            f"<p><b>hwpoison-gui {__version__}</b></p><p>See how Linux survives broken memory: a model of the kernel’s "
            "<code>memory_failure()</code> on a simulated or a real machine’s memory, step by step.</p>"
            "<p>Nothing real is ever poisoned: recordings and /proc are only read, and the handler runs on a copy.</p>"
            "<p>MIT licence.</p>",
        )

    def _page(self, title: str, content: str) -> None:
        dialog = QDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        text = QTextBrowser(dialog)
        text.setAccessibleName(title)
        text.setFont(look.font())
        text.document().setDocumentMargin(look.LARGE)
        text.setHtml(content)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
        buttons.rejected.connect(dialog.reject)
        box = QVBoxLayout(dialog)
        box.addWidget(text)
        box.addWidget(buttons)
        dialog.resize(look.px(620), look.px(520))
        dialog.open()
