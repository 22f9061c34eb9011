"""Times of a click: from the click to its recorded steps and the patched map, and of walking the timeline.

    python tests/bench/click_bench.py [--frames 65536,16777216] [--mappers 1,100,1000,10000] [--rounds 40]

Medians in milliseconds. Baselines of the same run: the smallest machine for the click, one mapper for many
(per mapper), and for walking the time it took to record.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from table import Row

from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.plane import FramePlane

PAGES = 64


def act(session: Session, op: str, /, **given: Any) -> None:
    """Carry out an op with the defaults of scenario files."""
    session.act(op, shape.values_of(OPS[op].keys, given))


def machine(frames: int, mappers: int, sigbus: str = "handler", pages: int = PAGES) -> Session:
    """Dirty anonymous pages, all of them mapped by a process and its children, who handle SIGBUS, or die of it."""
    session = Session.fresh(frames=frames, sysctl={"memory_failure_early_kill": 1})
    act(session, "task", name="parent", sigbus=sigbus)
    act(session, "mmap", task="parent", name="m", pages=pages)
    for page in range(pages):
        act(session, "write", task="parent", at=f"m+{page}")
    for child in range(mappers - 1):
        act(session, "fork", task="parent", child=f"child-{child}")
    return session


def milliseconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def click(session: Session, rounds: int) -> tuple[float, float, float, int]:
    """(steps recorded, map patched, walked back and forth a step, steps): medians over clicks on fresh frames."""
    m = session.machine
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    touched: list[Any] = []
    session.subscribe(lambda notice: touched.append(notice.pfns))
    recorded, patched, walked = [], [], []
    for page in range(min(rounds, PAGES - 1)):
        frame = f"pfn:{session.resolve_frame(f'parent:m+{page}'):#x}"
        recorded.append(milliseconds(lambda frame=frame: act(session, "poison", frame=frame)))
        patched.append(milliseconds(lambda: plane.patch(touched[-1])))
        operation = session.operations[-1]
        span = operation.last - operation.first
        there = milliseconds(lambda op=operation: session.seek(op.first))
        walked.append((there + milliseconds(lambda op=operation: session.seek(op.last))) / 2)
    return statistics.median(recorded), statistics.median(patched), statistics.median(walked), span


def deadly(mappers: int, rounds: int = 3) -> tuple[float, int]:
    """A click on the one page of processes that all die of it: least milliseconds of processor time, and steps."""
    session, best, span = machine(1 << 17, mappers, "default", 1), float("inf"), 0
    assert session.machine.mapcount.view[session.resolve_frame("parent:m+0")] == mappers
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        act(session, "poison", frame="parent:m+0")
        best = min(best, time.process_time() - start)
        operation = session.operations[-1]
        span = operation.last - operation.first
        session.seek(operation.first)
    return best * 1e3, span


def table(rows: list[tuple[str, tuple[float, float, float, int], float]], ratio: str) -> None:
    print(f"{'':24}{'click':>9}{'patch':>9}{'walk':>9}{'steps':>8}   {ratio}")
    for name, (recorded, patched, walked, steps), against in rows:
        print(f"{name:24}{recorded:9.2f}{patched:9.3f}{walked:9.2f}{steps:8d}   {against:.2f}")


def rows() -> list[Row]:
    small, large = (sum(click(machine(frames, 1), 40)[:2]) for frames in (1 << 16, 1 << 24))
    one, crowd = (click(machine(1 << 17, mappers), 3)[0] for mappers in (1, 10_000))
    return [
        Row("click, recorded and patched, 65,536 frames", small, "itself", small, 2.0),
        Row("click, recorded and patched, 16,777,216 frames", large, "65,536 frames", small, 1.2, True),
        Row("click, a frame of 10,000 mappers", crowd, "one mapper", one, 100.0),
        # Each exit frees two pages and a VMA: twenty changes, which are no part of the walk that has a target.
        Row("click, a frame of 10,000 mappers, and their exits", deadly(10_000)[0], "1,000 of them", deadly(1000)[0]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="65536,16777216")
    parser.add_argument("--mappers", default="1,100,1000,10000")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    sizes = [int(text) for text in options.frames.split(",")]
    found = [(frames, click(machine(frames, 1), options.rounds)) for frames in sizes]
    base = sum(found[0][1][:2])
    table(
        [(f"{n:,} frames", times, sum(times[:2]) / base) for n, times in found], f"click + patch : {sizes[0]:,} frames"
    )
    print()
    many = [int(text) for text in options.mappers.split(",")]
    rows = [(n, click(machine(max(65536, n * 8), n), max(3, options.rounds // n))) for n in many]
    one = rows[0][1][0] / rows[0][0]
    table([(f"{n:,} mappers", times, times[0] / n / one) for n, times in rows], f"click per mapper : {many[0]} mapper")
    print()
    for n in many[1:]:
        spent, steps = deadly(n)
        print(f"{f'{n:,} mappers who die of it':34}{spent:9.2f} ms of processor time, {steps:,} steps, "
              f"{spent / n * 1e3:.1f} µs a mapper")  # fmt: skip


if __name__ == "__main__":
    main()
