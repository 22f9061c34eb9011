"""Words of kernel/hwpoison_inject.py: where errors come from."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hwpoison_inject as inject
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    inject.NO_PAGE: Words("There is no page {pfn:#x}: ENXIO."),
    inject.GOES_ON: Words("{comm}:{task} consumes the error in frame {pfn:#x}.", "RIPV is set"),
    inject.CANNOT_GO_ON: Words(
        "{comm}:{task} consumes the error in frame {pfn:#x}.", "RIPV is clear: it cannot resume where it was"
    ),
    inject.MUST_KILL: Words(
        "{comm}:{task} consumes the error in frame {pfn:#x}.",
        "RIPV is clear: it cannot resume where it was, so the handler must kill it",
    ),
    inject.KILL_ME_MAYBE: Words("Before it returns to user space, the thread handles the error itself."),
    inject.KILL_ME_NOW: Words("{comm}:{task} is sent SIGBUS (SI_KERNEL).", branch="{sent}"),
}
