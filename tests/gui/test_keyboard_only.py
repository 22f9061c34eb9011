"""The whole window without a mouse: every panel, every act and every dialog by keys, and what came of it is seen."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from hwpoison_gui.gui.window import tab_order
from hwpoison_gui.opening import opening
from tests.gui import eyes
from tests.gui.conftest import workers
from tests.gui.hands import ALT, CTRL, NO, SHIFT, Key, Person
from tests.workbench import crowd


class Typist(Person):
    """Has no mouse."""

    def point(self, widget: QWidget, at=None) -> None:
        raise AssertionError("there is no mouse")

    @property
    def at(self) -> QWidget:
        """Who has the keyboard."""
        assert self.front is not None  # a window below one that was closed comes to the front
        focus = QApplication.focusWidget()
        assert focus is not None and eyes.in_sight(focus), focus
        return focus

    def tab_to(self, name: str) -> QWidget:
        """Tab, until something of that name has the keyboard."""
        for _ in range(80):
            if re.search(name, self.at.accessibleName()):
                return self.at
            self.press(Key.Key_Tab)
        raise AssertionError(f"Tab does not reach {name}")

    def goes_to(self, words: str) -> None:
        """Down, in the menu that is open, until the entry says that."""
        menu = self.front
        assert isinstance(menu, QMenu), menu
        for _ in menu.actions():
            self.press(Key.Key_Down)
            active = menu.activeAction()
            if active is not None and re.search(words, active.text().replace("&", "")):
                return
        raise AssertionError(f"{words!r} is not in\n{self.reads(menu)}")

    def by_menu(self, letter: Key, *path: str) -> None:
        """Through the menu bar: Alt and a letter, then arrows."""
        self.press(letter, ALT)
        for words in path[:-1]:
            self.goes_to(words)
            self.press(Key.Key_Right)
            self.press(Key.Key_Up)  # onto the last, for goes_to begins with the next
        self.goes_to(path[-1])
        self.press(Key.Key_Return)

    def said(self) -> str:
        return self.reads(self.window.sentence)

    def alive(self) -> set[str]:
        rows = [row.split("\t") for row in eyes.rows_in_view(self.window.docks["tasks"].content())]
        return {row[1].partition(":")[0] for row in rows if row[2] == "running"}


@pytest.fixture
def typist(open_window, qtbot) -> Typist:
    """In front of a server, three workers that share its memory, and another task; all rows of tasks are in sight."""
    return Typist(qtbot, open_window(workers(), (1280, 1000)).window)


def test_every_panel_is_reached_and_left(typist: Typist) -> None:
    me, w = typist, typist.window
    panels = (
        w.docks["rmap"].content(),
        w.docks["why"].content(),
        w.docks["states"].content().view,
        w.docks["frame"].content(),
        w.docks["tasks"].content(),
        w.tables.pages.view,
        w.tables.vmas,
        w.tables.files,
    )
    keys = (Key.Key_1, Key.Key_2, Key.Key_3, Key.Key_4, Key.Key_5, Key.Key_6, Key.Key_7, Key.Key_8)
    for key, panel in zip(
        (*keys, Key.Key_9, Key.Key_0), (*panels, w.docks["log"].content(), w.docks["notebook"].content()), strict=True
    ):
        me.press(key, ALT)
        assert me.at is panel
    there = []
    for _ in range(7):
        me.press(Key.Key_F6)
        there.append(me.at)
    assert {w.map.view, w.docks["rmap"].content(), w.sentence, w.docks["notebook"].content()} <= set(there) and len(
        set(there)
    ) >= 6
    me.press(Key.Key_F6, SHIFT)
    assert me.at is there[-2]


def test_who_has_the_keyboard_is_seen_in_every_theme(typist: Typist) -> None:
    for theme in ("light", "high-contrast", "dark"):
        who_has_the_keyboard_is_seen(typist, theme)


def who_has_the_keyboard_is_seen(typist: Typist, theme: str) -> None:
    me, w = typist, typist.window
    me.by_menu(Key.Key_V, "Theme", {"high-contrast": "High contrast"}.get(theme, theme.title()))
    assert w.theme.name == theme
    me.press(Key.Key_F, CTRL)  # the search has its own
    unseen = []
    for widget in tab_order.reachable(w):
        widget.clearFocus()
        without = widget.grab().toImage()
        widget.setFocus()
        if widget.grab().toImage() == without:
            unseen.append(f"{type(widget).__name__} {widget.accessibleName()}")
    assert not unseen, theme


def test_a_frame_is_selected_by_arrows_broken_and_walked(typist: Typist) -> None:
    me, w = typist, typist.window
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    pfn = w.controller.session.resolve_frame("srv:heap+1")
    assert f"who uses {pfn:#x}" in me.reads(w.docks["rmap"])
    me.press(Key.Key_Right)
    assert f"who uses {pfn + 1:#x}" in me.reads(w.docks["rmap"])
    me.press(Key.Key_Left)
    assert f"{pfn:#x}" in me.reads(w.map.view)  # the label beside the selected frame
    me.press(Key.Key_Return)
    me.press(Key.Key_Space)  # pause: on a slow computer some steps have been played by now
    me.press(Key.Key_PageUp)
    me.press(Key.Key_Period)
    assert f"A memory error is reported in frame {pfn:#x}" in me.said()
    where = me.reads(w.transport.where)
    me.press(Key.Key_Period)
    assert me.reads(w.transport.where) != where
    me.press(Key.Key_Comma)
    assert me.reads(w.transport.where) == where
    me.press(Key.Key_End)
    assert "SIGBUS killed srv:101, w0:102, w1:103 and w2:104;" in me.said() and me.alive() == {"other"}
    me.press(Key.Key_PageUp)
    assert me.alive() == {"srv", "w0", "w1", "w2", "other"}
    me.press(Key.Key_PageDown)
    assert me.alive() == {"other"}
    me.tab_to("^Timeline$")
    me.press(Key.Key_Left)
    assert "Killed by" not in me.said()
    me.press(Key.Key_Home)
    assert me.reads(w.transport.where) == "start"
    me.press(Key.Key_Space)
    me.until(lambda: me.reads(w.transport.where) != "start")
    me.press(Key.Key_Space)
    me.type(">")
    assert "Speed 1.5 times" in me.reads(w.transport)


def frames_are_found(typist: Typist) -> None:
    me, w = typist, typist.window
    me.press(Key.Key_F, CTRL)
    me.type("w1")
    me.until(lambda: re.search(r"\d frames", me.reads(w.finder)))
    me.press(Key.Key_Return)
    first = me.reads(w.docks["rmap"])
    assert "who uses" in first
    me.press(Key.Key_F3)
    me.press(Key.Key_F3, SHIFT)
    assert me.reads(w.docks["rmap"]) == first
    me.press(Key.Key_Escape)
    assert eyes.in_sight(w.finder) and me.at is w.map.view
    me.tab_to("hardware poison: ")
    me.press(Key.Key_Right)
    me.press(Key.Key_Space)
    assert w.finder.isVisible() and "frame" in me.reads(w.finder.told)


def sysctls_are_changed(typist: Typist) -> None:
    me = typist
    for name, words in (("early_kill", "0: late"), ("recovery", "0: panic")):
        slider = me.tab_to(name)
        me.press(Key.Key_0)
        assert words in me.reads(slider)
        me.press(Key.Key_Space)
        assert "1: " in me.reads(slider)


def test_frames_are_found_and_sysctls_changed(typist: Typist) -> None:
    """The search first: its filter stays."""
    sysctls_are_changed(typist)
    frames_are_found(typist)


def test_another_profile_is_booted(open_window, qtbot) -> None:
    me = Typist(qtbot, open_window(opening.default_machine(), remember=True).window)
    w = me.window

    def chooses() -> None:
        me.goes_to("^Linux 6.1 ")
        me.press(Key.Key_Return)

    def wants_it() -> None:
        me.tab_to("^Profile: ")
        me.press_for_menu(Key.Key_Space, chooses)
        me.until(lambda: "Booting this machine again" in me.reads())

    me.tab_to("early_kill")
    me.press(Key.Key_0)
    wants_it()
    me.press(Key.Key_Escape)
    me.until(lambda: me.front is w)
    assert "2.6.32" in me.reads(w.profile)
    wants_it()
    me.press(Key.Key_D, ALT)  # discard
    me.until(lambda: "Linux 6.1" in me.reads(w.profile))
    assert "at the start" not in me.said() and "Click a frame" in me.said()


def test_lenses_and_layouts(typist: Typist) -> None:
    me, w = typist, typist.window
    me.press(Key.Key_3)
    me.until(lambda: "3 to 9 mappings" in me.reads(w.legend))
    me.tab_to("^Lens: Mappings")
    me.press(Key.Key_Comma)  # from here on, the arrows could be steps
    step = me.reads(w.transport.where)
    me.press(Key.Key_Right)
    me.until(lambda: "reference" in me.reads(w.legend))
    assert me.reads(w.transport.where) == step
    me.by_menu(Key.Key_A, "Layout", "Hilbert")
    me.press(Key.Key_A, ALT)
    me.goes_to("Layout")
    me.press(Key.Key_Right)
    assert {action.text() for action in me.front.actions() if action.isChecked()} >= {"&Hilbert’s curve"}
    me.press(Key.Key_Escape)
    me.press(Key.Key_Escape)
    me.press(Key.Key_Escape)


def test_a_policy_is_chosen_in_the_table_and_by_its_menu(typist: Typist) -> None:
    me, w = typist, typist.window

    def policy(name: str) -> str:
        rows = [row.split("\t") for row in eyes.rows_in_view(w.docks["tasks"].content())]
        return next(row[3] for row in rows if row[1] == name)

    me.press(Key.Key_5, ALT)
    me.press(Key.Key_Down)
    for _ in range(3):
        me.press(Key.Key_Right)
    assert policy("w0") == "default"
    for wanted in ("early", "late", "default"):
        me.press(Key.Key_F2)
        me.type(wanted)
        me.press(Key.Key_Return)
        me.until(lambda wanted=wanted: policy("w0") == wanted)
    for key, keys, wanted in ((Key.Key_Menu, NO, "late"), (Key.Key_F10, SHIFT, "early")):
        me.press(key, keys)
        assert me.reads().startswith("w0:")
        me.goes_to("Policy")
        me.press(Key.Key_Right)
        me.press(Key.Key_Up)
        me.goes_to(f"^{wanted}$")
        me.press(Key.Key_Return)
        me.until(lambda wanted=wanted: policy("w0") == wanted)


def test_menus_of_frames(typist: Typist) -> None:
    """On the map and in the table of pages; a task touches the frame."""
    me, w = typist, typist.window
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    for panel in (w.map.view, w.tables.pages.view):
        for key, keys in ((Key.Key_Menu, NO), (Key.Key_F10, SHIFT)):
            assert me.at is panel
            me.press(key, keys)
            assert f"Frame {w.map.selection:#x}" in me.reads(me.front)
            me.press(Key.Key_Escape)
            me.until(lambda: me.front is w)
        me.press(Key.Key_6, ALT)
    me.press(Key.Key_T)
    me.press(Key.Key_Right)  # the first entry, “Read as”, is chosen already
    me.press(Key.Key_Return)
    assert "reads heap+1" in me.reads(w.operations)


def test_rows_are_ordered_and_copied(typist: Typist) -> None:
    me, w = typist, typist.window
    for key, table in (
        (Key.Key_5, w.docks["tasks"].content()),
        (Key.Key_7, w.tables.vmas),
        (Key.Key_8, w.tables.files),
    ):
        me.press(key, ALT)
        me.press(Key.Key_Down)
        me.press(Key.Key_Right)
        columns = []
        for order in (Key.Key_Up, Key.Key_Down):
            me.press(order, CTRL | SHIFT)
            columns.append([row.split("\t")[table.currentIndex().column()] for row in eyes.rows_in_view(table)])
        assert columns[0] == sorted(columns[0], key=str.casefold)
        assert columns[1] == sorted(columns[1], key=str.casefold, reverse=True)
        me.press(Key.Key_C, CTRL)
        assert QApplication.clipboard().text() in me.reads(table)


def test_what_is_said_is_copied(typist: Typist) -> None:
    me = typist
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    me.press(Key.Key_Return)
    me.press(Key.Key_End)
    told = {}
    for name, key in (("map", Key.Key_1), ("why", Key.Key_2), ("states", Key.Key_3), ("frame", Key.Key_4),
                      ("log", Key.Key_9)):  # fmt: skip
        me.press(key, ALT)
        me.press(Key.Key_A, CTRL)
        me.press(Key.Key_C, CTRL)
        told[name] = QApplication.clipboard().text()
    me.tab_to("^What happens in this step")
    me.press(Key.Key_C, CTRL)
    told["sentence"] = QApplication.clipboard().text()
    expected = {"map": "srv:", "why": "Outcome (done)", "states": "the first match", "frame": "HWPOISON",
                "log": "Killing w2", "sentence": "SIGBUS killed srv"}  # fmt: skip
    for name, words in expected.items():
        assert words in told[name], told[name]
    assert len(told["log"].splitlines()) == 5 and len(told["why"].splitlines()) > 40


def test_a_group_of_users_unfolds_and_one_is_chosen(open_window, qtbot) -> None:
    session = crowd(30)
    me = Typist(qtbot, open_window(session).window)
    me.press(Key.Key_Slash)
    me.type("top:m+0")
    me.press(Key.Key_Return)
    me.press(Key.Key_1, ALT)
    me.press(Key.Key_Down)
    assert "30 VMAs" in me.reads(me.at) and "worker-7" not in me.reads(me.at)
    me.press(Key.Key_Space)
    me.press(Key.Key_Down)
    assert "worker-0:" in me.reads(me.at)
    me.press(Key.Key_Return)
    assert any("worker-0" in row for row in eyes.rows_in_view(me.window.docks["tasks"].content()))
    assert me.window.docks["tasks"].content().currentIndex().siblingAtColumn(1).data() == "worker-0"


def test_outline_and_state_table_are_walked(typist: Typist) -> None:
    me, w = typist, typist.window
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    me.press(Key.Key_Return)
    me.press(Key.Key_End)
    me.press(Key.Key_2, ALT)
    me.press(Key.Key_Home, CTRL)
    me.press(Key.Key_Down)
    me.press(Key.Key_Return)
    assert "is reported" in me.said() or "recover" in me.said()
    me.press(Key.Key_Home, CTRL)
    me.press(Key.Key_Left)  # folds
    assert len(eyes.rows_in_view(w.docks["why"].content())) < 10
    me.press(Key.Key_Right)
    assert len(eyes.rows_in_view(w.docks["why"].content())) >= 10
    me.press(Key.Key_F6)
    me.press(Key.Key_End)
    me.press(Key.Key_3, ALT)
    me.press(Key.Key_PageUp)
    fits = next(
        row
        for row in range(w.docks["states"].content().model.rowCount())
        if w.docks["states"].content().model.table.rows[row].state == "fits"
    )
    for _ in range(fits):
        me.press(Key.Key_Down)
    me.press(Key.Key_Return)
    assert "row" in me.said()


def test_moments_are_noted_changed_returned_to_and_removed(typist: Typist) -> None:
    me, w = typist, typist.window
    me.press(Key.Key_N)
    me.type("before all")
    me.press(Key.Key_Return, CTRL)
    assert "before all" in me.reads(w.docks["notebook"].content())
    me.press(Key.Key_Home)
    me.press(Key.Key_N)
    me.type("the very start")
    me.press(Key.Key_Return, CTRL)
    me.press(Key.Key_End)
    assert "at the start" not in me.said()
    me.press(Key.Key_0, ALT)
    me.press(Key.Key_Home, CTRL)
    me.press(Key.Key_Return)
    assert "at the start" in me.said()
    me.press(Key.Key_N)
    me.press(Key.Key_End, CTRL)
    me.type(", again")
    me.press(Key.Key_Return, CTRL)
    assert "the very start, again" in me.reads(w.docks["notebook"].content())
    me.press(Key.Key_0, ALT)
    me.press(Key.Key_Delete)
    assert "the very start" not in me.reads(w.docks["notebook"].content())


def test_dialogs_open_and_close(typist: Typist) -> None:
    me, w = typist, typist.window
    me.type("?")
    me.until(lambda: me.front is not w)
    assert "Click" in me.reads()
    me.press(Key.Key_Escape)
    me.until(lambda: me.front is w)
    me.press(Key.Key_P, CTRL | SHIFT)
    me.type("high contr")
    me.press(Key.Key_Return)
    assert w.theme.name == "high-contrast"
    me.press(Key.Key_G, CTRL)
    me.type("srv:heap+1")
    me.press(Key.Key_Return)
    me.press(Key.Key_E, CTRL)
    me.until(lambda: "things differ" in me.reads())
    me.press(Key.Key_Home)
    assert me.reads().count("Before the click.") == 2
    me.press(Key.Key_Right)
    assert "Before the click." not in me.reads()
    me.press(Key.Key_Escape)
    me.until(lambda: me.front is w)
    me.press(Key.Key_Q, CTRL)
    assert not w.isVisible()
