"""Words of kernel/rmap.py: what takes the place of a PTE."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import rmap
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Template, Words

_LEFT: Final = {
    "hwpoison": "replaced by a hwpoison entry",
    "swap": "replaced by a swap entry",
    "none": "cleared",
}


def unmapped(entry_for: str) -> Template:
    """One PTE less; `entry_for` as in try_to_unmap()."""
    left = _LEFT[entry_for]
    return lambda comm, task, address, dirty: (
        f"{comm}:{task} loses the page at {address:#x}: its {'dirty' if dirty else 'clean'} PTE is {left}."
    )


WORDS: Final[dict[Site, Words]] = {site: Words(unmapped(entry_for)) for entry_for, site in rmap.UNMAPPED.items()}
