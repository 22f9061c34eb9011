"""Expectations from fault rates: means over all parts against each part looked at alone, and arithmetic of rates."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.dram.fault import fault_at, frames_of_fault
from hwpoison_gui.dram.rates import Rate, Rates
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage import expected
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.expected import assess_rates, devices_of, find_mean, summed
from hwpoison_gui.view.damage.hits import BY_CODE, DIES
from hwpoison_gui.view.damage.per_frame import per_frame


@pytest.fixture(scope="module")
def m() -> Machine:
    return Session.fresh(4096, 3, "desktop").machine


@pytest.mark.parametrize("part", ["row", "column", "bank", "dimm"])
@pytest.mark.parametrize("key", ["plain", "zen3-2rank"])
def test_means_are_those_of_all_parts(m: Machine, key: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    damage, geometry = Damage.of(m, 0), shipped(key).fitted(m.frames)
    left, frames, hit, dead = np.ones(m.frames, np.bool_), [], [], []
    while left.any():
        fault = fault_at(part, geometry, int(np.flatnonzero(left)[0]) << 12)
        pfns = frames_of_fault(geometry, fault, m.frames)
        left[pfns] = False
        frames.append(len(pfns))
        hits = damage.hits
        inside = np.isin(hits.frame, pfns) & (hits.impact != len(BY_CODE))
        hit.append(len(np.unique(hits.rank[inside])))
        dead.append(len(np.unique(hits.rank[inside & DIES[hits.impact]])))
    wanted = pytest.approx((np.mean(frames), np.mean(hit), np.mean(dead)))
    assert to_the_end(find_mean(damage, geometry, part)) == wanted
    monkeypatch.setattr(expected, "_SORTED", 300)  # some processes have more frames than that, others fewer
    assert to_the_end(find_mean(damage, geometry, part)) == wanted


def test_a_cell_is_a_frame(m: Machine) -> None:
    damage = Damage.of(m, 0)
    mean = to_the_end(find_mean(damage, shipped("plain").fitted(m.frames), "cell"))
    counts = per_frame(damage)
    assert mean.frames == 1 and mean.hit == pytest.approx(counts.hit.sum() / m.frames)


def test_rates_and_bounds(m: Machine) -> None:
    faults = Rate("bits", "cell", 10.0), Rate("all", "dimm", 1.0)
    rates = Rates("r", "DDR3", "2011", faults, 11.0, 0.25, 4.0, "s", 0, ("a",))
    damage, geometry = Damage.of(m, 0), shipped("plain").fitted(m.frames)
    found = assess_rates([damage], geometry, rates)
    assert (found.devices, found.is_assumed) == (devices_of(geometry), True) == (18 * 2 * 2, True)
    early, (bits, whole) = found.found[0]
    count = 1000 * 10 * 72 * 8766 / 1e9
    assert early == 0 and bits.faults == pytest.approx((count / 4, count, count * 4))
    assert bits.hit == pytest.approx([number * bits.mean.hit for number in bits.faults])
    assert whole.mean.frames == m.frames
    every, hit = summed([bits, whole])
    assert every == pytest.approx([number * 1.1 for number in bits.faults])
    assert hit[1] == bits.hit[1] + whole.hit[1]
    assert assess_rates([damage], geometry, rates, 9).found[0][1][0].faults == pytest.approx(
        [f / 8 for f in bits.faults]
    )
