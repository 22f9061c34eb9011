"""Opens the Compare window: one click under two settings. One is open at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from hwpoison_gui import opening
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.window.command import UNBOOTABLE
from hwpoison_gui.view.base.moment import title

_TOLD: Final = 3  # operations at the end of a line by which it is told from others

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.window import CompareWindow, Line  # imported when first opened
    from hwpoison_gui.session.branches import Inputs
    from hwpoison_gui.session.compare import Boot, Recipe, Settings
    from hwpoison_gui.session.comparisons import Compared
    from hwpoison_gui.session.session import Session


_WAYS: Final = {
    "early": "early against late kill", "recovery": "recovery on against off", "profile": "two kernels",
    "": "settings chosen by hand", "matrix": "every kernel, early and late", "lines": "two lines of operations",
}  # fmt: skip


def _words(kept: Compared) -> str:
    """A comparison in a line."""
    click = kept.lines[0][kept.clicks[0]]
    return f"{title(click.name, click.args)}, {_WAYS[kept.way]}: {kept.said}"


class Comparison:
    """Compares the operation shown, or a click on the selected frame."""

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        changed: Callable[[], None],
    ) -> None:
        self._above, self._controller, self._appearance, self._changed = above, controller, appearance, changed
        self._present = present
        self._listed: list[QAction] = []
        self.shown: CompareWindow | None = None

    def missing(self) -> str:
        """Why nothing can be compared; empty if there is a click, and its machine can be booted again."""
        c = self._controller
        session = c.session
        # Asked at every selection: session.compare is imported only when the window opens.
        clicked = (op.name == "poison" and op.first < session.position for op in session.operations)
        if self._present.frame == NONE and not any(clicked):
            return "Click a frame first, or select one."
        return "" if opening.booting(c.machine) is not None else UNBOOTABLE

    def open_matrix(self) -> None:
        """Opens the window with the click under every kernel, early and late."""
        self.open("matrix")

    def open(self, way: str = "early") -> None:
        """Opens the window; an open one is closed. `way`: in what the sides differ, as CompareWindow.choose."""
        from hwpoison_gui.session.compare import recipe_of, settings_of

        c = self._controller
        boot = opening.booting(c.machine)
        if boot is None:
            return
        recipe = recipe_of(c.session, boot, c.selection.frame) or recipe_of(c.session, boot, self._present.frame)
        if recipe is None:
            return
        self._show(recipe, settings_of(c.session), self._lines(recipe.boot), way)

    def _show(
        self,
        recipe: Recipe,
        base: Settings,
        lines: Sequence[Line],
        way: str = "early",
        hand: tuple[Settings, Settings] | None = None,
    ) -> None:
        from hwpoison_gui.gui.compare.window import CompareWindow
        from hwpoison_gui.gui.widgets.toast import Toast
        from hwpoison_gui.gui.window.term_tips import TermTips

        self.stop()
        self._controller.playback.pause()
        theme, session = self._appearance.theme, self._controller.session
        self.shown = shown = CompareWindow(recipe, base, self._above, theme, self._pace, lines, way, hand)
        shown.machine = self._controller.machine.title
        toast = Toast(shown.table, lambda: self._appearance.theme)
        shown.export.saved.connect(lambda path: toast.say(f"Saved {path}"))
        shown.made.connect(lambda made: self._keep(session, made))
        shown.finished.connect(lambda: self._gone(shown))
        TermTips(shown).watch(shown)
        shown.show()

    # -- those that were made before

    def _keep(self, session: Session, made: Compared) -> None:
        from hwpoison_gui.session.comparisons import keep

        keep(session.comparisons, made)
        self._changed()

    def forget(self) -> None:
        """Empties the list of comparisons."""
        self._controller.session.comparisons.clear()
        self._changed()

    def show_in(self, menu: QMenu) -> None:
        """Lists the comparisons in a menu, each time it opens."""
        menu.aboutToShow.connect(lambda: self._fill(menu))

    def _fill(self, menu: QMenu) -> None:
        for action in self._listed:
            menu.removeAction(action)
            action.deleteLater()
        before, self._listed = next(iter(menu.actions()), None), []
        for kept in reversed(self._controller.session.comparisons):
            action = QAction(_words(kept).replace("&", "&&"), menu)
            action.triggered.connect(lambda _=False, kept=kept: self.open_again(kept))
            self._listed.append(action)
        if not self._listed:
            self._listed = [QAction("No comparisons yet", menu)]
            self._listed[0].setEnabled(False)
        for action in self._listed:
            menu.insertAction(before, action)  # type: ignore[arg-type]

    def open_again(self, kept: Compared) -> None:
        """Makes a comparison again."""
        from hwpoison_gui.gui.compare.window import Line
        from hwpoison_gui.session.comparisons import again

        boot = opening.booting(self._controller.machine)
        if boot is None:
            return
        recipes, settings = again(kept, boot)
        lines = self._lines(boot)
        if kept.way == "lines":
            lines = [Line(f"{side} line of before", recipe) for side, recipe in zip(("left", "right"), recipes,
                                                                                    strict=True)] + lines  # fmt: skip
        self._show(recipes[0], settings[0], lines, kept.way, settings if kept.way == "" else None)

    # -- the rest

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
