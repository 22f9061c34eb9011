"""Words of kernel/madvise.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import madvise
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    madvise.REFERENCE_DROPPED: Words("The injector drops its reference."),
}
