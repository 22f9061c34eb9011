"""Times of lenses, layouts, filters and of the assessment of all memory; medians, and baselines of the same run.

    python tests/bench/lens_bench.py [--frames 65536,6000000,16777216] [--rounds 9]

The baseline of a lens change is the whole plane looked up by numpy and a pyramid made of reshaped maxima; that of
the assessment the handler, run on a thousand frames one by one and multiplied.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence

import click_bench
import numpy as np
from map_bench import synthetic, timed
from table import Found, Row

from hwpoison_gui import resources
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.filter.expression import parse
from hwpoison_gui.view.map.layout import RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.lens_sheets import SHEETS, made
from hwpoison_gui.view.map.lenses import KIND, LENSES, STATE
from hwpoison_gui.view.map.plane import FramePlane
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import find_prediction, predict
from hwpoison_gui.view.outcome.preview import find_preview

Times = tuple[float, float]

FOUND = Found()
# Targets by frames, in milliseconds: of a change of the lens, and of the outcome of every frame under one policy.
LENS_MS = {1 << 24: 12.0, 1 << 28: 200.0}
LENS_TIMES = {1 << 24: 0.5}  # of a plain program: it meets the target as well
VIEW = (1600, 900)  # pixels
ALL_MS = {1 << 24: 1000.0}


def machine_of(frames: int, profile: str) -> Machine:
    """A machine of made-up flag words and counts; nobody uses its frames."""
    m = Machine(frames, PROFILES[profile])
    words = synthetic(frames)
    m.flags.load(slice(None), words)
    m.refcount.load(slice(None), np.random.default_rng(0).integers(0, 4, frames, np.int32))
    m.mapcount.load(slice(None), (words >> np.uint64(11) & np.uint64(1)).astype(np.int32))
    m.gate.record()
    return m


def plain(ids: np.ndarray, table: np.ndarray) -> None:
    """The baseline of a lens change."""
    level = table[ids].reshape(-1, 1 << 6)
    while level.shape[0] > 1:
        level = level[: level.shape[0] // 2 * 2].reshape(-1, 2, level.shape[1]).max(axis=1)


def shown(plane: FramePlane, _: object) -> None:
    """Build what a paint of the whole map needs, after a change."""
    cell = min(VIEW[0] / plane.layout.width, VIEW[1] / plane.layout.height)
    plane.pyramid.level(plane.pyramid.level_for(cell))


def row(name: str, ours: Times, base: Times | None = None, target: float | None = None, or_times: float = 0.0) -> None:
    FOUND.add(name, ours, base, "a plain program" if base else "", target, or_times=or_times)


def bench_lenses(m: Machine, rounds: int) -> None:
    plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
    table = np.arange(256, dtype=np.uint8)
    size = plane.frames // (1 << 12) * (1 << 12)
    base = timed(lambda: plain(plane.pyramid.level(0).reshape(-1)[:size], table), rounds)
    if plane.needs_index():
        row("lens change before all is indexed", timed(lambda: shown(plane, plane.set_lens(STATE)), 3), base)
        row("indexed", timed(lambda: to_the_end(plane.index()), 1))
    sheets = {}
    for name in SHEETS:
        row(f"sheet of {name}, made", timed(lambda name=name: sheets.__setitem__(name, made(name, m, plane.room)), 3))
    for lens in LENSES:
        sheet = sheets.get(lens.sheet)
        plane.set_lens(lens, sheet)
        if plane.needs_index():
            to_the_end(plane.index())
        change = timed(lambda lens=lens, sheet=sheet: shown(plane, plane.set_lens(lens, sheet)), rounds)
        row(f"lens change: {lens.name}", change, base, LENS_MS.get(m.frames), LENS_TIMES.get(m.frames, 0.0))
    plane.set_lens(KIND)
    parsed = {text: parse(text) for text in ("lru,~dirty", "lru 4096+30000")}
    for text, one in parsed.items():
        assert one is not None
        match = one.match(m, lambda _: table)
        row(f"filter: {text}", timed(lambda match=match: shown(plane, plane.set_filter(match)), rounds), base)
        row("    frames counted", timed(plane.found_count, rounds))
        row("    next match", timed(lambda: plane.next_found(5, True), rounds))
    plane.set_filter(None)
    for name, make in (("Hilbert", Hilbert), ("Morton", Morton)):
        row(f"layout: {name}", timed(lambda make=make: shown(plane, plane.set_layout(make(plane.frames))), 3))
        row(
            f"    lens change on it: {LENSES[1].name}",
            timed(lambda: shown(plane, plane.set_lens(LENSES[1])), rounds),
            base,
        )
    plane.set_layout(RowMajor(plane.frames, 1024))
    widths = itertools.cycle((1000, 1024))
    row(
        "layout: rows of another length",
        timed(lambda: shown(plane, plane.set_layout(RowMajor(plane.frames, next(widths)))), 4),
    )


def bench_assessment(m: Machine, rounds: int) -> None:
    pfns = np.random.default_rng(2).integers(0, m.frames, 1000).tolist()
    start = time.perf_counter()
    for pfn in pfns:
        predict(m, pfn)
    one = (time.perf_counter() - start) / len(pfns) * 1e3
    whole = timed(lambda: Assessment.of(m), min(3, rounds))
    row(f"outcome of every frame, profile {m.profile.name}", whole, (one * m.frames, 0.0), ALL_MS.get(m.frames))
    row("outcome of one frame, asked alone", (one, one))
    assessment = Assessment.of(m)
    size = assessment.class_of.nbytes + assessment.codes.nbytes
    FOUND.add("bytes a frame that it keeps", size / m.frames, target=16.0, unit="bytes")


def bench_recorded() -> None:
    """The server from a recording, under each profile: all of its frames, and one of each class alone."""
    image = open_recording(resources.path("machines/server.npz"))
    for name, profile in PROFILES.items():
        m = machine_from_image(image, profile)
        m.gate.record()
        row(f"outcome of every frame, server, {name}", timed(lambda m=m: Assessment.of(m), 5))
        pfns = Assessment.of(m).members.tolist()
        times = [timed(lambda m=m, pfn=pfn: predict(m, pfn), 3)[0] for pfn in pfns]
        row("    one frame of each class, alone", (float(np.median(times)), float(np.percentile(times, 95))))


def bench_crowd() -> None:
    """A frame that thousands of processes map: until it is predicted, and the longest slice of that."""
    session = click_bench.machine(1 << 17, 10_000)
    m, pfn = session.machine, session.resolve_frame("parent:m+0")
    gaps, last = [], time.perf_counter()
    for _ in itertools.chain(find_prediction(m, pfn), "e"):
        now = time.perf_counter()
        gaps.append((now - last) * 1e3)
        last = now
    row(f"a frame of {int(m.mapcount.view[pfn]):,} mappers, and the longest slice", (sum(gaps), max(gaps)))


def bench_hover() -> None:
    """The prediction in words, of frames all over the desktop; every one for the first time."""
    session = Session.fresh(65536, 1, "desktop")
    pfns = iter(np.random.default_rng(3).integers(0, 65536, 2000).tolist())
    row("hover: preview, desktop", timed(lambda: to_the_end(find_preview(session, next(pfns))), 1500))


def rows(sizes: Sequence[int] = (1 << 24,), rounds: int = 9) -> list[Row]:
    FOUND.of = ""
    bench_hover()
    bench_crowd()
    bench_recorded()
    for frames in sizes:
        FOUND.of = f"{frames:,} frames: "
        bench_lenses(machine_of(frames, "v7"), rounds)
        for profile in PROFILES if frames < 1 << 26 else ("v7",):
            bench_assessment(machine_of(frames, profile), rounds)
    return FOUND


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="65536,6000000,16777216")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rows([int(part) for part in options.frames.split(",")], options.rounds)


if __name__ == "__main__":
    main()
