"""Times of opening the recorded server and of booting machines, and the memory that mapped pages take.

    python tests/bench/machine_bench.py [--rounds 5] [--pages 10000000]

Times are medians of the processor's, with ratios to reading the file alone. Memory is what a booted machine has
allocated beyond the columns of an empty one, with dictionaries of the same page-table entries as the baseline;
`--pages` is the size of a made-up machine, of 100 processes with anonymous memory (0: none).
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from table import Row

from hwpoison_gui import resources
from hwpoison_gui.image import MemoryImage, ProcessImage, VmaImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.sources.recording import open_recording

PROCESSES = 100
RUN = 700  # pages in a row that a made-up process has; then comes a gap
GAP = 90


def median(run: Callable[[], object], rounds: int) -> float:
    """Median in milliseconds of the processor."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times)


def synthetic(pages: int) -> MemoryImage:
    """A machine whose processes map `pages` anonymous pages, each its own, in runs."""
    each = pages // PROCESSES
    frames = (pages + (1 << 20)) // 4096 * 4096
    words = np.full(frames, pf.BUDDY, np.uint64)
    pfns = np.arange(1 << 16, (1 << 16) + each * PROCESSES, dtype=np.uint64)
    words[: 1 << 16] = pf.RESERVED
    words[pfns] = pf.ANON | pf.SWAPBACKED | pf.MMAP | pf.LRU | pf.UPTODATE
    at = np.arange(each, dtype=np.uint64)
    first = 0x7F00_0000_0000
    addresses = np.uint64(first) + ((at + at // np.uint64(RUN) * np.uint64(GAP)) << np.uint64(12))
    end = int(addresses[-1]) + 4096
    area = VmaImage(first, end, "rw-p")
    return MemoryImage(
        title="synthetic",
        kpageflags=words,
        kpagecount=(words & np.uint64(pf.MMAP) != 0).astype(np.uint64),
        pagemap_pid=np.repeat(np.arange(1, PROCESSES + 1), each),
        pagemap_va=np.tile(addresses, PROCESSES),
        pagemap_entry=pfns | np.uint64(1 << 63),
        processes=tuple(ProcessImage(pid, 0 if pid == 1 else 1, f"p{pid}", (area,)) for pid in range(1, PROCESSES + 1)),
    )


def memory(name: str, image: MemoryImage, profile: str) -> tuple[int, int, float]:
    """Print what a machine of an image takes; returns bytes, mapped pages, bytes of one in dictionaries."""
    gc.collect()
    tracemalloc.start()
    empty = Machine(len(image.kpageflags), PROFILES[profile])
    gc.collect()
    columns, _ = tracemalloc.get_traced_memory()  # of large machines only the flags: the others are mapped
    del empty
    gc.collect()
    start = time.perf_counter()
    m = machine_from_image(image, PROFILES[profile])
    took = time.perf_counter() - start
    gc.collect()
    taken, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    taken -= columns
    tables = [m.ptes.arrays(mm) for mm in m.ptes.view]
    entries = sum(len(vpns) for vpns, _ in tables)
    few = tables[:5]
    tracemalloc.start()
    plain = [dict(zip(vpns.tolist(), words.tolist(), strict=True)) for vpns, words in few]
    base, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    base /= sum(map(len, plain))
    print(
        f"{name:40}{taken / entries:9.1f} bytes a mapped page, {taken / 1e6:.0f} MB of {entries:,}; "
        f"entries alone in dictionaries {base:.0f}; peak of the boot {most / 1e6:.0f} MB, {took:.1f} s traced"
    )
    return taken, entries, base


def rows() -> list[Row]:
    """Reading and booting the recorded server, and the memory of ten million mapped pages."""
    path = resources.path("machines/server.npz")
    files = (path, path.with_suffix(".json"))
    base = max(0.01, median(lambda: [file.read_bytes() for file in files], 5))
    took = median(lambda: machine_from_image(open_recording(path), PROFILES["6.1"]), 5)
    taken, entries, plain = memory("memory of a made-up machine", synthetic(10_000_000), "6.1")
    return [
        Row("open the recorded server: read and boot", took, "reading its files", base, 300.0),
        Row(
            f"memory of {entries:,} mapped pages", taken / 1e6, "dictionaries", plain * entries / 1e6, 400.0, unit="MB"
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=10_000_000)
    options = parser.parse_args()
    path = resources.path("machines/server.npz")
    files = (path, path.with_suffix(".json"))
    base = median(lambda: [file.read_bytes() for file in files], options.rounds)
    server, small = open_recording(path), desktop(65536, 1)
    rows = (
        ("open the server recording", lambda: open_recording(path)),
        ("boot the server", lambda: machine_from_image(server, PROFILES["6.1"])),
        ("make the desktop", lambda: desktop(65536, 1)),
        ("boot the desktop", lambda: machine_from_image(small, PROFILES["v7"])),
    )
    print(f"{'read the files of the server recording':40}{base:9.1f} ms  (baseline)")
    for name, run in rows:
        took = median(run, options.rounds)
        print(f"{name:40}{took:9.1f} ms  {took / base:9.1f}")
    memory("memory of the server", server, "6.1")
    taken, entries, _ = memory("memory of the desktop", small, "v7")
    more, further, _ = memory("memory of four times the desktop", desktop(4 * 65536, 1), "v7")
    marginal = (more - taken) / (further - entries)
    print(
        f"{'each further mapped page of a desktop':40}{marginal:9.1f} bytes, with the page cache that comes with it; "
        f"{(taken - marginal * entries) / 1e6:.2f} MB of the desktop do not grow with its memory"
    )
    if options.pages:
        memory("memory of a made-up machine", synthetic(options.pages), "6.1")


if __name__ == "__main__":
    main()
