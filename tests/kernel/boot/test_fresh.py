"""The layout of a bare machine, which files rely on: they name frames by number."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.frames import free_blocks
from hwpoison_gui.kernel.boot.fresh import fresh_machine
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_alloc import PCP_BATCH, drain_pcp
from hwpoison_gui.kernel.profile.registry import PROFILES
from tests import invariants

# First frame and number of the frames of each kind, by the size of the machine.
SIZES: Final = (256, 8191, 8192, 131071, 196608)
LAYOUT: Final = {
    "reserved": ((0, 8), (0, 31), (0, 32), (0, 511), (0, 768)),
    "kernel-text": ((8, 8), (31, 63), (32, 64), (511, 1023), (768, 1024)),
    "hole": ((16, 4), (94, 7), (96, 8), (1534, 127), (1792, 192)),
    "zero": ((20, 1), (101, 1), (104, 1), (1661, 1), (1984, 1)),
    "pgtable": ((21, 4), (102, 7), (105, 8), (1662, 127), (1985, 192)),
    "kernel": ((25, 8), (109, 31), (113, 32), (1789, 511), (2177, 768)),
    "slab-order0": ((33, 8), (140, 47), (145, 48), (2300, 767), (2945, 1024)),
    "slab": ((44, 2), (188, 7), (196, 8), (3068, 64), (3972, 64)),
    "slab-tail": ((45, 2), (189, 7), (197, 8), (3069, 64), (3973, 64)),
    "high-order": ((52, 2), (216, 3), (228, 4), (3324, 63), (4228, 64)),
    "high-order-tail": ((53, 2), (217, 3), (229, 4), (3325, 63), (4229, 64)),
}
END: Final = (60, 228, 244, 3576, 4484)
IN_FOURS: Final = ("slab", "slab-tail", "high-order", "high-order-tail")
FLAGS: Final = {
    "reserved": pf.RESERVED, "kernel-text": pf.RESERVED, "hole": pf.RESERVED, "zero": pf.RESERVED | pf.ZERO_PAGE,
    "pgtable": pf.PGTABLE, "kernel": 0, "slab-order0": pf.SLAB, "slab": pf.SLAB | pf.COMPOUND_HEAD,
    "slab-tail": pf.SLAB | pf.COMPOUND_TAIL, "high-order": 0, "high-order-tail": 0,
}  # fmt: skip


def machine(frames: int, seed: int = 0) -> Machine:
    return fresh_machine(frames, PROFILES["6.1"], seed)


@pytest.mark.parametrize(("at", "frames"), list(enumerate(SIZES)))
def test_the_same_size_gives_the_same_frames(at: int, frames: int) -> None:
    m = machine(frames)
    expected = {}
    for kind, sizes in LAYOUT.items():
        first, count = sizes[at]
        step = 4 if kind in IN_FOURS else 1
        expected[kind] = tuple(range(first, first + count * step, step))
    assert dict(m.special.view) == expected
    for kind, pfns in expected.items():
        assert {m.page(pfn) for pfn in pfns} == {FLAGS[kind]}, kind
        assert {int(m.refcount.view[pfn]) for pfn in pfns} == {0 if "tail" in kind else 1}, kind
    slabs = expected["slab"]
    assert dict(m.compound_order.view) == dict.fromkeys(slabs, 2)
    assert {pfn: int(m.mapping.view[pfn]) for pfn in np.flatnonzero(m.mapping.view)} == {
        head + tail: head for head in slabs for tail in (1, 2, 3)
    }
    assert {m.page(head + tail) for head in slabs for tail in (1, 2, 3)} == {pf.SLAB | pf.COMPOUND_TAIL}
    invariants.check(m)


@pytest.mark.parametrize("seed", (0, 1, 15, 16, 37))
@pytest.mark.parametrize(("at", "frames"), [*enumerate(SIZES[:2]), (0, 511)])
def test_free_memory_begins_where_the_seed_says(at: int, frames: int, seed: int) -> None:
    """Skipped frames are the kernel's. The blocks are the largest aligned ones once the per-CPU list is empty."""
    m, first = machine(frames, seed), END[at] + seed % 16
    assert len(m.pcp.of(0)) == PCP_BATCH
    assert {int(m.refcount.view[pfn]) for pfn in range(END[at], first)} <= {1}
    assert not m.flags.view[END[at] : first].any() and not m.refcount.view[first:].any()
    drain_pcp(m)
    assert np.flatnonzero(m.flags.view & np.uint64(pf.BUDDY)).tolist() == list(range(first, frames))
    assert [list(m.free_area.of(order)) for order in range(11)] == free_blocks(m.flags.view)


def test_a_bare_machine_cannot_be_walked_back_into_its_boot() -> None:
    m = machine(256)
    m.put(m.refcount, 5, 7)
    m.gate.backward(m.gate.take())
    assert m.refcount.view[5] == 1 and m.gate.digest() == machine(256).gate.digest()
    assert fresh_machine(256, PROFILES["6.1"]).gate.digest() == m.gate.digest(), "the seed is 0"
