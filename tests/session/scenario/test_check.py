"""Checking files: one line each, and an exit status that says the worst."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hwpoison_gui.session.scenario import check as checking
from hwpoison_gui.session.scenario.check import check

HEAD = 'format = 1\ntitle = "t"\n'
GOOD = HEAD + '[[step]]\nop = "poison"\nframe = "any:free"\n[step.expect]\nresult = "Ignored"\n'
DIFFERENT = GOOD.replace("Ignored", "Failed") + "errno = 0\ncorrupted_kb = 8\n"
BAD = HEAD + '[[step]]\nop = "exit"\ntask = "z"\n'
LATER = HEAD + 'profile = "6.1"\n[[step]]\nop = "drop_caches"\n'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name, text in {"b.toml": GOOD, "a.toml": DIFFERENT, "sub/c.toml": GOOD, "notes.txt": BAD}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*paths: Path, every_difference: bool = False) -> tuple[int, list[str]]:
    out = io.StringIO()
    return check(paths, out, every_difference), out.getvalue().splitlines()


def test_a_file_that_holds(files: Path) -> None:
    assert run(files / "b.toml") == (0, [f"{files}/b.toml ok", "1 of 1 files hold"])


def test_a_folder_means_all_scenarios_below_it(files: Path) -> None:
    status, lines = run(files)
    assert status == 1
    assert lines == [
        f"{files}/a.toml: step 1 (poison): result: expected Failed, got Ignored (and 1 more)",
        f"{files}/b.toml ok",
        f"{files}/sub/c.toml ok",
        "2 of 3 files hold",
    ]


def test_every_difference_when_asked(files: Path) -> None:
    _, lines = run(files / "a.toml", every_difference=True)
    assert lines[1] == "    step 1 (poison): corrupted_kb: expected 8, got 4"


def test_a_bad_file_is_worse_than_a_difference(files: Path) -> None:
    (files / "bad.toml").write_text(BAD)
    status, lines = run(files / "bad.toml", files / "a.toml", files / "b.toml")
    assert status == 2
    assert lines[0] == f'{files}/bad.toml: step 1: task: expected a task that was created, not "z"'
    assert lines[-1] == "1 of 3 files hold"


def test_a_missing_file_is_bad(files: Path) -> None:
    assert run(files / "no.toml") == (
        2, [f"{files}/no.toml: cannot be read: No such file or directory", "0 of 1 files hold"]
    )  # fmt: skip


def test_a_folder_without_scenarios_is_bad(tmp_path: Path) -> None:
    assert run(tmp_path) == (2, [f"{tmp_path}: no *.toml below it", "0 of 1 files hold"])


def test_what_is_not_yet_supported_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "later.toml"
    path.write_text(LATER)
    monkeypatch.setattr(checking.replay, "PROFILES", {})
    assert run(path) == (1, [f"{path} not yet supported: profile 6.1", "0 of 1 files hold"])


def test_a_task_that_a_signal_killed_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "dead.toml"
    path.write_text(
        HEAD + '[sysctl]\nmemory_failure_early_kill = 1\n[[step]]\nop = "task"\nname = "a"\n'
        '[[step]]\nop = "mmap"\ntask = "a"\nname = "m"\npages = 1\npopulate = true\n'
        '[[step]]\nop = "poison"\nframe = "a:m+0"\n[[step]]\nop = "read"\ntask = "a"\nat = "m+0"\n'
    )
    status, lines = run(path)
    assert status == 2
    assert lines[0].startswith(f"{path}: step 4: task: ")


def test_a_bug_of_ours_is_a_line_of_its_own(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(scenario: object) -> object:
        raise AssertionError("oh")

    monkeypatch.setattr(checking.replay, "boot", broken)
    status, lines = run(files / "b.toml")
    assert (status, lines[0]) == (1, f"{files}/b.toml: internal error: AssertionError: oh")
    assert "Traceback" in capsys.readouterr().err
