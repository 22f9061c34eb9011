"""Profile 7.2, as the difference from 6.12.

After Linux 7.2; sources.py cites each difference. What is not replaced here is as in profile/linux_6_12.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import phases_7_2
from ..folio import folio_frames, folio_test_large
from ..machine import Machine
from ..records import Vma
from ..rmap import mappings_of
from .linux_6_12 import V6_12
from .type import IGNORED, Exit
from .variants import changed


def reuses(m: Machine, vma: Vma, address: int, pfn: int) -> bool:
    """Return True also for a page of a large folio that this address space alone maps, and that nobody else refers to.

    wp_can_reuse_anon_folio(), mm/memory.c.
    """
    exclusive = m.profile.mm.exclusive
    if not folio_test_large(m, pfn) or m.page(pfn) & exclusive:
        return V6_12.mm.reuses(m, vma, address, pfn)
    frames = folio_frames(m, pfn)
    mappings = [(other, frame) for frame in frames for other, _ in mappings_of(m, frame)]
    if int(m.refcount.view[frames.start]) != len(mappings) or any(other.mm != vma.mm for other, _ in mappings):
        return False
    m.set_flags(pfn, exclusive)
    return True


V7_2: Final = replace(
    V6_12,
    name="7.2",
    title="Linux 7.2",
    news="large folios on ext4, which stay whole while dirty",
    from_version=(7, 0),
    modelled=(7, 2),
    release="7.2.13 (Debian 7.2.13-1)",
    names={
        **V6_12.names,
        "remap_page": "remove_migration_ptes",
        "shake_page": "get_hwpoison_page",
        "split_huge_page_to_list": "__folio_split",
    },
    phases=changed(
        V6_12.phases,
        phases_7_2.check_pfn,
        phases_7_2.take_reference,
    ),
    results=replace(
        V6_12.results,
        exits={
            **V6_12.results.exits,
            "no page": Exit("non struct page pfn", IGNORED, "EBUSY", counted=False),
        },
    ),
    mm=replace(V6_12.mm, reuses=reuses),
    files=replace(V6_12.files, large_folios=(*V6_12.files.large_folios, "ext4")),
)
