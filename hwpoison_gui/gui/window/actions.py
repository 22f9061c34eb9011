"""The commands as QActions: shortcuts, tips, icons drawn on demand, and whether they are enabled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.window.command import Command

BUSY: Final = "Work is in progress: Esc cancels it."
COVERED: Final = "The start page is open: Esc closes it."


def _has_button(action: QAction) -> bool:
    return any(isinstance(thing, QToolButton) for thing in action.associatedObjects())


def _missing(command: Command, occupied: bool, covered: bool) -> str:
    if occupied and not command.meanwhile:
        return BUSY
    if covered and not command.at_start:
        return COVERED
    return command.missing()


class Actions:
    """The commands as QActions; `refresh` enables them, or says in their tips why they cannot be used."""

    def __init__(
        self,
        window: QWidget,
        commands: Sequence[Command],
        occupied: Callable[[], bool],
        covered: Callable[[], bool] = lambda: False,
    ) -> None:
        self._occupied, self._covered = occupied, covered
        self._owner = QObject(window)  # not the window itself: it would hear of every action
        self.commands = {command.name: command for command in commands}
        self._groups: dict[str, QActionGroup] = {}
        self.actions: dict[str, QAction] = {}
        self._run: dict[QAction, Callable[[], object]] = {}
        self._heads: dict[str, str] = {}  # first line of the tips
        self._tips: dict[str, str] = {}  # what is shown below it, and in the status bar
        self._undrawn: dict[QAction, str] = {}  # icons that were not visible yet
        for command in self.commands.values():
            action = self._group(command.group).addAction(command.text)
            self._run[action] = command.run
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            if command.in_every_window:
                action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            action.setCheckable(bool(command.group or command.checked))
            window.addAction(action)
            self.actions[command.name] = action
            keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            name = command.text.replace("&", "").rstrip("…")
            self._heads[command.name] = f"{name}  ({keys})" if keys else name

    def _group(self, name: str) -> QActionGroup:
        """The exclusive group of this name; without a name, that of all other commands.

        Qt makes the actions of a group faster than PySide does, and one connection serves them all.
        """
        if name not in self._groups:
            self._groups[name] = group = QActionGroup(self._owner)
            group.setExclusive(bool(name))
            group.triggered.connect(lambda action: self._run[action]())
        return self._groups[name]

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def set_theme(self, text: str, disabled: str) -> None:
        """Redraw the icons: those on buttons now, others when their menu opens."""
        self._colours = text, disabled
        self._undrawn = {self.actions[name]: command.icon for name, command in self.commands.items() if command.icon}
        self.draw_icons([action for action in self._undrawn if _has_button(action)])

    def draw_icons(self, actions: Sequence[QAction]) -> None:
        """Draw the icons of actions that are about to be shown."""
        for action in actions:
            icon = self._undrawn.pop(action, "")
            if icon:
                action.setIcon(icons.icon(icon, *self._colours))

    def set_icon(self, name: str, icon: str, text: str, disabled: str) -> None:
        """Set the icon of a command."""
        self.actions[name].setIcon(icons.icon(icon, text, disabled))

    def show_playing(self, playing: bool) -> None:
        """Show Pause or Play on the playback button."""
        self.set_icon("play", "pause" if playing else "play", *self._colours)

    def refresh(self) -> None:
        """Update enabled and checked states and tips of all commands."""
        occupied, covered = self._occupied(), self._covered()
        for name, command in self.commands.items():
            action, missing = self.actions[name], _missing(command, occupied, covered)
            if command.checked is not None:
                action.setChecked(command.checked())
            if action.isEnabled() == bool(missing):
                action.setEnabled(not missing)
            if command.short is not None:
                action.setText("\t".join(filter(None, (command.text, command.short()))))
            tip = missing or command.tip
            if self._tips.get(name) != tip:
                self._tips[name] = tip
                action.setToolTip(plain(f"{self._heads[name]}\n{tip}"))
                action.setStatusTip(tip)

    def missing_of(self, name: str) -> str:
        """Why a command cannot be used now; empty if it can."""
        return _missing(self.commands[name], self._occupied(), self._covered())

    def check(self, name: str) -> None:
        self.actions[name].setChecked(True)
