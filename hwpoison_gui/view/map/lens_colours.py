"""Colours of the classes of a lens, by theme.

Most classes use the colour of a page kind; kinds were chosen to be distinguishable with any colour vision. The other
colours are defined here. The same test checks the same rules for the kinds and for every lens.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import Theme, argb, mixed
from hwpoison_gui.view.map.lenses import MOST_CLASSES, Lens

# Class of a lens -> kind whose colour it shares.
_LIKE: Final[dict[str, dict[str, str]]] = {
    "state": {
        "kernel": "reserved", "clean": "anon", "sole": "file", "dirty": "slab", "writeback": "shmem",
        "locked": "swapcache",
    },
    "owner": {
        "other": "reserved", "owner5": "file", "owner4": "huge", "owner3": "anon", "owner2": "pgtable",
        "owner1": "shmem", "owner0": "slab",
    },
    "zone": {
        "nozone": "free", "other": "reserved", "zone6": "swapcache", "zone5": "pgtable", "zone4": "shmem",
        "zone3": "huge", "zone2": "anon", "zone1": "file", "zone0": "slab",
    },
    "snapshot": {
        "users": "pgtable", "flags": "reserved", "freed": "free", "allocated": "anon", "kind": "file",
        "single": "swapcache", "broken": "huge",
    },
    "outcome": {
        "silent": "anon", "lost": "huge", "late": "pgtable", "early": "slab", "failed": "swapcache",
        "ignored": "reserved", "namespace": "file",
    },
}  # fmt: skip

# Colours that no kind has, or that another kind has in this theme. Of the outcomes, a panic has the highest contrast
# with the background, and a panic at the next touch is the most vivid one besides poison. Higher counts have a higher
# contrast with the background.
_OWN: Final[dict[str, dict[str, str]]] = {
    "dark": {
        "outcome/early": "#f48430", "outcome/late": "#a0642e", "outcome/init": "#feeb19",
        "outcome/panic": "#f4f0f0", "outcome/filtered": "#2c3a33",
        "changed/touched": "#a0642e", "changed/just": "#f0b429", "changed/unchanged": "#29333b", "same": "#29333b",
        "ramp1": "#3577bb", "ramp2": "#6d9bc0", "ramp3": "#9bb6ae", "ramp4": "#c9d296", "ramp5": "#fff384",
    },
    "light": {
        "outcome/init": "#fe00d4", "outcome/panic": "#1c0c18", "outcome/filtered": "#cfe0d6",
        "changed/touched": "#a68533", "changed/just": "#5c2c00", "changed/unchanged": "#d3d9df", "same": "#d3d9df",
        "ramp1": "#1292c0", "ramp2": "#2178ad", "ramp3": "#3b5593", "ramp4": "#41336d", "ramp5": "#2c153b",
    },
    "high-contrast": {
        "outcome/lost": "#33e2fa", "outcome/init": "#faf400", "outcome/panic": "#f4fcfc",
        "outcome/filtered": "#24402f",
        "changed/touched": "#ff951e", "changed/just": "#faf400", "changed/unchanged": "#3c3c40", "same": "#3c3c40",
        "ramp1": "#4382d8", "ramp2": "#69a7d1", "ramp3": "#91c7b1", "ramp4": "#c0e38e", "ramp5": "#fffd81",
    },
}  # fmt: skip

_AS: Final = {"kernels": "outcome"}  # a lens with the classes of another one

FADED: Final = 0.8  # share of the ground colour in frames that the filter did not find


def class_colour(theme: Theme, lens: Lens, key: str) -> str:
    """Return the colour of a class, as #rrggbb."""
    own, name = _OWN[theme.name], _AS.get(lens.key, lens.key)
    colour = own.get(f"{name}/{key}", own.get(key))
    if colour is not None:
        return colour
    like = _LIKE.get(name, {}).get(key, key)
    return theme.kind(next(kind.id for kind in kinds.KINDS if kind.key == like))


def lens_colours(theme: Theme, lens: Lens) -> list[str]:
    """Return the colours of all classes of a lens, in order of their codes."""
    return [class_colour(theme, lens, one.key) for one in lens.classes]


def code_colours(theme: Theme, lens: Lens, filtered: bool) -> list[str]:
    """Return the colours of all 256 codes; codes with the top bit are frames that the filter found."""
    bright = lens_colours(theme, lens)
    bright += [theme.ground] * (MOST_CLASSES - len(bright))
    faint = [mixed(colour, theme.ground, FADED) for colour in bright] if filtered else bright
    return faint + bright


def colour_table(theme: Theme, lens: Lens, filtered: bool = False) -> list[int]:
    """Return the same colours as 0xAARRGGBB, the format of QRgb."""
    return [argb(colour) for colour in code_colours(theme, lens, filtered)]
