"""Text of the page of differences: what is not modelled."""

from __future__ import annotations

from typing import Final

NOT_MODELLED: Final = """\
- **Releases in between.** A profile is one release. A change belongs to the first profile that has it, whenever it was
  merged: the profile of a 6.18 is 6.12, which has no large folios of ext4. Backports are those of the releases above.
- **Memory recorded under another kernel.** A comparison of kernels takes the memory as it is. A machine recorded under
  6.1 or 6.12 has no large folios of ext4, so its comparison with 7.2 shows nothing of what 7.2 does to them.
- **File systems.** XFS, btrfs and f2fs count as ext4, though XFS had large folios before ext4
  (6795801366da, "xfs: Support large folios").
- **Smallest order of a split.** Where blocks are larger than a page, 7.2 splits a folio down to a block and then acts
  as if the split had failed (`min_order_for_split()`). Here a split goes down to single pages.
- **Memory of devices.** No DAX (`memory_failure_dev_pagemap()`, MF_MEM_PRE_REMOVE), and no driver that registers pfns
  without pages (`register_pfn_address_space()`).
- **Firmware.** Errors from APEI (`memory_failure_queue()`) come in as SRAO.
- **The module hwpoison-inject** counts as loaded. From 7.0 on the filters are in it; without it there are none.
- **`/proc/kpageflags`.** 6.12 shows KSM for every anonymous page, by mistake; the model shows it for merged ones. Bit
  34 is MAPPEDTODISK in all profiles; 7.2 calls it OWNER_2.
- **Races.** Operations do not overlap. 7.2 may be preempted between two signals and then delivers both SIGBUS of a page
  that is mapped twice; here the second one is dropped, as in the recordings that were kept. No hugetlb page is in flux
  (`get hwpoison page: Ignored`, 6.12).
- **Locks, time, architecture.** No lock is waited for, nothing takes time, memory cgroups have no limits; x86-64 with
  pages of 4 KiB only.
"""
