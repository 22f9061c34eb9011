"""Words of kernel/mce.py: machine checks."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import mce
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

_CONSUMES: Final = "{comm}:{task} consumes the error in frame {pfn:#x}."

WORDS: Final[dict[Site, Words]] = {
    mce.GOES_ON: Words(_CONSUMES, "RIPV is set"),
    mce.CANNOT_GO_ON: Words(_CONSUMES, "RIPV is clear: it cannot resume where it was"),
    mce.MUST_KILL: Words(_CONSUMES, "RIPV is clear: it cannot resume where it was, so the handler must kill it"),
    mce.KILL_ME_MAYBE: Words("Before it returns to user space, the thread handles the error itself."),
    mce.KILL_ME_NOW: Words("{comm}:{task} is sent SIGBUS (SI_KERNEL).", branch="{sent}"),
}
