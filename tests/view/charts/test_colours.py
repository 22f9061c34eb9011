"""Colours of charts are those of the palette, apart for any eye; what is worst is not the calmest."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hwpoison_gui.view.base.palette import HIGH_CONTRAST, THEMES, Theme, contrast
from hwpoison_gui.view.charts.colours import CURSOR, POINT, REFERENCE, REGION, chart_colour
from hwpoison_gui.view.charts.recorded import SORTS
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import OUTCOME
from tests.view.base.test_palette import FULL, ciede2000, lab

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
TOGETHER = {
    "points": (POINT, REGION, CURSOR),
    "walk": ("kind:anon", "kind:file", CURSOR, REFERENCE),
    "timeline": ("outcome:poison", "outcome:early", "outcome:panic"),
    "records": tuple(sort.key for sort in SORTS),
}


@themes
@pytest.mark.parametrize("vision", FULL)
@pytest.mark.parametrize("keys", TOGETHER.values(), ids=TOGETHER)
def test_what_is_drawn_together_stays_apart(theme: Theme, vision: str, keys: tuple[str, ...]) -> None:
    least = 14 if vision == "normal" else 10
    for one, other in combinations(keys, 2):
        colours = chart_colour(theme, one), chart_colour(theme, other)
        assert ciede2000(lab(colours[0], vision), lab(colours[1], vision)) >= least, (one, other)


@themes
def test_everything_stands_out_from_the_paper(theme: Theme) -> None:
    for key in {key for keys in TOGETHER.values() for key in keys} - {"outcome:free"}:
        assert contrast(chart_colour(theme, key), theme.base) >= 3, key


@themes
def test_outcomes_have_the_colours_of_their_lens(theme: Theme) -> None:
    for one in OUTCOME.classes:
        assert chart_colour(theme, f"outcome:{one.key}") == class_colour(theme, OUTCOME, one.key)


@themes
def test_a_panic_is_the_strongest(theme: Theme) -> None:
    outcomes = [one.key for one in OUTCOME.classes if one.key not in ("outside", "hole", "poison")]
    colours = {key: chart_colour(theme, f"outcome:{key}") for key in outcomes}
    against = {key: contrast(colour, theme.ground) for key, colour in colours.items()}
    assert max(against, key=lambda key: against[key]) == "panic"
    chroma = {key: float(np.hypot(*lab(colour)[1:])) for key, colour in colours.items()}
    assert max(chroma, key=lambda key: chroma[key]) == "init", "a panic that a touch sets off is the most vivid"
    kinds = {chart_colour(theme, f"kind:{key}") for key in ("free", "anon", "file", "shmem", "slab", "kernel")}
    assert not {colours["panic"], colours["init"]} & kinds, "it cannot be taken for a kind on the map beside it"
    assert theme is not HIGH_CONTRAST or contrast(colours["init"], theme.ground) >= 7
