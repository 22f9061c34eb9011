"""Words of kernel/signal.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import signal
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

# Short words, for places with little room.
_SHORT_CODES: Final = {"BUS_MCEERR_AO": "AO", "BUS_MCEERR_AR": "AR", "SI_KERNEL": "forced"}


def short_code(code: str) -> str:
    """The si_code of a signal, short enough for a box."""
    return _SHORT_CODES.get(code, code)


WORDS: Final[dict[Site, Words]] = {
    signal.HANDLED: Words("{comm}:{task} runs its {signal} handler ({code})."),
    signal.UNKILLABLE: Words(
        "{signal} ({code}) is dropped: {comm}:{task} is an init and has no handler; its default action would kill it."
    ),
}
