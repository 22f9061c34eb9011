"""Words of the sysctls, by name."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_ENABLE_SOFT_OFFLINE, SYSCTL_RECOVERY
from hwpoison_gui.record import Record


class SysctlWords(Record):
    """Meaning of the values 0 and 1 of a sysctl.

    Attributes
    ----------
    title : str
        Short label.
    off, on : str
        Meaning of 0 and 1, a few words.
    short : tuple of str
        Meaning of 0 and 1, one word each.
    tip : str
        Meaning of 0 and 1, in sentences.
    effect : tuple of str
        Consequence of writing 0 or 1, a clause.
    """

    title: str
    off: str
    on: str
    short: tuple[str, str]
    tip: str
    effect: tuple[str, str]


SYSCTLS: Final = {
    SYSCTL_EARLY_KILL: SysctlWords(
        "Early kill",
        "late: on access",
        "early: on detection",
        ("late", "early"),
        "0: the page is unmapped, and a process gets SIGBUS when it accesses it.\n"
        "1: a process that loses data by the error gets SIGBUS as soon as the error is detected.\n"
        "The policy that a thread sets by PR_MCE_KILL, early or late, takes precedence.",
        (
            "processes that lose data to a poisoned page are signalled when touching it, unless their policy is early",
            "processes that lose data to a poisoned page are signalled at once, unless their policy is late",
        ),
    ),
    SYSCTL_RECOVERY: SysctlWords(
        "Recovery",
        "panic on any failure",
        "try to recover",
        ("panic", "recover"),
        "1: the kernel tries to continue without the poisoned page.\n0: the kernel panics on any memory failure.",
        (
            "the kernel panics on the next memory failure",
            "the kernel tries to continue without a poisoned page",
        ),
    ),
    SYSCTL_ENABLE_SOFT_OFFLINE: SysctlWords(
        "Soft offline",
        "refused",
        "allowed",
        ("refused", "allowed"),
        "1: a page that still works can be taken out of use.\n0: every soft offline fails with EOPNOTSUPP.\n"
        "Memory failures are handled either way.",
        (
            "every soft offline fails with EOPNOTSUPP",
            "a page that still works can be taken out of use",
        ),
    ),
}


def sysctl_words(name: str) -> SysctlWords:
    """The words of a sysctl; plain ones for a sysctl without words of its own."""
    if name in SYSCTLS:
        return SYSCTLS[name]
    title = name.replace("_", " ").capitalize()
    return SysctlWords(title, "off", "on", ("off", "on"), "0: off.\n1: on.", ("it is off", "it is on"))
