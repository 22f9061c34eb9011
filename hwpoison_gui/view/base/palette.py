"""Themes: every colour that the window and the map use, by its meaning.

Kinds are muted; poison and kills stand out. The test of this module computes that kinds can be distinguished with any
colour vision, and that they contrast with the ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.view.base import kinds

_KEPT: Final = 1024  # computed colours to cache: paints use the same ones repeatedly


class Theme(Record):
    """Colours as `#rrggbb`. `kinds`: by kind id, including poison; `tasks`: assigned to processes in turn."""

    name: str
    ground: str  # behind the cells of the map
    window: str  # around the panels
    base: str  # lists and text fields
    raised: str  # buttons, headers
    line: str  # separators and borders
    text: str
    muted: str  # secondary text
    accent: str  # selection and focus
    accent_text: str
    kinds: tuple[str, ...]
    poison: str
    poison_ink: str  # sign drawn on poisoned frames
    kill: str
    good: str
    warn: str
    cell_light: str  # ink on dark cells
    cell_dark: str  # ink on light cells
    block_line: str  # between 2 MiB blocks
    skipped: str
    tasks: tuple[str, ...]

    def kind(self, number: int) -> str:
        """Return the colour of a kind."""
        return self.kinds[number]

    def task(self, number: int) -> str:
        """Return the colour of the n-th process; colours repeat."""
        return self.tasks[number % len(self.tasks)]

    def of_tasks(self, numbers: Mapping[int, int]) -> dict[int, str]:
        """Return the colours of processes, by tgid as their numbers are; there may be ten thousand."""
        tasks, many = self.tasks, len(self.tasks)
        return {tgid: tasks[number % many] for tgid, number in numbers.items()}

    def ink_on(self, colour: str) -> str:
        """Return the text colour with the higher contrast on `colour`."""
        return max(self.cell_light, self.cell_dark, key=lambda ink: contrast(ink, colour))


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(_KEPT)
def argb(colour: str) -> int:
    """Return the opaque colour as 0xAARRGGBB, the format of QRgb."""
    red, green, blue = rgb(colour)
    return 0xFF000000 | red << 16 | green << 8 | blue


@lru_cache(_KEPT)
def mixed(colour: str, other: str, share: float) -> str:
    """Blend `share` (0 to 1) of `other` into `colour`."""
    parts = (round(a + (b - a) * share) for a, b in zip(rgb(colour), rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def luminance(colour: str) -> float:
    """Return the relative luminance as defined by WCAG 2, 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(_KEPT)
def contrast(one: str, other: str) -> float:
    """Return the contrast ratio as defined by WCAG 2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _kinds(ground: str, poison: str, hole: str, **colours: str) -> tuple[str, ...]:
    named = {"outside": ground, "hole": hole, "poison": poison, **colours}
    return tuple(named[kind.key] for kind in kinds.KINDS)


DARK: Final = Theme(
    name="dark",
    ground="#0f1216",
    window="#1a1e24",
    base="#14181d",
    raised="#252b33",
    line="#39414c",
    text="#e6e9ee",
    muted="#a3adba",
    accent="#ffffff",
    accent_text="#14181d",
    kinds=_kinds(
        ground="#0f1216",
        poison="#fe416e",
        hole="#1b2027",
        free="#4e6776",
        reserved="#a0948c",
        file="#4ba5da",
        swapcache="#8368ac",
        shmem="#79d9eb",
        anon="#4b8960",
        huge="#dcc08a",
        kernel="#b6c2c0",
        slab="#a0642e",
        pgtable="#b87ea1",
    ),
    poison="#fe416e",
    poison_ink="#ffffff",
    kill="#ff5a36",
    good="#5fc98a",
    warn="#f0b429",
    cell_light="#ffffff",
    cell_dark="#0f1216",
    block_line="#0f1216",
    skipped="#a3adba",
    tasks=("#ffd166", "#7cd4ff", "#c9f27b", "#ff9de2", "#ffab73", "#b9a5ff", "#7df0c4", "#f2efe6"),
)

LIGHT: Final = Theme(
    name="light",
    ground="#f7f8fa",
    window="#eceef2",
    base="#ffffff",
    raised="#ffffff",
    line="#c5cad3",
    text="#171b21",
    muted="#525c69",
    accent="#101418",
    accent_text="#ffffff",
    kinds=_kinds(
        ground="#f7f8fa",
        poison="#cb1140",
        hole="#e6e8ec",
        free="#8091a2",
        reserved="#8c8475",
        file="#0d8be2",
        swapcache="#684aa0",
        shmem="#3f788f",
        anon="#036635",
        huge="#b4814a",
        kernel="#264545",
        slab="#7d3002",
        pgtable="#945567",
    ),
    poison="#cb1140",
    poison_ink="#ffffff",
    kill="#c2330a",
    good="#1c7a45",
    warn="#8f5b00",
    cell_light="#ffffff",
    cell_dark="#000000",
    block_line="#f7f8fa",
    skipped="#525c69",
    tasks=("#8a5a00", "#005f9e", "#3f6b00", "#a3127f", "#a13d00", "#5530b0", "#00664a", "#4a4032"),
)

HIGH_CONTRAST: Final = Theme(
    name="high-contrast",
    ground="#000000",
    window="#000000",
    base="#000000",
    raised="#000000",
    line="#ffffff",
    text="#ffffff",
    muted="#e4e4e4",
    accent="#ffff00",
    accent_text="#000000",
    kinds=_kinds(
        ground="#000000",
        poison="#fe2830",
        hole="#202020",
        free="#79797e",
        reserved="#b0a480",
        file="#4ba3fe",
        swapcache="#6f6ccc",
        shmem="#33e2fa",
        anon="#9fdf87",
        huge="#faf400",
        kernel="#f0f0f0",
        slab="#ff951e",
        pgtable="#ce8ebd",
    ),
    poison="#fe2830",
    poison_ink="#ffffff",
    kill="#ff4020",
    good="#40ff80",
    warn="#ffd000",
    cell_light="#ffffff",
    cell_dark="#000000",
    block_line="#000000",
    skipped="#e4e4e4",
    tasks=("#ffff00", "#40e0ff", "#c0ff40", "#ff90ff", "#ffa040", "#c0b0ff", "#40ffc0", "#ffffff"),
)

THEMES: Final[dict[str, Theme]] = {theme.name: theme for theme in (DARK, LIGHT, HIGH_CONTRAST)}
