"""Sources of errors other than madvise(): debugfs, sysfs and machine checks.

After mm/hwpoison-inject.c, drivers/base/memory.c and arch/x86/kernel/cpu/mce/core.c (6.1).
"""

from __future__ import annotations

from typing import Final

from . import page_flags as pf
from .handler import MF_ACTION_REQUIRED, MF_MUST_KILL, MF_SW_SIMULATED
from .hwpoison_filter import BY_KIND, hwpoison_filter, is_filtering, note_filtered
from .hwpoison_filter import FILTERED as FILTERED_BY_HANDLER
from .machine import Machine
from .mark import Act, Mark, Site, Steps, site
from .memory_failure import memory_failure
from .records import SI_KERNEL, SigInfo
from .signal import force_sig

NO_PAGE: Final = site("hwpoison_inject", Act.DECIDE, "ENXIO", "pfn")
NOT_HIT: Final = site("hwpoison_inject", Act.DECIDE, "kind", "by pfn")
FILTERED: Final = site("hwpoison_inject", Act.DECIDE, "filtered", "by pfn")
# An injected error is refused, by the injector or in the handler; a mark of each names the filter as `by`.
REFUSED: Final[frozenset[Site]] = frozenset({NOT_HIT, FILTERED, FILTERED_BY_HANDLER})
GOES_ON: Final = site("do_machine_check", Act.DECIDE, "kill_me_maybe", "comm pfn")
CANNOT_GO_ON: Final = site("do_machine_check", Act.DECIDE, "kill_me_now", "comm pfn")
MUST_KILL: Final = site("do_machine_check", Act.DECIDE, "kill_me_maybe", "comm pfn", name="RIPV clear")
KILL_ME_MAYBE: Final = site("kill_me_maybe")
KILL_ME_NOW: Final = site("kill_me_now", Act.SIGNAL, args="comm sent")


def hwpoison_inject(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to hwpoison/corrupt-pfn. Some kernels refuse a pfn without a page before they call the handler."""
    if m.profile.has("inject_checks_pfn") and not pfn_valid(m, pfn):
        yield Mark(NO_PAGE, (pfn,))
        return "ENXIO"
    by = _refused_by(m, pfn) if is_filtering(m) else ""
    if by:
        note_filtered(m)
        yield Mark(NOT_HIT if by == BY_KIND else FILTERED, (by, pfn), (pfn,))
        return 0
    return _unless_filtered((yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED)))


def _refused_by(m: Machine, pfn: int) -> str:
    """Return what refuses a page before the handler is called: its kind, or the filter, which is asked for its head.

    The kind: only pages on the LRU, of hugetlb and in free blocks pass. shake_page() drains no list of free pages.
    """
    head = m.compound_head(pfn)
    if not m.page(head) & (pf.LRU | pf.HUGE) and not m.page(pfn) & pf.BUDDY:
        return BY_KIND
    return hwpoison_filter(m, head)


def _unless_filtered(errno: int | str) -> int | str:
    """EOPNOTSUPP of the handler says that it was filtered, which is no error of the injector."""
    return 0 if errno == "EOPNOTSUPP" else errno


def hard_offline_page(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to /sys/devices/system/memory/hard_offline_page."""
    return _unless_filtered((yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED)))


def uc_decode_notifier(m: Machine, pfn: int) -> Steps[int | str]:
    """An error that scrubbing found: action optional, as nobody has accessed the page."""
    return (yield from memory_failure(m, pfn))


def do_machine_check(m: Machine, pfn: int, tid: int, rip_valid: bool) -> Steps[int | str]:
    """A thread consumed the error: action required.

    Without a valid RIP it cannot go on: it is killed at once, or the handler is told to kill it.
    """
    who = m.processes.view[m.tasks.view[tid].tgid]
    must_kill = not rip_valid and m.profile.has("machine_check_must_kill")
    handled = GOES_ON if rip_valid else MUST_KILL if must_kill else None
    yield Mark(handled or CANNOT_GO_ON, (who.comm, pfn), tasks=(tid,))
    if handled is None:
        yield kill_me_now(m, tid)
        return 0
    return (yield from kill_me_maybe(m, pfn, tid, 0 if rip_valid else MF_MUST_KILL))


def kill_me_maybe(m: Machine, pfn: int, tid: int, must_kill: int = 0) -> Steps[int | str]:
    """Run the handler on the way back to user space, and kill the thread if it failed, unless it was filtered.

    `must_kill`: MF_MUST_KILL or 0.
    """
    yield Mark(KILL_ME_MAYBE, (), tasks=(tid,))
    errno = yield from memory_failure(m, pfn, flags=MF_ACTION_REQUIRED | must_kill, current=tid)
    if not m.panicked and errno not in (0, "EHWPOISON", "EOPNOTSUPP"):
        yield kill_me_now(m, tid)
    return errno


def kill_me_now(m: Machine, tid: int) -> Mark:
    """force_sig(SIGBUS), without an address."""
    who = m.processes.view[m.tasks.view[tid].tgid]
    effect = force_sig(m, tid, SigInfo("SIGBUS", SI_KERNEL))
    return Mark(KILL_ME_NOW, (who.comm, effect), tasks=(tid,))


def pfn_valid(m: Machine, pfn: int) -> bool:
    return 0 <= pfn < m.frames and not m.page(pfn) & pf.NOPAGE
