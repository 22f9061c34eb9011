"""memory_failure(): the handler of memory errors.

After mm/memory-failure.c. The profile lists its phases in order; a phase returns None to continue with the next one, or
the return value of the handler.
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
    """Handle an error in frame `pfn`.

    Parameters
    ----------
    m
        The machine.
    pfn
        Frame number; need not exist.
    trapno
        Trap number; the panic line of 2.6.32 has it.
    extra
        References that the injector holds.
    flags
        MF_ bits.
    current
        Thread that runs the handler, or 0.

    Returns
    -------
    0 or the name of an errno.
    """
    h = Handler(m, pfn, trapno, extra, flags, current)
    yield Mark(ENTER, (pfn,), frames_of(m, pfn))
    for phase in m.profile.phases:
        verdict = yield from phase(h)
        if verdict is not None:
            return verdict
    raise AssertionError("the last phase of a profile decides")
