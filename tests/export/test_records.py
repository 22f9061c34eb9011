"""The command `records`: text, JSON, and one message for a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwpoison_gui.cli import main
from tests.paths import DATA, ROOT

RECORDS = DATA / "records" / "6.12"


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(RECORDS / "dmesg.txt"), str(RECORDS / "ras-mc_event.db")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "29 records in 23 frames: 25 memory failures, 2 unpoisons, 1 kill at a page fault, 1 soft offline."
    )
    assert "Written by Linux 6.12.117+deb13-amd64.\n" in out
    line = next(line for line in out.splitlines() if "0x3c03" in line)
    assert line.startswith("2026-11-28 06:57:1")
    assert "huge page " in line and "hugetable:193" in line and "dmesg.txt, ras-mc_event.db" in line
    assert "kernel log, 455 lines, 379 unrelated lines" in out


def test_json_is_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "--json", str(RECORDS / "dmesg.txt"), str(RECORDS / "node0_memory_failure")]) == 0
    made = json.loads(capsys.readouterr().out)
    page = (ROOT / "docs" / "records.md").read_text()
    for fields in (made, made["sources"][0], made["records"][0]):
        for name in fields:
            assert f"`{name}`" in page, name
    assert (made["format"], made["version"]) == ("hwpoison-gui records", 1)
    assert made["kernel"] == {"release": "6.12.117+deb13-amd64", "profile": "6.12"}
    assert made["records"][1]["tasks"][0] == {"comm": "ledger", "pid": 180, "signal": "SIGBUS", "how": "sent"}


def test_a_kernel_of_which_there_is_no_model_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text("[    0.000000] Linux version 6.6.30-1 (gcc)\n[ 1.000000] Memory failure: 0x1: unhandlable page.\n")
    assert main(["records", str(path)]) == 0
    assert "Written by Linux 6.6.30-1; it is modelled as 6.1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "missing: cannot be read: No such file or directory"),
        (["--kernel", "new", "x"], "--kernel new: no version of a kernel, such as 6.12"),
        ([str(DATA / "files" / "kpageflags.bin")], "raw words, not a log, trace, list or database of memory errors"),
    ],
)
def test_bad_files(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out


def test_one_bad_file_of_several_prints_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(RECORDS / "dmesg.txt"), str(DATA / "files" / "kpageflags.bin")]) == 2
    assert not capsys.readouterr().out
