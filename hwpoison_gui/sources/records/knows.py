"""Data that each kind of source records of an error, and what it does not record."""

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

_NO_SIGNALS: Final = "It records no processes, signals or kernel times; its time stamps are whole seconds."
_NO_OTHERS: Final = (
    "Soft offline and unpoison leave no row. A second error in a poisoned frame leaves none before Linux 6.11; from "
    "then on it is a row of its own, although no further frame is broken."
)
_TYPES: Final = "Page types are as rasdaemon recorded them: it names those of newer kernels by the numbering of 6.1."

LIMITS: Final[dict[str, tuple[str, ...]]] = {
    KERNEL_LOG: (
        "A successful soft offline logs nothing, and a kill at a page fault is logged without the frame.",
        "How many frames are poisoned now cannot be counted: a soft offline that succeeds leaves no line.",
    ),
    TRACE: (
        "It has results and, if signal_generate was traced, signals, but no soft offline, no unpoison and no other "
        "messages of the handler.",
    ),
    DATABASE: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    RASDAEMON_LOG: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    RAS_MC_CTL: (_NO_SIGNALS, _NO_OTHERS, _TYPES),
    MCELOG: ("It has what the hardware reported, by physical address, but not what the kernel did about it.",),
    STATISTICS: (
        "Counts of results since boot, without frames or times. Neither soft offlines nor repeated errors in a "
        "poisoned frame are counted, and unpoison lowers no count.",
    ),
}
