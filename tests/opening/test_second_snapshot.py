"""A second snapshot belongs to the session: it comes back with it, and what is missing or changed is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hwpoison_gui.opening import opening, saving, second_snapshot
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document.document import View
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Notebook
from tests.paths import DATA
from tests.workbench import do

AFTER = DATA / "snapshot" / "victim_after.npz"
RAW = DATA / "files" / "kpageflags.bin"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Raw page flags of their own."""
    (tmp_path / "elsewhere").mkdir()
    return Path(shutil.copy(RAW, tmp_path / "elsewhere" / "other.bin"))


def _compared(path: Path) -> Opened:
    second = second_snapshot.read_second(path, opening.machine_in, opening.nobody_waits, opening.nobody_cancels)
    return opening.open_file(RAW)._replace(second=second.side, second_files=second.files)


def _saved(opened: Opened, path: Path, inside: bool = False) -> Opened:
    return saving.save_session(
        opened, saving.document_of_machine(opened, Notebook(opened.session), View()), path, inside
    )


def test_it_comes_back_also_from_beside_the_session(other: Path, tmp_path: Path) -> None:
    opened, path = _compared(other), tmp_path / "a.hwsession"
    do(opened.session, "poison", frame="pfn:0x20")
    _saved(opened, path)
    again = opening.open_file(path)
    assert again.second is not None and again.second.title == "other.bin"
    assert again.second_files == opened.second_files and not again.missing
    assert (again.second.words == opened.second.words).all()
    moved = other.rename(tmp_path / "other.bin")
    again = opening.open_file(path)
    assert again.second_files is not None and again.second_files.files[0].path == str(moved)
    assert opening.open_file(path, bare=True).second is None


def test_a_recording_inside_needs_no_other_file(tmp_path: Path) -> None:
    for part in AFTER.parent.glob("victim_after*"):
        shutil.copy(part, tmp_path)
    path = tmp_path / "a.hwsession"
    written = _saved(_compared(tmp_path / AFTER.name), path, inside=True)
    for part in tmp_path.glob("victim_after*"):
        part.unlink()
    assert path.stat().st_mode & 0o077 == 0
    again = opening.open_file(path)
    assert again.second is not None and again.second.title == AFTER.name and again.second.mapped
    assert again.second_files == written.second_files and saving.needs_copy(again)
    _saved(again, tmp_path / "b.hwsession")
    path.unlink()
    assert opening.open_file(tmp_path / "b.hwsession").second is not None


def test_what_is_missing_is_said_at_once_and_the_rest_is_opened(other: Path, tmp_path: Path) -> None:
    log, path = tmp_path / "dmesg.txt", tmp_path / "a.hwsession"
    log.write_text("[ 1.000000] Memory failure: 0x20: recovery action for dirty LRU page: Recovered\n")
    from hwpoison_gui.opening import real_errors

    errors = real_errors.read_errors([log], opening.nobody_waits, opening.nobody_cancels)
    opened = _compared(other)._replace(history=errors.history, records=errors.files)
    do(opened.session, "poison", frame="pfn:0x20")
    _saved(opened, path)
    other.rename(tmp_path / "elsewhere" / "gone")
    log.unlink()
    again = opening.open_file(path)
    assert len(again.session.operations) == 1 and again.second is None
    assert again.missing == (
        (
            "error records",
            f"{path}: error records of this session are missing, or have changed:\n{log}: No such file or directory",
        ),
        (
            "second snapshot",
            f"{path}: the second snapshot of this session is missing, or has changed:\n"
            f"{other}: No such file or directory",
        ),
    )
    (tmp_path / "elsewhere" / "gone").rename(other)
    _saved(again, tmp_path / "b.hwsession")  # what it refers to is kept
    assert opening.open_file(tmp_path / "b.hwsession").second is not None


def test_two_sessions_that_are_compared_with_each_other_open(other: Path, tmp_path: Path) -> None:
    """A comparison within the second session is left out."""
    one, two = tmp_path / "one.hwsession", tmp_path / "two.hwsession"
    _saved(_compared(other), one)
    _saved(_compared(one), two)
    document = saving.document_of_machine(_compared(two), Notebook(_compared(two).session), View())
    saving.save_session(_compared(two), document, tmp_path / "three.hwsession")
    again = opening.open_file(tmp_path / "three.hwsession")
    assert again.second is not None and again.second.title == "two.hwsession"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"second_snapshot": {"files": [{', '"second_snapshot": {"extra": 1, "files": [{', "second_snapshot.extra"),
        ('"second_snapshot": {"files"', '"second_snapshot": {"archive": "", "files"', "lacks the second snapshot"),
    ],
)
def test_damaged_references_are_refused_with_the_place(
    other: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "a.hwsession"
    _saved(_compared(other), path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ScenarioError, match=said):
        opening.open_file(path)
