"""The start page of a window: shown before the window is complete, and connected to it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMainWindow

from hwpoison_gui import lessons
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.start.page import StartPage, ways_in
from hwpoison_gui.gui.window.samples import MACHINES, machine_path
from hwpoison_gui.record import Record

if TYPE_CHECKING:  # there once the window is complete
    from hwpoison_gui.gui.control.controller import Controller
    from hwpoison_gui.gui.control.present import Present
    from hwpoison_gui.gui.look.appearance import Appearance
    from hwpoison_gui.gui.look.settings import Settings
    from hwpoison_gui.gui.start.pictures import Pictures
    from hwpoison_gui.gui.window.actions import Actions
    from hwpoison_gui.gui.window.comparison import Comparison
    from hwpoison_gui.gui.window.files.keeping import Keeping
    from hwpoison_gui.gui.window.presentation import Presentation
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.view.base.palette import Theme

_MOST_RECENT: Final = 6
_IDLE_MS: Final = 200  # delay after the window is complete


class Under(Record):
    """Parts of a complete window, below the start page."""

    controller: Controller
    present: Present
    actions: Actions
    keeping: Keeping
    presentation: Presentation


class Starting(QObject):
    """Start page over the window; a command given before the window is complete is deferred until it is.

    `cover` is called when it is shown (True) and left; left, the panels of the window get their places, and the map
    the focus. `is_placed` tells whether they have.
    """

    def __init__(
        self,
        window: QMainWindow,
        appearance: Appearance,
        settings: Settings,
        cover: Callable[[bool], None],
        is_placed: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._appearance, self._settings = window, appearance, settings
        self._cover, self._is_placed = cover, is_placed
        self._waiting: Callable[[Under], object] | None = None
        self._under: Under | None = None  # until the window is complete
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self.fill)
        self._pictures: Pictures | None = None
        self.comparison: Comparison | None = None
        kept = settings.get(keys.START_WITH) == keys.WITH_PAGE
        self.page = page = StartPage(window, appearance.theme, kept)
        page.lessons.set_lessons(lessons.kept())
        self._list_ways()
        self._appearance.changed.connect(self._set_theme)
        page.left.connect(self.leave)
        page.openWanted.connect(lambda path: self._do(partial(self._open, path, present=False)))
        page.presentWanted.connect(lambda path: self._do(partial(self._open, path, present=True)))
        page.keptChanged.connect(self._keep)
        page.hook.lateWanted.connect(self._compare)

    @property
    def shown(self) -> bool:
        """Whether the page covers the window."""
        return not self.page.isHidden()

    # -- a complete window

    def connect_window(self, under: Under) -> None:
        """The window is complete: what was asked for meanwhile is done."""
        self._under = under
        for moved in (under.present.opened, under.present.moved, under.controller.selection.changed):
            moved.connect(self.leave)
        under.actions.refresh()
        self.page.follow_menu(self._window.menuBar())
        self.page.follow_window(True)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting(under)
        self._idle.start(_IDLE_MS)

    def show(self) -> None:
        """Show the page, over whatever is open."""
        self.page.show()
        self.page.raise_()
        self._cover(True)
        self.page.take_focus()
        if self._under is not None:
            self.fill()
            self._under.actions.refresh()

    def leave(self) -> None:
        """Hide the start page, and focus the window below it."""
        if self.shown:
            self.page.hook.settle()
            self.page.hide()
            self._cover(False)
            if self._under is not None:
                self._under.actions.refresh()

    def stop(self) -> None:
        """The window closes."""
        self._idle.stop()
        self._under = None
        if self._pictures is not None:
            self._pictures.stop()
        if self.page.hook.scene is not None:
            self.page.hook.scene.stop()
        if self.comparison is not None:
            self.comparison.stop()

    def fill(self) -> None:
        """Add what is left out of the first picture: recent files, the scene, and pictures of lessons."""
        if not self.shown or self._under is None:
            return
        if not self._is_placed():
            self._idle.start(_IDLE_MS)
            return
        self._list_ways(self._under.keeping.recent.files()[:_MOST_RECENT])
        if self._pictures is None:
            from hwpoison_gui.gui.start.pictures import Pictures

            self._pictures = Pictures(self, self.page.lessons, self._take_scene)
            self._pictures.begin()

    def _set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)
        if self.comparison is not None and self.comparison.shown is not None:
            self.comparison.shown.set_theme(theme)

    def _keep(self, shown: bool) -> None:
        if shown != (self._settings.get(keys.START_WITH) == keys.WITH_PAGE):
            self._settings.keep(keys.START_WITH, keys.WITH_PAGE if shown else keys.WITH_DESKTOP)
        if self._under is not None:
            self._under.actions.refresh()

    def _take_scene(self, opened: Opened) -> None:
        from hwpoison_gui.gui.start.scene import Scene

        self.page.hook.set_scene(Scene(self.page, opened, self._appearance))

    # -- ways in

    def _list_ways(self, recent: Sequence[Path] = ()) -> None:
        self.page.set_ways(
            ways_in(
                self.leave,
                lambda path: self._do(partial(self._open, path, present=False)),
                lambda: self._do(lambda under: under.keeping.machines.open_live()),
                lambda: self._do(lambda under: under.keeping.machines.open_file()),
                [(machine_path(file), name, what) for file, name, what in MACHINES],
                recent,
            )
        )

    def _do(self, what: Callable[[Under], object]) -> None:
        """Do it now, or when the window is complete."""
        if self._under is not None:
            what(self._under)
        else:
            self._waiting = what

    def _open(self, path: Path, under: Under, *, present: bool) -> None:
        def opened() -> None:
            if present:
                under.presentation.begin(afterwards=self.show)
            elif path.suffix == ".toml":
                under.keeping.toast.say("F5 presents it full screen; Alt+Home leads back to the start page.")

        under.keeping.machines.open_path(path, opened)

    def _compare(self) -> None:
        """Early and late kill of the scene, side by side."""
        scene = self.page.hook.scene
        if scene is None:
            return
        from hwpoison_gui.gui.window.comparison import Comparison

        if self.comparison is None:
            self.comparison = Comparison(self.page, scene.controller, scene.present, self._appearance, lambda: None)
        self.comparison.open()
