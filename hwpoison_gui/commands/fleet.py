"""Runs a function over the files of many machines, in other processes or on a Dask cluster.

Results are in the order of the files. A bad file gives one message instead of a result, and does not stop the others.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Final, Generic, TypeVar

from hwpoison_gui.commands.assessing import BadMachineError
from hwpoison_gui.export.extras import required
from hwpoison_gui.record import Record
from hwpoison_gui.sources.recording import HIDDEN

R = TypeVar("R")
Work = Callable[[str], R]
Progress = Callable[[float, str], None]

_LOOK_S: Final = 0.2  # between two calls of `progress`, which may raise KeyboardInterrupt
_ALONE: Final = 2  # attempts at a file on its own, after a process was killed
_CONNECT_S: Final = 10


class Failed(Record):
    """A file that could not be worked on; `why` is one message, which names it."""

    file: str
    why: str


class NoSchedulerError(Exception):
    """No Dask scheduler answers at the address. Its text is one message for the user."""


def machines_in(path: str) -> tuple[list[str], list[str]]:
    """Expand a path on the command line to the files of machines.

    Parameters
    ----------
    path
        A folder stands for all snapshots and recordings (*.npz) below it; any other path stands for itself, whether
        it exists or not.

    Returns
    -------
    machines : list of str
        Sorted; empty if a folder has none.
    skipped : list of str
        The other files below a folder, sorted, without the parts of the recordings beside them.
    """
    if not os.path.isdir(path):
        return [path], []
    found = sorted(Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    recorded = {file for file in found if file.suffix == ".npz"}
    parts = {file for file in found if _recording_of(file) in recorded}
    machines = [str(file) for file in found if file in recorded and file not in parts]
    return machines, [str(file) for file in found if file not in recorded and file not in parts]


def _recording_of(file: Path) -> Path | None:
    """The .npz file to which a file would belong as its hidden state or its notes; None for other names."""
    name = file.name.removesuffix(HIDDEN) if file.name.endswith(HIDDEN) else file.stem if file.suffix == ".json" else ""
    return file.with_name(f"{name}.npz") if name else None


def each(files: Sequence[str], work: Work[R], jobs: int, scheduler: str, progress: Progress) -> Iterator[R | Failed]:
    """Apply `work` to each file.

    Parameters
    ----------
    work
        A function that can be pickled; it raises BadMachineError for a bad file.
    jobs
        Number of processes; with 1, `work` is called in this process.
    scheduler
        Address of a Dask scheduler, whose workers see the files under the same absolute paths; empty for none.
    progress
        Called with the share done, 0 to 1, and what is being done, while other processes work. It may raise
        KeyboardInterrupt to stop.

    Returns
    -------
    iterator of R or Failed
        One for each file, in the order of the files.

    Raises
    ------
    NoSchedulerError, MissingExtraError
        If the cluster cannot be reached, or Dask is not installed.
    """
    if scheduler:
        return _on_dask(files, work, scheduler, progress)
    if jobs > 1:
        return _Processes(files, work, jobs, progress).results()
    return map(_here(work), files)


def _here(work: Work[R]) -> Callable[[str], R | Failed]:
    def run(file: str) -> R | Failed:
        try:
            return work(file)
        except BadMachineError as error:
            return Failed(file, str(error))

    return run


def _result(file: str, future: Future[R]) -> R | Failed:
    """Wait for a future. Any exception, an unexpected one too, becomes the failure of its file alone."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BadMachineError):
        return Failed(file, str(error))
    if isinstance(error, BrokenProcessPool):
        return Failed(file, f"{file}: its process was killed each time; perhaps it needs more memory than there is")
    return Failed(file, f"{file}: this program failed: {type(error).__name__}: {error}")


def _doing(done: int, files: Sequence[str]) -> str:
    return f"{done:,} of {len(files):,} machines"


# -- processes of this computer


class _Processes(Generic[R]):
    """A pool of processes. If one is killed, each file that was being worked on is tried again in a process of its own.

    No more files are submitted than there are processes, so that only few can be the cause of a kill.
    """

    def __init__(self, files: Sequence[str], work: Work[R], jobs: int, progress: Progress) -> None:
        self._files, self._work, self._progress = files, work, progress
        self._jobs = min(jobs, max(1, len(files)))
        self._pool = _pool(self._jobs)
        self._running: dict[Future[R], int] = {}
        self._found: dict[int, R | Failed] = {}

    def results(self) -> Iterator[R | Failed]:
        submitted = returned = 0
        try:
            while returned < len(self._files):
                while len(self._running) < self._jobs and submitted < len(self._files):
                    self._submit(submitted)
                    submitted += 1
                self._collect(returned)
                while returned in self._found:
                    yield self._found.pop(returned)
                    returned += 1
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _submit(self, number: int) -> None:
        try:
            future = self._pool.submit(self._work, self._files[number])
        except BrokenProcessPool:  # a process was killed since the last call of _collect
            self._pool = _pool(self._jobs)
            future = self._pool.submit(self._work, self._files[number])
        self._running[future] = number

    def _collect(self, returned: int) -> None:
        """Wait up to _LOOK_S for a result, and take those that are there."""
        finished, _ = wait(self._running, _LOOK_S, FIRST_COMPLETED)
        done = returned + len(self._found) + len(finished)
        self._progress(done / len(self._files), _doing(done, self._files))
        if any(map(_is_broken, finished)):
            wait(self._running, return_when=ALL_COMPLETED)
            self._pool.shutdown()
            self._pool = _pool(self._jobs)
            finished = set(self._running)
        for future in finished:
            number = self._running.pop(future)
            file = self._files[number]
            ended = _again(file, self._work) if _is_broken(future) else future
            result = _result(file, ended)
            self._found[number] = result


def _is_broken(future: Future[R]) -> bool:
    """Return whether a process of the pool, its own or another, was killed before a finished future had its result."""
    return isinstance(future.exception(), BrokenProcessPool)


def _again(file: str, work: Work[R]) -> Future[R]:
    """Run a file alone, and once more if its process is killed: the first kill may have had another cause."""
    for _ in range(_ALONE):
        with _pool(1) as pool:
            future = pool.submit(work, file)
        if not _is_broken(future):
            break
    return future


def _pool(jobs: int) -> ProcessPoolExecutor:
    # "spawn", as fork() is unsafe in a process with threads.
    return ProcessPoolExecutor(jobs, get_context("spawn"), _end_quietly)


def _end_quietly() -> None:
    """Let Ctrl+C end a worker without a traceback; the parent reports it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


# -- Dask


def _on_dask(files: Sequence[str], work: Work[R], address: str, progress: Progress) -> Iterator[R | Failed]:
    distributed = required("--scheduler", "distributed")
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoSchedulerError(f"{address}: no Dask scheduler answers: {error}") from None
    with client:
        # Not pure: a file may have changed since another run asked for it.
        futures = [client.submit(work, os.path.abspath(file), pure=False) for file in files]
        for number, (file, future) in enumerate(zip(files, futures, strict=True)):
            while not _is_there(future):
                progress(number / len(files), _doing(number, files))
            yield _dask_result(distributed, file, future)


def _is_there(future: Future[R]) -> bool:
    """Wait up to _LOOK_S for a future; returns whether it is finished."""
    try:
        future.exception(_LOOK_S)
    except TimeoutError:
        return False
    return True


def _dask_result(distributed: ModuleType, file: str, future: Future[R]) -> R | Failed:
    if isinstance(future.exception(), distributed.KilledWorker):
        return Failed(file, f"{file}: the workers that had it were killed; perhaps it needs more memory than they have")
    return _result(file, future)
