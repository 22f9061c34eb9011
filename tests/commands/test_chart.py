"""The command `chart`: every chart as numbers and pictures, out of files; what is not suited is one message."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.view.charts.catalogue import CHARTS, RECORDS
from tests.paths import DATA

BEFORE = str(resources.path("machines/victim_before.npz"))
AFTER = str(DATA / "snapshot" / "victim_after.npz")
LOG = str(DATA / "records" / "6.1" / "dmesg.txt")
LESSON = str(resources.path("lessons/02-a-free-page.toml"))
MADE_OF = {"changed": [BEFORE, AFTER], "found": [BEFORE, "--find", "row:of:0x2416"]}


def made(name: str, out: Path, *options: str) -> int:
    of_records = [LOG, BEFORE] if CHARTS[name].of == RECORDS else [BEFORE]
    return main(["chart", name, *MADE_OF.get(name, of_records), "--to", str(out), *options])


@pytest.mark.parametrize("name", CHARTS)
def test_each_chart_as_numbers(name: str, tmp_path: Path) -> None:
    out = tmp_path / "chart.csv"
    assert made(name, out) == 0
    heads, *rows = csv.reader(out.read_text().splitlines())
    assert rows and all(len(row) == len(heads) for row in rows)


def test_the_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    out = tmp_path / "chart.csv"
    assert main(["chart", "found", BEFORE, "--find", "0x100+0x20", "--to", str(out)]) == 0
    assert sum(float(row["all (frames)"]) for row in csv.DictReader(out.read_text().splitlines())) == 0x20
    assert main(["chart", "found", BEFORE, "--find", "outcome:silent anon,swapcache", "--to", str(out)]) == 0
    assert main(["chart", "errors-time", LOG, "--to", str(out)]) == 0
    assert len(out.read_text().splitlines()) > 20


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["walk", LOG], f"{LOG}: a kernel log; the chart `walk` is made of a machine"),
        (["walk", BEFORE, AFTER], f"{AFTER}: the chart `walk` is made of one machine"),
        (["errors-time", BEFORE], "errors-time: needs records of errors"),
        (["found", BEFORE], "found: needs frames to look for"),
        (["found", BEFORE, "--find", "no-such"], "--find no-such: at 1: "),
        (["found", BEFORE, "--find", "owner:other"], "--find owner:other: at 1: "),
        (["walk", BEFORE, "--find", "anon"], "--find is of the chart `found`"),
        (["changed", BEFORE], "changed: needs two snapshots"),
        (["changed", BEFORE, LESSON], f"{LESSON}: "),
        (["kind", "/nowhere"], "/nowhere: "),
    ],
)
def test_what_is_not_suited_is_one_message(
    arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "chart.csv"
    assert main(["chart", *arguments, "--to", str(out)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(why) and shown.err.count("\n") == 1 and not shown.out and not out.exists()


@pytest.mark.parametrize(
    ("out", "options", "why"),
    [
        ("a.pdf", [], "not a format that can be written; expected .png or .svg or .csv"),
        ("a.csv", ["--theme", "dark"], "--theme is of pictures"),
        ("a.svg", ["--scale", "2"], "--scale 2: of .png only"),
        ("a.png", ["--size", "9x9"], "--size 9x9: expected"),
        ("a.png", ["--theme", "pink"], "--theme pink: the themes are"),
    ],
)
def test_formats(out: str, options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chart", "mapcount", BEFORE, "--to", out, *options]) == 2
    assert why in capsys.readouterr().err


def test_without_a_name_the_charts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chart"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CHARTS)
