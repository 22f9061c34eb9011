"""Text of the page of differences: an upgrade at a glance, and what is not modelled."""

from __future__ import annotations

from typing import Final

# By the kernel that is upgraded to; each line names a case, or says that there is none. A kernel without a text here
# has the news of its profile on the page.
UPGRADE: Final = {
    "6.1": """\
- Late kill is the default (`vm.memory_failure_early_kill` = 0): processes get SIGBUS when they access the page
  (`cases/6.1/anon_private_dirty.ek0.toml`).
- Every log line reads differently: `recovery action for KIND: RESULT`, and KIND says dirty or clean
  (`cases/6.1/file_unmapped_clean.ek0.toml`).
- A free page is recovered: it is taken off the buddy lists (`cases/6.1/free_buddy.ek1.srao.toml`).
- A hugetlb page is handled (`cases/6.1/hugetlb_private_tail_1.ek0.toml`), a THP is split
  (`cases/6.1/thp_head_1.ek1.toml`). A pinned THP is ignored, and nobody is signalled
  (`cases/6.1/thp_tail_pinned_by_pipe.ek0.srar.toml`).
- A KSM page is ignored: `can't handle KSM pages.` (`cases/6.1/ksm_2.ek0.madv.toml`).
- tmpfs and hugetlbfs keep the poisoned page: read(2) and write(2) of it fail with EIO until it is truncated
  (`cases/6.1/shmem_unmapped_write2_first.ek1.toml`).
- A lost write is reported once to each open file, not once to each file
  (`cases/6.1/file_unmapped_dirty_write2_first.ek0.toml`).
- Machine checks run the handler (`cases/6.1/anon_private.ek0.srar.toml`). Soft offline, `hard_offline_page`, unpoison
  and filters of the injector exist (`cases-extra/6.1/filter_hugetlb.toml`).
- HardwareCorrupted counts result lines, not poisoned pages (`cases/6.1/free_buddy.ek1.srao.toml`).
""",
    "6.12": """\
- madvise(MADV_HWPOISON) is action required: its caller gets SIGBUS (BUS_MCEERR_AR) at once, also under late kill. Tests
  that inject this way may die (`cases/6.12/anon_disp_default.ek0.madv.toml`).
- A KSM page is unmapped and recovered, and its early processes are signalled (`cases/6.12/ksm_2.ek1.toml`).
- A huge page that cannot be split: Failed and EHWPOISON, no longer Ignored and EBUSY. Early processes are signalled,
  and the thread that consumed the error; the page stays mapped, as before
  (`cases/6.12/thp_tail_pinned_by_pipe.ek0.srar.toml`).
- A machine check with RIPV clear runs the handler, which poisons and unmaps the page; 6.1 only sends SIGBUS to the
  thread (`cases/6.12/anon_private.ek0.srar_norip.toml`).
- hugetlb: a signal has the address of the bad 4 KiB (`cases/6.12/hugetlb_shared_tail_3.ek1.toml`), and read(2) fails
  only there (`cases/6.12/hugetlb_shared_tail_read_others.ek1.toml`).
- Anonymous folios below 2 MiB (mTHP): the split itself unmaps the bad page, so nobody is signalled before an access,
  even under early kill (`cases/6.12/mthp_tail_1.ek1.toml`).
- Log parsers: `get hwpoison page` for `unknown page`, and a second report has a result line, `already poisoned page`
  (`cases/6.1/kernel_compound_head.ek1.toml`). Lines of soft offline and unpoison read differently
  (`cases/6.1/free_buddy_inside.ek0.softsys.toml`).
- New: `vm.enable_soft_offline` (`cases/6.12/soft_disabled_anon.ek0.soft.toml`), and counts of result lines in
  `/sys/devices/system/node/nodeN/memory_failure` (`cases/6.12/free_buddy.ek1.srao.toml`).
- A page that stays mapped: Failed, no longer Ignored, and SIGBUS, no longer SIGKILL (source only).
""",
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
