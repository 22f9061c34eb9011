"""Which of several impacts on a process counts, and the words for each."""

from __future__ import annotations

from itertools import product

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import hits
from hwpoison_gui.view.damage.words import who_and_why
from hwpoison_gui.view.outcome import preview, verdict
from hwpoison_gui.view.outcome.impact import EFFECTS
from hwpoison_gui.view.walk import state
from tests.workbench import do


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
    assert hits.IN_SHORT.keys() == hits.MEANINGS.keys() and hits.TONES.keys() <= hits.MEANINGS.keys()


def test_the_words_for_one_and_for_several_tell_each_impact() -> None:
    for kind in hits.MEANINGS:
        for count in (1, 2):
            (clause,) = who_and_why([hits.Hit(tgid, f"task:{tgid}", kind) for tgid in range(count)])
            assert "task:0" in clause
            # Where signals are told apart, one that an init drops does nothing.
            said = hits.counted_hits([kind] * count)
            assert [words.partition(" ")[0] for words in said] == ([] if kind == hits.DROPPED else [str(count)])


def test_a_summary_has_words_for_each_impact() -> None:
    by_signal = {EFFECTS[effect] for effect in verdict._EFFECTS}
    assert by_signal | verdict._AHEAD.keys() | {hits.SAFE} == hits.MEANINGS.keys()
    assert state._EFFECTS.keys() >= EFFECTS.keys()


def test_a_preview_names_who_is_hit_whatever_the_impact() -> None:
    session = Session.fresh(512)
    do(session, "task", name="a")
    m, tgid = session.machine, session.world.task_names.view["a"]
    # A signal that an init drops leaves what its next touch does.
    for kind in hits.MEANINGS.keys() - {hits.SAFE, hits.DROPPED}:
        assert session.label_of(tgid) in "".join(preview._hits(m, {kind: [tgid]})), kind
