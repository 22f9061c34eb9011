"""Words of kernel/unpoison.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import unpoison
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Template, Words

_WHY: Final = {
    "hardware failure": "A real memory error was seen, the frame may be broken",
    "huge zero page": "It is the huge zero page, which is never poisoned",
    "not poisoned": "PG_hwpoison is clear, there is nothing to undo",
    "referenced": "Somebody besides the handler holds a reference",
    "mapped": "A PTE still maps it",
    "has a mapping": "It is still in the page cache of its file",
    "kernel's own": "It is in use by the kernel",
}


def _refused(errno: str) -> Template:
    return lambda why: f"{_WHY[why]}: {errno}."


WORDS: Final[dict[Site, Words]] = {
    unpoison.NO_PAGE: Words("There is no memory at frame number {pfn:#x}: EIO."),
    **{site: Words(_refused(errno)) for errno, site in unpoison.REFUSED.items()},
    unpoison.NOTHING_CLEARED: Words("No flag was cleared: EBUSY."),
    unpoison.CLEARED: Words("PG_hwpoison is cleared; a page without users is free again."),
}
