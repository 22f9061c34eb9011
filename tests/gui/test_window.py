"""The window as a whole: themes, sizes, commands, errors, opening and saving, nothing left running."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QThread
from PySide6.QtGui import QColor, QFontMetrics, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox, QPushButton, QToolButton

from hwpoison_gui.gui.app import crash
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.window.dialogs.go_to_dialog import GoToDialog
from hwpoison_gui.gui.window.panels import AT_FIRST
from hwpoison_gui.opening import opening
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.errors import CancelledError, LivePermissionError
from hwpoison_gui.view.base.palette import THEMES
from tests.gui.conftest import workers
from tests.gui.waiting import until
from tests.workbench import do

Key = Qt.Key


@pytest.fixture(autouse=True)
def plain_look():
    """Style sheets stay with the application: the next test starts without."""
    yield
    app = QApplication.instance()
    app.setStyleSheet("")


def message(window) -> QMessageBox:
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1
    return boxes[0]


def test_every_theme_reaches_every_part(user) -> None:
    for name in (*THEMES, next(iter(THEMES))):
        theme_reaches_every_part(user, name)


def theme_reaches_every_part(user, name: str) -> None:
    window = user.window
    window.actions_[f"theme-{name}"].trigger()
    theme = THEMES[name]
    assert window.theme is theme
    assert QApplication.palette().window().color() == QColor(theme.window)
    picture = window.grab().toImage()
    corner = window.sentence.mapTo(window, window.sentence.rect().bottomRight())
    assert picture.pixelColor(corner.x() - 2, corner.y() - 2) == QColor(theme.base)
    ground = window.map.mapTo(window, window.map.rect().topRight())
    assert picture.pixelColor(ground.x() - 4, ground.y() + 4) == QColor(theme.ground)


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (1920, 1080)])
def test_nothing_is_cut_off(open_window, size) -> None:
    user = open_window(opening.default_machine(), size)
    window = user.window
    for part in (
        window.map,
        window.sentence,
        window.transport,
        window.docks["tasks"].content(),
        window.docks["log"].content(),
        window.docks["rmap"].content(),
    ):
        if part.isVisible():
            corner = part.mapTo(window, part.rect().bottomRight())
            assert window.rect().contains(corner), part
    assert window.map.height() >= 140 and window.docks["rmap"].content().height() >= 120
    for label in window.sentence.findChildren(QLabel):
        if label.text() and label not in (window.sentence.text, window.sentence.detail):
            assert QFontMetrics(label.font()).horizontalAdvance(label.text()) <= label.width()
    for slider in window.sliders.values():
        assert not slider.isVisible() or slider.width() >= slider.sizeHint().width()
        right = slider.mapTo(window, slider.rect().topRight()).x()
        assert right <= window.counters.mapTo(window, window.counters.rect().topLeft()).x()


def test_no_panel_moves_by_itself_from_the_first_click_to_the_last_step(open_window) -> None:
    user = open_window(opening.default_machine())
    window = user.window
    user.qtbot.wait(50)

    def places(*names: str) -> list:
        return [part.geometry() for part in (window.map, window.legend, *(window.docks[name] for name in names))]

    before = places("rmap", "why", "states", "frame")
    user.click_frame(user.frame("python3:heap+1"))
    window.controller.finish()
    QApplication.processEvents()
    assert places("rmap", "why", "states", "frame") == before, "the tables give the room for the first operation"
    before = places(*window.docks)
    for position in range(len(user.session.steps), -1, -3):
        window.controller.seek(position)
        QApplication.processEvents()
        assert places(*window.docks) == before, position


def every_command_has_a_tip_that_teaches_and_no_key_is_taken_twice(user) -> None:
    taken: dict[str, str] = {}
    for name, command in user.window.actions_.commands.items():
        assert command.tip
        for key in command.keys:
            text = QKeySequence(key).toString()
            assert text and text not in taken, (name, taken.get(text))
            taken[text] = name


def every_icon_only_button_has_a_name(user) -> None:
    for button in user.window.findChildren(QToolButton):
        if not button.text() and button.isVisible():
            assert button.accessibleName() or button.toolTip(), button


def go_to_selects_by_number_or_name(user) -> None:
    pfn = user.frame("srv:heap+2")
    line = f"[  3.1] Memory failure: {pfn:#x}: Sending SIGBUS to srv:138"
    for text in (f"{pfn:#x}", f"{pfn}", f"pfn:{pfn:#x}", "srv:heap+2", f"{pfn << 12:#x}", line):
        user.window.controller.selection.select(0)
        user.window.actions_["go-to"].trigger()
        dialog = user.window.findChild(GoToDialog)
        dialog.line.setText(text)
        assert dialog.answer.text().startswith(f"Frame {pfn:#x}"), text
        dialog.ok.click()
        dialog.deleteLater()
        QApplication.processEvents()
        assert user.window.controller.selection.frame == pfn, text


def go_to_nowhere_says_so_and_stays_open(user) -> None:
    user.window.actions_["go-to"].trigger()
    dialog = user.window.findChild(GoToDialog)
    for text, words in (
        ("srv:nothing+0", "no VMA 'nothing'"),
        ("somewhere", "“somewhere” names no frame."),
        ("4d93", "A hexadecimal number is written 0x4d93."),
        ("0xfffffffff", "0xfffffffff: this machine has frames 0 to 0xfff."),
    ):
        dialog.line.setText(text)
        dialog.ok.click()
        assert dialog.isVisible() and words in dialog.answer.text()
        assert dialog.line.text() == text and user.window.controller.selection.frame == NONE
    dialog.reject()


def test_commands_and_buttons_and_where_to_go(user) -> None:
    """Each has its tip, key and name; a frame is gone to by number or name."""
    every_command_has_a_tip_that_teaches_and_no_key_is_taken_twice(user)
    for old in user.window.findChildren(GoToDialog):
        old.deleteLater()
    until(lambda: not user.window.findChildren(GoToDialog))
    every_icon_only_button_has_a_name(user)
    for old in user.window.findChildren(GoToDialog):
        old.deleteLater()
    until(lambda: not user.window.findChildren(GoToDialog))
    go_to_nowhere_says_so_and_stays_open(user)
    for old in user.window.findChildren(GoToDialog):
        old.deleteLater()
    until(lambda: not user.window.findChildren(GoToDialog))
    go_to_selects_by_number_or_name(user)


def test_a_file_is_opened_and_a_bad_one_leaves_everything_as_it_was(user, tmp_path: Path) -> None:
    window = user.window
    good = tmp_path / "good.toml"
    good.write_text('format = 1\ntitle = "Good"\n[[step]]\nop = "task"\nname = "t"\n')
    window.machines.open_path(good)
    until(lambda: window.controller.machine.title == "Good")
    until(lambda: not window.machines.loader.busy)
    assert [row.task for row in window.docks["tasks"].content().tasks.rows] == ["t"]
    assert "Good" in window.windowTitle()
    bad = tmp_path / "bad.toml"
    bad.write_text('format = 1\ntitle = "Bad"\n[[step]]\nop = "task"\nnam = "t"\n')
    window.machines.open_path(bad)
    until(lambda: not window.machines.loader.busy)
    box = message(window)
    assert "bad.toml" in box.informativeText() and "step 1" in box.informativeText() and "nam" in box.informativeText()
    box.close()
    assert window.controller.machine.title == "Good"


def test_what_was_done_is_saved_and_does_the_same_again(user, tmp_path: Path, monkeypatch) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    path = tmp_path / "mine.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    user.window.actions_["save"].trigger()
    assert tomllib.loads(path.read_text())["step"][-1]["op"] == "poison"
    assert len(load(path).steps) == len(user.session.operations)
    again = opening.open_scenario(path).session
    assert [operation.outcome for operation in again.operations] == [o.outcome for o in user.session.operations]


def test_the_facts_of_a_recorded_frame_say_how_they_are_known(open_window) -> None:
    user = open_window(opening.open_file(Path("resources/machines/victim_before.npz")))
    pfn = user.frame("w0:[heap]+0")
    user.window.controller.selection.select(pfn)
    assert "How this is known" in user.window.docks["frame"].content().toPlainText()


def test_live_memory_is_a_copy_and_the_window_says_so(user, monkeypatch) -> None:
    from hwpoison_gui.sources import live
    from hwpoison_gui.sources.recording import read_recording

    recorded = read_recording("resources/machines/victim_before.npz")
    exported = replace(recorded, version="Linux version 6.18.5-x86 (nobody@nowhere)")
    monkeypatch.setattr(live, "read", lambda progress, cancelled: (progress(0.5, "half"), exported)[1])
    user.window.actions_["live"].trigger()
    until(lambda: user.window.controller.machine.is_copy)
    until(lambda: not user.window.machines.loader.busy)
    assert user.window.copy.isVisible()
    said = user.window.copy.line.text()
    assert "nothing here changes the real memory" in said
    assert said.startswith("This machine runs Linux 6.18; it is modelled as 6.12.")
    assert "runs Linux 6.18; it is modelled as 6.12" in user.window.profile.toolTip()
    user.window.actions_["new"].trigger()
    until(lambda: not user.window.machines.loader.busy)
    assert not user.window.copy.isVisible()
    assert "runs Linux" not in user.window.profile.toolTip()


def without_permission_live_says_what_is_missing_and_how_to_get_it(user, monkeypatch) -> None:
    from hwpoison_gui.sources import live

    def refuse(progress, cancelled):
        raise LivePermissionError("/proc/kpageflags", "it may be read by root only.", "Start with sudo.")

    monkeypatch.setattr(live, "read", refuse)
    user.window.actions_["live"].trigger()
    until(lambda: not user.window.machines.loader.busy)
    text = message(user.window).informativeText()
    assert "root only" in text and "sudo" in text
    message(user.window).close()


def loading_can_be_cancelled(user) -> None:
    from hwpoison_gui.sources.errors import CancelledError

    def work(progress, cancelled):
        while not cancelled():
            progress(0.1, "waiting")
            QThread.msleep(5)
        raise CancelledError

    before = user.window.controller.machine
    made = user.window.machines.loader
    made.start("Waiting", work)
    until(lambda: made._dialog is not None and made._dialog.isVisible())
    cancel = made._dialog.findChild(QPushButton)
    user.qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    until(lambda: not made.busy)
    assert user.window.controller.machine is before


def test_a_long_scenario_says_how_far_it_is_and_can_be_given_up(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text('format = 1\ntitle = "Long"\n' + '[[step]]\nop = "drop_caches"\n' * 450)
    heard: list[float] = []
    opened = opening.open_file(path, "", lambda share, doing: heard.append(share), lambda: False)
    assert len(opened.session.operations) == 450 and len(heard) == 4 == len(set(heard)) and max(heard) < 1
    heard.clear()
    with pytest.raises(CancelledError):
        opening.open_file(path, "", lambda share, doing: heard.append(share), lambda: len(heard) > 1)
    assert len(heard) == 2


def closing_while_something_loads_ends_it(user) -> None:
    from hwpoison_gui.sources.errors import CancelledError

    def work(progress, cancelled):
        while not cancelled():
            QThread.msleep(5)
        raise CancelledError

    user.window.machines.loader.start("Waiting", work)
    user.window.close()
    assert not user.window.machines.loader.busy


def test_what_loads_is_refused_cancelled_or_ended(user, monkeypatch) -> None:
    """Without permission, by its button, and as the window is closed."""
    without_permission_live_says_what_is_missing_and_how_to_get_it(user, monkeypatch)
    loading_can_be_cancelled(user)
    closing_while_something_loads_ends_it(user)


def test_the_panels_come_back(user) -> None:
    window = user.window
    for dock in window.docks.values():
        dock.close()
    window.docks["tasks"].setFloating(True)
    window.actions_["reset-docks"].trigger()
    assert [name for name, dock in window.docks.items() if dock.isVisible()] == list(AT_FIRST)
    assert not any(dock.isFloating() for dock in window.docks.values())


def test_settings_remember_theme_panels_overview_and_layout(qtbot, open_window) -> None:
    from hwpoison_gui.gui.window.main_window import MainWindow

    def window() -> MainWindow:
        made = MainWindow(opening.Opened(Session.fresh(4096), "x"))
        qtbot.addWidget(made)
        made.show()
        return made

    app = QApplication.instance()
    app.setOrganizationName("hwpoison-gui")
    app.setApplicationName("hwpoison-gui")
    first = window()
    assert first.appearance.theme_choice == look.SYSTEM
    first.appearance.choose_theme("light")
    first.docks["log"].close()
    first.actions_["overview"].trigger()
    first.layouts.arrange("morton", 300)
    first.close()
    second = window()
    assert second.theme.name == "light"
    assert not second.overview.on and not second.actions_["overview"].isChecked()
    assert second.actions_["layout-morton"].isChecked() and second.actions_["width-own"].isChecked()
    second.actions_["overview"].trigger()
    second.layouts.arrange("rows", None)
    assert not second.docks["log"].isVisible()
    second.appearance.choose_theme(look.SYSTEM)
    second.room.reset()
    second.close()


def test_an_unexpected_exception_makes_a_report() -> None:
    try:
        raise RuntimeError("something odd")
    except RuntimeError as error:
        import traceback

        text = crash.report("".join(traceback.format_exception(error)))
    assert "something odd" in text and "Qt 6" in text and "Python 3" in text


def test_errors_are_found_in_other_ways_too_and_frames_can_be_pinned(user) -> None:
    pfn = user.frame("srv:heap+1")
    user.window.controller.selection.select(pfn)
    for name in ("pin", "unpin"):
        user.window.actions_["pin"].trigger()
        assert user.session.operations[-1].name == name
        assert user.session.position == len(user.session.steps), "its one step is done, nothing is played again"
    menu = user.window.menus.frame_menu(pfn)
    assert (
        "profile 6.1"
        in next(action for action in menu.actions() if action.text() == "Soft offline\tneeds 6.1").toolTip()
    )
    user.choose(menu, "Report the error as", "madvise(MADV_HWPOISON) by…", "w1:103")
    done = user.session.operations[-1]
    assert (done.args["via"], done.args["task"], done.outcome.pfn) == ("madvise", "w1", pfn)


def test_what_would_come_of_the_selected_frame_is_told_without_a_mouse(open_window) -> None:
    session = Session.fresh(4096)
    user, slab = open_window(session), session.resolve_frame("any:slab")
    user.window.controller.selection.select(slab)
    sentence = user.window.sentence
    assert sentence.text.text().startswith(f"{slab:#x}  ")
    until(lambda: "counted" not in sentence.detail.text())
    assert sentence.detail.text().startswith("If it broke: ") and sentence.detail.text().endswith("Enter breaks it.")
    said = sentence.detail.text().removesuffix(" Enter breaks it.")
    assert said in user.window.docks["frame"].content().toPlainText()
    user.key(Qt.Key.Key_Return)
    user.window.actions_["last"].trigger()
    outcome = user.session.operations[-1].outcome
    assert f"{outcome.result} ({outcome.kind})" in said and sentence.text.text().startswith(outcome.result)


def test_the_error_mark_of_a_file_is_asked_for_by_msync_and_told_once(open_window) -> None:
    session = workers(early_kill=0)
    user = open_window(session)
    window = user.window
    for page in ("data+1", "data+2"):  # a mapping without any page left is not asked for its mark
        window.controller.touch("write", "srv", page)
    pfn = user.frame("srv:data+1")
    window.controller.fire(pfn)
    window.controller.finish()
    for told in ("EIO", ""):
        menu = window.menus.frame_menu(pfn)
        user.choose(menu, "Write back (msync) as", "srv:101  (data+1)")
        done = user.session.operations[-1]
        assert (done.name, done.outcome.errno or "") == ("msync", told)
    anonymous = [action.text() for action in window.menus.frame_menu(user.frame("srv:heap+1")).actions()]
    assert not any("msync" in text for text in anonymous)


def test_a_selected_frame_has_its_line_after_an_operation_until_the_next_move(user) -> None:
    window, pfn, other = user.window, user.frame("srv:heap+1"), user.frame("srv:heap+2")
    window.controller.fire(pfn)
    window.actions_["last"].trigger()
    came = window.sentence.sentence
    window.controller.selection.select(other)
    assert window.sentence.text.text().startswith(f"{other:#x}  ")
    assert "Enter breaks it" in window.sentence.sentence.detail
    window.controller.step(-1)
    assert f"Selected: {other:#x}" in window.sentence.sentence.detail
    window.controller.step(1)
    assert window.sentence.sentence.text == f"{pfn:#x}: {came.text}"
    assert f"Selected: {other:#x}" in window.sentence.sentence.detail


def test_the_sentence_leads_to_the_frame_that_a_page_was_migrated_to(open_window) -> None:
    session = Session.fresh(4096, profile="6.1")
    do(session, "task", name="srv")
    do(session, "mmap", task="srv", name="heap", pages=2)
    do(session, "write", task="srv", at="heap+1", value="x")
    user = open_window(session)
    old = user.frame("srv:heap+1")
    user.window.controller.inject(old, "soft_offline", {"frame": f"pfn:{old:#x}"})
    user.window.actions_["last"].trigger()
    bar, new = user.window.sentence, user.frame("srv:heap+1")
    assert new != old and bar.to.isVisible() and bar.to.text() == f"Go to {new:#x}"
    bar.to.click()
    assert user.window.controller.selection.frame == new and not bar.to.isVisible()
    assert bar.text.text().startswith(f"{new:#x}  ")


def test_nothing_is_painted_while_nothing_happens(user) -> None:
    """A widget that asks for a paint in its paint keeps a processor busy for as long as the window is open."""

    class Counter(QObject):
        paints = 0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            self.paints += event.type() == QEvent.Type.Paint and watched is user.window
            return False

    user.click_frame(user.frame("srv:heap+1"))
    user.key(Qt.Key.Key_End)
    until(lambda: not user.window.controller.busy)
    user.qtbot.wait(300)
    counter = Counter()
    QApplication.instance().installEventFilter(counter)
    user.qtbot.wait(300)
    QApplication.instance().removeEventFilter(counter)
    assert counter.paints <= 3
