"""Expected number of processes that DRAM faults hit in a thousand machine-years, by the rates of a field study.

A fault strikes any part of its mode alike. The expectation is the rate of a mode, times the mean over its parts of the
processes that are hit if every frame of the part fails. Nothing is corrected in this count: with ECC, most faults of
one device are corrected, and the expectation is an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hwpoison_gui.dram.fault import MODES, frame_functions
from hwpoison_gui.dram.geometry import PAGE_SHIFT, Geometry
from hwpoison_gui.dram.gf2 import LinearMap
from hwpoison_gui.dram.rates import DEVICES_PER_RANK, Rates
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.hits import DIES, NOT_HIT, Hits

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Bounds = tuple[float, float, float]  # low, as the rate says, high
Means = dict[tuple[int, str], "Mean"]  # by policy and mode

MACHINE_YEARS = 1000
_AT_ONCE = 1 << 18  # frames or hits at a time
_SORTED = 1 << 15  # hits at a time that are sorted, of whole processes; one that has more marks its parts


class Mean(Record):
    """Over all parts of a mode: mean numbers of frames, and of processes that are hit and that die."""

    frames: float
    hit: float
    dead: float


class Expected(Record):
    """Expected effect of faults of one sort in a thousand machine-years; `Bounds`: by the rate, and its bounds.

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
    return to_the_end(find_rates(damages, geometry, rates, devices))


def find_rates(
    damages: Sequence[Damage], geometry: Geometry, rates: Rates, devices: int = 0, means: Means | None = None
) -> Generator[None, None, AssessedRates]:
    """Do the same in slices; `means` keeps what was found for these damages and this geometry."""
    means = {} if means is None else means
    count, found = devices or devices_of(geometry), []
    for damage in damages:
        for part in dict.fromkeys(rate.part for rate in rates.faults):
            if (damage.early, part) not in means:
                means[damage.early, part] = yield from find_mean(damage, geometry, part)
        of_policy = {part: mean for (early, part), mean in means.items() if early == damage.early}
        found.append((damage.early, expected(of_policy, rates, count)))
    return AssessedRates(geometry, rates, count, not devices, tuple(found))


def devices_of(geometry: Geometry) -> int:
    """The number of DRAM devices that is assumed: 18 of 4 bits each per rank, as modules with ECC have."""
    return DEVICES_PER_RANK * geometry.count("channel") * geometry.count("dimm") * geometry.count("rank")


def expected(means: Mapping[str, Mean], rates: Rates, devices: int) -> list[Expected]:
    """The expectation for each sort of fault of a study, on a machine with so many devices; `means` by mode."""
    found = []
    for rate in rates.faults:
        mean = means[rate.part]
        faults = _times(rates.bounded(rate), MACHINE_YEARS * rates.per_machine_year(1, devices))
        hit, dead = _times(faults, mean.hit), _times(faults, mean.dead)
        found.append(Expected(rate.name, rate.part, rate.fit, faults, mean, hit, dead))
    return found


def summed(found: Sequence[Expected]) -> tuple[Bounds, Bounds]:
    """Return two sums over all sorts of faults: how many faults there are, and how many processes they hit."""
    return _sum([row.faults for row in found]), _sum([row.hit for row in found])


def _sum(bounds: Sequence[Bounds]) -> Bounds:
    low, middle, high = (sum(one[place] for one in bounds) for place in range(3))
    return low, middle, high


def _times(bounds: Bounds, each: float) -> Bounds:
    low, middle, high = bounds
    return low * each, middle * each, high * each


def find_mean(damage: Damage, geometry: Geometry, part: str) -> Generator[None, None, Mean]:
    """The mean over the parts of a mode (fault.MODES) that the machine has frames of, in slices.

    `geometry` is fitted to the machine.
    """
    frames, hits = damage.m.frames, damage.hits
    functions = frame_functions(geometry, MODES[part])  # the number of a part has a bit for each
    part_of = LinearMap(functions, geometry.address_bits - PAGE_SHIFT)
    seen, memory = np.zeros(1 << len(functions), np.bool_), 0
    for start in range(0, frames, _AT_ONCE):
        number = _numbers(geometry, np.arange(start, min(start + _AT_ONCE, frames), dtype=np.int64), part_of)
        number = number[number >= 0]
        memory += len(number)
        seen[number] = True
        yield
    number, ranks, dies = yield from _hits(hits, lambda pfns: _numbers(geometry, pfns, part_of))
    hit = yield from _pairs(number, ranks, len(seen))
    dead = yield from _pairs(number[dies], ranks[dies], len(seen))
    parts = int(np.count_nonzero(seen))
    return Mean(memory / parts, hit / parts, dead / parts)


def _hits(hits: Hits, numbers: Callable[[I64], I64]) -> Generator[None, None, tuple[I64, I32, Bools]]:
    """The part, the process and whether it dies, of each hit; the processes ascending."""
    parts: list[I64] = [np.empty(0, np.int64)]
    ranks: list[I32] = [np.empty(0, np.int32)]
    dies: list[Bools] = [np.empty(0, np.bool_)]
    for start in range(0, len(hits.frame), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        which = hits.impact[some] != NOT_HIT
        parts.append(numbers(hits.frame[some][which]))
        ranks.append(hits.rank[some][which])
        dies.append(DIES[hits.impact[some][which]])
        yield
    number, rank, dead = np.concatenate(parts), np.concatenate(ranks), np.concatenate(dies)
    # Short numbers are sorted by a radix sort, which is ten times as fast.
    order = np.argsort(rank.astype(np.uint16) if rank.max(initial=0) < 1 << 16 else rank, kind="stable")
    yield
    return number[order], rank[order], dead[order]


def _pairs(number: I64, ranks: I32, parts: int) -> Generator[None, None, int]:
    """Return the number of different pairs of part and process, of `parts` parts; `ranks` (of processes) ascend."""
    starts = np.flatnonzero(np.r_[True, ranks[1:] != ranks[:-1]])[: len(ranks)]
    ends, first, count = np.r_[starts[1:], len(ranks)], 0, 0
    while first < len(ranks):
        process, fits = np.searchsorted(ends, (first, first + _SORTED), "right")
        whole = ends[max(process, fits - 1)]  # end of the last process that fits, or of one that does not
        if fits > process:
            key = number[first:whole] + ranks[first:whole].astype(np.int64) * parts
            count += len(np.unique(key))
        else:
            seen = np.zeros(parts, np.bool_)
            seen[number[first:whole]] = True
            count += int(np.count_nonzero(seen))
        first = int(whole)
        yield
    return count


def _numbers(geometry: Geometry, pfns: I64, part_of: LinearMap) -> I64:
    """A number for the part that each frame has bytes in, the same for parts with the same frames; -1 in the hole."""
    dram = geometry.dram_of(pfns << PAGE_SHIFT) >> PAGE_SHIFT
    found = part_of(np.maximum(dram, 0).astype(np.uint64)).view(np.int64)
    return np.where(dram < 0, -1, found)
