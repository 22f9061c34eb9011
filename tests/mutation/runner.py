"""Runs the tests against mutants, from a parent process that has collected all tests: a fork a mutant, a few at once.

First every test runs once, and which statements it reaches is written down; a mutant meets only the tests that
reach its statement, those that killed others of the file first, then those of its name and its folder, until one fails.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple

import pytest

from tests.mutation.code import Functions, instrument, loaded_functions, swap_in
from tests.mutation.mutants import Mutant, compiled
from tests.paths import ROOT

LEAST_SECONDS: Final = 4.0  # of processor time for one test; what takes longer, and ten times as long as before, hangs
MEMORY: Final = 6 << 30

KILLED, SURVIVED, HUNG, CRASHED, UNREACHED = "killed", "survived", "hung", "crashed", "unreached"


class Result(NamedTuple):
    """Result of a mutant; `by`: the test that failed; `tests`: the number of tests that could have."""

    mutant: Mutant
    state: str
    by: str
    tests: int


@dataclass
class Reach:
    """Result of a run without mutants: seconds of each test, and the tests that reach each statement (file, line)."""

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))


class Mutation:
    """A plugin of pytest that takes the place of its loop over the tests."""

    def __init__(
        self,
        mutants: list[Mutant],
        targets: dict[str, Path],
        cache: Path,
        workers: int,
        most: float,
        told: Callable[..., None],
    ) -> None:
        self.mutants = mutants
        self.targets = targets  # every file that may get mutants, so that what reaches it is measured once
        self.cache = cache
        self.workers = workers
        self.most = most
        self.told = told
        self.results: list[Result] = []
        self.failed: Callable[[str], None] = lambda test: None
        self.reach = Reach()
        self.killers: dict[str, list[str]] = defaultdict(list)
        self.stopped = False

    # The child's side

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed(report.nodeid)

    def _limit(self, test: str) -> None:
        """The process dies when the test goes on and on: nobody knows how long while it is measured."""
        seconds = max(LEAST_SECONDS, 10 * self.reach.seconds.get(test, 60.0))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, 20 * seconds)

    def _run(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._limit(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            yield item

    # The parent's side

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        import gc

        assert not session.testsfailed, "tests could not be collected"
        items = {item.nodeid: item for item in session.items}
        for name in self.targets:  # some are imported only by what runs
            importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        functions = loaded_functions({str(path) for path in self.targets.values()})
        self.reach = self._reached(items, self.targets, functions)
        gc.collect()
        gc.freeze()
        signal.signal(signal.SIGTERM, self._stop)
        waiting = list(reversed(self.mutants))
        running: dict[int, tuple[Mutant, int, int]] = {}
        while (waiting and not self.stopped) or running:
            while waiting and not self.stopped and len(running) < self.workers:
                self._start(waiting.pop(), items, functions, running)
            self._wait(running)
        return True

    def _stop(self, number: int, frame: object) -> None:
        """No new mutant is begun."""
        self.stopped = True

    def _start(
        self, mutant: Mutant, items: dict[str, pytest.Item], functions: Functions, running: dict[int, Any]
    ) -> None:
        tests = [test for test in self._tests_for(mutant) if test in items]
        if not tests:
            self._tell(Result(mutant, UNREACHED, "", 0))
            return
        module = compiled(ROOT / mutant.file, mutant.number)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
            running[reader] = (mutant, pid, len(tests))
            return
        os.close(reader)
        self._become_quiet()

        def failed(test: str) -> None:
            os.write(writer, test.encode())
            os._exit(1)

        self.failed = failed
        try:
            if mutant.swappable and swap_in(module, str(ROOT / mutant.file), functions):
                for _ in self._run([items[test] for test in tests]):
                    pass
            else:
                self._limit("")
                signal.setitimer(signal.ITIMER_PROF, 120)
                signal.setitimer(signal.ITIMER_REAL, 600)
                if run_anew(module, mutant.file, tests):
                    failed("")
        except BaseException as error:  # noqa: BLE001  (whatever it was, the child must end here)
            failed(f"{type(error).__name__}: {error}")
        os._exit(0)

    def _become_quiet(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_WRONLY)
        for number in (1, 2):
            os.dup2(null, number)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def _wait(self, running: dict[int, tuple[Mutant, int, int]]) -> None:
        if not running:
            return
        for reader in select.select(list(running), [], [])[0]:
            mutant, pid, tests = running.pop(reader)
            by = os.read(reader, 4096).decode()
            os.close(reader)
            status = os.waitpid(pid, 0)[1]
            if os.WIFSIGNALED(status):
                hung = os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM)
                self._tell(Result(mutant, HUNG if hung else CRASHED, "", tests))
            else:
                self._tell(Result(mutant, KILLED if os.WEXITSTATUS(status) else SURVIVED, by, tests))

    def _tell(self, result: Result) -> None:
        self.results.append(result)
        killers = self.killers[result.mutant.file]
        if result.by and result.by not in killers[-8:]:
            killers.append(result.by)
        self.told(result)

    def _tests_for(self, mutant: Mutant) -> list[str]:
        """The tests that a mutant meets: the likely ones first, then the quickest, until the time is used up."""
        if mutant.swappable:
            reached = {test: 0 for test in self.reach.tests.get((mutant.file, mutant.statement), ())}
        else:
            reached = self._statements_of(mutant.file)
        own, folder = _own_tests(mutant.file)
        recent = set(self.killers[mutant.file][-8:])
        seconds = self.reach.seconds
        order = sorted(
            reached,
            key=lambda test: (
                test not in recent, own not in test, not test.startswith(folder), -reached[test], seconds[test], test
            ),
        )  # fmt: skip
        chosen, total = [], 0.0
        for test in order:
            total += seconds[test]
            if total > self.most and chosen:
                break
            chosen.append(test)
        return chosen

    def _statements_of(self, file: str) -> Counter[str]:
        """For what is set when a module is loaded: how many statements of its functions a test reaches, which is 0
        for other tests of its name or its folder, which may read it, and for all tests if there is none."""
        found = Counter(test for (name, _), tests in self.reach.tests.items() if name == file for test in tests)
        own, folder = _own_tests(file)
        for test in self.reach.seconds:
            if own in test or test.startswith(folder):
                found[test] += 0
        return found or Counter(dict.fromkeys(self.reach.seconds, 0))

    # Which test reaches what

    def _reached(self, items: dict[str, pytest.Item], paths: dict[str, Path], functions: Functions) -> Reach:
        """Return the reach of the tests: kept for the next run, and measured only for tests in changed files."""
        kept = self.cache / f"reach-{_digest_of(_all_but_tests())}.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        of_file = {path: _digest_of([path]) for path in {item.path for item in items.values()}}
        missing = [item for test, item in items.items() if known.get(test, [""])[0] != of_file[item.path]]
        if missing:
            parts, pids = [self.cache / f"part-{number}.jsonl" for number in range(self.workers)], []
            for number, part in enumerate(parts):
                pids.append(os.fork())
                if not pids[-1]:
                    self._write_reach(missing[number :: self.workers], paths, functions, part)
            assert all(os.waitpid(pid, 0)[1] == 0 for pid in pids), f"tests fail without mutants, see {parts}"
            for test, *found in (json.loads(line) for part in parts for line in part.read_text().splitlines()):
                known[test] = [of_file[items[test].path], *found]
            kept.write_text(json.dumps(known))
        reach = Reach()
        for test in items:
            _, reach.seconds[test], hits = known[test]
            for file, line in hits:
                reach.tests[file, line].append(test)
        return reach

    def _write_reach(self, items: list[pytest.Item], paths: dict[str, Path], functions: Functions, part: Path) -> None:
        hits = set[tuple[str, int]]()
        instrument(paths, functions, hits)
        with part.open("w") as out:

            def failed(test: str) -> None:
                out.write(f"{test} fails\n")
                out.flush()
                os._exit(1)

            self._become_quiet()
            self.failed = failed
            hits.clear()
            began = time.process_time()
            for item in self._run(items):
                out.write(json.dumps([item.nodeid, round(time.process_time() - began, 4), sorted(hits)]) + "\n")
                hits.clear()
                began = time.process_time()
        os._exit(0)


def _own_tests(file: str) -> tuple[str, str]:
    """What is in the names of the tests of a file, and what those of its folder begin with."""
    path = Path(file)
    return f"/test_{path.name}", f"{path.parent}/".replace("hwpoison_gui", "tests", 1)


def _all_but_tests() -> list[Path]:
    """The program, and what tests share: a change of it may change what any test reaches."""
    files = [*ROOT.glob("hwpoison_gui/**/*.py"), *ROOT.glob("tests/**/*.py")]
    return sorted(path for path in files if not path.name.startswith("test_") and path.parent.name != "mutation")


def _digest_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from code that was made beforehand."""

    def __init__(self, name: str, path: str, module: CodeType) -> None:
        super().__init__(name, path)
        self.module = module

    def get_code(self, fullname: str) -> CodeType:
        return self.module


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: str, module: CodeType) -> None:
        self.name, self.path, self.module = name, path, module

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = _Loader(fullname, self.path, self.module)
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


def run_anew(module: CodeType, file: str, tests: list[str]) -> bool:
    """Import the program and the tests again, with `module` for one file; returns whether a test fails."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("hwpoison_gui", "tests"):
            del sys.modules[name]
    name = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    sys.meta_path.insert(0, _Finder(name, str(ROOT / file), module))
    return pytest.main([*OPTIONS, "-x", *tests]) != 0


OPTIONS: Final = ["-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
