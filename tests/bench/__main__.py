"""Run all benches, and print one table: each figure, its baseline of the same run, its target and whether it is met.

    python -m tests.bench [NAME ...]

Names are those of the files without `_bench.py`. Each bench runs in a process of its own, so that one that fails, or is
skipped, does not affect the others. On a quiet machine all take about ten minutes. `floor` is said of a figure that
misses its target, but is what the kernel alone takes.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from table import HEAD, Row, SkippedError  # noqa: E402

BENCHES = sorted(file.stem.removesuffix("_bench") for file in HERE.glob("*_bench.py"))


def one(name: str) -> None:
    """Print the rows of a bench, or why there are none, as JSON; runs in a process of its own."""
    try:
        found = {"rows": importlib.import_module(f"{name}_bench").rows()}
    except SkippedError as reason:
        found = {"skipped": str(reason)}
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)


def run(name: str) -> list[str]:
    """Print the part of the table that a bench gives; returns what is said of its targets."""
    done = subprocess.run([sys.executable, "-m", "tests.bench", "--one", name], stdout=subprocess.PIPE, text=True,
                          cwd=HERE.parents[1])  # fmt: skip
    if done.returncode:
        print(f"{name}: failed with status {done.returncode}", flush=True)
        return ["failed"]
    found = json.loads(done.stdout.splitlines()[-1])
    if "skipped" in found:
        print(f"{name}: skipped: {found['skipped']}", flush=True)
        return ["skipped"]
    rows = [Row(*values) for values in found["rows"]]
    for row in rows:
        print(row.line(), flush=True)
    return [row.verdict for row in rows if row.verdict]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one)
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    print(HEAD, flush=True)
    said = collections.Counter(verdict for name in options.names or BENCHES for verdict in run(name))
    print(", ".join(f"{what}: {said[what]}" for what in ("met", "missed", "floor", "skipped", "failed") if said[what]))
    return 1 if said["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
