"""Control characters from files are shown on the terminal, not sent."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.cli import main
from hwpoison_gui.terminal import Progress, VisibleText, one_line, shown, visible
from tests.paths import DATA

ATTACKED = DATA / "attacked"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain, ü × 日本 \xa0\n\t", "plain, ü × 日本 \xa0\n\t"),
        ("\x1b[2J", "\\u001b[2J"),
        ("\x9b31m", "\\u009b31m"),
        ("a\u202eb\u2028\x85\r\x7f", "a\\u202eb\\u2028\\u0085\\u000d\\u007f"),
        ("\udce9", "\\udce9"),
        ("\U000e0001", "\\udb40\\udc01"),
    ],
)
def test_visible(text: str, said: str) -> None:
    assert visible(text) == said


def test_one_line() -> None:
    assert one_line("a\nb\tc\r") == "a\\nb\\tc\\u000d"


@given(st.text())
def test_nothing_gets_through_and_json_keeps_its_values(text: str) -> None:
    assert not set(visible(text)) & {chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x202E)}
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_streams_are_as_before_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with shown():
        assert isinstance(sys.stdout, VisibleText) and isinstance(sys.stderr, VisibleText)
    assert (sys.stdout, sys.stderr) == before
    target = io.StringIO()
    stream = cast("io.TextIOBase", VisibleText(target))
    stream.writelines(["a\x1b", "b"])
    print("c\x9b", file=stream, flush=True)
    assert target.getvalue() == "a\\u001bbc\\u009b\n"


@pytest.mark.parametrize("name", ["ansi_key", "ansi_title", "ansi_value"])
@pytest.mark.parametrize("command", [["simulate"], ["simulate", "--json"], ["check"], ["agree"], []])
def test_every_command(command: list[str], name: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / f"\x1b[2J\x9b\u202e\n{name}.toml"
    path.write_bytes((ATTACKED / f"{name}.scenario").read_bytes())
    if not command and name != "ansi_key":
        pytest.skip("it opens the window")
    assert main([*command, str(path), *(["no.jsonl"] if command == ["agree"] else [])]) in (0, 2)
    said = "".join(capfd.readouterr())
    assert said
    assert not {char for char in said if char != "\n" and not char.isprintable()}


def test_arguments_are_shown(tmp_path: Path) -> None:
    """Also what argparse says of an argument."""
    command = [sys.executable, "-m", "hwpoison_gui", "simulate", "a", "\x1b[2J"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert said.returncode == 2
    assert "\\u001b[2J" in said.stderr and "\x1b" not in said.stderr


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", VisibleText(screen))
    with Progress() as progress:
        progress(0.25, "picture 1 of 4")
        progress(0.5, "picture 2 of 4")  # too soon after it
    assert screen.getvalue() == "\r 25%  picture 1 of 4\x1b[K\r\x1b[K"


def test_nothing_is_said_where_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    with Progress() as progress:
        progress(0.25, "picture 1 of 4")
    assert written.getvalue() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_at_the_next_report(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), Progress() as progress:
        signal.raise_signal(number)
        progress(0.5, "more")
    assert signal.getsignal(number) == before


def test_a_full_disk_is_no_fault_of_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only standard output cannot be written, whatever was being read."""
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr("hwpoison_gui.terminal.discard_output", lambda: None)
        assert main(["records", str(DATA / "records" / "6.12" / "dmesg.txt")]) == 2
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    assert capsys.readouterr().err == "standard output: cannot be written: No space left on device\n"
