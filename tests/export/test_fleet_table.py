"""The command `assess` for many machines: one table, as text and as Parquet, and one message for each bad file."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from hwpoison_gui.cli import main
from tests.paths import DATA

RAW = DATA / "files" / "kpageflags.bin"


@pytest.fixture
def rack(tmp_path: Path) -> Path:
    """A folder with a small machine, a file that is none, and raw flags that a folder does not offer."""
    rack = tmp_path / "rack"
    rack.mkdir()
    for suffix in (".npz", ".json"):
        shutil.copy((DATA / "snapshot" / "before").with_suffix(suffix), rack)
    (rack / "junk.npz").write_text("nonsense")
    shutil.copy(RAW, rack)
    return rack


@pytest.mark.parametrize("columns", [80, 100])
def test_a_line_for_each_machine_and_the_sums(
    columns: int, rack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["assess", str(rack), str(RAW)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"{rack / 'junk.npz'}: ") and shown.err.count("\n") == 1
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[1].split() == ["machine", "memory", *["runs", "on", "in", "use", "panics", "kills"] * 2]
    first, second = lines[2].split(), lines[3].split()
    assert first[0].endswith("before.npz") and first[1:3] == ["256.0", "MiB"]
    for shares in (first[3:6], first[7:10], second[3:6], second[7:10]):
        assert sum(map(float, shares)) == pytest.approx(100, abs=0.2)
    assert second[0].endswith("ags.bin") and second[6] == second[10] == "–", "owners are not known"
    assert "2 machines" in lines and shown.out.count("An error in a frame") == 1


def test_failed_files_are_listed_with_their_messages(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rack / "empty").mkdir()
    asked = ["assess", str(rack), str(rack / "empty")]
    assert main([*asked, "--json"]) == 2
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    failed = told["failed"]
    assert [one["machine"] for one in failed] == [str(rack / "empty"), str(rack / "junk.npz")]
    assert "".join(f"{one['message']}\n" for one in failed) == shown.err
    assert main([*asked, "--csv"]) == 2
    written = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    lines, skipped = ([line for line in written if line["by"] == by] for by in ("failed", "skipped"))
    assert [(line["machine"], line["group"]) for line in lines] == [tuple(one.values()) for one in failed]
    assert {(line["outcome"], line["frames"], line["early_kill"]) for line in lines} == {("", "0", "")}
    assert told["skipped"] == [str(rack / RAW.name)] == [line["machine"] for line in skipped]
    assert main(["assess", str(rack / "junk.npz"), "--fault", "row:of:1", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["failed"][0]["machine"] == str(rack / "junk.npz")


def test_a_table_says_which_files_are_missing_in_it(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--jobs", "1", str(rack)]) == 2
    table = capsys.readouterr().out
    assert "Not in this table: 1 file that could not be assessed" in table
    assert "Skipped: 1 file that is not named *.npz" in table
    one_line = "".join(table.split())
    assert str(rack / "junk.npz") in one_line and str(rack / RAW.name) in one_line


def test_a_parquet_file_has_the_lines_of_the_csv(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra “parquet” is not installed")
    out = rack / "out.parquet"
    one = str(rack / "before.npz")
    assert main(["assess", one, "--parquet", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 1 machine\n"
    assert main(["assess", one, "--csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    found = parquet.read_table(out).to_pylist()
    assert [{name: str(value) for name, value in line.items()} for line in found] == lines
    assert main(["assess", "/nowhere", "--parquet", str(out)]) == 2
    (line,) = parquet.read_table(out).to_pylist()
    assert (line["machine"], line["by"], line["early_kill"]) == ("/nowhere", "failed", None) and "/nowhere: " in line[
        "group"
    ]
    capsys.readouterr()
    assert main(["assess", one, "--parquet", "/nowhere/out.parquet"]) == 2
    assert capsys.readouterr().err.startswith("/nowhere/out.parquet: cannot be written: ")


def test_without_pyarrow_the_extra_is_named(
    rack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["assess", str(rack), "--parquet", str(rack / "out")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("--parquet needs pyarrow, ") and "“parquet”" in error and error.count("\n") == 1


def test_faults_of_dram_in_other_processes(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["assess", "--fault", "row:of:0x100", "--json", str(rack)]
    assert main(asked) == 2
    here = capsys.readouterr()
    assert main([*asked, "--jobs", "2"]) == 2
    assert capsys.readouterr() == here and '"before' in here.out.replace(str(rack) + "/", "")


def test_an_empty_folder_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: no *.npz below this folder\n"


@pytest.mark.parametrize(
    "arguments", [["--jobs", "-1"], ["--scheduler", "tcp://a:1", "--jobs", "2"], ["--scheduler", "tcp://a:1", "--live"],
                  ["--parquet", "x", "--csv"], ["--parquet", "x", "--fault", "row:of:1"]],
)  # fmt: skip
def test_what_does_not_go_together(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["assess", str(RAW), *arguments])
    assert raised.value.code == 2 and "usage:" in capsys.readouterr().err
