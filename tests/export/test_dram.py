"""Output of `hwpoison-gui dram`: geometries, the place of a frame, the frames of a fault."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.dram.shipped import keys
from hwpoison_gui.export.dram import runs_of


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["dram", *arguments]) == 0
    return capsys.readouterr().out


def test_geometries_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys)
    assert all(f"\n{key}: " in f"\n{text}" for key in keys())
    assert "16 GiB: 32 banks, 65,536 rows, 8,192 bytes in a row\n" in text
    listed = json.loads(_said(capsys, "--json"))
    assert [one["key"] for one in listed] == list(keys())
    assert listed[keys().index("sandy-bridge")]["bits"]["bank"][0] == [14, 18]
    assert all(one["made_up"] or one["sources"] for one in listed)


def test_the_place_of_a_frame(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "0x2416", "--geometry", "haswell")
    assert text.startswith("frame 0x2416 = 9,238, in haswell\n\nchannel      0, 1\nbank         5\nrow          0x90\n")
    assert text.endswith(
        "2 rows with 2 KiB of the frame each:\n  row:channel0/bank5/row0x90\n  row:channel1/bank5/row0x90\n"
    )


def test_the_place_of_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "mce: [Hardware Error]: ADDR 0x2416040", "--geometry", "haswell")
    assert text.endswith("The address itself: cell:channel1/bank5/row0x90/col0x1040\n")
    said = json.loads(_said(capsys, "0x2416", "--geometry", "haswell", "--json"))
    assert (said["address"], said["coordinates"]["row"]) == (0x2416000, [0x90])
    assert said["coordinates"]["column"] == [[0x1000, 0x800]] and "cell" not in said


def test_the_frames_of_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "row:of:0x2416", "--geometry", "skylake-2ch")
    assert text == "row:channel1/bank21/row0x48\n8 frames, 32 KiB, in 1 run:\n  0x2410+0x8\n"
    said = json.loads(_said(capsys, "bank:of:0x2416", "--on", "resources/machines/server.npz", "--json"))
    assert said["frames"] == sum(count for _, count in said["runs"]) == 16384


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "neither a frame, a physical address nor a fault: 'nothing'"),
        (["rwo:of:1"], "no such fault mode: 'rwo'"),
        (["bank:bank77", "--geometry", "sandy-bridge"], "has no bank77: bank 0 to 15"),
        (["--geometry", "nix"], "nix: no such geometry; shipped are plain,"),
        (["1", "--geometry", "nix.toml"], "nix.toml: cannot be read: No such file"),
        (
            ["0x9999999999", "--on", "resources/machines/server.npz"],
            "address of it: 0x9999999999; the last frame is 0x3ffff",
        ),
        (["1", "--on", "nix.npz"], "nix.npz: cannot be read: No such file"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dram", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and said in shown.err and shown.err.count("\n") == 1


def test_a_bad_geometry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.toml"
    path.write_text('geometry = 1\nname = "g"\nsize = "64 KiB"\nsources = ["s"]\n[bits]\nrow = ["0-14", 14]\n')
    assert main(["dram", "1", "--geometry", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: bits: the masks are no bijection: rank 15 of 16")


def test_runs() -> None:
    assert runs_of(np.array([3, 4, 5, 9, 11, 12])) == [(3, 3), (9, 1), (11, 2)]
    assert runs_of(np.array([], np.int64)) == []
