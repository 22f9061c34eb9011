"""The page on fidelity is what the command writes, and the lists behind it hold together."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.export import kernels_page
from hwpoison_gui.session.fidelity import report
from hwpoison_gui.session.fidelity.differences import pairs
from hwpoison_gui.session.fidelity.kernel_functions import AFTER, FOLDED, LEFT_OUT, all_known, modelled
from hwpoison_gui.session.fidelity.shown_by import read
from hwpoison_gui.session.fidelity.unseen import SOURCE_ONLY
from hwpoison_gui.session.scenario.check import Checked, Report
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.scenario.replay import Story
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.words.tables import UPGRADE
from tests.paths import ROOT

# Folders whose files are all replayed: by tests/session/scenario/test_{recorded_cases,cases_extra,tinjpage}.py and
# tests/kernel/test_traces.py.
REPLAYED = {"cases", "cases-extra", "cases-public", "tinjpage", "traces"}


def test_the_pages_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    def that_holds(path: Path, story_of: Callable[[Path], Story]) -> Report:
        story_of(path)
        return Report(path, Checked.HOLDS, "")

    # The page asks of each case whether it holds. The tests of recorded cases replay them all, and fail if not.
    data, server = ROOT / "tests" / "data", resources.path("machines/server.npz")
    assert {path.relative_to(data).parts[0] for path in data.glob("*/**/*.toml")} == REPLAYED
    monkeypatch.setattr(report, "check_file", that_holds)
    monkeypatch.setattr(report, "story", lambda path: SimpleNamespace(scenario=load(path)))
    recordings = open_recording(server, hidden=False), open_recording(server, hidden=True)
    for name, text in (("fidelity.md", report.page(data, *recordings)), ("kernels.md", kernels_page.page(data))):
        assert text == (ROOT / "docs" / name).read_text(), "run: hwpoison-gui fidelity"


def test_the_page_counts_its_rows() -> None:
    text = (ROOT / "docs" / "kernels.md").read_text()
    counts = re.findall(r"^\| `(\S+)` \| .* \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert [name for name, *_ in counts] == [newer.name for _, newer in pairs()]
    for name, *numbers in counts:
        section = text.partition(f" to {name}\n")[2].partition("\n## ")[0].partition("\n### Detail")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
        shown = [row.rpartition(" | ")[2].removesuffix(" |") for row in rows if not row.startswith("|  |")]
        only, none = (sum(one.startswith(how) for one in shown) for how in ("source only: ", "no case yet"))
        assert list(map(int, numbers)) == [len(shown), len(shown) - only - none, only, none]


def test_cases_that_the_pages_name_are_there() -> None:
    for page in ("kernels.md", "fidelity.md"):
        named = re.findall(r"`((?:cases|tinjpage)[-\w./]*\.toml)`", (ROOT / "docs" / page).read_text())
        assert [path for path in named if not (ROOT / "tests" / "data" / path).exists()] == []


def test_each_step_has_a_summary_and_each_reason_a_difference_without_a_case() -> None:
    shown = read(ROOT / "tests" / "data")
    assert {name for cases in shown.values() for name, case in cases.items() if not case} >= SOURCE_ONLY.keys()
    assert UPGRADE.keys() == {newer.name for _, newer in pairs()}


def test_without_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "page.md")]) == 2
    assert "none" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_each_file_with_steps_is_written_after_files_of_the_kernel() -> None:
    assert all(module.after for module in modelled())
    assert {re.sub(r"(_\d+)+\.py$", ".py", module.module) for module in modelled()} == AFTER.keys()


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
