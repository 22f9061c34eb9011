"""The action of the 6.12 table that is not that of 6.1: a page in a state that no row describes."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.actions_6_12 import UNKNOWN, me_unknown
from hwpoison_gui.kernel.handler import Handler
from hwpoison_gui.kernel.page_alloc import get_page
from tests.workbench import Workbench, run


def test_a_page_of_unknown_state_is_ignored() -> None:
    bench = Workbench("6.12")
    h = Handler(bench.m, bench.pfn("any:kernel"))
    words, counts = bench.m.flags.view.tolist(), bench.m.refcount.view.tolist()
    bench.m.set_flags(h.pfn, pf.LOCKED)
    steps = me_unknown(h)
    assert next(steps).site is UNKNOWN and "LOCKED" in bench.flags(h.pfn), "it is said before the page is unlocked"
    assert run(steps) == "Ignored"
    assert (bench.m.flags.view.tolist(), bench.m.refcount.view.tolist()) == (words, counts)
    (line,) = bench.m.log.view.values()
    assert line.text == f"Memory failure: {h.pfn:#x}: {bench.m.profile.log.unknown_state}"


@pytest.mark.parametrize("profile, result", (("6.1", "Failed"), ("6.12", "Ignored"), ("7.2", "Ignored")))
def test_a_page_that_no_row_matches_has_a_result_line(profile: str, result: str) -> None:
    """identify_page_state(): MF_IGNORED of me_unknown() since 6.12, MF_FAILED before; EBUSY in either."""
    bench = Workbench(profile)
    m = bench.m
    h = Handler(m, bench.pfn("any:kernel"))
    get_page(m, h.pfn)
    m.set_flags(h.pfn, pf.LOCKED | pf.HWPOISON)
    assert run(m.profile.phase("identify_page_state")(h)) == "EBUSY"
    (found,) = m.results.view.values()
    assert (found.kind, found.result) == ("unknown page", result)
    assert "LOCKED" not in bench.flags(h.pfn) and bench.session.corrupted_kb() == 4
