"""Parts of DRAM in a filter expression: by name, by a frame, with other terms, and parts that do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.dram.fault import frames_of_fault, parse_fault
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.filter.expression import FilterError, parse
from hwpoison_gui.view.filter.suggestions import words_for


@pytest.fixture(scope="module")
def m() -> Machine:
    return Session.fresh(4096, 2, "desktop").machine


def _found(m: Machine, text: str, geometry: str = "plain") -> list[int]:
    expression = parse(text)
    assert expression is not None
    match = expression.match(m, lambda lens: np.zeros(m.frames, np.uint8), lambda: shipped(geometry).fitted(m.frames))
    frames = np.ones(m.frames, np.bool_) if match.frames is None else match.frames
    return [pfn for pfn in np.flatnonzero(frames).tolist() if match.word(m.page(pfn))]


@pytest.mark.parametrize(
    "text", ["row:of:0x616", "row:at:0x616040", "bank:of:0x616", "dimm:of:0x616", "row:channel1/rank0/bg2/bank3/row0x3"]
)
def test_a_part_is_found(m: Machine, text: str) -> None:
    for key in ("plain", "haswell") if "of:" in text or "at:" in text else ("plain",):
        geometry = shipped(key).fitted(m.frames)
        expected = frames_of_fault(geometry, parse_fault(text, geometry, m.frames), m.frames)
        assert _found(m, text, key) == expected.tolist()


def test_with_other_terms(m: Machine) -> None:
    both = _found(m, "bank:of:0x616 anon")
    assert both == [pfn for pfn in _found(m, "bank:of:0x616") if pfn in set(_found(m, "anon"))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bank:", "which bank\\? As in bank:of:0x2416"),
        ("row:of:zz", "not a frame: 'zz'"),
        ("bank:bank9", "has no bank9"),
        ("row:of:0xffffffff", "no such frame: 0xffffffff; the last frame is"),
    ],
)
def test_parts_that_do_not_exist(m: Machine, text: str, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        _found(m, text)


def test_a_process_may_be_called_like_a_part() -> None:
    expression = parse("bank:heap")
    assert expression is not None and [term.sort for term in expression.terms] == ["vma"]


def test_parts_are_suggested(m: Machine) -> None:
    assert "dimm:of:" in [word.text for word in words_for(m, "dim")[1]]
    assert [word.text for word in words_for(m, "row:")[1]] == ["row:of:0x"]
