"""Many threads and their processes as columns.

The phases of the handler and get_signal() go over the same crowd one after the other; its records are spread over
megabytes, and to read them takes longer than what is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import as_columns

from .records import Process, Task


class Threads:
    """Some threads, at least one, with their processes.

    Attributes
    ----------
    tasks, processes : sequence
        `Task` and `Process` of each thread.
    task, process
        A `Task` and a `Process` whose fields are columns, with one element per thread.
    """

    def __init__(self, tasks: Sequence[Task], processes: Sequence[Process]) -> None:
        self.tasks, self.processes = tasks, processes
        self.task: Any = as_columns(Task, tasks)
        self.process: Any = as_columns(Process, processes)

    @cached_property
    def mms(self) -> npt.NDArray[np.int64]:
        """The address space of each."""
        return np.array(self.process.mm, np.int64)

    @cached_property
    def kinds(self) -> Sequence[int]:
        """Numbers of some of the threads, one of each kind that a signal has the same effect on."""
        task, process = self.task, self.process
        traits = (
            task.blocked, task.stopped, process.sigbus, process.sigsegv, process.ended, process.unkillable,
        )  # fmt: skip
        if all(len(set(trait)) == 1 for trait in traits):
            return (0,)
        return list(dict(zip(zip(*traits, strict=True), range(len(self.tasks)), strict=True)).values())
