"""Words of kernel/phases_6_12.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_6_12 as phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words


def _huge_page(known: bool) -> str:
    if known:
        return "PG_hwpoison was set on the head of the huge page before, and this frame is on its list: EHWPOISON."
    return "PG_hwpoison was set on the head of the huge page before; this frame joins its list: EHWPOISON."


WORDS: Final[dict[Site, Words]] = {
    phases.POISONED: Words("PG_hwpoison was clear and is set now."),
    phases.PASSES: Words("No filter of the injector rejects it."),
    phases.DRAINED: Words(
        lambda handlable: (
            "The per-CPU LRU caches are drained." if handlable else "It is on no LRU list and not free: not handlable."
        )
    ),
    phases.DRAINED_AFTER_MLOCK: Words("It was mlocked: the per-CPU LRU caches are drained once more."),
    phases.LOCKED: Words("PG_locked was clear: locked, and its flags are saved."),
    phases.LOCK_WAITED: Words("PG_locked was set: locked after its holder unlocked it, and its flags are saved."),
    phases.POISONED_BEFORE: Words("PG_hwpoison was set before: EHWPOISON, and a result line that counts nothing."),
    phases.HUGE_PAGE_POISONED_BEFORE: Words(_huge_page),
}
