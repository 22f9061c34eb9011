"""Where errors come from, other than a process: debugfs, sysfs, and machine checks.

After mm/hwpoison-inject.c, drivers/base/memory.c and arch/x86/kernel/cpu/mce/core.c (6.1).
"""

from __future__ import annotations

from . import page_flags as pf
from .handler import MF_ACTION_REQUIRED, MF_SW_SIMULATED
from .machine import Machine
from .mark import Act, Mark, Steps, prose
from .memory_failure import memory_failure
from .records import SI_KERNEL, SigInfo
from .signal import force_sig


def hwpoison_inject(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to corrupt-pfn: background, no extra reference; a number that is no page may be refused before."""
    if m.profile.has("inject_checks_pfn") and not pfn_valid(m, pfn):
        yield prose("hwpoison_inject", f"There is no page {pfn:#x}: ENXIO.", Act.DECIDE, "ENXIO")
        return "ENXIO"
    return (yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED))


def hard_offline_page(m: Machine, pfn: int) -> Steps[int | str]:
    """A write to /sys/devices/system/memory/hard_offline_page."""
    return (yield from memory_failure(m, pfn, flags=MF_SW_SIMULATED))


def uc_decode_notifier(m: Machine, pfn: int) -> Steps[int | str]:
    """A scrubber found it: action optional, nobody has touched the page."""
    return (yield from memory_failure(m, pfn))


def do_machine_check(m: Machine, pfn: int, tid: int, rip_valid: bool) -> Steps[int | str]:
    """A thread consumed the error: it must not run on. Without a valid RIP it could not go on in any case."""
    who = m.processes.view[m.tasks.view[tid].tgid]
    text = f"{who.comm}:{tid} runs into a broken frame, {pfn:#x}."
    branch = "kill_me_maybe" if rip_valid else "kill_me_now"
    why = "RIPV is set" if rip_valid else "RIPV is clear: it cannot go on where it was"
    yield prose("do_machine_check", text, Act.DECIDE, branch, why, tasks=(tid,))
    if not rip_valid:
        yield kill_me_now(m, tid)
        return 0
    return (yield from kill_me_maybe(m, pfn, tid))


def kill_me_maybe(m: Machine, pfn: int, tid: int) -> Steps[int | str]:
    """On the way back to user space: handle the error, and end the thread's access if that failed."""
    yield prose("kill_me_maybe", "Before it returns to user space, it handles the error itself.", tasks=(tid,))
    errno = yield from memory_failure(m, pfn, flags=MF_ACTION_REQUIRED, current=tid)
    if not m.panicked and errno not in (0, "EHWPOISON"):
        yield kill_me_now(m, tid)
    return errno


def kill_me_now(m: Machine, tid: int) -> Mark:
    """force_sig(SIGBUS): without an address, and it cannot be refused."""
    who = m.processes.view[m.tasks.view[tid].tgid]
    effect = force_sig(m, tid, SigInfo("SIGBUS", SI_KERNEL))
    return prose("kill_me_now", f"{who.comm}:{tid} is sent SIGBUS (SI_KERNEL).", Act.SIGNAL, effect, tasks=(tid,))


def pfn_valid(m: Machine, pfn: int) -> bool:
    return 0 <= pfn < m.frames and not m.page(pfn) & pf.NOPAGE
