"""Words of kernel/handler.py: the row of the state table, results, and the last unlock."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import handler, memory_failure_hugetlb, phases_6_1
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.kernel.profile.type import StateRow
from hwpoison_gui.view.words.words import Words

# The handler reports from several sites; what it says is the same.
_RESULTS: Final = (
    handler.RESULT,
    *handler.EXITS.values(),
    phases_6_1.FREE_RESULT,
    memory_failure_hugetlb.FREE_RESULT,
)

# Flags that the kernel has under another name than /proc/kpageflags.
_PAGE_FLAGS: Final = {"COMPOUND_HEAD": "PG_head", "COMPOUND_TAIL": "PG_tail"}


def _row_found(row: StateRow, saved: bool) -> str:
    """The row of the state table that fits, with the flags that it asks for; `saved`: of those saved before."""
    asked = [
        f"{_PAGE_FLAGS.get(name, f'PG_{name.lower()}')} is {'set' if row.res & 1 << pf.BY_NAME[name].bit else 'clear'}"
        for name in pf.names_of(row.mask)
    ]
    by = " (in the saved flags)" if saved and row.mask else ""
    return f"{', '.join(asked) or 'No row above fits'}{by}: row '{row.kind}', {row.action}()."


WORDS: Final[dict[Site, Words]] = {
    handler.ROW: Words(_row_found, branch=lambda row: str(row.kind)),
    **{site: Words("{kind}: {result}.", branch="{result}") for site in _RESULTS},
    handler.UNLOCKED: Words("Unlocked. The handler keeps its reference, so the frame is never allocated again."),
}
