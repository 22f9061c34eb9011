"""The main window: creates the parts, passes each what it needs, and places them.

The map comes first: `show_frames` shows it alone, in its place, before the rest of the program is imported;
`complete` adds the rest. That is why most modules are imported in the methods that need them.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QChildEvent, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QTabBar, QWidget

from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.centre import MapStage
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.window import placing

if TYPE_CHECKING:
    from hwpoison_gui.gui.look.appearance import Themed
    from hwpoison_gui.gui.map.find_bar import FindBar
    from hwpoison_gui.gui.tables.docks import Tables
    from hwpoison_gui.gui.window.command import Command
    from hwpoison_gui.gui.window.starting import Starting
    from hwpoison_gui.kernel.boot.snapshot_format import FrameColumns
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.view.base.palette import Theme
    from hwpoison_gui.view.map.plane import FramePlane

SMALLEST: Final = QSize(880, 560)  # with a frame it is on a screen of 900 by 600
_TRANSPORT: Final = ("first", "previous", "back", "play", "forward", "next", "last")
_UNSEEN_MS: Final = 100  # delay after which panels below the start page get their places, between events


class MainWindow(QMainWindow):
    """`remember`: read and store the user's settings.

    With `opened`, the first machine, the window is complete; without, it has only a map until `complete` is called.
    """

    def __init__(self, opened: Opened | None = None, *, remember: bool = True) -> None:
        self._is_built = False  # before Qt calls the overrides below
        super().__init__()
        self.setMinimumSize(SMALLEST)
        self.starting: Starting | None = None
        self.settings = Settings(QSettings() if remember else None)
        self.appearance = Appearance(self.settings, self)
        self.map = FrameMapWidget(self, self.theme)
        self.map.take_settings(self.settings)
        self.map_stage = MapStage(self.map)
        self.setCentralWidget(self.map_stage)
        if not self.restoreGeometry(self.settings.get(keys.GEOMETRY)):
            self.resize(fitting.first_size(self.screen().availableSize()))
        if opened is not None:
            self.complete(opened)
            self.appearance.ask_desktop()

    def show_frames(self, columns: FrameColumns, plane: FramePlane | None = None) -> None:
        """The first picture: the map alone, where it will be when the window is complete."""
        self.setContentsMargins(placing.around_the_map(self.settings.get(keys.AROUND), self.width(), self.height()))
        self.map.set_source(*columns, plane=plane)

    def complete(self, opened: Opened) -> None:
        """Everything else, and the machine of which the map shows the frames already, or another one."""
        from hwpoison_gui.gui.control.controller import Controller
        from hwpoison_gui.gui.control.present import Present
        from hwpoison_gui.gui.control.recorded import Recorded
        from hwpoison_gui.gui.control.slices import Slices
        from hwpoison_gui.gui.look.dock import TabTips
        from hwpoison_gui.gui.map.connect import with_plane_of
        from hwpoison_gui.gui.window import tab_order
        from hwpoison_gui.gui.window.commands.state_link import StateLink
        from hwpoison_gui.gui.window.menus import add_panels
        from hwpoison_gui.gui.window.panels import Panels, Parts
        from hwpoison_gui.gui.window.theming import Theming

        if self.map.plane is not None:
            self.map.hold(True)  # it has the size already that it will have
        if self.starting is not None:
            self.starting.page.follow_window(False)
        self.tab_tips = TabTips(self)
        self.controller = Controller(with_plane_of(self.map, opened), self)
        self.recorded = Recorded(self.controller, self)
        self.present = Present(self.controller, self.theme, self)
        self._make_map()
        self._make_bars()
        self._make_commands()
        self._place_bars()
        self.panels = Panels(self, Parts(
            self.controller, self.present, self.appearance, self.map, self.menus, self.notes, self.recorded,
            self.lenses, self.filter, find=self._find, ask_many=self.many.ask_part,
            save_chart=self.exporting.save_chart,
        ))  # fmt: skip
        self.docks = self.panels.docks
        self.notes.panel_in_front = partial(self.show_panel, "notebook", focus=False)
        self._connect()
        self._own_keys = tab_order.OwnKeys(self)
        self._place_docks()
        add_panels(self.menu_of["&View > &Panels"], self.actions_["reset-docks"], self.docks)
        Theming(self, self.appearance, self.actions_, self.controller.playback, self.present, self.themed_parts)
        self._placing = Slices(self)
        self._is_built = True
        self.present.show_machine()
        StateLink(self, self.actions_, self.controller, self.present, self.keeping.work, self.lenses,
                  self.layouts, self.map)  # fmt: skip
        self.keeping.take_drops()
        self._placing.run(self._places, lambda done: None, after_ms=_UNSEEN_MS)
        if not self._is_covered:
            self.place()
        if self.recorded.history is not None:
            self.show_panel("records", focus=False)
        self.snapshots.machine_opened()
        self._connect_start_page()

    def show_start_page(self) -> None:
        """The start page, over what is open; as the first picture, it needs no machine."""
        if self.starting is None:
            from hwpoison_gui.gui.window.starting import Starting

            self.starting = Starting(self, self.appearance, self.settings, self._cover, lambda: self.is_placed)
            if self._is_built:
                self._connect_start_page()
        self.starting.show()

    def _connect_start_page(self) -> None:
        if self.starting is not None:
            from hwpoison_gui.gui.window.starting import Under

            under = Under(self.controller, self.present, self.actions_, self.keeping, self.presentation)
            self.starting.connect_window(under)

    def _cover(self, on: bool) -> None:
        """The start page is shown, or left."""
        if not on:
            self.place()
            self.map.setFocus()
        if self.is_placed:
            self.room.cover(on)

    def sizeHint(self) -> QSize:
        return fitting.USUAL

    # -- making

    def _make_map(self) -> None:
        from hwpoison_gui.gui.map.filter_control import FilterControl
        from hwpoison_gui.gui.map.history import MapHistory
        from hwpoison_gui.gui.map.layout_control import LayoutControl
        from hwpoison_gui.gui.map.legend import Legend
        from hwpoison_gui.gui.map.lens_bar import LensBar
        from hwpoison_gui.gui.map.lens_control import LensControl
        from hwpoison_gui.gui.map.overview import Overview
        from hwpoison_gui.gui.widgets.banner import Banner

        theme = self.theme
        self.overview = Overview(self.map, theme)
        self.lens_bar = LensBar(self, theme)
        self.legend = Legend(self, theme)
        self.copy = Banner("info", self, theme)
        self.lenses = LensControl(self.map, self.controller, self)
        self.layouts = LayoutControl(self.map, self.settings, self)
        self.filter = FilterControl(self.map, self.lenses, self.controller)
        self.history = MapHistory(self.map, self.lenses, self.layouts, self.filter, lambda: self.finder)

    def _make_bars(self) -> None:
        from hwpoison_gui.gui.timeline.operations import OperationStrip
        from hwpoison_gui.gui.timeline.sentence import SentenceBar
        from hwpoison_gui.gui.timeline.transport import Transport
        from hwpoison_gui.gui.toolbar.counters import CounterStrip
        from hwpoison_gui.gui.toolbar.profile_button import ProfileButton
        from hwpoison_gui.gui.toolbar.sysctl_slider import SysctlSlider
        from hwpoison_gui.gui.widgets.progress_line import ProgressLine
        from hwpoison_gui.kernel.profile.registry import sysctls

        theme = self.theme
        self.sliders = {name: SysctlSlider(sysctl, self, theme) for name, sysctl in sysctls().items()}
        self.profile = ProfileButton(self, theme)
        self.counters = CounterStrip(self, theme)
        self.sentence = SentenceBar(self, theme)
        self.progress = ProgressLine(self.sentence)
        self.transport = Transport(self, theme)
        self.operations = OperationStrip(self, theme)

    def _make_commands(self) -> None:
        from hwpoison_gui.gui.window.actions import Actions
        from hwpoison_gui.gui.window.comparison import Comparison
        from hwpoison_gui.gui.window.dialogs.go_to import GoTo
        from hwpoison_gui.gui.window.dialogs.notes import Notes
        from hwpoison_gui.gui.window.files.keeping import Keeping
        from hwpoison_gui.gui.window.files.records import Records
        from hwpoison_gui.gui.window.files.snapshots import Snapshots
        from hwpoison_gui.gui.window.map_settings import MapView
        from hwpoison_gui.gui.window.menus import ContextMenus, build_menu_bar
        from hwpoison_gui.gui.window.on_demand import OnDemand
        from hwpoison_gui.gui.window.presentation import Presentation

        c = self.controller
        self.notes = Notes(self, c, self.present, self.operations, self.transport.timeline)
        view = MapView(self.map, self.history, c.selection)
        remember = self.settings.store is not None
        room = lambda: self.room  # noqa: E731
        self.keeping = Keeping(self, self.map, c, self.present, self.notes, view, room, lambda: self.theme, remember)
        self.machines = self.keeping.machines
        self.records = Records(self, c, self.recorded, self.keeping.guard, self.keeping.work, room)
        self.keeping.take_records(self.records)
        self.snapshots = Snapshots(self, self.controller, self.lenses, partial(self.show_panel, "snapshot", False))
        self.keeping.take_snapshots(self.snapshots)
        self.go_to = GoTo(self, self.map, c, lambda: self.theme)
        self.comparison = Comparison(self, c, self.present, self.appearance, self.keeping.work_changed)
        open_path = self.machines.open_path
        self.presentation = Presentation(self, c, self.present, self.appearance, self.keeping.work, open_path)
        self.menus = ContextMenus(self, self.map, c, self.present, self.appearance, self.comparison)
        self.actions_ = Actions(self, self._commands(), lambda: c.occupied, lambda: self._is_covered)
        self.on_demand = OnDemand(self, c, self.appearance, self.map, self.map_stage, self.filter, self.actions_)
        self.menu_of = build_menu_bar(self.menuBar(), self.actions_)
        self.keeping.add_menus(self.menu_of, self.actions_["live"], self.comparison.show_in)

    def _commands(self) -> list[Command]:
        """All commands, in the order in which menus show them."""
        from hwpoison_gui.gui.window import tab_order
        from hwpoison_gui.gui.window.commands import commands
        from hwpoison_gui.gui.window.commands import map as map_commands
        from hwpoison_gui.gui.window.commands import view as view_commands
        from hwpoison_gui.gui.window.commands.charts import chart_commands
        from hwpoison_gui.gui.window.commands.damage import damage_commands
        from hwpoison_gui.gui.window.commands.help import Help
        from hwpoison_gui.gui.window.commands.kernel_files import KernelFiles
        from hwpoison_gui.gui.window.commands.kernels import kernel_commands
        from hwpoison_gui.gui.window.dialogs.many import Many
        from hwpoison_gui.gui.window.files import records, snapshots
        from hwpoison_gui.gui.window.files.exporting import Exporting

        c, keeping = self.controller, self.keeping
        help_ = Help(self, self.map, c, self.present, self.go_to, self.appearance, lambda: self.actions_,
                     keeping.recent, self.sentence.in_words)  # fmt: skip
        shown = {"window": (self,), "map": (self.map, self.legend)}
        self.many = many = Many(self, c, self.filter, lambda: self.panels.damage, self.appearance)
        more = [*records.records_commands(self.records, self.recorded),
                *snapshots.snapshot_commands(self.snapshots),
                *KernelFiles(self, c, self.appearance).commands()]  # fmt: skip
        self.exporting = Exporting(self, c, self.present, self.appearance, keeping.saving, shown)
        return [
            *commands.start_commands(self.show_start_page, self.settings, lambda: self.starting),
            *commands.machine_commands(self.machines, more, keeping, self.exporting, c, self.close),
            *kernel_commands(self.lenses, c, self.show_panel),
            *commands.frame_commands(
                c, self.present, self.menus, self.go_to, self.comparison, many, self.map.center_on
            ),
            *damage_commands(self.show_panel, lambda: self.panels, self.present, self.menus),
            *commands.play_commands(c, self.notes, keeping.taking, self.presentation.begin),
            *records.stepping_commands(self.recorded),
            *map_commands.map_commands(self.lenses, self.layouts, self.filter, lambda: self.finder.open_search()),
            *view_commands.look_commands(self.map, self.history, self.overview, self.settings),
            *view_commands.theme_commands(self.appearance),
            *view_commands.text_and_motion_commands(self.appearance),
            *view_commands.panel_commands(self.show_panel, partial(tab_order.next_panel, self), lambda: self.room),
            *chart_commands(self.show_panel, lambda: self.docks),
            *commands.help_commands(help_, partial(help_.show_palette, partial(self.show_panel, "tasks"))),
        ]

    def _connect(self) -> None:
        """Order matters: lenses read what the map has read."""
        from hwpoison_gui.gui.map.connect import connect_banner, connect_lenses, connect_panic
        from hwpoison_gui.gui.map.link import MapLink
        from hwpoison_gui.gui.tables.connect_records import connect_recorded_marks
        from hwpoison_gui.gui.timeline import connect as timeline
        from hwpoison_gui.gui.timeline.captions_link import CaptionsLink
        from hwpoison_gui.gui.timeline.timeline_link import TimelineLink
        from hwpoison_gui.gui.toolbar.connect import connect_toolbar
        from hwpoison_gui.gui.widgets import messages

        c, present = self.controller, self.present
        MapLink(self.map, c, present, self.appearance, self.menus.show_frame_menu)
        connect_lenses(self.lenses, self.filter, self.lens_bar, self.legend, self.map, present, lambda: self.finder)
        connect_panic(c, present, self.on_demand.panic)
        connect_recorded_marks(self.map, self.recorded, present, self.actions_.refresh)
        TimelineLink(self.sentence, self.transport, c, present, self.go_to.show)
        CaptionsLink(c, present, self.notes.changed, self.on_demand.caption)
        timeline.connect_progress(self.progress, c, self.appearance)
        timeline.connect_playback(c.playback, self.settings, self.appearance)
        connect_toolbar(self.sliders, self.counters, self.profile, c, present)
        for answered in (self.filter.found, self.filter.failed):
            answered.connect(lambda _: self.actions_.refresh())
        self.history.waysChanged.connect(self.actions_.refresh)
        self.machines.profileKept.connect(lambda: self.actions_.check(f"profile-{c.session.machine.profile.name}"))
        c.failed.connect(partial(messages.show_error, self))
        connect_banner(self.copy, c, present, self.recorded)
        self.lenses.sheetsChanged.connect(self.actions_.refresh)
        self.layouts.said.connect(self.keeping.toast.say)
        self.menus.find = self._find
        present.opened.connect(self.layouts.report_geometry)
        self.keeping.connect_last(present)

    # -- parts that are made when they are first needed

    @property
    def finder(self) -> FindBar:
        return self.on_demand.finder()

    def _find(self, text: str) -> None:
        self.finder.look_for(text)

    @property
    def tables(self) -> Tables:
        return self.panels.tables

    @property
    def is_complete(self) -> bool:
        """Whether all visible panels are created, which tests and benchmarks wait for.

        The others follow in the next turns of the event loop.
        """
        return self.is_placed and (self._is_covered or self.panels.complete)

    @property
    def is_placed(self) -> bool:
        """Whether panels have their places."""
        return self._is_built and not self._placing.busy

    @property
    def _is_covered(self) -> bool:
        return self.starting is not None and self.starting.shown

    # -- placing

    def _place_bars(self) -> None:
        from hwpoison_gui.gui.toolbar.bar import ToolBar

        self.profile.setMenu(self.menu_of["&Machine > &Profile"])
        self.tools = ToolBar(self, tuple(self.sliders.values()))
        self.tools.place([self.actions_[name] for name in ("new", "open", "live")], self.profile, self.counters)
        self.addToolBar(self.tools)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.copy.add_button(self.actions_["notes"])
        self.map_stage.add_bars(self.copy, self.lens_bar, self.legend)

    def _place_docks(self) -> None:
        from hwpoison_gui.gui.look.dock import Strip
        from hwpoison_gui.gui.timeline.connect import connect_stage
        from hwpoison_gui.gui.timeline.playback_row import PlaybackStage
        from hwpoison_gui.gui.window.room import Room

        for name in _TRANSPORT:
            self.transport.add_action(self.actions_[name])
        self.transport.set_speed_menu(self.menu_of["&Play > &Speed"])
        self.playing = PlaybackStage(self, self.sentence, self.operations, self.transport)
        self.stage = Strip("stage", self.playing, self)
        self.playing.heightChanged.connect(lambda: placing.suit_stage(self, self.stage, self.docks))
        connect_stage(self.playing, self.controller, self.present)
        self.room: Room = Room(self, self.settings, self.docks, self.stage, self.map, self.lens_bar, self.legend)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setDockOptions(self.dockOptions() | QMainWindow.DockOption.AllowNestedDocks)

    def show_panel(self, name: str, focus: bool = True) -> None:
        """Bring a panel to the front, and focus it."""
        self.room.bring(name)
        if focus:
            self.docks[name].content().setFocus()

    # -- appearance

    @property
    def theme(self) -> Theme:
        """The present theme."""
        return self.appearance.theme

    def themed_parts(self) -> list[Themed]:
        """All parts with a theme; containers whose height depends on others come after them."""
        parts = (self.map, self.legend, self.counters, self.profile, self.sentence, self.transport)
        around = (self.tools, self.lens_bar, self.overview, self.copy, self.operations)
        panels = [cast("Themed", dock.made) for dock in self.docks.values() if dock.made is not None]
        tables = [self.tables] if self.panels.has_tables else []
        compared = [self.comparison.shown] if self.comparison.shown else []
        return [*parts, *panels, *tables, *around, *self.on_demand.made, *self.sliders.values(), *self.docks.values(),
                self.stage, *compared]  # fmt: skip

    @property
    def explained_parts(self) -> tuple[list[QWidget], list[QWidget]]:
        """Widgets of whose words the glossary tells, and frames of whose content, which may be made later."""
        bars = (self.sentence, self.operations, self.transport.timeline, self.counters, self.lens_bar)
        return [*bars, *self.sliders.values()], [self.legend, *self.docks.values()]

    # -- around

    def place(self) -> None:
        """Give everything its place and its first content now; below the start page this waits until it is left."""
        if self._is_built:
            self._placing.finish()

    def _places(self) -> Generator[None, None, None]:
        """Place what is shown; then follow the events of the window, of which this causes hundreds."""
        self.overview.set_on(self.settings.get(keys.OVERVIEW))
        self.setContentsMargins(0, 0, 0, 0)
        for bar in (self.lens_bar, self.legend):
            bar.show()  # Qt would do so in the next turn
        self.room.changed.connect(self.actions_.refresh)
        self.room.restore()
        self.room.cover(self._is_covered)
        placing.lay_out(self, self.map_stage, self.legend)
        yield
        for _ in self.panels.making():
            yield
        for part in (self.playing, self.room):
            part.follow_window()
        for _ in range(2):  # what the panels hold has changed how much room they need
            placing.lay_out(self, self.map_stage, self.legend)
        self.map.hold(False)
        if self.starting is None:
            self.map.setFocus()

    def childEvent(self, event: QChildEvent) -> None:
        super().childEvent(event)
        if self._is_built and event.polished() and isinstance(bar := event.child(), QTabBar):
            bar.installEventFilter(self.tab_tips)
            self.room.take_tabs(bar)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.settings.store is not None:
            QTimer.singleShot(0, self, lambda: fitting.keep_on_screen(self))

    def focusNextPrevChild(self, forward: bool) -> bool:
        from hwpoison_gui.gui.window import tab_order

        return (self._is_built and tab_order.go_on(self, forward)) or super().focusNextPrevChild(forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_built and not self.keeping.may_close():
            event.ignore()
            return
        if self._is_built:
            self.controller.work.give_up()
            self.controller.playback.pause()
            self.keeping.closed()
            self.comparison.stop()
            self.presentation.stop()
            if self.starting is not None:
                self.starting.stop()
            self.settings.keep(keys.GEOMETRY, self.saveGeometry())
            if self.is_placed:
                self.room.keep()
            self._placing.give_up()
        super().closeEvent(event)
