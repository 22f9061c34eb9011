"""Names of the modelled kernels in lists."""

from __future__ import annotations

from typing import Final

# Beside 6.1 and 7.2 a bare `v7` reads as a version of Linux; it is the seventh series of the HWPOISON patches.
_LISTED: Final = {"v7": "v7 (2009)"}


def listed(profile: str) -> str:
    """The name of a profile as lists show it."""
    return _LISTED.get(profile, profile)
