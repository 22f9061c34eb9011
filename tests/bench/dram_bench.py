"""Faults of DRAM and the layout by geometry on a machine of 16.8 million frames, against a sum over all frames.

Run: .venv/bin/python tests/bench/dram_bench.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from table import Found, Row

from hwpoison_gui.dram.fault import fault_at, frames_of_fault
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.view.map.layout_dram import ByGeometry

FRAMES = 1 << 24
KEYS = ("plain", "haswell", "zen4-1rank")


def best(run: Callable[[], object], times: int = 3) -> float:
    """The shortest of some runs, in ms."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return 1000 * min(found)


def rows() -> list[Row]:
    found = Found()
    codes = np.ones(FRAMES + 4096, np.uint8)
    pfns = np.arange(FRAMES)
    baseline = best(pfns.sum)
    for key in KEYS:
        found.of = f"DRAM {key}, {FRAMES:,} frames: "
        geometry = shipped(key).fitted(FRAMES)
        faults = {mode: fault_at(mode, geometry, 0x123456780) for mode in ("row", "bank", "channel")}
        runs: dict[str, Callable[[], object]] = {
            f"frames of a {mode}": partial(frames_of_fault, geometry, fault, FRAMES) for mode, fault in faults.items()
        }
        runs["coordinates of all"] = partial(geometry.packed, pfns << 12)
        runs["arranged"] = partial(ByGeometry(FRAMES, geometry).arrange, codes)
        for name, run in runs.items():
            found.add(name, best(run), baseline, "the sum of all frame numbers")
    return found


if __name__ == "__main__":
    rows()
