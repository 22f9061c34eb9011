"""Words of kernel/profile/linux_7_2.py, and what an upgrade to this kernel changes, in Markdown."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import linux_7_2
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    linux_7_2.reuses: (
        "Also a page of a large folio that this address space alone maps, and that nobody else refers to."
    ),
}

# Each line names a case, or says that there is none.
UPGRADE: Final = {
    "7.2": """\
- ext4 keeps large folios in the page cache. It has done so since 6.16, so a 6.18 does, too.
- **A dirty one cannot be split**: `unsplit thp: Failed`. The bad page stays mapped and readable, and is written back as
  if nothing had been; no EIO anywhere. 6.12, with single pages in its place, recovers and reports EIO
  (`cases/7.2/file_large_dirty_1.ek1.toml`, `cases/7.2/file_large_unmapped_dirty.ek1.toml`).
- A clean one is split, which unmaps it: `clean LRU page: Recovered`, without the line that it was dropped
  (`cases/7.2/file_large_clean_3.ek0.toml`).
- Soft offline of a dirty one fails: EBUSY, `thp split failed` (`cases/7.2/file_large_dirty.ek0.soft.toml`).
- The zero page by madvise: `get hwpoison page: Ignored`, no longer `reserved kernel page: Ignored`
  (`cases/7.2/zero_page_ro_anon.ek0.madv.toml`).
- A machine check at a pfn without a page: a result line `non struct page pfn: Ignored`, and EBUSY, no longer ENXIO
  (source only).
""",
}
