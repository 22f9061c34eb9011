"""Run benches, and print one table of their figures, baselines of the same run, and targets.

    python -m tests.bench [NAME ...]

Names are those of the files without `_bench.py`; without names, all benches that have rows. Each bench runs in a
process of its own, so one that fails, or is skipped, does not affect the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from table import HEAD, Row, SkippedError  # noqa: E402

BENCHES = sorted(
    file.stem.removesuffix("_bench") for file in HERE.glob("*_bench.py") if "def rows(" in file.read_text()
)


def one(name: str) -> None:
    """Print the rows of a bench, or why there are none, as JSON; runs in a process of its own."""
    try:
        found = {"rows": importlib.import_module(f"{name}_bench").rows()}
    except SkippedError as reason:
        found = {"skipped": str(reason)}
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)


def run(name: str) -> bool:
    """Print the part of the table that a bench gives; False if it failed."""
    done = subprocess.run([sys.executable, "-m", "tests.bench", "--one", name], stdout=subprocess.PIPE, text=True,
                          cwd=HERE.parents[1])  # fmt: skip
    if done.returncode:
        print(f"{name}: failed with status {done.returncode}", flush=True)
        return False
    found = json.loads(done.stdout.splitlines()[-1])
    if "skipped" in found:
        print(f"{name}: skipped: {found['skipped']}", flush=True)
    for values in found.get("rows", ()):
        print(Row(*values).line(), flush=True)
    return True


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
    return 0 if all([run(name) for name in options.names or BENCHES]) else 1


if __name__ == "__main__":
    sys.exit(main())
