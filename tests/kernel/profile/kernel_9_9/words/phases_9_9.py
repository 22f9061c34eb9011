"""Words of phases_9_9.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_9_9
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words

WORDS: Final[dict[Site, Words]] = {phases_9_9.DRAINED: Words("The per-CPU LRU caches are drained twice.")}

BEHAVIOUR: Final[Behaviour] = {phases_9_9.shake_page: "Drain the per-CPU LRU caches twice."}
