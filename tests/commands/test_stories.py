"""Commands on every kind of machine that the window opens: made, scenario, session, recording, raw flags, live copy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.commands.stories import story_of
from hwpoison_gui.kernel.profile.registry import newest
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources import live
from hwpoison_gui.sources.recording import open_recording, read_recording
from tests.paths import DATA

VICTIM = resources.path("machines/victim_before.npz")
RAW = DATA / "files" / "kpageflags.bin"
ROWS = DATA / "server" / "server_poison.ek1.jsonl"
CASE = DATA / "cases" / "v7" / "anon_forked_three_early.toml"
STEPS = """format = 1
title = "on another machine"
profile = "6.1"
[sysctl]
memory_failure_early_kill = 1
[[step]]
op = "poison"
frame = "any:anon"
[step.expect]
result = "Recovered"
errno = 0
"""
REFUSED = sorted(path for path in (DATA / "files").iterdir() if path != RAW)


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    path = tmp_path / "steps.toml"
    path.write_text(STEPS)
    return path


@pytest.fixture
def no_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of this computer is that of a recording."""
    exported = read_recording(VICTIM)
    monkeypatch.setattr(live, "read", lambda *args, **named: exported)
    monkeypatch.setattr(live, "image_of", lambda exported: open_recording(VICTIM))


@pytest.mark.parametrize("path", [VICTIM, VICTIM.with_suffix(".json"), RAW], ids=lambda path: path.name)
def test_memory_without_steps(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(path)]) == 0
    said = capsys.readouterr().out
    profile = newest().name if path == RAW else "6.1"
    assert f"(profile {profile}, " in said and "    note: " in said and "HardwareCorrupted: " in said
    assert main(["simulate", "--json", str(path)]) == 0
    assert capsys.readouterr().out == "", "there is no step"
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert said == (
        f"{path} ok (it can be opened; nothing was done on it, so nothing is compared)\n1 of 1 files hold\n"
    )


@pytest.mark.parametrize("machine", [VICTIM, CASE], ids=lambda path: path.stem)
def test_steps_on_another_machine(machine: Path, steps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps.write_text(STEPS.replace("any:anon", "any:free"))
    assert main(["check", "--on", str(machine), str(steps)]) == 0, capsys.readouterr().out
    assert main(["simulate", "--json", "--on", str(machine), str(steps)]) == 0
    (record,) = (json.loads(line) for line in capsys.readouterr().out.splitlines()[2:])
    assert record["result"] == "Recovered"


def test_steps_on_raw_flags(steps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--on", str(RAW), str(steps)]) == 0, capsys.readouterr().out
    steps.write_text(STEPS.replace("any:anon", "any:pgtable"))
    assert main(["check", "--on", str(RAW), str(steps)]) in (1, 2)
    steps.write_text(STEPS.replace("any:anon", "pfn:0x100"))
    assert main(["simulate", "--on", str(RAW), str(steps)]) == 0
    assert "step 1: poison frame=pfn:0x100" in capsys.readouterr().out


def test_live(no_live: None, steps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--live"]) == 0
    assert "processes" in capsys.readouterr().out
    assert main(["check", "--live", str(steps), str(steps)]) == 0, "each on a machine as it was read"
    assert main(["simulate", "--live", str(steps)]) == 0
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    first = next(row for row in rows if "verdict" in row)
    (tmp_path / "rows.jsonl").write_text(json.dumps(first))
    assert main(["agree", "--live", str(tmp_path / "rows.jsonl")]) in (0, 1)


def test_a_saved_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hwpoison_gui.session.document import files
    from hwpoison_gui.session.document.document import document_of

    opened = opening.open_file(VICTIM)
    pfn = opened.session.resolve_frame("any:anon")
    opened.session.act("poison", {"frame": f"pfn:{pfn:#x}", "via": "corrupt-pfn", "thread": 0, "rip_valid": True})
    assert opened.stored is not None
    path = tmp_path / "mine.hwsession"
    files.write(document_of(opened.session, "mine", opened.stored._replace(profile="6.1"), ()), path)
    assert main(["check", str(path)]) == 0
    assert main(["simulate", "--json", str(path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{path} ok"
    assert json.loads(said[-1])["pfn"] == pfn
    assert main(["check", "--on", str(CASE), str(path)]) in (0, 1, 2)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
@pytest.mark.parametrize("command", ["simulate", "check", "agree", "on"])
def test_other_files_are_refused(command: str, path: Path, steps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = {
        "simulate": ["simulate", str(path)],
        "check": ["check", str(path)],
        "agree": ["agree", str(path), str(ROWS)],
        "on": ["simulate", "--on", str(path), str(steps)],
    }[command]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert str(path) in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_steps_that_are_no_steps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--on", str(VICTIM), str(RAW)]) == 2
    assert "expected steps to run: a scenario or a saved session" in capsys.readouterr().err
    with pytest.raises(ScenarioError, match="a kernel log"):
        story_of(DATA / "files" / "dmesg.txt")


def test_agree_on_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", str(CASE), str(ROWS)]) == 1, "it is not the machine that was recorded"
    assert "292" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["simulate"], ["agree", str(ROWS)], ["pictures", "--live", "x", "--out", "y"]])
def test_a_machine_is_needed_and_one_is_enough(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2


def test_commands_load_no_qt() -> None:
    code = (
        "import sys\nfrom hwpoison_gui.cli import main\n"
        f"main(['simulate', {str(VICTIM)!r}]); main(['check', {str(RAW)!r}])\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('PySide6', 'shiboken6')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.stdout.splitlines()[-1] == "[]", shown.stderr


def test_check_opens_a_machine_no_more_often_than_files_run_on_it(tmp_path, monkeypatch, capsys) -> None:
    opened: list[str] = []
    open_file = opening.open_file
    monkeypatch.setattr(opening, "open_file", lambda path, *rest: (opened.append(path.name), open_file(path, *rest))[1])
    files = []
    for number in range(2):
        steps = tmp_path / f"{number}.toml"
        steps.write_text(STEPS.replace('profile = "6.1"', f'profile = "{newest().name}"'))
        files.append(str(steps))
    assert main(["check", "--on", str(RAW), *files]) == 0, capsys.readouterr().out
    assert opened == [RAW.name] * 2
