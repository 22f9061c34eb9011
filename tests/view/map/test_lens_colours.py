"""Colours of lenses obey the rules of the kinds: apart for any eye, seen on the ground, fainter where not found."""

from __future__ import annotations

from itertools import combinations

import pytest

from hwpoison_gui.view.base.palette import HIGH_CONTRAST, THEMES, Theme, contrast
from hwpoison_gui.view.map.lens_colours import code_colours, lens_colours
from hwpoison_gui.view.map.lenses import BY_KEY, MAPCOUNT, MOST_CLASSES, REFCOUNT, Lens
from tests.view.base.test_palette import FULL, ciede2000, lab

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
lenses = pytest.mark.parametrize("lens", BY_KEY.values(), ids=BY_KEY)


def seen(lens: Lens) -> list[int]:
    """The classes that must be seen and told from each other."""
    return [one.id for one in lens.classes if one.id and one.key not in lens.quiet]


def is_ramp(lens: Lens, one: int) -> bool:
    return lens.classes[one].key.startswith("ramp")


@themes
@pytest.mark.parametrize("vision", FULL)
def test_classes_stay_apart(theme: Theme, vision: str) -> None:
    least = 14 if vision == "normal" else 10
    for lens in BY_KEY.values():
        colours = lens_colours(theme, lens)
        for one, other in combinations(seen(lens), 2):
            ramp = is_ramp(lens, one) or is_ramp(lens, other)  # an order, told by lightness: neighbours may be near
            distance = ciede2000(lab(colours[one], vision), lab(colours[other], vision))
            assert distance >= (8 if ramp else least), (lens.key, lens.classes[one].key, lens.classes[other].key)


@lenses
@themes
def test_classes_stand_out_from_the_ground(theme: Theme, lens: Lens) -> None:
    colours = lens_colours(theme, lens)
    for one in seen(lens):
        assert contrast(colours[one], theme.ground) >= (4.5 if theme is HIGH_CONTRAST else 3.0), lens.classes[one].key
        assert contrast(theme.ink_on(colours[one]), colours[one]) >= 4.5
    assert colours[-1] == theme.poison


@themes
def test_more_goes_with_distance_from_the_ground(theme: Theme) -> None:
    for lens in (MAPCOUNT, REFCOUNT):
        colours = lens_colours(theme, lens)
        far = [contrast(colours[one], theme.ground) for one in range(2, len(colours) - 1)]
        assert far == sorted(far)


@lenses
@themes
def test_what_a_filter_found_stands_out(theme: Theme, lens: Lens) -> None:
    colours = code_colours(theme, lens, filtered=True)
    assert len(colours) == 256
    for one in seen(lens):
        assert contrast(colours[one], theme.ground) < contrast(colours[MOST_CLASSES + one], theme.ground)
    assert code_colours(theme, lens, filtered=False)[: len(lens.classes)] == lens_colours(theme, lens)
