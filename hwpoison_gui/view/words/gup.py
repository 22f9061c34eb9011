"""Words of kernel/gup.py: reads of user memory by the kernel, and pins."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import gup
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    gup.COPIED: Words("{address:#x} is read from frame {frame:#x}."),
    **{
        site: Words(f"{{address:#x}} cannot be read ({{found}}): {errno}, no signal.")
        for errno, site in gup.NOT_COPIED.items()
    },
    gup.PINNED: Words("Frame {frame:#x} is pinned."),
    gup.UNPINNED: Words("Frame {frame:#x}: one pin is dropped."),
    gup.RELEASED: Words("Frame {frame:#x}: its pin went with the process that held it."),
}
