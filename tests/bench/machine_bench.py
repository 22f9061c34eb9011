"""Times of opening the recorded server and of booting machines; medians, and ratios to reading the file alone.

python tests/bench/machine_bench.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from hwpoison_gui import resources
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.sources.recording import open_recording


def median(run: Callable[[], object], rounds: int) -> float:
    """Median in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    path = resources.path("machines/server.npz")
    files = (path, path.with_suffix(".json"))
    base = median(lambda: [file.read_bytes() for file in files], rounds)
    server, small = open_recording(path), desktop(65536, 1)
    rows = (
        ("open the server recording", lambda: open_recording(path)),
        ("boot the server", lambda: machine_from_image(server, PROFILES["6.1"])),
        ("make the desktop", lambda: desktop(65536, 1)),
        ("boot the desktop", lambda: machine_from_image(small, PROFILES["v7"])),
    )
    print(f"{'read the files of the server recording':40}{base:9.1f} ms  (baseline)")
    for name, run in rows:
        took = median(run, rounds)
        print(f"{name:40}{took:9.1f} ms  {took / base:9.1f}")


if __name__ == "__main__":
    main()
