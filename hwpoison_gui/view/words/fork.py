"""Words of kernel/fork.py: page tables copied."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fork
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted

WORDS: Final[dict[Site, Words]] = {
    fork.COPIED: Words(
        lambda area, start, copied: (
            f"{area or hex(start)}: {counted(copied, 'page-table entry', 'page-table entries')} copied to the child."
        )
    ),
}
