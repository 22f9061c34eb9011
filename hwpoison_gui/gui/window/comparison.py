"""Opens the Compare window: one click under two settings. One is open at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from hwpoison_gui import opening
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.view.base.moment import title

_TOLD: Final = 3  # operations at the end of a line by which it is told from others

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.window import CompareWindow, Line  # imported when first opened
    from hwpoison_gui.session.branches import Inputs
    from hwpoison_gui.session.compare import Boot


class Comparison:
    """Compares the operation shown, or a click on the selected frame."""

    def __init__(self, above: QWidget, controller: Controller, appearance: Appearance) -> None:
        self._above, self._controller, self._appearance = above, controller, appearance
        self.shown: CompareWindow | None = None

    def possible(self) -> bool:
        """Whether there is a click to compare, and its machine can be booted again."""
        c = self._controller
        session = c.session
        # Asked at every selection: session.compare is imported only when the window opens.
        clicked = (op.name == "poison" and op.first < session.position for op in session.operations)
        return (c.selection.frame >= 0 or any(clicked)) and opening.booting(c.machine) is not None

    def open_matrix(self) -> None:
        """Opens the window with the click under every kernel, early and late."""
        self.open("matrix")

    def open(self, way: str = "early") -> None:
        """Opens the window; an open one is closed. `way`: in what the sides differ, as CompareWindow.choose."""
        from hwpoison_gui.session.compare import recipe_of, settings_of

        c = self._controller
        boot = opening.booting(c.machine)
        recipe = recipe_of(c.session, boot, c.selection.frame) if boot is not None else None
        if recipe is None:
            return
        self.stop()
        c.playback.pause()
        from hwpoison_gui.gui.compare.window import CompareWindow
        from hwpoison_gui.gui.window.term_tips import TermTips

        theme = self._appearance.theme
        settings = settings_of(c.session)
        self.shown = shown = CompareWindow(recipe, settings, self._above, theme, self._pace, self._lines(recipe.boot))
        if way != "early":
            shown.choose(way)
        shown.finished.connect(lambda: self._gone(shown))
        TermTips(shown).watch(shown)
        shown.show()

    def _lines(self, boot: Boot) -> list[Line]:
        """The present line of operations and the branches, those that have an error."""
        from hwpoison_gui.gui.compare.window import Line
        from hwpoison_gui.session.compare import line_recipe

        session = self._controller.session
        named: list[tuple[str, Sequence[Inputs], Sequence[Inputs]]]
        named = [("this line", session.operations, session.operations)]
        named += [(f"branch {branch.number}", branch.own, branch.operations) for branch in session.branches.kept]
        found = []
        for name, told, operations in named:
            recipe = line_recipe(boot, operations)
            if recipe is not None:
                what = ", ".join(title(one.name, one.args) for one in told[-_TOLD:])
                found.append(Line(f"{name}: {what}", recipe))
        return found

    def _pace(self) -> tuple[float, bool]:
        """Speed of playback, and whether the steps of a run are shown one by one."""
        return self._controller.playback.speed, not self._appearance.still

    def _gone(self, gone: CompareWindow) -> None:
        if self.shown is gone:
            self.shown = None

    def stop(self) -> None:
        """Closes the window."""
        if self.shown is not None:
            self.shown.close()
