"""Time to make the default machine: 256 MiB and 64 GiB, and their ratio.

Run as a script: python tests/bench/preset_bench.py
"""

from __future__ import annotations

import time

from table import Row

from hwpoison_gui.kernel.presets import PRESETS

SIZES = ((1 << 16, 9, 30.0), (1 << 24, 3, 1500.0))


def best_ms(name: str, frames: int, times: int) -> float:
    """The fastest of several runs, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        PRESETS[name](frames, 1)
        found.append((time.perf_counter() - start) * 1e3)
    return min(found)


def rows() -> list[Row]:
    found = []
    for name in PRESETS:
        small, large = (best_ms(name, frames, times) for frames, times, _ in SIZES)
        found += [
            Row(f"make {name}, {SIZES[0][0]:,} frames", small, "itself", small, SIZES[0][2]),
            Row(f"make {name}, {SIZES[1][0]:,} frames", large, f"{SIZES[0][0]:,} frames", small, SIZES[1][2]),
        ]
    return found


def main() -> None:
    for name in PRESETS:
        took = []
        for frames, times, target in SIZES:
            took.append(best_ms(name, frames, times))
            print(f"{name} {frames:>10,} frames: {took[-1]:8.1f} ms (target {target:.0f})")
        print(f"{name} ratio for {SIZES[1][0] // SIZES[0][0]} times the frames: {took[1] / took[0]:.1f}")


if __name__ == "__main__":
    main()
