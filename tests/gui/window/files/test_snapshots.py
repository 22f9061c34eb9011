"""A second snapshot in the window: opened, shown on the map and as a table, and given up again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.gui.tables.snapshot import SnapshotView
from hwpoison_gui.gui.window.files import keeping
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.view.filter.expression import FilterError
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT, SNAPSHOT
from tests.gui.conftest import User
from tests.gui.waiting import until
from tests.paths import DATA

BEFORE = resources.path("machines/victim_before.npz")
AFTER = DATA / "snapshot" / "victim_after.npz"
RAW = DATA / "files" / "kpageflags.bin"
VICTIM = 0xFD67


def _view(user: User) -> SnapshotView:
    view = user.window.docks["snapshot"].content()
    assert isinstance(view, SnapshotView)
    return view


@pytest.fixture
def compared(open_window) -> User:
    user: User = open_window(open_file(BEFORE))
    user.window.snapshots.open(AFTER)
    until(lambda: not user.window.lenses.busy and _view(user).table.rows.rows)
    return user


def test_the_broken_frame_is_first_and_leads_to_the_map(compared: User) -> None:
    window, view = compared.window, _view(compared)
    assert window.docks["snapshot"].in_front and window.lenses.lens.key == SNAPSHOT.key
    assert not window.lens_bar.buttons[SNAPSHOT.key].isHidden()
    assert "changed from this machine to victim_after.npz" in window.docks["snapshot"].head.subject.text()
    first = view.table.rows.rows[0]
    assert (first.what, first.frames, first.before, first.after) == ("HWPOISON", 1, "–", "set")
    assert int(window.map.plane.classes_of([VICTIM])[0]) == SNAPSHOT.id_of("broken")
    view.table.setCurrentIndex(view.table.order.index(0, 0))
    assert window.finder.field.text() == "snapshot:poisoned"
    until(lambda: window.filter.count == 1)
    for row in view.table.rows.rows:
        assert len(window.filter.frames_of(f"snapshot:{row.word}")) == row.frames
    window.controller.selection.select(VICTIM)
    assert view.table.current_key() == 1
    assert len(window.filter.frames_of("snapshot:freed")) > 0
    window.show_panel("charts", focus=False)
    until(lambda: window.docks["charts"].content().wanted == "changed")


def test_a_filter_of_a_row_holds_when_rows_come_before_it(compared: User) -> None:
    window, view = compared.window, _view(compared)
    row = next(row for row in view.table.rows.rows if row.what == "kind of page")
    said = f"snapshot:{row.word}"
    found = set(window.filter.frames_of(said))
    assert len(found) == row.frames and ">" in row.word
    pfn = window.filter.frames_of("kernel ~hwpoison,~nopage")[0]
    assert pfn not in found
    window.controller.fire(pfn)
    until(lambda: not window.controller.busy)
    window.controller.seek(len(compared.session.steps))
    until(lambda: not window.lenses.busy and all(one != row for one in view.table.rows.rows))
    assert set(window.filter.frames_of(said)) == found
    with pytest.raises(FilterError, match="its rows are as anon>free"):
        window.filter.frames_of("snapshot:3")


def test_the_model_and_the_real_kernel_are_compared_after_a_click(compared: User) -> None:
    """What the model leaves of the page is what the kernel left: poison is nothing that differs any more."""
    window = compared.window
    window.controller.fire(VICTIM)
    until(lambda: not window.controller.busy)
    window.controller.seek(len(compared.session.steps))
    until(lambda: not window.lenses.busy and _view(compared).table.rows.rows[0].what != "HWPOISON")
    assert not any(row.what == "mapped by" and row.before.startswith("w") for row in _view(compared).table.rows.rows)


def test_it_is_given_up_by_the_user_and_with_the_machine(compared: User) -> None:
    window = compared.window
    close = window.actions_["close-snapshot"]
    assert close.isEnabled()
    close.trigger()
    assert window.lenses.lens.key == "kind" and window.lens_bar.buttons[SNAPSHOT.key].isHidden()
    assert not close.isEnabled() and not window.actions_[f"lens-{SNAPSHOT.key}"].isEnabled()
    assert _view(compared).accessibleName() == NO_SNAPSHOT
    window.finder.look_for("snapshot:freed")
    until(lambda: "there is no second snapshot" in window.finder.field.toolTip() or window.filter.missing)
    window.snapshots.open(AFTER, given=True)  # the program was started with it
    until(lambda: window.lenses.other_snapshot is not None)
    assert not window.keeping.work.any
    window.keeping.guard.asks = False
    window.actions_["new"].trigger()
    until(lambda: window.lenses.other_snapshot is None)
    until(lambda: not window.lenses.busy)
    assert window.lenses.wanted == "kind"


def test_two_machines_that_are_dropped_are_compared(user: User, tmp_path: Path) -> None:
    for number, source in enumerate((AFTER, BEFORE)):
        for suffix in (".npz", ".json"):
            shutil.copy(source.with_suffix(suffix), tmp_path / f"{number}{suffix}")
    older, newer = tmp_path / "1.npz", tmp_path / "0.npz"
    import os

    os.utime(older, (1, 1))
    user.window.keeping.guard.asks = False
    user.window.keeping._dropped([newer, older])
    until(lambda: user.window.lenses.other_snapshot is not None)
    assert user.window.controller.machine.file == str(older)
    assert user.window.lenses.other_snapshot.title == "0.npz"


def test_a_bad_file_changes_nothing(user: User, tmp_path: Path) -> None:
    said: list[str] = []
    user.window.snapshots.background.refused.disconnect()
    user.window.snapshots.background.refused.connect(lambda head, why: said.append(why))
    path = tmp_path / "log"
    path.write_text("[ 1.000000] Memory failure: 0x10: recovery action for dirty LRU page: Failed\n")
    user.window.snapshots.open(path)
    until(lambda: bool(said))
    assert said[0].startswith(f"{path}: a kernel log; it has error records, but no memory")
    assert user.window.lenses.other_snapshot is None


def test_it_is_work_of_the_session_and_comes_back_with_it(open_window, tmp_path: Path, monkeypatch) -> None:
    before, after, path = (tmp_path / name for name in ("before.bin", "after.bin", "a.hwsession"))
    shutil.copy(RAW, before)
    words = np.fromfile(before, np.uint64)
    words[0x20] ^= pf.HWPOISON
    words.tofile(after)
    user: User = open_window(open_file(before))
    window = user.window
    window.snapshots.open(after)
    until(lambda: window.lenses.other_snapshot is not None)
    assert window.keeping.work.any and window.keeping.work.words == "1 second snapshot"
    window.keeping.saving._save_session(path, False, lambda: None)
    assert not window.keeping.work.any
    window.keeping.guard.asks = False
    window.actions_["new"].trigger()
    until(lambda: window.lenses.other_snapshot is None)
    window.machines.open_path(path)
    until(lambda: window.docks["snapshot"].in_front and window.lenses.lens.key == SNAPSHOT.key)
    assert "changed from this machine to after.bin" in window.docks["snapshot"].head.subject.text()
    window.machines.change_profile("7.2")
    until(lambda: user.session.machine.profile.name == "7.2" and not window.lenses.busy)
    assert window.lenses.other_snapshot is not None
    window.actions_["close-snapshot"].trigger()
    assert window.lenses.wanted == "kind"
    after.unlink()
    said = []
    monkeypatch.setattr(keeping, "show_error", lambda above, head, text: said.append((head, text)))
    window.machines.open_path(path)
    until(lambda: bool(said))
    assert said[0][0] == "Opened without its second snapshot" and str(after) in said[0][1]
    assert window.lenses.wanted == "kind"
