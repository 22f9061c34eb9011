"""Output of `assess --fault` and `assess --rates`, and bad input to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwpoison_gui.cli import main
from tests.paths import DATA, ROOT

SERVER = str(ROOT / "resources" / "machines" / "server.npz")
MACHINE = str(DATA / "cases" / "v7" / "anon_forked_three_early.toml")


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["assess", MACHINE, *arguments]) == 0
    return capsys.readouterr().out


def test_a_fault_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "--geometry", "haswell", "--fault", "row:of:0x200", "--profile", "6.1")
    assert text.startswith(f"{MACHINE}\n\nrow:channel0/bank8/row0x8, geometry haswell\n4 frames, 16 KiB: 0x200+0x4\n")
    assert text.index("\nlate kill") < text.index("\nearly kill") < text.index("Soft offline:")
    assert "nothing done          at best 1st error, worst" in text
    assert max(map(len, text.replace(MACHINE, "").split("\n"))) <= 100


def test_a_fault_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "--fault", "bank:of:0x200", "--fault", "dimm:of:0x200", "--early-kill", "1", "--json")
    (machine,) = json.loads(text)["machines"]
    bank, dimm = machine["faults"]
    assert bank["frames"] == sum(count for _, count in bank["runs"]) < dimm["frames"]
    (policy,) = dimm["policies"]
    assert policy["early_kill"] == 1 and sum(policy["nothing"]["outcomes"].values()) == dimm["frames"]
    assert machine["expected"] is None


def test_an_expectation(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "--geometry", "plain", "--rates", "jaguar-2012")
    assert "Expected in 1,000 machine-years by the rates of Jaguar, DDR2, 2009 to 2010\n" in text
    assert "Not covered: DDR3" in text and "Source: V. Sridharan, D. Liberty" in text
    assert max(len(line) for line in text.split("\n") if MACHINE not in line) <= 100
    assert "72 devices, assumed: 18 a rank" in text and "Nothing is corrected in this count" in text
    said = json.loads(_said(capsys, "--rates", "jaguar-2012", "--devices", "36", "--json"))["machines"][0]["expected"]
    assert (said["devices"], said["devices_assumed"]) == (36, False)
    row = next(fault for fault in said["policies"][0]["faults"] if fault["part"] == "row")
    low, middle, high = row["faults"]
    assert said["technology"] == "DDR2" and said["not_covered"] and said["total"] == 66.1
    assert low < middle < high and middle == pytest.approx(1000 * 8.4 * 36 * 8766 / 1e9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "rwo:of:1"], f"{MACHINE}: no such fault mode: 'rwo'"),
        (["--fault", "bank:bank1", "--geometry", "haswell"], "channel is missing in bank1; expected channel0/bank0"),
        (["--fault", "row:of:1", "--geometry", "nix"], "nix: no such geometry"),
        (["--rates", "nix"], "nix: no such rates; shipped are cielo-2013, hopper-2015, jaguar-2012"),
        (["--rates", "nix.toml"], "nix.toml: cannot be read: No such file"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", MACHINE, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and said in shown.err and shown.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--csv", "--fault", "row:of:1"], ["--geometry", "plain"], ["--devices", "-1"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["assess", MACHINE, *arguments])
    assert raised.value.code == 2 and "usage:" in capsys.readouterr().err


def test_rates_without_a_unit_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.toml"
    path.write_text(
        'rates = 1\nname = "r"\ntechnology = "t"\nyears = "y"\nsources = ["s"]\nbounds = { factor = 1 }\nfault = []\n'
    )
    assert main(["assess", MACHINE, "--rates", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: unit: missing; expected the unit of all rates")


def test_frames_that_fail_one_after_another(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["assess", SERVER, "--fault", "row:of:0x23d", "--in-order"]
    assert main([*asked, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["machines"][0]["faults"]
    late, early = row["policies"]
    assert sum(late["nothing_in_order"]["results"].values()) == row["frames"]
    # One after another, the first error has freed frames of those that follow.
    hit, alone = ({one["tgid"] for one in early[key]["hit"]} for key in ("nothing_in_order", "nothing"))
    assert hit == alone
    assert early["nothing_in_order"]["lost"] < early["nothing"]["lost"] == late["nothing_in_order"]["lost"]
    assert main(asked) == 0
    text = capsys.readouterr().out
    assert text.count("  One after another: ") == 2 and "(--in-order)" not in text
