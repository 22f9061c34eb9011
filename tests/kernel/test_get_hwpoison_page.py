"""Taking hold of a bad page: what is free, what is in use, what is nobody's to handle."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.get_hwpoison_page import FREE, TAKEN, get_hwpoison_page
from hwpoison_gui.kernel.handler import MF_COUNT_INCREASED
from tests.workbench import Workbench, run


@pytest.mark.parametrize(
    "kind, wanted",
    (("free", FREE), ("free-inside", FREE), ("free-pcp", FREE), ("slab", "EIO"), ("slab-tail", "EIO"),
     ("pgtable", "EIO"), ("reserved", "EIO"), ("kernel", "EIO"), ("high-order-tail", "EIO"), ("zero", "EIO")),
)  # fmt: skip
def test_kinds(kind: str, wanted: int | str) -> None:
    bench = Workbench()
    assert run(get_hwpoison_page(bench.m, bench.pfn(f"any:{kind}"), 0)) == wanted


def test_an_lru_page_gets_a_reference() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    pfn = bench.pfn()
    assert run(get_hwpoison_page(bench.m, pfn, 0)) == TAKEN
    assert bench.m.refcount.view[pfn] == 2
    assert run(get_hwpoison_page(bench.m, pfn, MF_COUNT_INCREASED)) == TAKEN
    assert bench.m.refcount.view[pfn] == 2


def test_per_cpu_lists_are_drained() -> None:
    bench = Workbench()
    run(get_hwpoison_page(bench.m, bench.pfn("any:free-pcp"), 0))
    assert not bench.m.pcp.of(0)
