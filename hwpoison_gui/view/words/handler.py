"""Words of kernel/handler.py: results, and the last unlock."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import handler, memory_failure_hugetlb, phases_6_1
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

# The handler reports from several sites; what it says is the same.
_RESULTS: Final = (
    handler.RESULT,
    *handler.EXITS.values(),
    phases_6_1.FREE_RESULT,
    memory_failure_hugetlb.FREE_RESULT,
)

WORDS: Final[dict[Site, Words]] = {
    **{site: Words("{kind}: {result}.", branch="{result}") for site in _RESULTS},
    handler.UNLOCKED: Words("Unlocked. The handler keeps its reference, so the frame is never allocated again."),
}
