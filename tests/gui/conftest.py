"""A window on a small machine with forked workers, and shorthand for what a user does with it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.control import feed
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from hwpoison_gui.session.session import Session
from tests.gui.waiting import until
from tests.workbench import do

WORKERS = ("w0", "w1", "w2")


def workers(early_kill: int = 1) -> Session:
    """A server and three workers that share four anonymous pages and a file; one other task."""
    session = Session.fresh(4096, sysctl={"memory_failure_early_kill": early_kill})
    do(session, "file", path="/srv/data", pages=4)
    do(session, "task", name="srv")
    do(session, "mmap", task="srv", name="heap", pages=8)
    for page in range(4):
        do(session, "write", task="srv", at=f"heap+{page}", value=f"v{page}")
    do(session, "open", task="srv", path="/srv/data", fd="d")
    do(session, "mmap", task="srv", name="data", pages=4, file="/srv/data", fd="d", shared=True)
    for name in WORKERS:
        do(session, "fork", task="srv", child=name)
        do(session, "read", task=name, at="data+1")
    do(session, "task", name="other")
    return session


class User:
    """Somebody in front of the window."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window

    @property
    def session(self) -> Session:
        return self.window.controller.session

    def frame(self, page: str) -> int:
        return self.session.resolve_frame(page)

    def point(self, pfn: int) -> QPoint:
        """The middle of a frame's cell on the map's viewport."""
        return self.window.map.view.item.rect_of(pfn).center().toPoint()

    def click_frame(
        self,
        pfn: int,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """A click on a frame's cell; a small cell is zoomed to first."""
        self.window.map.center_on(pfn)
        QTest.mouseMove(self.window.map.view.viewport(), self.point(pfn))
        QTest.mouseClick(self.window.map.view.viewport(), button, keys, self.point(pfn))

    def key(self, key: Qt.Key | str, widget: QWidget | None = None) -> None:
        """A key, to the widget that has the focus."""
        target = widget or self.window.focusWidget() or self.window
        if isinstance(key, str):
            QTest.keyClicks(target, key)
        else:
            QTest.keyClick(target, key)

    def alive(self, *names: str) -> list[bool]:
        return [self.session.alive(name) for name in names]

    def choose(self, menu, *path: str) -> None:
        """Triggers an entry of a menu by its words."""
        for word in path[:-1]:
            menu = next(action for action in menu.actions() if action.text() == word).menu()
        action = next(action for action in menu.actions() if action.text() == path[-1])
        assert action.isEnabled(), action.toolTip()
        action.trigger()


@pytest.fixture(autouse=True)
def panels_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All panels show a change in the turn in which it is made: most tests look at once, and are not about turns."""
    monkeypatch.setattr(feed, "_AT_ONCE", inf)


@pytest.fixture(autouse=True)
def what_was_there_before_stays_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a machine unfreezes everything: each test after it would look at all modules and collected tests."""
    monkeypatch.setattr(gc, "unfreeze", lambda: None)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and unsaved work of the test's own: QSettings.setPath() holds until the next call."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Callable[..., User]]:
    """Opens a window on a machine; it is closed after the test. `remember`: it keeps settings and unsaved work."""
    made: list[MainWindow] = []

    def open_one(opened: Opened | Session, size: tuple[int, int] = (1280, 800), remember: bool = False) -> User:
        if isinstance(opened, Session):
            opened = Opened(opened, "a test", Scenario("a test", memory=Memory()))
        window = MainWindow(remember=remember)
        made.append(window)
        qtbot.addWidget(window)
        window.resize(*size)
        window.complete(opened)  # once it has its size: panels are placed by it, and only once
        window.appearance.ask_desktop()
        window.show()
        qtbot.waitExposed(window)
        until(lambda: window.is_complete)
        window.activateWindow()
        window.map.setFocus()
        return User(qtbot, window)

    yield open_one
    for window in made:
        window.keeping.guard.asks = False
        window.close()


@pytest.fixture
def user(open_window: Callable[..., User]) -> User:
    """In front of the machine of workers()."""
    return open_window(workers())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder in which windows keep unsaved work."""
    return tmp_path / "state/hwpoison-gui"


@pytest.fixture
def keeper(open_window: Callable[..., User]) -> User:
    """In front of a window that keeps unsaved work and asks about it, on a machine that can be saved."""
    return open_window(made_machine(), remember=True)


def made_machine(profile: str = "6.1") -> Opened:
    """A small machine with processes, as from a scenario."""
    scenario = Scenario("a test", profile=profile, memory=Memory(4096, "desktop", 3))
    return Opened(replay.boot(scenario), "a test", scenario, again=made_machine)
