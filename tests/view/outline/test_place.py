"""Steps find their places from top to bottom; a way without steps is taken where the code came by."""

from __future__ import annotations

from hwpoison_gui.kernel.mark import Act, Mark, Site
from hwpoison_gui.kernel.profile.v7 import V7
from hwpoison_gui.view.outline.part import NO_STEP, OWN_STEPS, Part, Way
from hwpoison_gui.view.outline.place import Place, place

SITES = {
    name: Site(name, name.partition("/")[0], Act.DECIDE, name.partition("/")[2], (), "tests")
    for name in ("ask/yes", "ask/no", "rare/yes", "do", "do/failed", "deep", "work", "done", "unheard of")
}

FIRST = Part("first?", ways=(Way(SITES["ask/yes"], "yes"), Way(SITES["ask/no"], "no")))
RARE = Part("rare?", ways=(Way(NO_STEP, "no"), Way(SITES["rare/yes"], "yes")))
MANY = Part("all?", ways=(Way(OWN_STEPS, "all"), Way(SITES["do/failed"], "not all")), signs=(SITES["do"],))
INNER = Part("inner", signs=(SITES["deep"],), local=True)
OUTER = Part("outer", signs=(SITES["work"],), parts=(INNER,))
LAST = Part("last", signs=(SITES["ask/no"], SITES["done"]), quiet=True)
PARTS = (FIRST, RARE, MANY, OUTER, LAST)


def placed(*steps: str) -> dict[str, Place]:
    """Where the steps of these sites belong."""
    root = place(PARTS, V7, [Mark(SITES[step]) for step in steps], 10, 10 + len(steps))
    return {one.part.title: one for one in _below(root)}


def _below(one: Place) -> list[Place]:
    return [one, *(inner for child in one.children for inner in _below(child))]


def test_a_way_is_taken_by_its_step_and_the_silent_one_by_none() -> None:
    found = placed("ask/yes", "work", "done")
    assert found["first?"].taken == {0: 10} and found["first?"].silent is None
    assert found["rare?"].silent == 0 and not found["rare?"].steps
    assert placed("ask/yes", "rare/yes", "done")["rare?"].taken == {1: 11}


def test_where_the_code_never_came_by_no_way_is_taken() -> None:
    found = placed("deep")
    assert found["rare?"].silent is None and found["first?"].silent is None


def test_the_way_of_own_steps_needs_steps_and_gives_way_to_the_exception() -> None:
    assert placed("ask/yes", "do", "do")["all?"].silent == 0
    assert placed("ask/yes", "work")["all?"].silent is None
    failed = placed("ask/yes", "do", "do/failed")["all?"]
    assert failed.silent is None and failed.taken == {1: 12} and failed.steps == [11, 12]


def test_steps_only_move_on() -> None:
    found = placed("ask/yes", "work", "ask/no")
    assert found["first?"].steps == [10] and found["last"].steps == [12]


def test_a_local_part_has_steps_only_after_its_parent() -> None:
    found = placed("ask/yes", "deep", "work", "deep")
    assert found["first?"].steps == [10, 11] and found["inner"].steps == [13]
    assert (found["outer"].first, found["outer"].last) == (12, 14)


def test_what_nobody_claims_stays_where_the_step_before_it_was() -> None:
    assert placed("ask/yes", "work", "unheard of")["outer"].steps == [11, 12]
