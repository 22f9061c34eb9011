"""Names of the modelled kernels in lists, and which kernel models a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hwpoison_gui.kernel.profile.type import Profile

# Next to 6.1 and 7.2, `v7` alone reads as a version of Linux; it is the seventh series of the HWPOISON patches.
_LISTED: Final = {"v7": "v7 (2009)"}


def listed(profile: str) -> str:
    """The name of a profile as lists show it."""
    return _LISTED.get(profile, profile)


def modelled_words(kernel: tuple[int, int] | None, profile: Profile) -> str:
    """Note that a machine runs a kernel other than the modelled one, or an unknown one; empty if it runs that one."""
    model = ".".join(map(str, profile.modelled))
    if kernel is None:
        return f"Which kernel this memory is from is not known; it is modelled as {model}"
    if kernel == profile.modelled[:2]:
        return ""
    return f"This machine runs Linux {kernel[0]}.{kernel[1]}; it is modelled as {model}"
