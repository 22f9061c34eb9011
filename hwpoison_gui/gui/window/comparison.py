"""Opens the Compare window: one click under two settings. One is open at a time.

It opens in slices: imports, the operations to repeat, widgets and the first picture take a turn of the event loop each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.window.command import UNBOOTABLE
from hwpoison_gui.opening import opening
from hwpoison_gui.view.base.moment import title

if TYPE_CHECKING:
    from hwpoison_gui.gui.compare.window import CompareWindow  # imported on first use to keep start-up fast
    from hwpoison_gui.session.compare import Recipe, Settings
    from hwpoison_gui.session.comparisons import Compared
    from hwpoison_gui.session.session import Session


# What the window imports: a few modules in each turn.
_IMPORTED: Final = ("export.comparison", "gui.compare.export", "view.facts.compare", "gui.compare.side",
                    "gui.compare.table", "gui.control.compare_builder")  # fmt: skip
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
        self._turns = Slices(above, seconds=0.0, at_once=0.0)
        self.shown: CompareWindow | None = None

    def missing(self) -> str:
        """Why nothing can be compared; empty if there is a click, and its machine can be booted again."""
        c = self._controller
        session = c.session
        # Asked at every selection: session.compare is imported only when the window opens.
        clicked = (op.name == "poison" and op.first < session.position for op in session.operations)
        if self._present.frame == NONE and not any(clicked):
            return "Click a frame first, or select one."
        return self.unbootable()

    def unbootable(self) -> str:
        """Why no click on this machine can be compared; empty if the machine can be booted again."""
        return "" if opening.booting(self._controller.machine) is not None else UNBOOTABLE

    def open_matrix(self, frame: int = NONE) -> None:
        """Open the window with the click under every kernel, early and late."""
        self.open("matrix", frame)

    def open(self, way: str = "early", frame: int = NONE) -> None:
        """Open the window; an open one is closed.

        `way`: in what the sides differ, as CompareWindow.choose. `frame`: of the click, else the selected or shown one.
        """
        self._start(partial(self._opening, way, frame))

    def _start(self, opening: Callable[[], Work]) -> None:
        self.stop()
        self._controller.playback.pause()
        self._turns.run(opening, lambda _: None)

    def _opening(self, way: str, frame: int) -> Work:
        from hwpoison_gui.session.compare import recipe_of, settings_of

        c = self._controller
        while c.busy:  # its session must not be read yet
            yield
        boot = opening.booting(c.machine)
        if boot is None:
            return
        asked = c.selection.frame if frame == NONE else frame
        recipe = recipe_of(c.session, boot, asked) or recipe_of(c.session, boot, self._present.frame)
        if recipe is not None:
            yield from self._showing(recipe, settings_of(c.session), way)

    def _showing(
        self,
        recipe: Recipe,
        base: Settings,
        way: str,
        hand: tuple[Settings, Settings] | None = None,
        again: Sequence[Recipe] = (),
    ) -> Work:
        """Make and show the window. `again`: the two lines of operations that were compared before."""
        session, machine = self._controller.session, self._controller.machine.title
        for name in _IMPORTED:
            yield
            import_module(f"hwpoison_gui.{name}")
        yield
        from hwpoison_gui.gui.compare.window import CompareWindow
        from hwpoison_gui.gui.window.dialogs.term_tips import TermTips
        from hwpoison_gui.view.facts.compare import Line, lines_of

        yield
        lines = [Line(f"{side} line of before", line) for side, line in zip(("left", "right"), again, strict=False)]
        for line in lines_of(session, recipe.boot):
            lines.append(line)
            yield
        yield  # a line without an error is not counted among them, and takes its time
        shown = CompareWindow(recipe, base, self._above, self._appearance.theme, self._pace, lines)
        try:
            yield from shown.make(way, hand)
        except GeneratorExit:
            shown.deleteLater()
            raise
        self.shown, shown.machine = shown, machine
        self._connect(shown, session)
        yield
        TermTips(shown).watch(shown)
        yield
        shown.show()
        yield
        shown.build()  # in a thread, which would hold up the first picture

    def _connect(self, shown: CompareWindow, session: Session) -> None:
        from hwpoison_gui.gui.widgets.toast import Toast

        toast = Toast(shown.table, lambda: self._appearance.theme)
        shown.export.saved.connect(lambda path: toast.say(f"Saved {path}"))
        shown.made.connect(lambda made: self._keep(session, made))
        shown.finished.connect(lambda: self._gone(shown))

    # -- those that were made before

    def _keep(self, session: Session, made: Compared) -> None:
        from hwpoison_gui.session.comparisons import keep

        keep(session.comparisons, made)
        self._changed()

    def forget(self) -> None:
        """Empty the list of comparisons."""
        self._controller.session.comparisons.clear()
        self._changed()

    def show_in(self, menu: QMenu) -> None:
        """List the comparisons in a menu, each time it opens."""
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
        """Make a comparison again."""
        self._start(partial(self._opening_again, kept))

    def _opening_again(self, kept: Compared) -> Work:
        from hwpoison_gui.session.compare import recipes_of

        boot = opening.booting(self._controller.machine)
        if boot is None:
            return
        recipes, settings = recipes_of(kept, boot)
        by_hand = settings if kept.way == "" else None
        yield from self._showing(recipes[0], settings[0], kept.way, by_hand, recipes if kept.way == "lines" else ())

    # -- the rest

    def _pace(self) -> tuple[float, bool]:
        """Speed of playback, and whether the steps of a run are shown one by one."""
        return self._controller.playback.speed, not self._appearance.still

    def _gone(self, gone: CompareWindow) -> None:
        if self.shown is gone:
            self.shown = None
            self._turns.give_up()

    def stop(self) -> None:
        """Close the window, or open it no further."""
        self._turns.give_up()
        if self.shown is not None:
            self.shown.reject()  # not close(), which is ignored before it is shown
