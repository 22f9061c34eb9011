"""Opening files of any kind: what can be opened is opened, the rest is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.sources.recording import open_recording
from tests.invariants import check
from tests.paths import DATA
from tests.workbench import do

OPENED = {"kpageflags.bin"}
FILES = sorted((DATA / "files").iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_that_people_have(path: Path) -> None:
    if path.name in OPENED:
        assert opening.open_file(path).session.machine.frames == 4096
        return
    with pytest.raises((ScenarioError, SourceError)) as raised:
        opening.open_file(path)
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["server.npz", "server.json"])
def test_a_recording_by_any_of_its_files(name: str) -> None:
    assert image_of(resources.path(f"machines/{name}"), hidden=False).processes


def test_a_scenario_without_a_suffix(tmp_path: Path) -> None:
    case = next((DATA / "cases" / "v7").glob("*.toml"))
    (tmp_path / "case").write_bytes(case.read_bytes())
    assert opening.open_file(tmp_path / "case").session.operations


@pytest.mark.parametrize("kind", [pf.HUGE, pf.THP | pf.ANON | pf.LRU])
def test_every_frame_of_a_cut_file_can_be_poisoned(kind: int, tmp_path: Path) -> None:
    words = [pf.LRU | pf.ANON] * 512 + [pf.COMPOUND_HEAD | kind] + [pf.COMPOUND_TAIL | kind] * 300
    (tmp_path / "flags").write_bytes(np.array(words, np.uint64).tobytes())
    for profile in ("v7", "6.1"):
        session = opening.open_file(tmp_path / "flags", profile).session
        for pfn in (0, 511, 512, 600, 812, 813):
            do(session, "poison", frame=f"pfn:{pfn:#x}")
        check(session.machine)


def test_nothing_is_opened_of_random_words(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no kernel exports bit"):
        opening.open_file(DATA / "attacked" / "r2_huge_at_end.raw")


@pytest.mark.parametrize(
    ("kernel", "profile", "said"),
    [
        ((6, 18), "6.1", "This machine runs Linux 6.18; it is modelled as 6.1"),
        ((6, 12), "6.1", "This machine runs Linux 6.12; it is modelled as 6.1"),
        ((6, 1), "6.1", ""),
        ((6, 1), "v7", "This machine runs Linux 6.1; it is modelled as 2.6.32"),
        ((4, 18), "6.1", "This machine runs Linux 4.18; it is modelled as 6.1"),
        (None, "6.1", "Which kernel this memory is from is not known; it is modelled as 6.1"),
    ],
)
def test_another_kernel_than_the_modelled_one_is_said(kernel: tuple[int, int] | None, profile: str, said: str) -> None:
    image = open_recording(resources.path("machines/victim_before.npz"))._replace(kernel=kernel)
    opened = opening.from_image(image, profile=profile)
    assert opened.modelled == said and (not said or opened.notes[0] == f"{said}.")
