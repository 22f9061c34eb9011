"""Words of kpageflags that kernels derive differently come to the same flags."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.kpageflags import stable_page_flags
from hwpoison_gui.sources.own_flags import own_flags
from tests.workbench import Workbench


def test_what_a_later_kernel_shows_is_what_the_machine_has() -> None:
    bench = Workbench("6.12", huge_pages=2)
    bench.area("t", pages=512, huge="thp")
    bench.area("h", pages=512, huge="hugetlb")
    for at in ("t+5", "h+5"):
        bench.do("write", task="a", at=at)
    bench.do("pin", frame="a:t+5")
    for frame in ("a:t+5", "a:h+5"):
        bench.do("poison", frame=frame)
    m = bench.m
    shown = np.array([stable_page_flags(m, pfn) for pfn in range(m.frames)], np.uint64)
    assert not np.array_equal(shown, m.flags.view)
    assert np.array_equal(own_flags(shown), m.flags.view)


def test_merged_for_every_anonymous_page_is_merged_for_none() -> None:
    anon, merged, file = pf.ANON | pf.LRU, pf.ANON | pf.LRU | pf.KSM, pf.LRU
    assert own_flags(np.array([merged, merged, file], np.uint64)).tolist() == [anon, anon, file]
    assert own_flags(np.array([merged, anon, file], np.uint64)).tolist() == [merged, anon, file]


def test_a_slab_page_is_neither_anonymous_nor_merged() -> None:
    assert own_flags(np.array([pf.SLAB | pf.ANON | pf.KSM, pf.SLAB], np.uint64)).tolist() == [pf.SLAB, pf.SLAB]
