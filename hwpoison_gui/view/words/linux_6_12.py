"""Words of kernel/profile/linux_6_12.py, and what an upgrade to this kernel changes, in Markdown."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import linux_6_12
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    linux_6_12.io_refuses: (
        "For poisoned pages of tmpfs and hugetlbfs; of a huge page, only for the 4 KiB that are bad."
    ),
}

# Each line names a case, or says that there is none.
UPGRADE: Final = {
    "6.12": """\
- madvise(MADV_HWPOISON) is action required: its caller gets SIGBUS (BUS_MCEERR_AR) at once, also under late kill. Tests
  that inject this way may die (`cases/6.12/anon_disp_default.ek0.madv.toml`).
- A KSM page is unmapped and recovered, and its early processes are signalled (`cases/6.12/ksm_2.ek1.toml`).
- A huge page that cannot be split: Failed and EHWPOISON, no longer Ignored and EBUSY. Early processes are signalled,
  and the thread that consumed the error; the page stays mapped, as before
  (`cases/6.12/thp_tail_pinned_by_pipe.ek0.srar.toml`).
- A machine check with RIPV clear runs the handler, which poisons and unmaps the page; 6.1 only sends SIGBUS to the
  thread (`cases/6.12/anon_private.ek0.srar_norip.toml`).
- hugetlb: a signal has the address of the bad 4 KiB (`cases/6.12/hugetlb_shared_tail_3.ek1.toml`), since 6.12.69 also
  that of a further error (`cases/6.12/hugetlb_tail.ek0.srar.toml`), and read(2) fails only there
  (`cases/6.12/hugetlb_shared_tail_read_others.ek1.toml`).
- Anonymous folios below 2 MiB (mTHP): the split itself unmaps the bad page, so nobody is signalled before an access,
  even under early kill (`cases/6.12/mthp_tail_1.ek1.toml`).
- Log parsers: `get hwpoison page` for `unknown page`, and a second report has a result line, `already poisoned page`
  (`cases/6.1/kernel_compound_head.ek1.toml`). Lines of soft offline and unpoison read differently
  (`cases/6.1/free_buddy_inside.ek0.softsys.toml`).
- New: `vm.enable_soft_offline` (`cases/6.12/soft_disabled_anon.ek0.soft.toml`), and counts of result lines in
  `/sys/devices/system/node/nodeN/memory_failure` (`cases/6.12/free_buddy.ek1.srao.toml`).
- A page that stays mapped: Failed, no longer Ignored, and SIGBUS, no longer SIGKILL (source only).
""",
}
