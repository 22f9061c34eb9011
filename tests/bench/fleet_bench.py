"""Times of a fleet: many small made-up machines are assessed in one process, and in several.

    python tests/bench/fleet_bench.py [--machines 1000] [--frames 4096] [--jobs 1,2]

The machines are made and saved first, each by its own seed. The baseline is `assess` in this process alone; ideal is
its time divided by the number of processes, or of processors where there are fewer. On a loaded machine look at the
processor time of all processes: what several need more than one starting them costs. The results are compared, too.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from table import Found, Row

from hwpoison_gui.commands import fleet
from hwpoison_gui.commands.assessing import Options, assess
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.sources.recording_writer import save_snapshot
from hwpoison_gui.sources.synthetic import exported_from


def made(folder: Path, machines: int, frames: int) -> list[str]:
    for seed in range(machines):
        exported = exported_from(desktop(frames, seed), "Linux version 6.12.0-made-up")
        save_snapshot(exported, folder / f"{seed:06}.npz")
    return fleet.machines_in(str(folder))[0]


def processor_s() -> float:
    """Processor time of this process and of the ended ones that it started."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def rows(machines: int = 200, frames: int = 4096, several: Sequence[int] = (1, 2)) -> list[Row]:
    table = Found()
    processors = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        files = made(Path(folder), machines, frames)
        table.of = f"fleet of {len(files):,} machines: "
        table.add("made and saved", 1e3 * (time.perf_counter() - start))
        base, found = 0.0, None
        for jobs in several:
            start, used = time.perf_counter(), processor_s()
            results = list(fleet.each(files, partial(assess, options=Options()), jobs, "", lambda share, doing: None))
            took, used = time.perf_counter() - start, processor_s() - used
            base = base or took
            assert found is None or results == found, "processes find something else"
            found = results
            ideal = min(jobs, processors)
            against = f"one process; ideal is {1 / ideal:.2f}; processors {used:.1f} s"
            table.add(f"assessed, processes: {jobs}", 1e3 * took, 1e3 * base, against)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=4096)
    parser.add_argument("--jobs", default="1,2")
    options = parser.parse_args()
    rows(options.machines, options.frames, [int(part) for part in options.jobs.split(",")])


if __name__ == "__main__":
    main()
