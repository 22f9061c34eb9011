"""The command `changed`: its text in any terminal, the same numbers as JSON, and files that are none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.image import Capture
from hwpoison_gui.sources.recording import read_recording
from hwpoison_gui.sources.recording_writer import save_snapshot
from tests.paths import DATA

BEFORE = str(resources.path("machines/victim_before.npz"))
AFTER = str(DATA / "snapshot" / "victim_after.npz")
SERVER = str(resources.path("machines/server.npz"))
RAW = str(DATA / "files" / "kpageflags.bin")


def changed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["changed", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("files", [(BEFORE, AFTER), (SERVER, AFTER), (BEFORE, RAW)])
def test_lines_are_as_wide_as_the_terminal(
    columns: int, files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = changed(capsys, *files)
    assert max(map(len, text.splitlines())) <= columns and not text.endswith("\n\n")


def test_text_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    text = changed(capsys, BEFORE, AFTER)
    told = json.loads(changed(capsys, BEFORE, AFTER, "--json"))
    assert told["hwpoison"] == {"gone": [], "new": [0xFD67]} and "HWPOISON is new in 1 frame: 0xfd67\n" in text
    assert {"old": "anon", "new": "poison", "frames": 1} in told["kinds"] and "anonymous → hardware poison" in text
    assert [one["label"] for one in told["processes"]] == ["w0:156", "w1:157", "w2:158"]
    assert "  w1:157" in text and "sizes differ" not in text and told["compared"] == 65_536


def test_the_comparison_goes_from_the_older_to_the_newer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    dated = []
    for name, time, source in (("old.npz", 1795906867.5, BEFORE), ("new.npz", 1795906987.0, AFTER)):
        exported = replace(read_recording(source), capture=Capture(time, "0123456789abcdef"))
        save_snapshot(exported, tmp_path / name)
        dated.append(str(tmp_path / name))
    there, back = changed(capsys, *dated, "--json"), changed(capsys, *reversed(dated), "--json")
    assert there == back and json.loads(back)["hwpoison"]["new"] == [0xFD67]
    assert json.loads(back)["old"]["captured"] == 1795906867.5
    text = changed(capsys, *reversed(dated))
    assert "captured 2026-11-28 23:01:07 UTC" in text and "old.npz" in text.partition("\n")[0]
    assert "It is not known of both when they were captured" in changed(capsys, BEFORE, dated[1])


def test_what_cannot_be_compared_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "The sizes differ: only the first 65,536 frames are compared." in changed(capsys, SERVER, AFTER)
    assert "Which processes map which frames is not known of both." in changed(capsys, BEFORE, RAW)
    assert "Each process maps the frames that it mapped before." in changed(capsys, BEFORE, BEFORE)


@pytest.mark.parametrize("place", [0, 1])
def test_a_file_that_is_none_is_one_message(place: int, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    torn = tmp_path / "torn.npz"
    torn.write_bytes(Path(BEFORE).read_bytes()[:4000])
    lesson = str(resources.path("lessons/02-a-free-page.toml"))
    for bad, why in ((lesson, "a scenario; expected a snapshot"), ("/nowhere", "cannot be read"), (str(torn), "")):
        files = [BEFORE, BEFORE]
        files[place] = bad
        assert main(["changed", *files]) == 2
        shown = capsys.readouterr()
        assert shown.err.startswith(f"{bad}: {why}") and shown.err.count("\n") == 1 and not shown.out
