"""Random work in the real window, killed with -9 at random moments: what was done must be there after the next start.

    python -m tests.kills [--kills 100] [--seed 1] [--longest 12]

Each start recovers what the one before left, says what it found, and works on until it is killed: clicks, keys, notes
that are typed, branches, sysctls, lenses, on a preset, on a recording and on a copy of live memory. Some are killed
while they start or recover. The window notes in a file each state of the work and when it began; the state that the
next start finds must be one of these, and must have been there in the last five seconds before the kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

LIMIT: Final = 5.0  # seconds of work that may be lost
PATIENCE: Final = 120.0  # seconds for a start
_EARLY: Final = 8  # one kill of so many comes while the program starts


class State(NamedTuple):
    """Unsaved work in the window from a time on, as JSON; empty: none."""

    began: float
    work: str


class Run(NamedTuple):
    """A start: what it found (None: killed before that), its states, and its end."""

    found: str | None
    states: list[State]
    killed: float


class LossError(Exception):
    """More was lost than may be."""


def check(before: Run, found: str) -> float:
    """Seconds of work before the kill that `found` lacks. Raises LossError."""
    states = before.states
    at = max((number for number, state in enumerate(states) if state.work == found), default=None)
    if at is None:
        raise LossError(f"a state that never was: {found[:300]}")
    lost = before.killed - states[at + 1].began if at + 1 < len(states) else 0.0
    if lost > LIMIT:
        raise LossError(f"{lost:.1f} s of work: {states[-1].work[:300]}")
    return max(0.0, lost)


# -- the program, and its parent


class Program:
    """A process with a window that works; `home` holds its folders and its journal."""

    def __init__(self, home: Path, seed: int, script: str = "random") -> None:
        self.journal = home / f"journal-{seed}"
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
            environment[name] = str(home / name)
        command = [sys.executable, "-m", "tests.kills", "--work", str(self.journal), script, "--seed", str(seed)]
        self.process = subprocess.Popen(command, env=environment)

    def states(self) -> list[dict[str, Any]]:
        """The lines of the journal so far."""
        text = self.journal.read_text() if self.journal.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, what: str) -> dict[str, Any]:
        """The first line of the journal that has a key. Raises LossError if the program ends before."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for line in self.states():
                if what in line:
                    return line
            if self.process.poll() is not None:
                raise LossError(f"the program ended by itself: {self.process.returncode}")
            time.sleep(0.02)
        raise LossError(f"no {what} after {PATIENCE:.0f} s")

    def kill(self) -> Run:
        """kill -9; returns what is known of the run."""
        killed = time.time()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        lines = self.states()
        found = next((line for line in lines if "found" in line), None)
        states = [State(line["began"], line["work"]) for line in lines if "work" in line]
        return Run(found["found"] if found else None, states, killed)


def main(kills: int, seed: int, longest: float) -> int:
    """Run the kills; returns the exit status."""
    choice = random.Random(seed)
    losses: list[float] = []
    failures = recovered = early = most = 0
    with tempfile.TemporaryDirectory(prefix="hwpoison-kills-") as name:
        last: Run | None = None  # the last run that got to work
        for number in range(kills + 1):
            program = Program(Path(name), seed * 1000 + number)
            try:
                if number and choice.randrange(_EARLY) == 0:
                    time.sleep(choice.uniform(0.1, 2.0))
                    early += 1
                else:
                    program.wait_for("found")
                    time.sleep(choice.uniform(0.2, longest))
            except LossError as loss:
                print(f"{number}: {loss}", flush=True)
                failures += 1
            run = program.kill()
            if run.found is None:
                continue
            if last is not None:
                try:
                    losses.append(check(last, run.found))
                except LossError as loss:
                    failures += 1
                    print(f"{number}: {loss}", flush=True)
            recovered += bool(run.found)
            most = max(most, len(run.found))
            last = run
            print(f"{number}: {len(run.states)} states; {len(losses)} compared, {failures} failures", flush=True)
    worst, mean = max(losses, default=0.0), sum(losses) / max(1, len(losses))
    print(
        f"{kills} kills, {early} of them while starting; {recovered} recoveries of up to {most:,} bytes of work; "
        f"lost at most {worst:.1f} s of work, {mean:.1f} s on average; {failures} failures"
    )
    return 1 if failures else 0


# -- inside the program


def work(journal: IO[str], script: str, seed: int) -> None:
    """Start the program and work in it until it is killed."""
    from hwpoison_gui.gui.app import qt

    qt.load()
    from hwpoison_gui.gui.app import run
    from tests.kill_worker import Worker, start_for

    app = run.application()
    workers: list[Worker] = []
    window = run.begin(start_for(seed), lambda window: workers.append(Worker(window, journal, script, seed)))
    app.exec()
    del window


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=12.0, metavar="SECONDS", help="of work before a kill")
    parser.add_argument("--work", nargs=2, metavar=("JOURNAL", "SCRIPT"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    options = _options()
    if options.work:
        with open(options.work[0], "a", buffering=1) as opened:
            work(opened, options.work[1], options.seed)
    else:
        sys.exit(main(options.kills, options.seed, options.longest))
