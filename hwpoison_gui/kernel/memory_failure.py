"""memory_failure(): what the kernel does when a frame turns out to be broken.

After mm/memory-failure.c. A profile lists the phases in order; a phase returns None to go on or what
the handler returns. Everything that a profile decides is asked of it, never guessed from its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import memory_failure_hugetlb, phases, phases_6_1, user_mappings
from .handler import Handler, Verdict, frames_of
from .machine import Machine
from .mark import Mark, Steps


def memory_failure(
    m: Machine, pfn: int, trapno: int = 18, extra: int = 0, flags: int = 0, current: int = 0
) -> Steps[int | str]:
    """Handle broken frame `pfn`; returns 0 or an errno name, as the kernel's function does.

    `extra` references are the injector's, `flags` are MF_ bits, `current` is the thread that runs, or 0.
    """
    h = Handler(m, pfn, trapno, extra, flags, current)
    yield Mark("memory_failure", f"Frame {pfn:#x} is reported broken.", frames=frames_of(m, pfn))
    for phase in m.profile.phases:
        verdict = yield from PHASES[phase](h)
        if verdict is not None:
            return verdict
    raise AssertionError("the last phase of a profile decides")


PHASES: Final[dict[str, Callable[[Handler], Steps[Verdict]]]] = {
    phase.__name__: phase
    for phase in (
        phases.check_recovery,
        phases.check_pfn_valid,
        phases.test_set_page_hwpoison,
        phases.get_page_unless_zero,
        phases.isolate_lru_page,
        phases.lock_page,
        phases.wait_on_page_writeback,
        user_mappings.hwpoison_user_mappings,
        phases.check_truncated,
        phases.identify_page_state,
        phases_6_1.pfn_to_online_page,
        memory_failure_hugetlb.try_memory_failure_hugetlb,
        phases_6_1.set_page_hwpoison,
        phases_6_1.take_reference,
        phases_6_1.split_transparent_huge_page,
        phases_6_1.shake_page,
        phases_6_1.lock_and_filter,
        phases_6_1.check_torn_down,
        phases_6_1.identify_saved_state,
    )
}
