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
    phases.POISONED_BEFORE: Words("PG_hwpoison was set before: EHWPOISON, and a result line that counts nothing."),
    phases.HUGE_PAGE_POISONED_BEFORE: Words(_huge_page),
}
