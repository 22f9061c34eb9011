"""Many frames broken in one operation; the baseline is the assessment of all frames of the same machine.

python tests/bench/fault_bench.py [--frames 4096,65536]
"""

from __future__ import annotations

import argparse
import time

from click_bench import act
from table import HEAD, Row

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.assessment import Assessment

FIRST = 1 << 15


def rows(sizes: tuple[int, ...] = (4096,)) -> list[Row]:
    return [broken(size) for size in sizes]


def broken(size: int) -> Row:
    """The fault on a fresh desktop, in processor time."""
    session = Session.fresh(FIRST + max(size, 1 << 15), 1, "desktop")
    start = time.process_time()
    Assessment.of(session.machine)
    lens = (time.process_time() - start) * 1e3
    start = time.process_time()
    act(session, "poison", frames=[f"{FIRST:#x}+{size}"])
    return Row(f"fault of {size:,} frames", (time.process_time() - start) * 1e3, "the lens alone", lens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="4096,65536")
    print(HEAD)
    for row in rows(tuple(int(part) for part in parser.parse_args().frames.split(","))):
        print(f"{row.line()}, {row.measured / int(row.what.split()[2].replace(',', '')):.3f} ms a frame")


if __name__ == "__main__":
    main()
