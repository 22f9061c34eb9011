"""Words of kernel/hwpoison_inject.py: an error that is refused."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hwpoison_inject
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    hwpoison_inject.NO_PAGE: Words("There is no page {pfn:#x}: ENXIO."),
}
