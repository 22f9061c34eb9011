"""Words of kernel/profile/v7.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import v7
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    v7.has_users: "All but reserved, slab and compound pages.",
    v7.early_kill_thread: "The main thread, if its PR_MCE_KILL policy is early, or default while early kill is on.",
    v7.must_kill: "If the page is dirty.",
    v7.populate_writes: "In every writable VMA.",
    v7.reuses: "If there is no other reference to the page, swap included.",
    v7.swap_in: "A write fault on a page without other references maps it writable.",
    v7.swapped_in: "Drop a reference to the swap entry; a locked VMA frees the slot at once.",
    v7.reuses_huge: "If there is no other reference to the page.",
    v7.io_refuses: "Never: file I/O does not check PG_hwpoison (mm/filemap.c, 2.6.32).",
    v7.report_error: "EIO once per mapping (AS_EIO), and only while the mapping has pages.",
}
