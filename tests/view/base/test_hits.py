"""Which of several impacts on a process counts."""

from __future__ import annotations

from itertools import product

from hwpoison_gui.view.base import hits


def test_who_ignored_the_signal_is_hit_by_the_touch_alone() -> None:
    assert hits.signalled_and_touched(hits.IGNORED, hits.LATER) == hits.IGNORED
    assert hits.signalled_and_touched(hits.IGNORED, hits.STALE) == hits.STALE
    assert hits.signalled_and_touched(hits.SIGNALLED, hits.LATER) == hits.SIGNALLED
    assert hits.signalled_and_touched("", hits.SAFE) == hits.SAFE


def test_the_worst_counts_and_every_way_has_words() -> None:
    ways = list(hits.MEANINGS)
    for one, other in product(range(len(ways)), repeat=2):
        assert hits.worse(ways[one], ways[other]) == ways[min(one, other)]
    assert hits.worse("", hits.SAFE) == hits.worse(hits.SAFE, "") == hits.SAFE
    assert (
        hits.IN_SHORT.keys() == hits.MEANINGS.keys() and hits.TONES.keys() | hits.OF_MANY.keys() <= hits.MEANINGS.keys()
    )
