"""Error records belong to the session: they come back with it, and what is missing or changed is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui import cli
from hwpoison_gui.opening import opening, real_errors, saving
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.session.document.document import View
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.notebook import Notebook
from tests.workbench import do

LINE = "[ {n}.000000] Memory failure: {pfn:#x}: recovery action for dirty LRU page: Recovered\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Two logs of one name, of different errors."""
    found = []
    for n, pfn in ((1, 0x120), (2, 0x130)):
        (tmp_path / str(n)).mkdir()
        found.append(tmp_path / str(n) / "dmesg.txt")
        found[-1].write_text(LINE.format(n=n, pfn=pfn))
    return found


def _errors(paths: list[Path]) -> real_errors.RealErrors:
    return real_errors.read_errors(paths, lambda share, doing: None, lambda: False)


def _overlaid(logs: list[Path]) -> Opened:
    errors = _errors(logs)
    return opening.default_machine()._replace(history=errors.history, records=errors.files)


def _saved(opened: Opened, path: Path, inside: bool = False) -> Opened:
    return saving.save_session(
        opened, saving.document_of_machine(opened, Notebook(opened.session), View()), path, inside
    )


def _frames(opened: Opened) -> list[int | None]:
    assert opened.history is not None
    return [record.pfn for record in opened.history.records]


def test_records_over_a_machine_come_back(logs: list[Path], tmp_path: Path) -> None:
    opened = _overlaid(logs)
    do(opened.session, "poison", frame="pfn:0x120")
    _saved(opened, tmp_path / "a.hwsession")
    again = opening.open_file(tmp_path / "a.hwsession")
    assert _frames(again) == [0x120, 0x130]
    assert again.records == opened.records
    assert len(again.session.operations) == 1 and not again.records_only and not again.missing


def test_records_are_found_beside_the_session(logs: list[Path], tmp_path: Path) -> None:
    _saved(_overlaid(logs[:1]), tmp_path / "a.hwsession")
    moved = logs[0].rename(tmp_path / "dmesg.txt")
    again = opening.open_file(tmp_path / "a.hwsession")
    assert _frames(again) == [0x120]
    assert again.records is not None and again.records.files[0].path == str(moved)


def test_records_inside_need_no_other_file(logs: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "a.hwsession"
    written = _saved(_overlaid(logs), path, inside=True)
    for log in logs:
        log.unlink()
    assert path.stat().st_mode & 0o077 == 0
    again = opening.open_file(path)
    assert again.history is not None and again.records == written.records
    assert _frames(again) == [0x120, 0x130]
    assert [source.path for source in again.history.sources] == ["1/dmesg.txt", "2/dmesg.txt"]
    assert saving.needs_copy(again)
    _saved(again, tmp_path / "b.hwsession")
    path.unlink()
    assert _frames(opening.open_file(tmp_path / "b.hwsession")) == [0x120, 0x130]


def test_a_changed_log_is_said_and_the_rest_is_opened(logs: list[Path], tmp_path: Path) -> None:
    opened = _overlaid(logs)
    _saved(opened, tmp_path / "a.hwsession")
    logs[0].unlink()
    logs[1].write_text(LINE.format(n=2, pfn=0x131))
    again = opening.open_file(tmp_path / "a.hwsession")
    assert again.history is None
    assert again.missing == (
        (
            "error records",
            f"{tmp_path / 'a.hwsession'}: error records of this session are missing, or have changed:\n"
            f"{logs[0]}: No such file or directory\n{logs[1]}: its content has changed",
        ),
    )
    logs[0].write_text(LINE.format(n=1, pfn=0x120))
    logs[1].write_text(LINE.format(n=2, pfn=0x130))
    _saved(again, tmp_path / "b.hwsession")  # what it refers to is kept
    assert _frames(opening.open_file(tmp_path / "b.hwsession")) == [0x120, 0x130]


def test_a_map_for_records_only_is_saved_with_them(logs: list[Path], tmp_path: Path) -> None:
    opened = opening.on_empty_map(_errors(logs), "6.1")
    do(opened.session, "poison", frame="pfn:0x120")
    _saved(opened, tmp_path / "a.hwsession")
    again = opening.open_file(tmp_path / "a.hwsession")
    assert again.records_only and _frames(again) == [0x120, 0x130]
    assert again.session.machine.frames == opened.session.machine.frames
    assert again.session.machine.profile.name == "6.1"
    assert len(again.session.operations) == 1
    logs[1].unlink()
    with pytest.raises(ScenarioError, match="error records of this session are missing"):
        opening.open_file(tmp_path / "a.hwsession")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"frames": 4096', '"frames": 0', "machine.frames"),
        ('"frames": 4096', '"frames": 99999999999', "machine.frames"),
        ('"records": {"files": [{', '"records": {"extra": 1, "files": [{', "records.extra"),
        ('"records": {"files": [{"path"', '"records": {"files": [{"name"', r"records.files\[1\].path"),
        (
            '"records": {"files"',
            '"records": {"archive": "", "files"',
            "lacks the error records that it should have inside",
        ),
    ],
)
def test_damaged_references_are_refused_with_the_place(
    logs: list[Path], tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "a.hwsession"
    _saved(opening.on_empty_map(_errors(logs)), path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ScenarioError, match=said):
        opening.open_file(path)


def test_the_command_line_takes_a_machine_and_its_logs(logs: list[Path], tmp_path: Path) -> None:
    scenario = tmp_path / "m.toml"
    scenario.write_text('format = 1\ntitle = "m"\n[memory]\nframes = 4096\n')
    opened = cli._opened([scenario, *logs])
    assert opened.scenario is not None and _frames(opened) == [0x120, 0x130]
    assert cli._opened(logs).records_only
    compared = cli._opened([scenario, logs[0], scenario])
    assert compared.second is not None and _frames(compared) == [0x120]
    with pytest.raises(ScenarioError, match="one machine, or two to compare, at a time"):
        cli._opened([scenario, logs[0], scenario, scenario])
