"""Words of kernel/phases_6_1.py: what later kernels do otherwise."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_6_1 as phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    phases.ONLINE: Words("Frame {frame:#x} is memory of this machine."),
    phases.OFFLINE: Words("There is no memory at frame number {pfn:#x}: ENXIO."),
    phases.POISONED: Words("PG_hwpoison was clear and is set now."),
    phases.POISONED_BEFORE: Words("PG_hwpoison was set before: EHWPOISON."),
    phases.COUNT_INCREASED: Words("The injector has taken a reference already."),
    phases.OFF_BUDDY: Words("Its free block is split and the page left out: it is never allocated again."),
    phases.SHAKEN: Words(
        lambda handlable: (
            "The per-CPU LRU caches are drained." if handlable else "It is on no LRU list and not free: not handlable."
        )
    ),
    phases.LOCKED: Words("PG_locked was clear: locked, and its flags are saved."),
    phases.LOCK_WAITED: Words("PG_locked was set: locked after its holder unlocked it, and its flags are saved."),
}
