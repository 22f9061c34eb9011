"""Real errors in the window: opened, laid over a machine, stepped through, compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hwpoison_gui.gui.tables.records import RecordsView
from hwpoison_gui.gui.timeline.sentence import Form
from hwpoison_gui.gui.window.files import keeping
from hwpoison_gui.opening import opening, saving
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.roles import RECORDED, RECORDED_HERE, RECORDED_LATER
from tests.gui.conftest import User
from tests.gui.waiting import until
from tests.paths import DATA

RECORDS = DATA / "records" / "6.12"


def _view(user: User) -> RecordsView:
    view = user.window.docks["records"].content()
    assert isinstance(view, RecordsView)
    return view


def _marks(user: User) -> dict[str, list[int]]:
    return {mark.role.name: mark.pfns.tolist() for mark in user.window.map.view.item.recorded}


def _log(tmp_path: Path, *pfns: int) -> Path:
    path = tmp_path / "dmesg.log"
    lines = (f"[ {n}.000000] Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered"
             for n, pfn in enumerate(pfns, 1))  # fmt: skip
    path.write_text("\n".join(lines))
    return path


def _lay_over(user: User, path: Path) -> None:
    user.window.records.open([path], over=True)
    until(lambda: user.window.recorded.history is not None)


def test_what_was_said_of_a_log_does_not_stay_over_another_machine(user: User) -> None:
    toast = user.window.keeping.toast
    user.window.machines.open_path(RECORDS / "dmesg.txt")
    until(lambda: toast.isVisible() and "error records only" in toast.text())
    user.window.machines.new_machine()
    until(lambda: user.window.recorded.history is None)
    assert not toast.isVisible()
    until(lambda: user.window.docks["tasks"].in_front)
    assert user.session.machine.profile.name == "v7"  # 6.12 was that of the log


def test_a_new_machine_has_the_kernel_that_was_chosen(open_window: Callable[..., User]) -> None:
    user = open_window(opening.default_machine())
    user.window.actions_["profile-7.2"].trigger()
    until(lambda: user.session.machine.profile.name == "7.2")
    until(lambda: not user.window.controller.occupied)
    before = user.session
    user.window.machines.new_machine()
    until(lambda: user.session is not before)
    assert user.session.machine.profile.name == "7.2"


def test_a_frame_beyond_the_next_map_ends_with_its_machine(open_window, tmp_path: Path) -> None:
    user = open_window(Session.fresh(16384))
    user.window.controller.act("sysctl", {"name": "memory_failure_early_kill", "value": 1})
    user.window.keeping.guard.asks = False
    _lay_over(user, _log(tmp_path, 0x10))
    user.window.controller.selection.select(0x3F00)
    assert user.window.present.frame == 0x3F00
    user.window.machines.open_path(_log(tmp_path, 0x20))  # the smallest map; a command that asks for 0x3f00 raises
    until(lambda: user.session.machine.frames == 4096)
    assert user.window.present.frame == -1


def test_a_log_without_memory_errors_is_refused_and_nothing_is_asked(user: User, tmp_path: Path, monkeypatch) -> None:
    said, asked = [], []
    path = tmp_path / "access.log"
    path.write_text("2026-11-28T22:00:00 web nginx: GET / 200\n2026-11-28T22:00:01 web nginx: GET /a 404\n")
    user.window.controller.act("sysctl", {"name": "memory_failure_early_kill", "value": 0})
    session = user.session
    monkeypatch.setattr(user.window.keeping.guard, "ask", lambda *args: asked.append(args))
    user.window.records.background.refused.disconnect()
    user.window.records.background.refused.connect(lambda head, text: said.append(text))
    user.window.machines.open_path(path)
    until(lambda: bool(said))
    assert said == [f"{path}: no memory error is recorded in it, so there is no map to open"]
    assert user.session is session and not asked
    _lay_over(user, path)  # over a machine, that nothing is recorded is worth knowing
    assert _view(user).accessibleName() == "No memory errors recorded."


def test_a_log_is_opened_on_an_empty_map(user: User) -> None:
    user.window.machines.open_path(RECORDS / "dmesg.txt")
    until(lambda: user.window.recorded.history is not None)
    assert user.session.machine.profile.name == "6.12"
    assert user.session.machine.frames == 0xF800 + 0x800
    view = _view(user)
    assert view.table.rows.rowCount() == 29
    assert len(_marks(user)[RECORDED.name]) == 23
    assert "An empty map of 256.0 MiB" in user.window.copy.line.text()
    assert user.window.docks["records"].in_front
    assert "there is no memory to break" in user.window.sentence.in_words()
    user.window.recorded.step(1)
    assert "there is no memory to break" in user.window.sentence.in_words()
    assert view.playhead.words.text().endswith(" ±1 s")
    text = view.said.as_text()
    assert text.startswith("\tLinux logged\tModel predicts\nPage type\tfree buddy page\t–")
    assert "Machine > Overlay error records on this machine…" in text
    assert not user.window.actions_["close-records"].isEnabled()
    user.window.actions_["profile-6.1"].trigger()
    until(lambda: user.session.machine.profile.name == "6.1")
    assert len(_marks(user)[RECORDED.name]) == 23


def test_records_are_laid_over_the_machine_and_go_with_it(user: User, tmp_path: Path) -> None:
    before = user.session
    _lay_over(user, _log(tmp_path, 0x10, 0x20, 0x99999))
    assert user.session is before
    assert _marks(user) == {RECORDED.name: [0x10, 0x20]}
    user.window.actions_["close-records"].trigger()
    assert _marks(user) == {}
    assert not user.window.actions_["next-record"].isEnabled()


def test_another_kernel_and_one_without_the_handler_are_said_above_the_map(open_window, tmp_path: Path) -> None:
    user = open_window(opening.default_machine()._replace(no_handler=True, kernel=(6, 1)))
    window, banner = user.window, user.window.copy
    assert banner.isVisible() and banner.head.text() == "Its kernel has no memory_failure()"
    assert window.sliders["memory_failure_early_kill"]._name(2).endswith("(model)")
    assert window.counters.texts()[0] == "HardwareCorrupted (model) 0 kB"
    path = _log(tmp_path, 0x10)
    path.write_text(f"[ 0.000000] Linux version 6.12.1 (gcc)\n{path.read_text()}")
    _lay_over(user, path)
    assert "Its records are of Linux 6.12." in banner.line.text()
    window.actions_["close-records"].trigger()
    assert "records" not in banner.line.text()
    window.machines.new_machine()
    until(lambda: not banner.isVisible())
    assert not window.sliders["memory_failure_early_kill"]._name(2).endswith("(model)")


def test_page_flags_are_modelled_as_the_kernel_of_the_log(open_window, tmp_path: Path) -> None:
    """Unless something was done under another one, as that would be lost."""
    path = _log(tmp_path, 0x10)
    path.write_text(f"[ 0.000000] Linux version 6.1.0-9 (gcc)\n{path.read_text()}")
    user = open_window(opening.open_file(DATA / "files" / "kpageflags.bin"))
    assert user.session.machine.profile.name == "7.2"
    _lay_over(user, path)
    assert user.session.machine.profile.name == "6.1" and not user.window.copy.isVisible()
    assert user.window.keeping.work.any and _view(user).table.rows.rowCount() == 1
    user.window.controller.act("sysctl", {"name": "memory_failure_early_kill", "value": 1})
    path.write_text(path.read_text().replace("6.1.0-9", "6.12.1"))
    user.window.records.open([path], over=True)
    until(lambda: user.window.recorded.history.kernel == (6, 12))
    assert user.session.machine.profile.name == "6.1" and len(user.session.operations) == 1
    assert "modelled as 6.1" in user.window.copy.toolTip()


def test_steps_leave_the_panel_in_its_place_and_the_row_in_sight(user: User, tmp_path: Path) -> None:
    _lay_over(user, _log(tmp_path, *range(0x10, 0xF00, 0x80)))
    view, table, above = _view(user), _view(user).table, user.window.sentence
    until(lambda: above.form is not Form.ONE_LINE)
    height = above.height()
    for _ in range(12):
        view.playhead.on.click()
        until(lambda: table.viewport().rect().contains(table.visualRect(table.currentIndex())))
    assert above.height() == height


def test_stepping_selects_frames_and_moves_the_playhead(user: User, tmp_path: Path) -> None:
    _lay_over(user, _log(tmp_path, 0x10, 0x20, 0x30))
    view, step = _view(user), user.window.actions_["next-record"]
    for expected in (0x10, 0x20):
        step.trigger()
        assert user.window.controller.selection.frame == expected
    assert _marks(user) == {
        RECORDED.name: [0x10, 0x20],
        RECORDED_HERE.name: [0x20],
        RECORDED_LATER.name: [0x30],
    }
    assert view.playhead.slider.value() == 1
    assert view.playhead.words.text() == "2 of 3   2.000 s"
    assert view.table.current_key() == 1
    view.playhead.slider.setValue(2)
    assert user.window.controller.selection.frame == 0x30
    assert not step.isEnabled()
    QTest.keyClick(view.table, Qt.Key.Key_Up)
    assert user.window.controller.selection.frame == 0x20
    view.playhead.slider.setValue(0)
    QTest.mouseClick(view.playhead.slider, Qt.MouseButton.LeftButton)  # in the middle of its groove
    assert user.window.controller.selection.frame == 0x20


def test_the_model_is_shown_beside_what_linux_said(user: User, tmp_path: Path) -> None:
    pfn = user.frame("srv:heap+1")
    _lay_over(user, _log(tmp_path, pfn))
    user.window.recorded.step(1)
    text = _view(user).said.as_text()
    assert "\tLinux logged\tModel predicts\nPage type\tdirty LRU page\t" in text
    assert "≠ " in text
    assert "signalled" in text
    user.window.controller.fire(pfn)
    until(lambda: not user.window.controller.busy)
    user.window.controller.seek(len(user.session.steps))
    until(lambda: "already poisoned on this machine" in _view(user).said.as_text())


def test_rows_are_copied_as_text(user: User, tmp_path: Path) -> None:
    _lay_over(user, _log(tmp_path, 0x10, 0x20))
    user.window.recorded.step(1)
    QTest.keyClick(_view(user).table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("1.000 s\t0x10\tmemory failure\tdirty LRU page\tRecovered")


def test_dropped_files_are_opened_together(user: User) -> None:
    assert user.window.records.dropped([RECORDS / "dmesg.txt", RECORDS / "ras-mc_event.db"])
    until(lambda: user.window.recorded.history is not None)
    assert user.window.recorded.history is not None
    assert len(user.window.recorded.history.sources) == 2
    assert not user.window.records.dropped([RECORDS / "truth.json"])


def test_a_bad_file_changes_nothing(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    user.window.records.background.refused.disconnect()
    user.window.records.background.refused.connect(lambda head, why: said.append(why))
    path = tmp_path / "log"
    path.write_text("[ 1.000000] Memory failure: 0xffffffffffffff: recovery action for dirty LRU page: Failed\n")
    before = user.session
    user.window.records.open([path], over=False)
    until(lambda: bool(said))
    assert "line 1: frame 0xffffffffffffff lies beyond any physical memory" in said[0]
    assert user.session is before
    assert user.window.recorded.history is None


def test_records_that_are_gone_are_said(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = _log(tmp_path, 0x10)
    _lay_over(user, log)
    machine = user.window.controller.machine
    document = user.window.keeping.saving.document()
    saving.save_session(machine, document, tmp_path / "a.hwsession")
    log.unlink()
    said: list[str] = []
    monkeypatch.setattr(keeping, "show_error", lambda *words: said.append(" ".join(map(str, words[1:]))))
    user.window.keeping.guard.asks = False
    user.window.machines.open_path(tmp_path / "a.hwsession")
    until(lambda: bool(said))
    assert said[0].startswith("Opened without its error records")
    assert f"{log}: No such file or directory" in said[0]
    assert user.window.recorded.history is None
