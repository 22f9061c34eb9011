"""Operations on any machine are saved, opened again, and refused in one message if its memory is not there."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.opening import opening, saving
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document import files
from hwpoison_gui.session.document.document import DOCUMENT, View
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Notebook
from hwpoison_gui.sources import live
from hwpoison_gui.sources.assemble import Exported
from hwpoison_gui.sources.errors import CancelledError
from hwpoison_gui.sources.recording import open_recording, read_recording
from tests.workbench import do

VICTIM = resources.path("machines/victim_before.npz")
VIEW = View("users", "lru", "zones", 64, 5, 3.5, 7, suited_width=96)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A recording of two files that a test may change."""
    for suffix in (".npz", ".json"):
        shutil.copy(VICTIM.with_suffix(suffix), tmp_path / f"mine{suffix}")
    return tmp_path / "mine.npz"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "flags"
    path.write_bytes(open_recording(VICTIM).kpageflags[:4096].tobytes())
    return path


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    """Return the made-up exports of this machine."""
    found = read_recording(VICTIM, hidden=False)
    monkeypatch.setattr(live, "read", lambda progress, cancelled: found)
    return found


def live_copy() -> Opened:
    return opening.open_live(lambda share, doing: None, lambda: False)


def work_on(opened: Opened) -> Notebook:
    """Two branches, a note on each, a draft, and a position in the middle of an operation."""
    session, book = opened.session, Notebook(opened.session)
    do(session, "poison", frame="pfn:0x120")
    book.write("a branch")
    session.seek(0)
    do(session, "poison", frame="pfn:0x121")
    book.write("here")
    session.seek(1)
    book.keep_draft("half a thou")
    return book


def saved(opened: Opened, book: Notebook, path: Path, inside: bool = False) -> Opened:
    return saving.save_session(opened, saving.document_of_machine(opened, book, VIEW), path, inside)


def assert_same(again: Opened, opened: Opened, book: Notebook) -> None:
    one, other = again.session, opened.session
    assert one.machine.gate.digest() == other.machine.gate.digest() and one.position == other.position
    assert [op.outcome for op in one.operations] == [op.outcome for op in other.operations]
    assert [branch.operations for branch in one.branches.kept] == [b.operations for b in other.branches.kept]
    assert (
        again.document is not None
        and again.document.view == VIEW._replace(captions=False)
        and again.title == opened.title
    )
    restored = Notebook(one)
    restored.restore(again.document.notes, again.document.drafts)
    assert [(note.text, restored.position_of(note)) for note in restored.notes] == [
        (note.text, book.position_of(note)) for note in book.notes
    ]
    assert [(note.text, restored.position_of(note)) for note in restored.drafts] == [("half a thou", 1)]


def made() -> Opened:
    return opening.default_machine("6.1")


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("kind", ["made", "recorded", "raw"])
def test_everything_comes_back(kind: str, inside: bool, recorded: Path, raw: Path, tmp_path: Path, state: Path) -> None:
    opened = made() if kind == "made" else opening.open_file(recorded if kind == "recorded" else raw)
    book, path = work_on(opened), tmp_path / "a.hwsession"
    done = saved(opened, book, path, inside)
    assert done.saves_to == done.file == str(path) and done.session is opened.session
    if inside and kind != "made":
        for part in (recorded, recorded.with_suffix(".json"), raw):
            part.unlink()
        assert path.stat().st_mode & 0o077 == 0
    assert_same(opening.open_file(path), opened, book)
    assert not list(state.glob("hwpoison-gui/scratch/*"))


def test_hidden_state_belongs_to_the_memory(tmp_path: Path) -> None:
    server = resources.path("machines/server.npz")
    for suffix in (".npz", ".json", "_hidden.npz"):
        shutil.copy(server.with_name(f"server{suffix}"), tmp_path)
    opened = opening.open_file(tmp_path / "server.npz")
    assert opened.stored is not None and [Path(ref.path).name for ref in opened.stored.files] == [
        "server.npz", "server.json", "server_hidden.npz",
    ]  # fmt: skip
    book, path = Notebook(opened.session), tmp_path / "a.hwsession"
    saved(opened, book, path)
    again = opening.open_file(path)
    assert again.session.machine.gate.digest() == opened.session.machine.gate.digest()
    (tmp_path / "server_hidden.npz").unlink()
    without = opening.open_file(tmp_path / "server.npz")
    saved(without, book, path)
    shutil.copy(server.with_name("server_hidden.npz"), tmp_path)
    again = opening.open_file(path)  # as it was: without
    assert again.session.machine.gate.digest() == without.session.machine.gate.digest()


def test_the_same_machine_boots_under_another_profile_without_the_operations(recorded: Path, tmp_path: Path) -> None:
    for opened in (made(), opening.open_file(recorded)):
        saved(opened, work_on(opened), tmp_path / "a.hwsession")
        again = opening.open_file(tmp_path / "a.hwsession").again
        assert again is not None
        other = again("v7")
        assert other.session.machine.profile.name == "v7" and not other.session.operations and not other.saves_to
        assert other.again is not None and other.again("6.1").session.machine.profile.name == "6.1"


def test_a_folder_that_was_moved_as_a_whole_opens(recorded: Path, tmp_path: Path) -> None:
    opened = opening.open_file(recorded)
    book = work_on(opened)
    saved(opened, book, tmp_path / "a.hwsession")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("a.hwsession", "mine.npz", "mine.json"):
        (tmp_path / name).rename(elsewhere / name)
    again = opening.open_file(elsewhere / "a.hwsession")
    assert_same(again, opened, book)
    assert again.stored is not None and again.stored.files[0].path == str(elsewhere / "mine.npz")


def _remove(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    os.truncate(path, 100)


def _grow(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(b"x")


def _turn(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("change", [_remove, _cut, _grow, _turn])
def test_memory_that_is_not_as_it_was_is_named_in_one_message(
    recorded: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    opened = opening.open_file(recorded)
    saved(opened, work_on(opened), tmp_path / "a.hwsession")
    assert saving.problems_of(opened) == []
    change(recorded)
    change(recorded.with_suffix(".json"))
    with pytest.raises(ScenarioError) as caught:
        opening.open_file(tmp_path / "a.hwsession")
    message = str(caught.value)
    assert "a.hwsession" in message and "mine.npz" in message and "mine.json" in message
    assert len(saving.problems_of(opened)) == (0 if change is _turn else 2)


def test_pipes_and_devices_are_not_opened_as_memory(raw: Path, tmp_path: Path) -> None:
    opened = opening.open_file(raw)
    saved(opened, Notebook(opened.session), tmp_path / "a.hwsession")
    raw.unlink()
    os.mkfifo(raw)
    with pytest.raises(ScenarioError, match="no regular file"):
        opening.open_file(tmp_path / "a.hwsession")


def test_a_changed_file_is_not_put_inside(recorded: Path, tmp_path: Path) -> None:
    opened = opening.open_file(recorded)
    book, path = work_on(opened), tmp_path / "a.hwsession"
    saved(opened, book, path)
    before = path.read_bytes()
    _turn(recorded)
    with pytest.raises(ScenarioError, match="mine.npz"):
        saved(opened, book, path, inside=True)
    assert path.read_bytes() == before


def test_memory_inside_goes_along_to_other_session_files(recorded: Path, tmp_path: Path) -> None:
    opened = opening.open_file(recorded)
    book, path = work_on(opened), tmp_path / "a.hwsession"
    one = saved(opened, book, path, inside=True)
    again = saved(one, book, path)  # over the file that the memory is read from
    other = saved(again, book, tmp_path / "b.hwsession")
    for part in (recorded, recorded.with_suffix(".json"), path):
        part.unlink()
    assert_same(opening.open_file(tmp_path / "b.hwsession"), opened, book)
    assert other.stored is not None and other.stored.archive == str(tmp_path / "b.hwsession")
    document = saving.document_of_machine(other, book, VIEW)
    files.write(document, tmp_path / "state.json")  # as an autosave refers to it
    assert_same(opening.open_session(tmp_path / "state.json"), opened, book)


def test_opening_tells_how_many_operations_are_left(recorded: Path, tmp_path: Path) -> None:
    opened, told = opening.open_file(recorded), list[str]()
    saved(opened, work_on(opened), tmp_path / "a.hwsession")
    opening.open_file(tmp_path / "a.hwsession", progress=lambda share, doing: told.append(doing))
    left = list(dict.fromkeys(words for words in told if words.endswith("left")))
    assert left[-1:] == ["1 operation left"]


def test_a_copy_of_live_memory_is_always_inside(exported: Exported, tmp_path: Path) -> None:
    opened = live_copy()
    book, path = work_on(opened), tmp_path / "a.hwsession"
    assert saving.needs_copy(opened)
    saved(opened, book, path)
    assert path.stat().st_mode & 0o077 == 0
    assert_same(opening.open_file(path), opened, book)


def test_a_saved_recording_is_what_later_sessions_refer_to(exported: Exported, tmp_path: Path) -> None:
    opened = saving.save_recording(live_copy(), tmp_path / "copy.npz")
    book = work_on(opened)
    assert not saving.needs_copy(opened)
    saved(opened, book, tmp_path / "a.hwsession")
    assert (tmp_path / "a.hwsession").stat().st_size < 10_000
    assert_same(opening.open_file(tmp_path / "a.hwsession"), opened, book)


def test_saving_memory_can_be_cancelled(exported: Exported, recorded: Path, tmp_path: Path) -> None:
    for opened in (live_copy(), opening.open_file(recorded)):
        document = saving.document_of_machine(opened, Notebook(opened.session), VIEW)
        with pytest.raises(CancelledError):
            saving.save_session(opened, document, tmp_path / "a.hwsession", True, lambda: True)
        assert not (tmp_path / "a.hwsession").exists()


def test_a_damaged_archive_is_refused(recorded: Path, tmp_path: Path) -> None:
    opened = opening.open_file(recorded)
    path = tmp_path / "a.hwsession"
    saved(opened, work_on(opened), path, inside=True)
    data = path.read_bytes()
    for bad in (data[: len(data) // 2], data[:100] + bytes(50) + data[150:]):
        path.write_bytes(bad)
        with pytest.raises(ScenarioError, match="a.hwsession"):
            opening.open_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("else", b"")
    with pytest.raises(ScenarioError, match=DOCUMENT):
        opening.open_file(path)


def test_opening_a_session_can_be_cancelled(tmp_path: Path) -> None:
    opened = made()
    saved(opened, work_on(opened), tmp_path / "a.hwsession")
    with pytest.raises(CancelledError):
        opening.open_file(tmp_path / "a.hwsession", "", lambda share, doing: None, lambda: True)


def test_a_session_is_known_by_its_content(tmp_path: Path) -> None:
    opened = made()
    book = work_on(opened)
    saved(opened, book, tmp_path / "a.hwsession")
    (tmp_path / "a.hwsession").rename(tmp_path / "renamed")
    assert_same(opening.open_file(tmp_path / "renamed"), opened, book)
    (tmp_path / "no.hwsession").write_text("something else")
    with pytest.raises(ScenarioError, match="not a session file"):
        opening.open_file(tmp_path / "no.hwsession")
