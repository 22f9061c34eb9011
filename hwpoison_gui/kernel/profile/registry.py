"""The one list of profiles, in the order of their kernels; everybody who offers or looks up a profile reads it."""

from __future__ import annotations

from typing import Final

from .linux_6_1 import V6_1
from .type import Profile, Sysctl
from .v7 import V7

PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in (V7, V6_1)}


def oldest() -> Profile:
    """The profile of the oldest modelled kernel: the one that is taken where none is asked for."""
    return next(iter(PROFILES.values()))


def newest() -> Profile:
    """The profile of the newest modelled kernel."""
    return next(reversed(PROFILES.values()))


def nearest(kernel: tuple[int, int] | None) -> Profile:
    """The profile nearest to a kernel, given as (major, minor); the newest for one that is not known."""
    known = (profile for profile in reversed(PROFILES.values()) if kernel is None or profile.from_version <= kernel)
    return next(known)


def having(feature: str) -> tuple[Profile, ...]:
    """The profiles that have a feature."""
    return tuple(profile for profile in PROFILES.values() if profile.has(feature))


def sysctls() -> dict[str, Sysctl]:
    """The sysctls of all profiles by name, as the oldest kernel that has one declares it."""
    found: dict[str, Sysctl] = {}
    for profile in PROFILES.values():
        for sysctl in profile.sysctls:
            found.setdefault(sysctl.name, sysctl)
    return found
