"""Words of kernel/collect_ksm.py: which tasks are signalled for a page merged by KSM."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect_ksm
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.collect import SUM
from hwpoison_gui.view.words.words import Words, counted

WORDS: Final[dict[Site, Words]] = {
    collect_ksm.ENTER: Words(
        lambda items: (
            f"The stable node lists {counted(items, 'page that was merged', 'pages that were merged')} into it; every"
            " task is checked against the anon_vma of each."
        )
    ),
    collect_ksm.ADDED: Words("{comm}:{task} goes on the to_kill list: its page at {address:#x} was merged into it."),
    collect_ksm.LISTED: Words("{comm}:{task} is on the to_kill list already: a task is signalled once for a KSM page."),
    collect_ksm.SUM: SUM,
}
