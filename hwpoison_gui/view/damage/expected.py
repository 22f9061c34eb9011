"""How many processes faults of DRAM hit in a thousand machine-years, from the fault rates of a field study.

A fault strikes any part of its mode alike. The expectation is the rate of a mode, times the mean over its parts of the
processes that are hit if every frame of the part fails. Nothing is corrected in this count: with ECC, most faults of
one device are corrected, and the expectation is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.fault import MODES, frame_functions
from hwpoison_gui.dram.geometry import PAGE_SHIFT, Geometry
from hwpoison_gui.dram.gf2 import LinearMap
from hwpoison_gui.dram.rates import DEVICES_PER_RANK, Rates
from hwpoison_gui.record import Record
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.hits import DIES, NOT_HIT

I64 = npt.NDArray[np.int64]
Bounds = tuple[float, float, float]  # low, as the rate says, high

MACHINE_YEARS = 1000


class Mean(Record):
    """Over all parts of a mode: mean numbers of frames, and of processes that are hit and that die."""

    frames: float
    hit: float
    dead: float


class Expected(Record):
    """What faults of one sort do in a thousand machine-years; each as the rate says, and the bounds around it.

    `fit`: faults of a device in 10**9 hours. `mean`: of one fault.
    """

    name: str
    part: str
    fit: float
    faults: Bounds
    mean: Mean
    hit: Bounds
    dead: Bounds


class AssessedRates(Record):
    """The expectation from a study, under each policy; `devices` are given by the user, or assumed."""

    geometry: Geometry
    rates: Rates
    devices: int
    is_assumed: bool
    found: tuple[tuple[int, list[Expected]], ...]


def assess_rates(damages: Sequence[Damage], geometry: Geometry, rates: Rates, devices: int = 0) -> AssessedRates:
    """The expectation under several policies; `devices` of the machine, 0: as `devices_of` assumes."""
    count = devices or devices_of(geometry)
    found = tuple((damage.early, expected(damage, geometry, rates, count)) for damage in damages)
    return AssessedRates(geometry, rates, count, not devices, found)


def devices_of(geometry: Geometry) -> int:
    """The number of DRAM devices that is assumed: 18 of 4 bits each a rank, as modules with ECC have."""
    return DEVICES_PER_RANK * geometry.count("channel") * geometry.count("dimm") * geometry.count("rank")


def expected(damage: Damage, geometry: Geometry, rates: Rates, devices: int) -> list[Expected]:
    """The expectation for each sort of fault of a study, on a machine with so many devices."""
    means = {part: mean_of(damage, geometry, part) for part in dict.fromkeys(rate.part for rate in rates.faults)}
    found = []
    for rate in rates.faults:
        mean, faults = means[rate.part], MACHINE_YEARS * rates.per_machine_year(rate.fit, devices)
        bounds = faults / rates.factor, faults, faults * rates.factor
        hit, dead = _times(bounds, mean.hit), _times(bounds, mean.dead)
        found.append(Expected(rate.name, rate.part, rate.fit, bounds, mean, hit, dead))
    return found


def _times(bounds: Bounds, each: float) -> Bounds:
    low, middle, high = bounds
    return low * each, middle * each, high * each


def mean_of(damage: Damage, geometry: Geometry, part: str) -> Mean:
    """The mean over the parts of a mode (fault.MODES) that the machine has frames of; `geometry` is fitted to it."""
    frames, hits = damage.m.frames, damage.hits
    part_of = _parts(geometry, part)
    number = _numbers(geometry, np.arange(frames, dtype=np.int64), part_of)
    memory = number >= 0
    parts = len(np.unique(number[memory]))
    ranks = max(1, len(damage.assessment.users.mms))
    which = hits.impact != NOT_HIT
    key = _numbers(geometry, hits.frame[which], part_of) * ranks + hits.rank[which]
    dies = DIES[hits.impact[which]]
    return Mean(int(memory.sum()) / parts, len(np.unique(key)) / parts, len(np.unique(key[dies])) / parts)


def _parts(geometry: Geometry, part: str) -> LinearMap:
    return LinearMap(frame_functions(geometry, MODES[part]), geometry.address_bits - PAGE_SHIFT)


def _numbers(geometry: Geometry, pfns: I64, part_of: LinearMap) -> I64:
    """A number for the part that each frame has bytes in, the same for parts with the same frames; -1 in the hole."""
    dram = geometry.dram_of(pfns << PAGE_SHIFT) >> PAGE_SHIFT
    found = part_of(np.maximum(dram, 0).astype(np.uint64)).view(np.int64)
    return np.where(dram < 0, -1, found)
