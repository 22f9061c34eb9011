"""The page on fidelity is what the command writes, and the lists behind it hold together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.fidelity.kernel_functions import FOLDED, LEFT_OUT, all_known, modelled
from hwpoison_gui.session.fidelity.profile_differences import _RECORDS, differences
from tests.paths import ROOT


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    written = tmp_path / "docs" / "fidelity.md"
    assert main(["fidelity", "--data", str(ROOT / "tests" / "data"), "--out", str(written)]) == 0
    assert written.read_text() == (ROOT / "docs" / "fidelity.md").read_text(), "run: hwpoison-gui fidelity"


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


@pytest.mark.parametrize("one, other", list(pairwise(PROFILES.values())), ids=lambda profile: profile.name)
def test_differences_need_no_words_of_their_own(one: Profile, other: Profile) -> None:
    """Every row that differs says something in both columns."""
    lines = list(differences(one, other))
    tables = "\n".join(lines[lines.index("#### Sysctls and names") :]).split("#### ")[1:]
    assert [table.partition("\n")[0] for table in tables] == ["Sysctls and names", *_RECORDS.values()]
    for table in tables:
        rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
        assert all(len(row) == 3 and all(row) for row in rows)
    assert sum(line.startswith("| ") for line in lines) > 40
