"""The Help menu: pages of text, and the command palette. What they show is imported when they are opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.messages import show_page
from hwpoison_gui.gui.window.dialogs.go_to import GoTo
from hwpoison_gui.gui.window.files.recent import RecentFiles

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.actions import Actions  # made of the commands, these among them
    from hwpoison_gui.gui.window.dialogs.glossary import Glossary
    from hwpoison_gui.view.words.glossary.term import Term


class Help:
    """Dialogs over the window `above`; `actions` gives the commands."""

    def __init__(
        self,
        above: QWidget,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        go_to: GoTo,
        appearance: Appearance,
        actions: Callable[[], Actions],
        recent: RecentFiles,
        sentence: Callable[[], str],
    ) -> None:
        self._above, self._map, self._controller, self._go_to = above, frame_map, controller, go_to
        self._present = present
        self._appearance, self._actions, self._recent = appearance, actions, recent
        self._sentence = sentence
        self._glossary: Glossary | None = None

    def show_keys(self) -> None:
        """All keys."""
        from hwpoison_gui.gui.window.commands.key_list import key_list

        show_page(self._above, "Keys", key_list(self._actions()))

    def show_glossary(self, chosen: Term | None = None) -> None:
        """The terms of what has the focus and of the sentence, and all others; `chosen`: the one to begin with."""
        from hwpoison_gui.gui.window.dialogs.glossary import HERE, SENTENCE, Glossary
        from hwpoison_gui.gui.window.dialogs.pointed import said_by
        from hwpoison_gui.view.words.glossary.find import terms_in

        focus = QApplication.focusWidget()
        focused = terms_in(said_by(focus)) if focus is not None and focus.window() is self._above.window() else []
        said = [term for term in terms_in(self._sentence()) if term not in focused]
        if self._glossary is None:
            self._glossary = Glossary(self._above)
            self._appearance.changed.connect(self._glossary.set_theme)
        self._glossary.explain({HERE: focused, SENTENCE: said}, chosen)

    def show_machine(self) -> None:
        """About the open machine."""
        from hwpoison_gui.gui.window.dialogs.about import about_machine

        show_page(self._above, "About this machine", about_machine(self._controller.machine))

    def show_about(self) -> None:
        """About this program."""
        from hwpoison_gui.gui.window.dialogs.about import ABOUT

        show_page(self._above, "About hwpoison-gui", ABOUT)

    def show_palette(self, show_tasks: Callable[[], None]) -> None:
        """The command palette; `show_tasks` brings the tasks panel to the front."""
        from hwpoison_gui.gui.window.commands.palette import CommandPalette
        from hwpoison_gui.gui.window.commands.palette_entries import PaletteEntries

        summary_of = self._map.view.item.summary_of
        go_to, terms = self._go_to, self.show_glossary
        entries = PaletteEntries(
            self._actions(), self._controller, self._present, go_to, summary_of, show_tasks, terms, self._recent
        )
        CommandPalette(self._above, self._appearance.theme, entries).open()
