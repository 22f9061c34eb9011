"""VMAs over each frame, counted at once: as many as the reverse map of each frame leads to."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.rmap import rmap_addresses
from hwpoison_gui.view.rmap.covering import _parts, vmas_over
from tests.session.test_many import busy
from tests.workbench import Workbench, do


@pytest.mark.parametrize("profile", ["v7", "6.12"])
def test_each_frame_has_the_vmas_of_its_reverse_map(profile: str) -> None:
    session = busy(profile)
    do(session, "fork", task="b", child="c")
    do(session, "write", task="c", at="m+2")
    m = session.machine
    assert vmas_over(m).tolist() == [len(rmap_addresses(m, pfn)) for pfn in range(m.frames)]
    assert vmas_over(m).max() == 3


def test_frames_of_a_huge_page_have_those_of_their_page() -> None:
    bench = Workbench(huge_pages=2)
    bench.area(pages=512, huge="hugetlb")
    bench.do("write", task="a", at="m+5")
    counts, pfn = vmas_over(bench.m), bench.pfn()
    assert counts[pfn : pfn + 512].tolist() == [1] * 512 and counts.sum() == 512


def test_an_interval_that_begins_again_at_0_is_two() -> None:
    last = (1 << 32) - 1
    assert _parts(1 << 40, 5, 3) == [((1 << 40) + 5, (1 << 40) + 8)]
    assert _parts(0, last, 3) == [(last, last + 1), (0, 2)]
