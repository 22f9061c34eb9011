"""Times of the damage of errors in all frames, and of what is made of it; the baseline is the lens alone.

    python tests/bench/assess_bench.py [--frames 16777216,268435456] [--rounds 3]

On made-up flag words, which nobody uses, and on the recorded server and a small desktop, where processes do. Target:
16.8 M frames in a second a policy. Medians; the lens is the assessment of the same machine in the same run.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence

from lens_bench import machine_of
from map_bench import timed
from table import Found, Row

from hwpoison_gui import resources
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening.opening import default_machine
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.moved import find_soft_offline
from hwpoison_gui.view.damage.report import find_report
from hwpoison_gui.view.damage.tables import GROUPINGS, find_table
from hwpoison_gui.view.damage.worst import worst_frames
from hwpoison_gui.view.outcome.assessment import Assessment

FOUND = Found()
DAMAGE_MS = {1 << 24: 1000.0}  # by frames: the target of a policy


def row(name: str, ours: tuple[float, float], base: tuple[float, float], target: float | None = None) -> None:
    FOUND.add(name, ours, base, "the lens alone", target)


def bench(m: Machine, name: str, rounds: int) -> None:
    FOUND.of = f"{name}, {m.frames:,}: "
    base = timed(lambda: Assessment.of(m), rounds)
    row("the lens alone", base, base)
    for early in (0, 1):
        row(
            f"damage, early kill {early}",
            timed(lambda early=early: Damage.of(m, early), rounds),
            base,
            DAMAGE_MS.get(m.frames),
        )
    damage = Damage.of(m)
    for by in GROUPINGS:
        row(f"table by {by}", timed(lambda by=by: to_the_end(find_table(damage, by)), rounds), base)
    row("ten worst frames", timed(lambda: worst_frames(damage, 10), rounds), base)
    row("soft offline", timed(lambda: to_the_end(find_soft_offline(damage)), rounds), base)
    row("all of `assess`, one policy", timed(lambda: to_the_end(find_report(m, (0,), "kind", 10)), rounds), base)
    FOUND.add("longest slice of the damage", min(longest_slice(m) for _ in range(rounds)), target=50.0)


def longest_slice(m: Machine) -> float:
    """Milliseconds of processor time."""
    gaps, last = [], time.thread_time()
    for _ in itertools.chain(Damage(m).work(), "e"):
        now = time.thread_time()
        gaps.append((now - last) * 1e3)
        last = now
    return max(gaps)


def rows(sizes: Sequence[int] = (1 << 24,), rounds: int = 3) -> list[Row]:
    server = open_recording(resources.path("machines/server.npz"))
    bench(machine_from_image(server, PROFILES["6.1"]), "recorded server", rounds)
    bench(default_machine("6.1").session.machine, "desktop", rounds)
    for frames in sizes:
        bench(machine_of(frames, "6.1"), "made-up flag words", rounds if frames < 1 << 26 else 1)
    return FOUND


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="16777216,268435456")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows([int(part) for part in options.frames.split(",")], options.rounds)


if __name__ == "__main__":
    main()
