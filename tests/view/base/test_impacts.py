"""Which of several impacts on a process counts, and the words for each."""

from __future__ import annotations

from itertools import product

from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.damage.words import who_and_why
from hwpoison_gui.view.outcome import preview, verdict
from hwpoison_gui.view.outcome.impact import EFFECTS
from hwpoison_gui.view.walk import state
from tests.workbench import do


def test_who_ignored_the_signal_is_hit_by_the_touch_alone() -> None:
    assert impacts.signalled_and_touched(impacts.IGNORED, impacts.LATER) == impacts.IGNORED
    assert impacts.signalled_and_touched(impacts.IGNORED, impacts.STALE) == impacts.STALE
    assert impacts.signalled_and_touched(impacts.SIGNALLED, impacts.LATER) == impacts.SIGNALLED
    assert impacts.signalled_and_touched("", impacts.SAFE) == impacts.SAFE


def test_the_worst_counts_and_every_way_has_words() -> None:
    ways = list(impacts.IMPACTS)
    for one, other in product(range(len(ways)), repeat=2):
        assert impacts.worse(ways[one], ways[other]) == ways[min(one, other)]
    assert impacts.worse("", impacts.SAFE) == impacts.worse(impacts.SAFE, "") == impacts.SAFE
    assert all(one.meaning and one.clause and one.narrow for one in impacts.IMPACTS.values())


def test_the_words_for_one_and_for_several_tell_each_impact() -> None:
    for kind in impacts.IMPACTS:
        for count in (1, 2):
            (clause,) = who_and_why([impacts.Hit(tgid, f"task:{tgid}", kind) for tgid in range(count)])
            assert "task:0" in clause
            # Where signals are told apart, one that an init drops does nothing.
            said = impacts.counted_hits([kind] * count)
            assert [words.partition(" ")[0] for words in said] == ([] if kind == impacts.DROPPED else [str(count)])


def test_a_summary_has_words_for_each_impact() -> None:
    ahead = {kind for kind, impact in impacts.IMPACTS.items() if all(impact.summary)}
    by_signal = {EFFECTS[effect] for effect in verdict._EFFECTS}
    assert by_signal | ahead | {impacts.SAFE} == impacts.IMPACTS.keys()
    assert state._EFFECTS.keys() >= EFFECTS.keys()


def test_a_preview_names_who_is_hit_whatever_the_impact() -> None:
    session = Session.fresh(512)
    do(session, "task", name="a")
    m, tgid = session.machine, session.world.task_names.view["a"]
    # A signal that an init drops leaves what its next touch does.
    for kind in impacts.IMPACTS.keys() - {impacts.SAFE, impacts.DROPPED}:
        assert session.label_of(tgid) in "".join(preview._hits(m, {kind: [tgid]})), kind
