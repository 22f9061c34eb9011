"""The page on fidelity is what the command writes, and the lists behind it hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.session.fidelity import kernels_page, report
from hwpoison_gui.session.fidelity.kernel_functions import FOLDED, LEFT_OUT, all_known, modelled
from hwpoison_gui.sources.recording import open_recording
from tests.paths import ROOT


def test_the_pages_are_up_to_date() -> None:
    data, server = ROOT / "tests" / "data", resources.path("machines/server.npz")
    recordings = open_recording(server, hidden=False), open_recording(server, hidden=True)
    for name, text in (("fidelity.md", report.page(data, *recordings)), ("kernels.md", kernels_page.page(data))):
        assert text == (ROOT / "docs" / name).read_text(), "run: hwpoison-gui fidelity"


def test_without_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "page.md")]) == 2
    assert "none" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_functions_are_in_one_list() -> None:
    """A function of one kernel may be told in another step in the other; left out is left out."""
    named = {name for module in modelled() for name in module.functions}
    left_out = {name for entry in LEFT_OUT for name in entry.functions.split()}
    assert not named & left_out
    assert not left_out & {name for folded in FOLDED for name in folded.functions.split()}


def test_what_is_folded_is_told_somewhere() -> None:
    known = all_known()
    for folded in FOLDED:
        assert folded.into.startswith("whoever") or known.get(folded.into) == "modelled", folded
