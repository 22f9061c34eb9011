"""A start: the map first, with as few modules as that takes; then the rest, without what nobody has asked for yet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.app import run
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Cancelled, Opened, Progress, default_machine
from hwpoison_gui.opening.start import Start, start_of, start_of_desktop
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.plane import FramePlane
from tests.gui.waiting import until

# A start prints at several moments which modules it has, and which classes of Qt with enumerations.
LOADED = """
import enum
import sys

def loaded(when):
    print(when, *sorted(name for name in sys.modules if name.partition(".")[0] in ("hwpoison_gui", "PySide6", "numpy")))
    print(when, *sorted(name for name in sys.modules if "." not in name))
    kinds = [kind for base in (enum.Enum, enum.Flag, enum.IntEnum, enum.IntFlag) for kind in base.__subclasses__()]
    names = {kind.__qualname__.partition(".")[0] for kind in kinds if kind.__module__.startswith("PySide6.")}
    print(when, *sorted(f"class:{name}" for name in names))
"""

# The first start keeps the machine, and code of Qt.
KEEP = """
from hwpoison_gui.gui.app import qt
from hwpoison_gui.opening.opening import default_machine
qt.load()
default_machine()
"""

# The second start of a program without the start page.
MAP = """
import hwpoison_gui.cli
hwpoison_gui.cli.quick_numpy.load()
from hwpoison_gui.opening.start import start_of_desktop
start = start_of_desktop()
loaded("Qt")
from hwpoison_gui.gui.app import qt
qt.load()
from hwpoison_gui.gui.app import run
from PySide6.QtCore import QTimer
app = run.application()

def open_machine(*waiting):
    assert window.map.view.item.paints == 1
    loaded("paint")
    return start.open(*waiting)

def wait(window):
    QTimer.singleShot(0, lambda: (loaded("complete"), click(window)) if window.is_complete else wait(window))

def click(window):
    from hwpoison_gui.gui.app.preload import preload
    preload(window).finish()
    app.processEvents()  # all is painted
    loaded("idle")
    pfn = int((window.controller.session.machine.mapcount.view > 1).argmax())
    window.controller.selection.select(pfn)
    app.processEvents()
    window.controller.fire(pfn)
    while window.controller.busy:
        app.processEvents()
    window.controller.playback.pause()
    window.controller.seek(len(window.controller.session.steps))
    app.processEvents()
    loaded("click")
    window.keeping.guard.asks = False
    window.close()  # which waits for the thread that saves

window = run.begin(start._replace(open=open_machine), wait)
app.exec()
"""

# A start with the start page: before its first picture is painted, when it is ready, and when all below it is there.
PAGE = """
import hwpoison_gui.cli
hwpoison_gui.cli.quick_numpy.load()
from hwpoison_gui.opening.start import start_of_desktop
start = start_of_desktop()
from hwpoison_gui.gui.app import qt
qt.load()
from hwpoison_gui.gui.app import run
from PySide6.QtCore import QTimer
app = run.application()

def open_machine(*waiting):
    assert window.starting.page.isVisible() and not window.map.view.item.paints
    loaded("paint")
    return start.open(*waiting)

def wait(window):
    QTimer.singleShot(0, lambda: (loaded("ready"), end(window)))

def end(window):
    QTimer.singleShot(0, lambda: (loaded("complete"), window.close()) if window.is_complete else end(window))

from hwpoison_gui.gui.window import starting
starting._IDLE_MS = 60_000  # what follows when nothing happens must not come first on a slow machine
window = run.begin(start._replace(open=open_machine), wait, page=True)
app.exec()
"""

# What the first picture of the map is made of: whole packages, and of others the modules that are named.
PICTURE = {
    "cli", "opening.opening", "opening.start", "quick_numpy", "record", "resources", "terminal", "user.cache",
    "user.folders",
    "sources.errors", "session.errors",
    "session.booting", "kernel.page_flags", "kernel.boot.snapshot_format",
    "view.base.kinds", "view.base.palette", "view.base.units", "view.base.intern", "view.outcome.classes",
    "view.map.camera", "view.map.codes", "view.map.frame_bytes", "view.map.layout", "view.map.layout_curves",
    "view.map.layout_zones", "view.map.layouts", "view.map.lens_colours", "view.map.lenses", "view.map.plane",
    "view.map.look_up", "view.map.pyramid", "view.map.roles",
    "gui.app.qt", "gui.app.qt_enums", "user.kept_code", "gui.app.run", "gui.app.crash", "gui.window.main_window",
    "gui.window.placing",
    "gui.look.appearance", "gui.look.fitting", "gui.look.panel_titles", "gui.look.settings", "gui.look.style_sheet",
    "gui.look.theme", "gui.look.viewport",
    "gui.map.axis", "gui.map.cells", "gui.map.item", "gui.map.multi_select", "gui.map.marks", "gui.map.centre",
    "gui.map.stamps",
    "gui.map.view", "gui.map.widget", "gui.widgets.primitives", "gui.widgets.table_keys",
}  # fmt: skip

# What the start page is made of besides, and what it does without until the window below it is complete.
FIRST_PAGE = {
    "lessons", "gui.window.starting", "gui.window.samples", "gui.start.cards", "gui.start.drawing",
    "gui.start.ready_page", "gui.start.page", "gui.start.pointed_list", "gui.start.ways", "gui.look.plain",
    "gui.look.signs", "gui.widgets.model_index",
}  # fmt: skip
PAGE_NOT_YET = ("gui.start.scene", "gui.start.pictures")
# What is made below the page only when it is left, or between events.
BELOW = ("gui.rmap.view", "gui.why.view", "gui.tables.log", "gui.tables.tasks", "view.outline")

# What a complete window has no use for yet: how a machine is made that is not kept, other kinds of machines,
# what a command, a lens, the filter or a panel behind another one asks for, and the slow parts of libraries.
NOT_YET = (
    "kernel.presets", "kernel.boot.machine", "kernel.boot.fresh", "kernel.boot.entries",
    "session.compare", "session.fidelity", "session.scenario.reader", "session.scenario.writer",
    "session.scenario.expect", "session.scenario.check",
    "sources.live", "sources.raw", "sources.recording", "sources.assemble",
    "view.filter", "view.map.lens_sheets", "view.outcome.assessment", "view.outcome.preview", "view.facts.frame_facts",
    "view.facts.compare", "view.rows.pages", "view.rows.files",
    "gui.compare", "gui.app.pictures", "opening.demo", "gui.map.find_bar", "gui.map.panic_screen",
    "gui.tables.docks", "gui.tables.pages", "gui.tables.inspector", "gui.timeline.notebook", "gui.why.state_table",
    "user.state", "session.document.files", "session.document.recent", "opening.saving", "gui.window.files.recovery",
    "gui.window.samples", "gui.window.commands.palette", "gui.window.commands.palette_entries",
    "gui.window.dialogs.about",
    "gui.window.commands.key_list", "gui.window.dialogs.go_to_dialog", "gui.widgets.picture",
    "view.base.frame_number", "view.facts.frame_named", "view.outcome.loss", "view.words.plain",
    "dram.geometry", "dram.shipped", "view.base.dram", "view.map.layout_dram",
    "view.words.glossary", "gui.window.dialogs.glossary", "gui.window.dialogs.pointed", "gui.window.dialogs.term_tips",
)  # fmt: skip
# Classes with enumerations that PySide creates when a name is imported, or to find out what class a widget has.
NO_CLASS = {"QStyle", "QAccessible", "QMdiArea", "QWizard", "QGradient"}
NO_CLASS |= {"QMessageBox", "QFileDialog", "QInputDialog", "QDialogButtonBox"}
SLOW = {"statistics", "decimal", "hashlib", "difflib", "unittest", "tomllib", "asyncio", "numpy.ma", "numpy.random"}
SLOW |= {"logging", "string"}
SLOW |= {
    "numpy.fft",
    "numpy.polynomial",
    "numpy.testing",
    "numpy._typing",
    "numpy._core._add_newdocs",
    "PySide6.QtNetwork",
    "PySide6.QtTest",
    "PySide6.QtDBus",
}


def moments_of(script: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The modules at each moment of a start that finds its machine in the cache."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        environment[name] = str(tmp_path_factory.mktemp(name))
    start = [sys.executable, "-c", LOADED + script]
    keep = [sys.executable, "-c", KEEP]
    subprocess.run(keep, env=environment, check=True, timeout=60)
    done = subprocess.run(start, env=environment, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        when, *names = line.split()
        found.setdefault(when, set()).update(names)
    return found


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    return moments_of(MAP, tmp_path_factory)


def ours(names: set[str]) -> set[str]:
    """Modules of the program, without the packages that hold them."""
    inside = {name.removeprefix("hwpoison_gui.") for name in names if name.startswith("hwpoison_gui.")}
    return {name for name in inside if not any(other.startswith(f"{name}.") for other in inside)}


def test_the_frames_are_found_without_qt(moments: dict[str, set[str]]) -> None:
    assert not [name for name in moments["Qt"] if name.partition(".")[0] in ("PySide6", "shiboken6")]


def test_the_first_picture_is_made_of_few_modules(moments: dict[str, set[str]]) -> None:
    assert ours(moments["paint"]) <= PICTURE


def test_a_complete_window_has_loaded_what_it_shows(moments: dict[str, set[str]]) -> None:
    assert ours(moments["complete"]) > PICTURE
    unasked = {name for name in ours(moments["complete"]) if any(f"{name}.".startswith(f"{no}.") for no in NOT_YET)}
    assert unasked == set()


def test_the_first_click_loads_nothing_more(moments: dict[str, set[str]]) -> None:
    assert ours(moments["click"]) - ours(moments["idle"]) == set()


def test_a_start_loads_nothing_slow(moments: dict[str, set[str]]) -> None:
    assert (moments["complete"] | moments["idle"]) & SLOW == set()


def test_a_start_creates_no_class_of_qt_that_it_does_not_show(moments: dict[str, set[str]]) -> None:
    assert "class:QDockWidget" in moments["complete"]
    assert moments["complete"] & {f"class:{name}" for name in NO_CLASS} == set()


def test_the_start_page_is_made_of_little_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    moments = moments_of(PAGE, tmp_path_factory)
    assert ours(moments["paint"]) <= PICTURE | FIRST_PAGE
    below = {name for name in ours(moments["ready"]) if any(f"{name}.".startswith(f"{no}.") for no in BELOW)}
    assert below == set()
    not_yet = (*(name for name in NOT_YET if name not in FIRST_PAGE), *PAGE_NOT_YET)
    unasked = {name for name in ours(moments["complete"]) if any(f"{name}.".startswith(f"{no}.") for no in not_yet)}
    assert unasked == set() and moments["complete"] & SLOW == set()
    assert moments["complete"] & {f"class:{name}" for name in NO_CLASS} == set()


# -- what is seen


class Begun:
    """A window that has begun. `first`: what was seen of it when its first picture had been painted."""

    def __init__(self, qtbot: QtBot, start: Start) -> None:
        self.qtbot = qtbot
        self.first: tuple[FramePlane, QRect, list[int]] | None = None
        self.window = run.begin(start._replace(open=lambda *waiting: self._open(start, *waiting)), lambda window: None)
        qtbot.addWidget(self.window)

    def _open(self, start: Start, progress: Progress, cancelled: Cancelled) -> Opened:
        self.first = self.seen()
        return start.open(progress, cancelled)

    def seen(self) -> tuple[FramePlane, QRect, list[int]]:
        """The plane, the place of the map in the window, and how many frames of each kind it shows."""
        frame_map = self.window.map
        assert frame_map.plane is not None
        place = QRect(frame_map.mapTo(self.window, QPoint()), frame_map.size())
        return frame_map.plane, place, frame_map.plane.counts().tolist()

    def complete(self) -> MainWindow:
        """The window with everything in it."""
        until(lambda: self.window.is_complete)
        self.qtbot.wait(50)
        return self.window


@pytest.fixture
def begin(qtbot: QtBot) -> Iterator[Callable[[Start], Begun]]:
    """Begins; windows are closed after the test."""
    made: list[Begun] = []

    def begin_one(start: Start) -> Begun:
        made.append(Begun(qtbot, start))
        return made[-1]

    yield begin_one
    for one in made:
        if one.window.is_complete:
            one.window.keeping.guard.asks = False
        one.window.close()


def small(frames: int = 4096) -> Opened:
    return Opened(Session.fresh(frames), "a test")


def test_the_first_picture_is_that_of_the_complete_window(begin: Callable[[Start], Begun]) -> None:
    default_machine()  # from now on it is in the cache
    for again in (False, True):
        begun = begin(start_of_desktop())
        window = begun.complete()
        assert begun.first is not None
        plane, place, counts = begun.first
        assert window.map.plane is plane
        assert plane.flags is window.controller.session.machine.flags.view
        assert begun.seen()[2] == counts
        if again:  # the first time of all it is not known how high bars with text are
            assert begun.seen()[1] == place
        window.close()


def test_at_first_about_the_right_room_is_left(begin: Callable[[Start], Begun]) -> None:
    begun = begin(start_of(small()))
    begun.complete()
    assert begun.first is not None
    before, after = begun.first[1], begun.seen()[1]
    assert max(abs(a - b) for a, b in zip(before.getCoords(), after.getCoords(), strict=True)) <= 40


def test_the_legend_has_all_its_lines_before_it_is_painted(begin: Callable[[Start], Begun]) -> None:
    window = begin(start_of_desktop()).window
    until(lambda: window.is_complete)
    assert window.legend.height() == window.legend.layout().heightForWidth(window.legend.width())


def test_the_map_is_painted_once_with_the_rest(begin: Callable[[Start], Begun]) -> None:
    default_machine()
    begun = begin(start_of_desktop())
    item = begun.window.map.view.item
    until(lambda: begun.window.is_complete and item.paints > 1)
    begun.qtbot.wait(50)
    assert item.paints == 2


def test_a_machine_with_other_frames_is_shown_as_it_is(begin: Callable[[Start], Begun]) -> None:
    window = begin(start_of(small(4096))._replace(open=lambda *_: small(8192))).complete()
    assert window.map.plane is not None and window.map.plane.frames == 8192


def test_a_plane_that_was_made_with_the_machine_is_used(begin: Callable[[Start], Begun]) -> None:
    opened = small()
    m = opened.session.machine
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    assert begin(start_of(opened._replace(plane=plane))).complete().map.plane is plane


def test_a_click_counts_once_the_window_is_complete(begin: Callable[[Start], Begun]) -> None:
    begun = begin(start_of(small()))
    begun.window.map.fired.emit(9)  # nobody listens yet
    window = begun.complete()
    assert window.controller.session.operations == []
    window.map.fired.emit(9)
    until(lambda: len(window.controller.session.operations) == 1)


def test_a_window_that_is_closed_at_once_remembers_nothing(begin: Callable[[Start], Begun]) -> None:
    begun = begin(start_of(small()))
    begun.window.close()
    assert begun.window.settings.store is not None and not begun.window.settings.store.contains("geometry")
    begun.complete()


def test_a_window_that_nobody_paints_is_completed_all_the_same(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_UNSEEN_MS", 1)
    hidden = QWidget()
    qtbot.addWidget(hidden)
    done: list[int] = []
    run.AfterPaint(hidden, lambda: done.append(1))
    until(lambda: done == [1])
    hidden.show()
    qtbot.wait(20)
    assert done == [1]
