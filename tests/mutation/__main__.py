"""`python -m tests.mutation [--file PART ...] [--sample N] [--seed N]`: which faults does no test notice?

The result is kept in a folder outside of the repository; a run that gets SIGTERM ends with what it has. Survivors that
survivors.toml explains are counted but not shown: they change nothing that can be seen, or only the speed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.mutation import runner
from tests.mutation.mutants import Key, Mutant, diff_of, mutants_of
from tests.mutation.runner import KILLED, SURVIVED, UNREACHED, Mutation, Result
from tests.paths import ROOT

TARGETS: Final = ("hwpoison_gui/kernel", "hwpoison_gui/view/outcome")
LEFT_OUT: Final = "kernel/presets/"  # machines that are made up: any other number would do as well
TESTS: Final = ("tests/kernel", "tests/session", "tests/view")
EXPLAINED: Final = Path(__file__).with_name("survivors.toml")


def targets() -> dict[str, Path]:
    """The files that get mutants, by their name in reports."""
    files = sorted(path for target in TARGETS for path in (ROOT / target).rglob("*.py"))
    return {name: path for path in files if LEFT_OUT not in (name := str(path.relative_to(ROOT)))}


def all_mutants(parts: list[str]) -> list[Mutant]:
    """The mutants of every file whose path contains one of `parts`."""
    found = targets().items()
    return [mutant for name, path in found if any(part in name for part in parts) for mutant in mutants_of(path, name)]


def explained() -> set[Key]:
    """The survivors that somebody has looked at."""
    return {
        (one["file"], one["function"], text, mutation)
        for one in tomllib.loads(EXPLAINED.read_text())["survivor"]
        for text, mutations in one["lines"].items()
        for mutation in mutations
    }


def outdated(known: set[Key], mutants: list[Mutant]) -> list[Key]:
    """Return the explained keys in the files of the mutants that match no mutant, because the code has changed."""
    files, keys = {mutant.file for mutant in mutants}, {mutant.key for mutant in mutants}
    return sorted(key for key in known if key[0] in files and key not in keys)


def missed_in(result: Path) -> set[Key]:
    """Return the mutants that no test noticed in an earlier run, read from its results."""
    rows = json.loads(result.read_text())
    return {
        (row["file"], row["function"], row["text"], row["mutation"])
        for row in rows
        if row["state"] in (SURVIVED, UNREACHED)
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "--file", nargs="+", default=[""], metavar="PART", help="only files whose path contains one of these"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, in random order")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="where tests are looked for")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--most", type=float, default=60.0, metavar="S", help="seconds of tests that a mutant gets")
    parser.add_argument("--unexplained", action="store_true", help="leave out the mutants that survivors.toml explains")
    parser.add_argument("--again", type=Path, metavar="RESULT", help="only what no test noticed in this earlier result")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    parser.add_argument("--results", type=Path, default=Path.home() / ".cache/hwpoison-gui-mutation")
    return parser.parse_args()


def main() -> int:
    asked, began = arguments(), time.monotonic()
    mutants, known = all_mutants(asked.file), explained()
    for key in outdated(known, mutants):
        print("explained, but no mutant:", *key)
    if asked.unexplained:
        mutants = [mutant for mutant in mutants if mutant.key not in known]
    if asked.again:
        missed = missed_in(asked.again)
        mutants = [mutant for mutant in mutants if mutant.key in missed]
    if asked.sample is not None:
        random.Random(asked.seed).shuffle(mutants)
        del mutants[asked.sample :]
    if asked.list:
        for mutant in mutants:
            print(f"{mutant.file}:{mutant.line} {mutant.function}: {mutant.mutation}")
        return 0
    asked.results.mkdir(parents=True, exist_ok=True)
    os.nice(19)
    screen = os.fdopen(os.dup(1), "w", buffering=1)

    def told(result: Result) -> None:
        count = len(mutation.results)
        if result.state in (SURVIVED, UNREACHED) and result.mutant.key not in known:
            screen.write(f"{shown(result)}\n")
        if count % 100 == 0 or count == len(mutants):
            screen.write(f"{count} of {len(mutants)}, {time.monotonic() - began:.0f} s\n")

    mutation = Mutation(mutants, targets(), asked.results, asked.workers, asked.most, told)
    tests = [str(ROOT / test) for test in asked.tests]
    status = pytest.main([*runner.OPTIONS, *tests], plugins=[mutation])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return int(status)
    return report(mutation.results, asked.results, known)


def shown(result: Result) -> str:
    mutant = result.mutant
    head = f"{result.state}: {mutant.file}:{mutant.line} {mutant.function}: {mutant.mutation} ({result.tests} tests)"
    return f"{head}\n{diff_of(ROOT / mutant.file, mutant.number)}"


def report(results: list[Result], folder: Path, known: set[Key]) -> int:
    """Print the counts, keep everything as JSON; 1 where a survivor is not explained."""
    counts = Counter(result.state for result in results)
    left = [result for result in results if result.state in (SURVIVED, UNREACHED)]
    open_ = [result for result in left if result.mutant.key not in known]
    by_file = Counter(result.mutant.file for result in open_)
    killed_keys = {result.mutant.key for result in results if result.state == KILLED}
    for key in sorted((killed_keys & known) - {result.mutant.key for result in left}):
        print("explained, but killed:", *key)
    print("mutants, killed, not explained, file:")
    for file, count in Counter(result.mutant.file for result in results).items():
        killed = count - sum(result.mutant.file == file for result in left)
        print(f"{count:5} {killed:5} {by_file[file]:5} {file}")
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    print(f"{len(results)} mutants: {states}; {len(left) - len(open_)} survivors explained, {len(open_)} not")
    rows = [
        {**result.mutant._asdict(), "state": result.state, "by": result.by, "tests": result.tests,
         "explained": result.mutant.key in known}
        for result in results
    ]  # fmt: skip
    kept = folder / f"mutation-{time.strftime('%Y%m%d-%H%M%S')}.json"
    kept.write_text(json.dumps(rows, indent=1))
    print(kept)
    return 1 if open_ else 0


if __name__ == "__main__":
    sys.exit(main())
