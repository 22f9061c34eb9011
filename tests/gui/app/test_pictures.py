"""Pictures without a screen: of the demo and of a scenario, and what is said when that is not possible."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from hwpoison_gui.gui.app.pictures import moments_of, write_pictures
from hwpoison_gui.opening.demo import default_demo


def test_the_demo_is_a_click_that_kills_workers() -> None:
    session = default_demo().session
    outcome = session.operations[-1].outcome
    assert outcome.result == "Recovered"
    assert len({signal.task for signal in outcome.signals if signal.effect == "killed"}) >= 3


def test_pictures_of_the_demo(qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write_pictures(tmp_path / "out") == 0
    names = ["first.png", "middle.png", "last.png", "kernel.log"]
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == names
    pictures = [QImage(str(tmp_path / "out" / name)) for name in names[:3]]
    assert all((picture.width(), picture.height()) == (1280, 800) for picture in pictures)
    assert pictures[0] != pictures[1] != pictures[2]
    assert "Killing" in (tmp_path / "out" / "kernel.log").read_text()


def test_pictures_of_a_scenario(qapp, tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text('format = 1\ntitle = "One"\n[[step]]\nop = "poison"\nframe = "any:free"\n')
    assert write_pictures(tmp_path, file) == 0
    assert "recovery" in (tmp_path / "kernel.log").read_text()


@pytest.mark.parametrize("name", ["missing.toml", "bad.toml"])
def test_a_bad_file_is_named(qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / "bad.toml").write_text("format = 2\n")
    assert write_pictures(tmp_path / "out", tmp_path / name) == 2
    assert name in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(qapp, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert write_pictures(tmp_path / "file" / "out") == 1
    assert "file" in capsys.readouterr().err


def test_the_middle_lies_in_the_walk() -> None:
    session = default_demo().session
    moments = moments_of(session)
    assert 0 == moments["first"] < moments["middle"] < moments["last"] == len(session.steps)
