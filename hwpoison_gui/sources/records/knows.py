"""What each form of source can know of an error, and what it cannot."""

from __future__ import annotations

from typing import Final

KERNEL_LOG: Final = "kernel log"
TRACE: Final = "trace"
DATABASE: Final = "database of rasdaemon"
RASDAEMON_LOG: Final = "log of rasdaemon"
RAS_MC_CTL: Final = "list of ras-mc-ctl"
MCELOG: Final = "log of mcelog"
STATISTICS: Final = "memory_failure statistics of nodes"

FORMS: Final = (KERNEL_LOG, TRACE, DATABASE, RASDAEMON_LOG, RAS_MC_CTL, MCELOG, STATISTICS)

_NO_SIGNALS: Final = "It has no processes, no signals and no time of the kernel; its time stamps are whole seconds."
_NO_OTHERS: Final = (
    "Soft offline and unpoison leave no row, and so does a second error in a poisoned frame before 6.11; "
    "from then on that is a row of its own, although no further frame broke."
)
_TYPES: Final = "Page types are as recorded by rasdaemon, which names those of newer kernels by the numbers of 6.1."

LIMITS: Final[dict[str, tuple[str, ...]]] = {
    KERNEL_LOG: (
        "A successful soft offline leaves no line; a kill at a page fault names no frame.",
        "The log does not say how many frames are poisoned now: unpoison leaves a line, but lowers no counter.",
    ),
    TRACE: (
        "It has results and, if signal_generate was traced, signals; soft offline, unpoison and lines of the handler "
        "are not in it.",
    ),
    DATABASE: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    RASDAEMON_LOG: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    RAS_MC_CTL: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    MCELOG: ("It has what hardware reported, by physical address; not what the kernel did about it.",),
    STATISTICS: (
        "Counts of results since boot, without frames or times. Soft offline is not counted, unpoison lowers nothing, "
        "and a second error in a poisoned frame is not counted.",
    ),
}
