"""The palette: kinds stay apart under every colour vision, and everything stands out from its ground.

Distances are CIEDE2000; dichromatic vision is simulated after Machado, Oliveira and Fernandes (2009).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.palette import HIGH_CONTRAST, THEMES, Theme, argb, contrast, mixed, rgb
from hwpoison_gui.view.map.lens_colours import colour_table
from hwpoison_gui.view.map.lenses import KIND

FULL = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.1191920, 0.9503041]])
WHITE = np.array([0.95047, 1.0, 1.08883])
COLOURED = [kind.id for kind in kinds.KINDS if kind.id not in (kinds.OUTSIDE, kinds.HOLE)]

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def lab(colour: str, vision: str = "normal") -> np.ndarray:
    """CIELAB of an sRGB colour as somebody with `vision` sees it."""
    part = np.array(rgb(colour)) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = np.clip(FULL[vision] @ linear, 0, 1)
    ratio = XYZ @ seen / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The colour difference of Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    dh = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    mean_h = (h1 + h2 if grey else h1 + dh / 2) % 360
    dl, dc, d_hue = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = 1 - 0.17 * cosine(mean_h - 30) + 0.24 * cosine(2 * mean_h)
    t += 0.32 * cosine(3 * mean_h + 6) - 0.20 * cosine(4 * mean_h - 63)
    sl = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    sc, sh = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    turn = 60 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rt = -np.sin(np.radians(turn)) * 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    dl, dc, d_hue = dl / sl, dc / sc, d_hue / sh
    return float(np.sqrt(dl**2 + dc**2 + d_hue**2 + rt * dc * d_hue))


def cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [  # of the published test data
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_itself(one: tuple[float, ...], other: tuple[float, ...], distance: float) -> None:
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(distance, abs=1e-4)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(distance, abs=1e-4)


def test_lab_and_vision() -> None:
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    for vision in FULL:  # greys look the same to everybody
        assert lab("#808080", vision) == pytest.approx(lab("#808080"), abs=0.1)
    red, green = "#b04020", "#607020"
    assert ciede2000(lab(red), lab(green)) > 2 * ciede2000(lab(red, "deuteranopia"), lab(green, "deuteranopia"))


def test_contrast() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@themes
@pytest.mark.parametrize("vision", FULL)
def test_kinds_stay_apart(theme: Theme, vision: str) -> None:
    least = 14 if vision == "normal" else 10
    for one, other in combinations(COLOURED, 2):
        distance = ciede2000(lab(theme.kind(one), vision), lab(theme.kind(other), vision))
        assert distance >= least, (kinds.KINDS[one].key, kinds.KINDS[other].key)


@themes
@pytest.mark.parametrize(("one", "other"), [("anon", "shmem"), ("kernel", "swapcache"), ("anon", "kernel")])
def test_kinds_that_lie_side_by_side_in_small_cells_are_far_apart(theme: Theme, one: str, other: str) -> None:
    by_key = {kind.key: theme.kind(kind.id) for kind in kinds.KINDS}
    assert ciede2000(lab(by_key[one]), lab(by_key[other])) >= 19


@themes
def test_kinds_stand_out_from_the_ground(theme: Theme) -> None:
    least = 4.5 if theme is HIGH_CONTRAST else 3.0
    for number in COLOURED:
        assert contrast(theme.kind(number), theme.ground) >= least, kinds.KINDS[number].key


@themes
def test_kinds_are_muted_and_poison_is_loud(theme: Theme) -> None:
    def chroma(colour: str) -> float:
        _, a, b = lab(colour)
        return float(np.hypot(a, b))

    loudest = max(chroma(theme.kind(number)) for number in COLOURED if number != kinds.POISON)
    if theme is not HIGH_CONTRAST:
        assert chroma(theme.poison) > 1.25 * loudest
        assert loudest < 58
    assert theme.kind(kinds.POISON) == theme.poison


@themes
def test_text_is_readable(theme: Theme) -> None:
    for paper in (theme.window, theme.base, theme.raised, theme.ground):
        for ink in (theme.text, theme.muted, theme.good, theme.warn, theme.kill):
            assert contrast(ink, paper) >= 4.5, (ink, paper)
    assert contrast(theme.accent, theme.accent_text) >= 4.5
    for number in COLOURED:
        colour = theme.kind(number)
        assert contrast(theme.ink_on(colour), colour) >= 4.5, kinds.KINDS[number].key


@themes
def test_marks_stand_out(theme: Theme) -> None:
    assert contrast(theme.poison_ink, theme.poison) >= 3
    for colour in (*theme.tasks, theme.skipped, theme.accent, theme.kill, theme.warn, theme.poison, theme.text):
        assert contrast(colour, theme.ground) >= 3, colour
    for one, other in combinations(theme.tasks, 2):
        assert ciede2000(lab(one), lab(other)) >= 8, (one, other)


@themes
def test_every_kind_has_a_colour(theme: Theme) -> None:
    assert len(theme.kinds) == len(kinds.KINDS)
    table = colour_table(theme, KIND)
    assert len(table) == 256
    assert table[kinds.OUTSIDE] == argb(theme.ground)
    assert table[kinds.POISON] == argb(theme.poison)
    assert theme.task(len(theme.tasks)) == theme.task(0)
    numbers = {100 + number: number for number in range(2 * len(theme.tasks) + 1)}
    assert theme.of_tasks(numbers) == {tgid: theme.task(number) for tgid, number in numbers.items()}


def test_mixing() -> None:
    assert mixed("#000000", "#ffffff", 0) == "#000000"
    assert mixed("#000000", "#ff8000", 1) == "#ff8000"
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert argb("#102030") == 0xFF102030
