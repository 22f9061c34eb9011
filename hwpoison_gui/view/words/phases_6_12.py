"""Words of kernel/phases_6_12.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_6_12 as phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words


def _huge_page(known: bool, errno: int | str) -> str:
    listed = ", and this frame is on its list" if known else "; this frame joins its list"
    return f"PG_hwpoison was set on the head of the huge page before{listed}: {errno}."


def _poisoned_before(errno: int | str, counted: bool) -> str:
    return f"PG_hwpoison was set before: {errno}, and a result line{'' if counted else ' that counts nothing'}."


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
    phases.POISONED_BEFORE: Words(_poisoned_before),
    phases.HUGE_PAGE_POISONED_BEFORE: Words(_huge_page),
}
