"""The command `assess`: its text on the recorded server, the same numbers in every form, and several machines."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.view.damage.tables import GROUPINGS
from tests.paths import DATA, ROOT

SERVER = "resources/machines/server.npz"
LESSON = str(resources.path("lessons/19-soft-offline.toml"))
RAW = str(DATA / "files" / "kpageflags.bin")
GOLDEN = DATA / "assess"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(ROOT)


def assessed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["assess", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "columns", "arguments"),
    [
        ("server.txt", "100", [SERVER]),
        ("server-80-columns.txt", "80", [SERVER, "--by", "process", "--early-kill", "1", "--top", "3"]),
    ],
)
def test_the_recorded_server(
    name: str, columns: str, arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another text is no fault by itself: `hwpoison-gui assess ... > tests/data/assess/...`, and read what changed."""
    monkeypatch.setenv("COLUMNS", columns)
    text = assessed(capsys, *arguments)
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= int(columns)


@pytest.mark.parametrize("by", GROUPINGS)
def test_json_and_csv_have_the_same_numbers(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    (machine,) = json.loads(assessed(capsys, LESSON, "--by", by, "--json"))["machines"]
    rows = list(csv.DictReader(io.StringIO(assessed(capsys, LESSON, "--by", by, "--csv"))))
    assert {row["early_kill"] for row in rows} == {"0", "1"}
    for report in machine["policies"]:
        mine = [row for row in rows if row["early_kill"] == str(report["early_kill"])]
        assert {row["outcome"]: int(row["frames"]) for row in mine if row["by"] == "all"} == report["outcomes"]
        listed = [(group["name"], key, n) for group in report["groups"] for key, n in group["outcomes"].items()]
        assert listed == [(row["group"], row["outcome"], int(row["frames"])) for row in mine if row["by"] == by]
        assert all(int(row["bytes"]) == 4096 * int(row["frames"]) for row in mine)


def test_several_machines_have_a_total(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(assessed(capsys, LESSON, RAW, "--json"))
    for at, report in enumerate(told["total"]["policies"]):
        of_each = [machine["policies"][at]["outcomes"] for machine in told["machines"]]
        keys = {key for outcomes in of_each for key in outcomes}
        assert report["outcomes"] == pytest.approx({key: sum(one.get(key, 0) for one in of_each) for key in keys})
    assert not told["total"]["processes_known"] and told["machines"][0]["processes_known"]
    text = assessed(capsys, LESSON, RAW, "--by", "zone")
    assert "\n2 machines\n8,192 frames" in text and text.count("Soft offline") == 3


def test_a_bad_machine_does_not_keep_the_others_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("nonsense")
    assert main(["assess", str(bad), LESSON, "/nowhere", "--early-kill", "0"]) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 2 and str(bad) in shown.err and "/nowhere" in shown.err
    assert LESSON in shown.out and "late kill" in shown.out and "early kill" not in shown.out


@pytest.mark.parametrize(
    "arguments", [[], [LESSON, "--by", "colour"], [LESSON, "--top", "-1"], [LESSON, "--early-kill", "2"],
                  [LESSON, "--profile", "5.0"], [LESSON, "--json", "--csv"]],
)  # fmt: skip
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["assess", *arguments])
    assert raised.value.code == 2 and "usage:" in capsys.readouterr().err


def test_unknown_owners_are_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    text = assessed(capsys, RAW, "--by", "process")
    assert text.count("not known") > 3 and "which processes an error would hit is not known" in " ".join(text.split())
    assert "cgroup not known" in assessed(capsys, LESSON, "--by", "cgroup", "--early-kill", "0")
