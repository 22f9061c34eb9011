"""Words of kernel/signal.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import signal
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    signal.HANDLED: Words("{comm}:{task} runs its {signal} handler ({code})."),
    signal.UNKILLABLE: Words(
        "{signal} ({code}) is dropped: {comm}:{task} is an init and has no handler; its default action would kill it."
    ),
}
