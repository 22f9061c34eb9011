"""Frames that a text names: by number, and as a page of a kind."""

from __future__ import annotations

import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.view.facts.frame_named import frame_named


@pytest.mark.parametrize(
    ("kind", "flags"), [("thp", pf.THP), ("hugetlb", pf.HUGE), ("shmem", pf.SWAPBACKED), ("free", pf.BUDDY)]
)
def test_a_page_of_a_kind(kind: str, flags: int) -> None:
    session = opening.from_image(image_of(resources.path("machines/victim_before.npz"))).session
    assert session.machine.page(frame_named(session, f"any:{kind}").pfn) & flags


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("any:nonsense", "no such kind of page"),
        ("any:ksm", "there is no such page now"),
        ("nope", "names no frame.$"),
        ("init:heap", r"A page of a VMA is written init:heap\+0.$"),
    ],
)
def test_what_names_no_frame(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        frame_named(opening.default_machine().session, text)


def test_the_heap_of_a_recording_has_both_names() -> None:
    session = opening.from_image(image_of(resources.path("machines/server.npz"))).session
    assert frame_named(session, "init:heap+10").pfn == frame_named(session, "init:[heap]+10").pfn
    with pytest.raises(ScenarioError, match=r"'init' has no VMA 'nope'; it has .*, .* and [0-9]+ more"):
        frame_named(session, "init:nope+0")
