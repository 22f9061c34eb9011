"""The command line: what each command prints, its exit status, and that none loads the window in vain."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hwpoison_gui import __version__
from hwpoison_gui.cli import main
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import from_document, load, loads
from tests.paths import DATA

CASES = DATA / "cases" / "v7"
EARLY = CASES / "anon_forked_three_early.toml"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--version"])
    assert raised.value.code == 0
    assert capsys.readouterr().out == f"hwpoison-gui {__version__}\n"


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--help"])
    assert raised.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    for word in ("check", "simulate", "agree", "--json", "--live", "--version", "pictures --out DIR"):
        assert word in shown


@pytest.mark.parametrize("command", ["check", "simulate", "agree", "pictures", "report", "assess", "capture"])
def test_commands_have_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])
    assert raised.value.code == 0
    assert f"hwpoison-gui {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--lvie"], ["check"], ["simulate"], ["agree"], ["pictures"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EARLY)]) == 0
    assert capsys.readouterr().out == f"{EARLY} ok\n1 of 1 files hold\n"


def test_check_of_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "no.toml")]) == 2
    assert "no.toml: cannot be read: No such file" in capsys.readouterr().out


def test_a_machine_that_cannot_be_opened_is_named_and_no_file_is_blamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--on", str(tmp_path / "no.npz"), str(EARLY)]) == 2
    said = capsys.readouterr()
    assert str(tmp_path / "no.npz") in said.err and str(EARLY) not in said.out + said.err


def test_assess_takes_the_nearest_kernel_unless_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(DATA / "files" / "kpageflags.bin")
    assert main(["assess", path]) == 0 and main(["assess", "--profile", "6.1", path]) == 0
    assert "frames" in capsys.readouterr().out
    with pytest.raises(SystemExit) as raised:
        main(["assess", "--profile", "5.10", path])
    assert raised.value.code == 2 and "is modelled as 6.1" in capsys.readouterr().err


def test_simulate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(EARLY)]) == 0
    shown = capsys.readouterr().out
    assert "poison frame=@bad" in shown
    assert "Recovered (dirty LRU), returns 0" in shown
    assert "early due to hardware memory corruption" in shown
    assert "SIGBUS BUS_MCEERR_AO at m+0 to a: handled" in shown


def test_simulate_json_is_one_object_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--json", str(EARLY)]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["op"] for record in records] == [step.op for step in load(EARLY).steps]
    assert [record["step"] for record in records] == list(range(1, len(records) + 1))
    poison = records[-1]
    assert isinstance(poison["pfn"], int)
    assert (poison["result"], poison["kind"], poison["dirty"], poison["errno"]) == ("Recovered", "LRU", True, 0)
    assert poison["signals"][0] == {
        "task": "a", "thread": 0, "signal": "SIGBUS", "code": "BUS_MCEERR_AO", "at": "m+0", "lsb": 12,
        "effect": "handled",
    }  # fmt: skip
    assert poison["log"][-1] == f"MCE 0x{poison['pfn']:x}: dirty LRU page recovery: Recovered"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.toml")), ids=lambda path: path.stem)
def test_what_simulate_says_holds_as_expect(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON of a step, taken as its `expect`, is what check would compare with."""
    status = main(["simulate", "--json", str(path)])
    shown = capsys.readouterr()
    if "not yet supported" in shown.err:
        pytest.skip(shown.err)
    assert status == 0
    document = tomllib.loads(path.read_text())
    for step, line in zip(document["step"], shown.out.splitlines(), strict=True):
        said = json.loads(line)
        step["expect"] = {key: value for key, value in said.items() if key not in ("step", "op", "pfn")}
    scenario = from_document(document)
    session = replay.boot(scenario)
    assert [str(one) for done in replay.play(session, scenario) for one in done.differences] == []


def test_simulate_of_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('format = 1\ntitle = "t"\n[[step]]\nop = "exit"\ntask = "z"\n')
    assert main(["simulate", str(bad)]) == 2
    assert capsys.readouterr().err.startswith(f"{bad}: step 1: task: ")
    assert main(["simulate", str(tmp_path / "no.toml")]) == 2
    assert "no.toml: cannot be read: No such file" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path)]) == 2
    assert "a folder; expected a scenario or recorded memory" in capsys.readouterr().err


def test_agree_names_every_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", "x.npz", "y.jsonl"]) == 2
    assert capsys.readouterr().err == "x.npz: no such file\ny.jsonl: no such file\n"


def test_a_window_for_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: a folder; expected a scenario or recorded memory\n"
    assert main([str(tmp_path / "no.toml")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/no.toml: no such file\n"


@pytest.mark.parametrize(
    ("word", "told"),
    [("chekc", "did you mean check?"), ("makemachine", "did you mean make-machine?"), ("xyz", "--help lists commands")],
)
def test_a_mistyped_command(word: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word, "--json", "a.toml"]) == 2
    assert capsys.readouterr().err == f"{word}: neither a command nor a file; {told}\n"


def test_a_reader_that_stops_reading(tmp_path: Path) -> None:
    """`hwpoison-gui simulate … | head -1` ends without a word."""
    for number in range(2000):
        (tmp_path / f"{number}.toml").write_text("")
    command = f'"{sys.executable}" -m hwpoison_gui check "{tmp_path}" | head -1'
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert shown.stderr == ""
    assert len(shown.stdout.splitlines()) == 1


def test_commands_without_a_window_load_no_qt() -> None:
    code = (
        "import sys\nfrom hwpoison_gui.cli import main\n"
        f"main(['check', {str(EARLY)!r}]); main(['simulate', {str(EARLY)!r}])\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('PySide6', 'shiboken6')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.stdout.splitlines()[-1] == "[]", shown.stderr


def test_a_title_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('format = 1\ntitle = "×–’"\n', encoding="utf-8")
    loads(path.read_bytes())
    code = f"import sys; from hwpoison_gui.cli import main; sys.exit(main(['simulate', {str(path)!r}]))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, env={"PYTHONIOENCODING": "ascii"}
    )
    assert shown.returncode == 0, shown.stderr
    assert b"\\xd7" in shown.stdout
