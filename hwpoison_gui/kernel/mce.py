"""Machine checks: errors that the processor reports, and what becomes of the thread that consumed one.

After arch/x86/kernel/cpu/mce/core.c (6.1).
"""

from __future__ import annotations

from typing import Final

from .handler import MF_ACTION_REQUIRED, MF_MUST_KILL
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .memory_failure import memory_failure
from .records import SI_KERNEL, SigInfo
from .signal import force_sig

GOES_ON: Final = site("do_machine_check", Act.DECIDE, "kill_me_maybe", "comm pfn")
CANNOT_GO_ON: Final = site("do_machine_check", Act.DECIDE, "kill_me_now", "comm pfn")
MUST_KILL: Final = site("do_machine_check", Act.DECIDE, "kill_me_maybe", "comm pfn", name="RIPV clear")
KILL_ME_MAYBE: Final = site("kill_me_maybe")
KILL_ME_NOW: Final = site("kill_me_now", Act.SIGNAL, args="comm sent")


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
