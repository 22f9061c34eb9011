"""The profiles there are, by name."""

from __future__ import annotations

from typing import Final

from .linux_6_1 import V6_1
from .type import Profile
from .v7 import V7

PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in (V7, V6_1)}
