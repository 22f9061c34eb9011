"""The geometries that come with the program, as menus and lists show them; `shipped.py` reads their files."""

from __future__ import annotations

from typing import Final

MADE_UP: Final = "plain"  # for machines of which no controller is known: made and recorded ones
NAMES: Final = {
    MADE_UP: "Made up: 2 channels, 2 ranks",
    "sandy-bridge": "Intel Sandy Bridge, 2 channels",
    "haswell": "Intel Ivy Bridge and Haswell, 2 channels",
    "skylake-1ch": "Intel Skylake, 1 channel",
    "skylake-2ch": "Intel Skylake, 2 channels",
    "coffee-lake-1rank": "Intel Coffee Lake, 1 rank",
    "coffee-lake-2rank": "Intel Coffee Lake, 2 ranks",
    "zen2-1rank": "AMD Zen 2, 1 rank",
    "zen2-2rank": "AMD Zen 2, 2 ranks",
    "zen3-2rank": "AMD Zen 3, 2 ranks",
    "zen4-1rank": "AMD Zen 4, DDR5, 1 rank",
}  # keys: files in resources/geometries
