"""memory_failure(): what the kernel does when a frame turns out to be broken.

After mm/memory-failure.c. A profile lists the phases in order; a phase returns None to go on or what
the handler returns. Everything that a profile decides is asked of it, never guessed from its name.
"""

from __future__ import annotations

from typing import Final

from .handler import Handler, frames_of
from .machine import Machine
from .mark import Mark, Steps, site

ENTER: Final = site("memory_failure", args="pfn")


def memory_failure(
    m: Machine, pfn: int, trapno: int = 18, extra: int = 0, flags: int = 0, current: int = 0
) -> Steps[int | str]:
    """Handle broken frame `pfn`; returns 0 or an errno name, as the kernel's function does.

    `extra` references are the injector's, `flags` are MF_ bits, `current` is the thread that runs, or 0.
    """
    h = Handler(m, pfn, trapno, extra, flags, current)
    yield Mark(ENTER, (pfn,), frames_of(m, pfn))
    for phase in m.profile.phases:
        verdict = yield from phase(h)
        if verdict is not None:
            return verdict
    raise AssertionError("the last phase of a profile decides")
