"""The list of profiles, in the order of their kernels. All code that offers or looks up profiles reads it."""

from __future__ import annotations

from typing import Final

from .linux_6_1 import V6_1
from .linux_6_12 import V6_12
from .linux_7_2 import V7_2
from .type import Profile, Sysctl
from .v7 import V7

PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in (V7, V6_1, V6_12, V7_2)}


def oldest() -> Profile:
    """The profile of the oldest modelled kernel, which is also the default."""
    return next(iter(PROFILES.values()))


def newest() -> Profile:
    """The profile of the newest modelled kernel."""
    return next(reversed(PROFILES.values()))


def counterpart(profile: Profile) -> Profile:
    """The kernel that a profile is compared with at first: the newest, or of that one the kernel before it."""
    *_, before, last = PROFILES.values()
    return before if profile is last else last


def nearest(kernel: tuple[int, int] | None) -> Profile:
    """The profile for a kernel given as (major, minor); the newest profile if it is None."""
    known = (profile for profile in reversed(PROFILES.values()) if kernel is None or profile.from_version <= kernel)
    return next(known)


def having(feature: str) -> tuple[Profile, ...]:
    """The profiles that have a feature."""
    return tuple(profile for profile in PROFILES.values() if profile.has(feature))


def sysctls() -> dict[str, Sysctl]:
    """The sysctls of all profiles, by name; where several declare one, the declaration of the oldest kernel."""
    found: dict[str, Sysctl] = {}
    for profile in PROFILES.values():
        for sysctl in profile.sysctls:
            found.setdefault(sysctl.name, sysctl)
    return found
