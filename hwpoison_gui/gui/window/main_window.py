"""The main window: makes the widgets and places them. What they do is decided elsewhere."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QChildEvent, QEvent, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QTabBar, QVBoxLayout, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.look import fitting, icons
from hwpoison_gui.gui.look import settings as keys
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance, Themed
from hwpoison_gui.gui.look.dock import Dock, Strip, TabTips
from hwpoison_gui.gui.look.settings import Settings
from hwpoison_gui.gui.map.find_bar import FindBar
from hwpoison_gui.gui.map.legend import Legend
from hwpoison_gui.gui.map.lens_bar import LensBar
from hwpoison_gui.gui.map.overview import Overview
from hwpoison_gui.gui.map.panic_screen import PanicScreen
from hwpoison_gui.gui.map.stage import MapStage
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.rmap.view import RmapView
from hwpoison_gui.gui.tables.docks import Tables
from hwpoison_gui.gui.tables.inspector import Inspector
from hwpoison_gui.gui.tables.log import LogView
from hwpoison_gui.gui.tables.tasks import TaskTable
from hwpoison_gui.gui.timeline.notebook import NotebookView
from hwpoison_gui.gui.timeline.operations import OperationStrip
from hwpoison_gui.gui.timeline.sentence import SentenceBar
from hwpoison_gui.gui.timeline.transport import Transport
from hwpoison_gui.gui.toolbar.bar import ToolBar
from hwpoison_gui.gui.toolbar.counters import CounterStrip
from hwpoison_gui.gui.toolbar.profile_button import ProfileButton
from hwpoison_gui.gui.toolbar.sysctl_slider import SysctlSlider
from hwpoison_gui.gui.why.state_table import StateTableView
from hwpoison_gui.gui.why.view import DecisionView
from hwpoison_gui.gui.widgets.banner import Banner
from hwpoison_gui.gui.window import tab_order
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.gui.window.dialogs import Dialogs
from hwpoison_gui.gui.window.filter_control import FilterControl
from hwpoison_gui.gui.window.layout_control import LayoutControl
from hwpoison_gui.gui.window.lens_control import LensControl
from hwpoison_gui.gui.window.look_history import LookKeeper
from hwpoison_gui.gui.window.menus import ContextMenus, build_menu_bar
from hwpoison_gui.gui.window.notes import Moments
from hwpoison_gui.gui.window.tables_link import TablesLink
from hwpoison_gui.gui.window.wiring import Wiring
from hwpoison_gui.kernel.profile.registry import sysctls
from hwpoison_gui.opening import Opened
from hwpoison_gui.view.base.moment import moment_of
from hwpoison_gui.view.base.palette import Theme

SMALLEST: Final = QSize(900, 600)
_TRANSPORT: Final = ("first", "previous", "back", "play", "forward", "next", "last")
_LAYOUT_VERSION: Final = 3
_READABLE: Final = 0.32  # of the window's height: what a table takes at least when it is gone to
_NAMES: Final = 430  # pixels in which the reverse map shows names, beside text of the usual size
_LOW: Final = 680  # pixels of height below which the panels on the right share one place


class MainWindow(QMainWindow):
    """All that is seen. `opened` is the machine to start with; `remember`: the user's theme and panels."""

    def __init__(self, opened: Opened, *, remember: bool = True) -> None:
        super().__init__()
        self.setWindowIcon(icons.window_icon())
        self.setMinimumSize(SMALLEST)
        self.tab_tips = TabTips(self)
        self.settings = Settings(QSettings() if remember else None)
        self.appearance = Appearance(self.settings, self)
        self.setIconSize(look.icon_size())
        self.controller = Controller(opened, self)
        self.dialogs = Dialogs(self)
        self.menus = ContextMenus(self)
        self._make_widgets()
        self.actions_ = Actions(self)
        self.menu_of = build_menu_bar(self, self.actions_)
        self._place_tools()
        self._place_middle()
        self._place_docks()
        self._add_panels_menu()
        self.wiring = Wiring(self)
        self.moments = Moments(self)
        self.tables_link = TablesLink(self, self.tables)
        self._show_appearance()
        self.appearance.changed.connect(self._theme_changed)
        self.appearance.motionChanged.connect(self._motion_changed)
        self.wiring.show_machine()
        self._restore()

    def sizeHint(self) -> QSize:
        return fitting.USUAL

    # -- placing

    def _make_widgets(self) -> None:
        theme = self.theme
        self.map = FrameMapWidget(self, theme)
        self.overview = Overview(self.map, theme)
        self.lens_bar = LensBar(self, theme)
        self.legend = Legend(self, theme)
        self.lenses = LensControl(self.map, self.controller, self)
        self.layouts = LayoutControl(self.map, self.settings, self)
        self.finder = FindBar(self, theme)
        self.filter = FilterControl(self.map, self.lenses, self.controller)
        self.looks = LookKeeper(self)
        self.sliders = {name: SysctlSlider(sysctl, self, theme) for name, sysctl in sysctls().items()}
        self.profile = ProfileButton(self, theme)
        self.counters = CounterStrip(self, theme)
        self.sentence = SentenceBar(self, theme)
        self.transport = Transport(self, theme)
        self.operations = OperationStrip(self, theme)
        self.notebook = NotebookView(self, theme)
        self.rmap = RmapView(self, theme)
        self.inspector = Inspector(self, theme)
        self.why = DecisionView(self, theme)
        self.states = StateTableView(self, theme)
        self.tasks = TaskTable(self, theme)
        self.tables = Tables(self, theme)
        self.log = LogView(self, theme)
        self.panic = PanicScreen(self.map, theme)
        self.copy = Banner("info", self, theme)

    def _place_tools(self) -> None:
        bar = ToolBar(self, tuple(self.sliders.values()))
        for name in ("new", "open", "live"):
            bar.addAction(self.actions_[name])
            button = bar.widgetForAction(self.actions_[name])
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(self.actions_[name].text().replace("&", ""))
        bar.addSeparator()
        for slider in self.sliders.values():
            bar.addWidget(slider)
        space = QWidget(bar)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        self.profile.setMenu(self.menu_of["&Machine > &Profile"])
        bar.addWidget(self.profile)
        bar.addWidget(self.counters)
        self.addToolBar(bar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def _place_middle(self) -> None:
        for name in ("back", "first", "new"):
            self.panic.add_action(self.actions_[name])
        self.copy.add_button(self.actions_["notes"])
        self.setCentralWidget(MapStage(self.map, self.finder, self.lens_bar, self.legend, self.copy))

    def _place_docks(self) -> None:
        stage = QWidget(self)
        box = QVBoxLayout(stage)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.sentence)
        box.addWidget(self.operations)
        box.addWidget(self.transport)
        for name in _TRANSPORT:
            self.transport.add_action(self.actions_[name])
        stage.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.transport.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.transport.set_speed_menu(self.menu_of["&Play > &Speed"])
        self.stage = Strip("stage", stage, self)
        self.docks = {
            "rmap": Dock("rmap", "Reverse map", self.rmap, self, self.theme),
            "why": Dock("why", "Why", self.why, self, self.theme),
            "states": Dock("states", "State table", self.states, self, self.theme),
            "frame": Dock("frame", "Frame", self.inspector, self, self.theme),
            "log": Dock("log", "Kernel log", self.log, self, self.theme),
            "notebook": Dock("notebook", "Notebook", self.notebook, self, self.theme),
            "tasks": Dock("tasks", "Tasks", self.tasks, self, self.theme),
            "pages": Dock("pages", "Pages", self.tables.pages, self, self.theme),
            "vmas": Dock("vmas", "VMAs", self.tables.areas, self, self.theme),
            "files": Dock("files", "Files", self.tables.files, self, self.theme),
        }
        for name, tool in self.tables.tools.items():
            self.docks[name].add_tool(tool)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setDockOptions(self.dockOptions() | QMainWindow.DockOption.AllowNestedDocks)

    def reset_docks(self) -> None:
        """Every panel where it is meant to be at first."""
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        docks = self.docks
        for dock in (self.stage, *docks.values()):
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(right, docks["rmap"])
        self.splitDockWidget(docks["rmap"], docks["why"], Qt.Orientation.Vertical)
        for under in ("states", "frame"):
            self.tabifyDockWidget(docks["why"], docks[under])
        self.addDockWidget(bottom, self.stage)
        self.splitDockWidget(self.stage, docks["tasks"], Qt.Orientation.Vertical)
        self.splitDockWidget(docks["tasks"], docks["log"], Qt.Orientation.Horizontal)
        self.tabifyDockWidget(docks["log"], docks["notebook"])
        for under in self.tables.by_name:
            self.tabifyDockWidget(docks["tasks"], docks[under])
        width, height = self.width(), self.height()
        if height < _LOW * look.scale() ** 0.5:  # of what panels show, words are about half
            for under in ("why", "states", "frame"):
                self.tabifyDockWidget(docks["rmap"], docks[under])
        for dock in (self.stage, *docks.values()):
            dock.show()
        docks["why"].raise_()
        docks["rmap"].raise_()
        docks["tasks"].raise_()
        docks["log"].raise_()
        names = min(look.px(_NAMES), width // 2)
        self.resizeDocks([docks["rmap"]], [max(names, round(width * 0.41))], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["rmap"], docks["why"]], [1, 1], Qt.Orientation.Vertical)
        self.resizeDocks([docks["tasks"]], [max(96, round(height * 0.17))], Qt.Orientation.Vertical)
        self.resizeDocks([docks["tasks"], docks["log"]], [58, 42], Qt.Orientation.Horizontal)

    def show_panel(self, name: str) -> None:
        """A panel in front, with the keyboard in it."""
        self.docks[name].show()
        self.docks[name].raise_()
        if name in self.tables.by_name and self.docks[name].height() < self.height() * _READABLE:
            self.resizeDocks([self.docks[name]], [round(self.height() * _READABLE)], Qt.Orientation.Vertical)
        self.docks[name].widget().setFocus()

    def _add_panels_menu(self) -> None:
        menu = self.menu_of["&View"].addMenu("&Panels")
        for dock in self.docks.values():
            menu.addAction(dock.toggleViewAction())

    # -- look

    @property
    def theme(self) -> Theme:
        """The colours in use."""
        return self.appearance.theme

    def themed_parts(self) -> list[Themed]:
        """All that takes colours and fonts; what is as high as its parts comes after them."""
        parts = (self.map, self.legend, self.counters, self.profile, self.sentence, self.transport, self.rmap)
        panels = (self.inspector, self.why, self.states, self.tasks, self.tables, self.log, self.notebook)
        around = (self.lens_bar, self.overview, self.finder, self.panic, self.copy, self.operations)
        compared = (self.dialogs.compared,) if self.dialogs.compared else ()
        return [*parts, *panels, *around, *self.sliders.values(), *self.docks.values(), self.stage, *compared]

    def _theme_changed(self, theme: Theme) -> None:
        self.setIconSize(look.icon_size())
        for part in self.themed_parts():
            part.set_theme(theme)
        self._show_appearance()
        self.actions_.refresh()

    def _show_appearance(self) -> None:
        """What the commands and the state of the machine show of it."""
        actions, theme, choice = self.actions_, self.theme, self.appearance.theme_choice
        actions.set_theme(theme.text, look.disabled_of(theme))
        actions.check(f"theme-{choice}")
        actions.check(f"text-{self.appearance.text_size}")
        self.wiring.theme_changed()
        self._motion_changed(not self.appearance.still)

    def _motion_changed(self, on: bool) -> None:
        self.setAnimated(on)
        for part in (self.map, self.rmap, self.wiring.progress):
            part.set_motion(on)
        self.actions_.refresh()

    def toggle_overview(self) -> None:
        """Shows all frames in a corner of the map, or does not; remembered."""
        self.overview.set_on(not self.overview.on)
        self.settings.keep(keys.OVERVIEW, self.overview.on)
        self.actions_.refresh()

    def show_moment(self, position: int) -> None:
        """Shows a step with the frame that it is about."""
        self.controller.seek(position)
        moment = moment_of(self.controller.session)
        if moment.operation is not None and moment.operation.outcome.pfn is not None:
            self.controller.select(moment.operation.outcome.pfn)

    # -- around

    def _restore(self) -> None:
        self.overview.set_on(self.settings.get(keys.OVERVIEW))
        self.actions_.refresh()
        if not self.restoreGeometry(self.settings.get(keys.GEOMETRY)):
            self.resize(fitting.first_size(self.screen().availableSize()))
        self.reset_docks()
        self.restoreState(self.settings.get(keys.DOCKS), _LAYOUT_VERSION)
        self.map.setFocus()

    def childEvent(self, event: QChildEvent) -> None:
        super().childEvent(event)
        if event.polished() and isinstance(event.child(), QTabBar):
            event.child().installEventFilter(self.tab_tips)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.settings.store is not None:
            QTimer.singleShot(0, self, lambda: fitting.keep_on_screen(self))

    def event(self, event: QEvent) -> bool:
        kept = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and tab_order.keeps(event)
        if kept:
            event.accept()
        return kept or super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return tab_order.go_on(self, forward) or super().focusNextPrevChild(forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.controller.work.give_up()
        self.controller.playback.pause()
        self.dialogs.stop()
        self.settings.keep(keys.GEOMETRY, self.saveGeometry())
        self.settings.keep(keys.DOCKS, self.saveState(_LAYOUT_VERSION))
        super().closeEvent(event)
