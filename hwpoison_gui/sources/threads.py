"""Per-thread state in /proc: PR_MCE_KILL from field 9 of stat, and the blocked signals from status.

The flags of a task are exported by /proc/PID/task/TID/stat; their values are those of include/linux/sched.h, unchanged
since PR_MCE_KILL exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hwpoison_gui.image import ThreadImage
from hwpoison_gui.record import Record
from hwpoison_gui.sources.errors import MalformedError
from hwpoison_gui.sources.text import number_of

PF_MCE_PROCESS: Final = 0x80  # the thread has a policy of its own
PF_MCE_EARLY: Final = 0x0800_0000  # which is early kill, not late kill

SIGBUS: Final = 7
SIGSEGV: Final = 11

_FLAGS_AT: Final = 6  # field 9 of stat, counted from field 3: the fields before it may contain blanks
_MOST_FLAGS: Final = (1 << 32) - 1
_MOST_DIGITS: Final = 32  # of a signal mask, hexadecimal


class ThreadText(Record):
    """A thread as /proc/PID/task/TID prints it: its flags, field 9 of stat, and its signal mask, SigBlk of status."""

    tid: int
    flags: int
    sig_blk: str = "0"


def flags_of(stat: str) -> int | None:
    """The flags in a line of stat; None for a text that is no such line. A comm may contain blanks and brackets."""
    fields = stat.rpartition(")")[2].split(" ")[1:]
    return number_of(fields[_FLAGS_AT].strip(), _MOST_FLAGS) if len(fields) > _FLAGS_AT else None


def policy_of(flags: int) -> str:
    """The PR_MCE_KILL policy of a thread with these flags: `default`, `early` or `late`."""
    if not flags & PF_MCE_PROCESS:
        return "default"
    return "early" if flags & PF_MCE_EARLY else "late"


def thread_image(text: ThreadText) -> ThreadImage:
    """The thread in the form that a machine is booted from. Raises MalformedError."""
    return ThreadImage(text.tid, policy_of(text.flags), has_signal(text.sig_blk, SIGBUS))


def has_signal(mask: str, signal: int) -> bool:
    """Return whether a mask of status, hexadecimal, has a signal. Raises MalformedError."""
    digits = mask.strip(" \t")
    if not 0 < len(digits) <= _MOST_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise MalformedError("status", f"a signal mask is {mask[:40]!r}")
    return bool(int(digits, 16) >> (signal - 1) & 1)


def disposition_of(status: Mapping[str, str], signal: int) -> str:
    """Disposition of a signal by SigIgn and SigCgt of status: `default` where they are missing, `handler` or `ignored`.

    Raises MalformedError.
    """
    if has_signal(status.get("SigIgn", "0"), signal):
        return "ignored"
    return "handler" if has_signal(status.get("SigCgt", "0"), signal) else "default"
