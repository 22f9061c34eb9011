"""Words of kernel/soft_offline.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hwpoison_inject, soft_offline
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.hwpoison_inject import WORDS as OF_INJECTOR
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    soft_offline.NO_PAGE: OF_INJECTOR[hwpoison_inject.NO_PAGE],
    soft_offline.DISABLED: Words("vm.enable_soft_offline is 0: EOPNOTSUPP; nothing has changed."),
    soft_offline.POISONED_BEFORE: Words("PG_hwpoison was set before: nothing to do."),
    soft_offline.ENTER: Words("Frame {frame:#x} is to be taken out of use."),
    soft_offline.NOT_SPLIT: Words("The huge page cannot be split: EBUSY."),
    soft_offline.WRITEBACK_WAITED: Words("PG_writeback was set: the I/O has ended."),
    soft_offline.INVALIDATED: Words("Clean and unmapped: dropped from the page cache."),
    soft_offline.NOT_LRU: Words("It is on no LRU list: EBUSY."),
    **{
        site: Words(f"It could not be migrated: {errno}; nothing has changed.")
        for errno, site in soft_offline.NOT_MOVED.items()
    },
    soft_offline.SET_ASIDE: Words("PG_hwpoison is set on the empty frame; no process was signalled."),
}
